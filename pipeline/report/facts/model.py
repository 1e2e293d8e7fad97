"""The values that pages are made of. Text is final; only figures see numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Fact:
    """One line of a list: what, its value, and what to know about it."""

    label: str
    text: str
    note: str = ""
    code: str = ""


@dataclass(frozen=True)
class Stamp:
    """What must be read before anything else."""

    code: str
    text: str
    why: str


@dataclass(frozen=True)
class Table:
    """A plain table; the first column names the row. `mono` columns hold ids and digests.

    `links` are the places in the page that the rows lead to, one a row.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""
    mono: tuple[int, ...] = ()
    numeric: tuple[int, ...] = ()
    status: int | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class HypothesisView:
    """An explanation with what was measured of it."""

    kind: str
    kind_text: str
    text: str
    fit: str
    fit_text: str
    measured: str


@dataclass(frozen=True)
class FindingView:
    """One finding, ready to print. Likelihood and confidence never share a sentence."""

    anchor: str
    id: str
    zone: str
    indicator: str
    headline: str
    headline_text: str
    sentence: str
    facts: tuple[Fact, ...]
    likelihood: tuple[str, ...]
    confidence: str
    calibration: Table
    posteriors: Table | None
    hypotheses: tuple[HypothesisView, ...]
    would_change: str
    limits: tuple[str, ...]
    dissent: tuple[str, ...]
    assessments: tuple[str, ...]
    sensors: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """One look of a series, in the indicator's unit."""

    acquired: datetime
    outcome: str
    phase: str
    value: float | None
    interval: tuple[float, float] | None
    baseline: float | None
    band: tuple[float, float] | None
    thresholds: tuple[float, ...]
    text: str


@dataclass(frozen=True)
class Span:
    """A notified activity on the time axis."""

    start: datetime
    end: datetime
    text: str


@dataclass(frozen=True)
class Chart:
    """One zone × indicator × sensor and track."""

    name: str
    title: str
    zone: str
    description: str
    unit: str
    points: tuple[Point, ...]
    spans: tuple[Span, ...] = ()
    finding: str = ""


@dataclass(frozen=True)
class Rate:
    """One point of the reliability diagram: false alarms promised and seen."""

    kind: str
    nominal: float
    empirical: float
    low: float
    high: float


@dataclass(frozen=True)
class Cell:
    """What of one zone was seen on one look; shares by reason."""

    fractions: tuple[tuple[str, float], ...]
    text: str


@dataclass(frozen=True)
class Grid:
    """Zone × look coverage of one sensor and track."""

    name: str
    title: str
    description: str
    zones: tuple[str, ...]
    looks: tuple[datetime, ...]
    cells: tuple[tuple[Cell | None, ...], ...]
    monitoring_from: int


@dataclass(frozen=True)
class SceneView:
    """One input scene with its files."""

    heading: str
    facts: tuple[Fact, ...]
    files: Table
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ZoneView:
    """How a zone is drawn on the map."""

    id: str
    kind: str
    state: str
    state_text: str
    findings: str = ""


@dataclass(frozen=True)
class Page:
    """Everything a report page says."""

    title: str
    subtitle: str
    kind: str
    failed: bool
    sentence: str
    stamps: tuple[Stamp, ...]
    identity: tuple[Fact, ...]
    leading: tuple[Fact, ...]
    looks: tuple[Fact, ...]
    digests: tuple[Fact, ...]
    findings: tuple[FindingView, ...]
    overview: Table
    closest: Table
    silence: Table
    reliability: Table
    foretold: Table
    foretold_told: str
    rates: tuple[Rate, ...]
    coverage: Table
    grids: tuple[Grid, ...]
    charts: tuple[Chart, ...]
    zones: tuple[ZoneView, ...]
    regions: Table
    more_regions: Table
    notified: Table
    rhythm: Table
    rhythm_kept: str
    steps: Table
    quiet_steps: Table
    drift: Table | None
    drift_told: str
    checks: Table
    scenes: tuple[SceneView, ...]
    scene_list: Table
    unused: Table
    failures: Table
    limits: tuple[str, ...]
    method: Table
    versions: Table
    handling: tuple[Fact, ...]
    site_id: str = ""
    as_of: str = ""
