"""The record: `report.json` of one site at one `as_of`, or of one compared pair.

The models below *are* the published schema (`fairwitness schema report`). Numbers
are rounded on writing, by `rounded`; NaN and Inf cannot be stored.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "fairwitness/report/1"

Finite = Annotated[float, Field(allow_inf_nan=False)]
Interval = Annotated[tuple[Finite, Finite], Field(description="lower and upper bound")]
Outcome = Literal["change", "no-change", "at-threshold", "not-observed", "not-observable", "failed"]
EvidenceState = Literal["tentative", "provisional", "persistent", "ended", "insufficient-data"]
JointState = Literal[
    "unreviewed", "reproduced", "corroborated", "partly-agreed", "disputed", "not-comparable"
]
Disposition = Literal[
    "unexplained", "notified", "exceeds-notification", "explained", "withdrawn", "superseded"
]
Headline = Literal[
    "withdrawn", "superseded", "disputed", "explained", "notified", "ended", "persistent",
    "tentative", "open",
]  # fmt: skip
CoverageReason = Literal[
    "observed", "cloud", "shadow", "snow", "swath-edge", "missing", "load-failed", "withheld"
]


class Part(BaseModel):
    """Base of every part of the record: frozen, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AgreementRef(Part):
    """Which agreement the rules came from."""

    id: str
    sha256: str = Field(description="digest of the canonical form, geometry included")
    signed: bool = False
    title: str = ""
    parties: tuple[str, ...] = Field((), description="ids of the parties, in the agreement's order")


class SiteRef(Part):
    """The declared site."""

    id: str
    name: str = ""
    declared_by: str = ""
    timezone: str = "UTC"
    area_km2: Finite = 0.0
    zones: dict[str, str] = Field(default_factory=dict, description="zone id -> kind")


class Period(Part):
    """From the end of the baseline window to `as_of`, both UTC."""

    start: datetime
    end: datetime
    baseline_start: datetime | None = None
    baseline_end: datetime | None = None


class Threshold(Part):
    """The agreed threshold as applied here."""

    kind: Literal["absolute", "relative", "deviation", "rate"]
    value: Finite
    comparator: Literal[">", ">=", "<", "<="]
    unit: str


class Assessment(Part):
    """One zone x indicator x sensor-and-track x look."""

    id: str
    zone: str
    indicator: str
    sensor: str
    track: str
    acquired: datetime
    scene: str = Field(description="scene id, or mosaic of ids joined by +")
    phase: Literal["baseline", "monitoring"] = "monitoring"
    outcome: Outcome
    direction: Literal["more", "less", "none"] = "none"
    unit: str
    value: Finite | None = Field(None, description="the indicator, in `unit`")
    interval: Interval | None = Field(None, description="95 % interval of `value`")
    baseline: Finite | None = Field(None, description="expected value on a quiet look")
    baseline_interval: Interval | None = Field(None, description="95 % band of quiet looks")
    threshold: Threshold | None = None
    p: Finite | None = Field(
        None,
        description="share of quiet looks at least as extreme, this look counted among them: "
        "(k + 1) / (n + 1), never zero",
    )
    p_sample: int | None = Field(None, description="number of quiet looks behind `p`")
    observed_fraction: Finite = Field(0.0, description="share of the zone with valid pixels")
    reasons: tuple[str, ...] = Field((), description="reason codes")
    also: dict[str, Finite] = Field(
        default_factory=dict, description="other quantities of the same look, unit in the name"
    )


class CalibrationPart(Part):
    """One of the three parts of `calibrated`."""

    ok: bool
    sample_size: int = 0
    as_of: date | None = None
    ratio: Finite | None = Field(None, description="empirical over nominal rate, held out")
    ratio_interval: Interval | None = None
    reason: str = Field("", description="why not, as a code")


class Calibrated(Part):
    """Whether a probability word may be used, and why not."""

    false_alarms: CalibrationPart
    detection: CalibrationPart
    event: CalibrationPart


class Likelihood(Part):
    """Of the stated proposition."""

    proposition: str
    p: Finite | None = None
    p_interval: Interval | None = None
    term: str | None = Field(None, description="only where every used part is calibrated")
    term_scale: str | None = None
    posteriors: dict[str, Finite] = Field(
        default_factory=dict, description='prior ("0.01", "0.05", "0.2") -> posterior'
    )


class AnalyticConfidence(Part):
    """Low, moderate or high, by a stated rule; never in one sentence with likelihood."""

    level: Literal["low", "moderate", "high"]
    basis: tuple[str, ...]


class Hypothesis(Part):
    """An explanation to tick off, prefilled where a nuisance is measurable."""

    code: str = Field(description="message code; prose comes from the message tables")
    kind: Literal["activity", "benign", "artefact"]
    measured: str | None = Field(None, description="what was measured of it, if anything")
    fit: Literal["consistent", "inconsistent", "unknown"] = "unknown"


class NotificationMatch(Part):
    """How a finding stands to the declared activity on file."""

    relation: Literal["consistent", "exceeds", "no-matching-notification", "not-comparable"]
    notification: str | None = None
    exceeds_in: tuple[str, ...] = ()
    note: str = ""
    on_file_as_of: datetime


class NotifiedActivity(Part):
    """A notification seen from the other side, visible or not."""

    notification: str
    relation: Literal["consistent", "exceeds", "not-seen", "could-not-have-been-seen"]
    zones: tuple[str, ...]
    note: str = ""
    start: datetime | None = Field(None, description="first notified moment, UTC")
    end: datetime | None = Field(None, description="last notified moment, UTC")
    text: str = Field("", description="the notification in the declaring party's words")


class WouldChangeOurMind(Part):
    """The next look, and what it would show."""

    next_look: date | None = None
    sensor: str | None = None
    would_show: str = ""


class Finding(Part):
    """Assessments of one zone and indicator that belong together."""

    id: str
    zone: str
    indicator: str
    evidence_state: EvidenceState
    joint_state: JointState = "unreviewed"
    disposition: Disposition = "unexplained"
    headline: Headline
    direction: Literal["more", "less"]
    proposition: str
    onset: tuple[datetime, datetime] = Field(description="between these two looks")
    end: tuple[datetime, datetime] | None = None
    peak: Finite
    peak_interval: Interval | None = None
    unit: str
    threshold: Threshold
    confirmed: bool = Field(False, description="k-of-n and duration were met at some time")
    looks_over: int = Field(description="observed looks over the threshold")
    looks_observed: int = Field(description="observed looks since onset")
    assessments: tuple[str, ...]
    sensors: tuple[str, ...]
    likelihood: Likelihood
    calibrated: Calibrated
    analytic_confidence: AnalyticConfidence
    hypotheses: tuple[Hypothesis, ...]
    notification: NotificationMatch
    would_change_our_mind: WouldChangeOurMind
    limits: tuple[str, ...] = ()
    dissent: tuple[str, ...] = ()


class Coverage(Part):
    """What of one zone was seen on one look."""

    zone: str
    sensor: str
    track: str
    acquired: datetime
    scene: str | None
    fractions: dict[CoverageReason, Finite] = Field(description="shares of the zone, sum 1")
    never_seen: Finite = Field(
        0.0, description="share of the zone masked as cloud on most dates with a clear ring"
    )


class CurvePoint(Part):
    """One size of a detection curve: fitted probability, and what was counted."""

    size_m2: Finite
    probability: Finite
    interval: Interval
    found: int
    injected: int


class Detectability(Part):
    """Smallest change seen with 90 % probability, by injection; what silence is worth."""

    zone: str
    sensor: str
    track: str
    acquired: datetime | None = None
    indicator: str | None = None
    smallest_m2: Finite | None = Field(None, description="None: not reached, or not measured")
    interval: Interval | None = None
    contrast: str = ""
    injections: int = 0
    reason: str = ""
    curve: tuple[CurvePoint, ...] = ()


class QuietRate(Part):
    """False alarms promised and seen on quiet looks, each date held out.

    The places are the zones and their shapes placed on quiet ground of the context ring.
    """

    sensor: str
    track: str
    indicator: str
    zones: tuple[str, ...]
    kind: Literal["one-look", "used", "confirmed", "later-ground"] = Field(
        description="one look at a round level; at the level used; the k-of-n rule at that "
        "level; at that level on looks after the baseline, quiet ground only"
    )
    level: Finite = Field(description="greatest p that counts")
    nominal: Finite = Field(description="rate promised: at most `level`, because values tie")
    empirical: Finite | None = None
    ratio: Finite | None = None
    ratio_interval: Interval | None = Field(None, description="95 %, dates drawn whole")
    sample_size: int = 0
    dates: int = 0
    overdispersion: Finite | None = Field(
        None, description="variance between dates over that of independent looks"
    )


class Rhythm(Part):
    """How often one zone was busy over a month or a window, against its own baseline."""

    zone: str
    indicator: str
    sensor: str
    track: str
    kind: Literal["month", "window", "period"]
    start: datetime
    end: datetime
    unit: str
    level: Finite = Field(description="a look is on above this value")
    on: int
    observed: int
    share: Finite = Field(description="occupancy fraction: looks on over looks observed")
    share_interval: Interval
    baseline_on: int
    baseline_observed: int
    baseline_months: int
    p: Finite = Field(description="Fisher's exact test against the baseline, two-sided")
    p_months: Finite = Field(description="share of baseline months at least as far out")
    changed: bool
    direction: Literal["more", "less", "none"] = "none"


class ReliabilityRow(Part):
    """Likelihoods stated of about one size, and the share that was true."""

    statements: int
    stated: Finite = Field(description="mean likelihood stated")
    true: Finite = Field(description="share that was true")
    true_interval: Interval


class LikelihoodReliability(Part):
    """How this site's likelihoods hold on injected changes, which they did not learn from."""

    statements: int
    error: Finite = Field(description="mean distance of stated from true, weighted")
    brier: Finite
    rows: tuple[ReliabilityRow, ...]


class Check(Part):
    """Description, threshold, actual, result."""

    code: str
    description: str
    threshold: str
    actual: str
    result: Literal["pass", "warn", "fail", "not-applicable"]


class BaselineDifference(Part):
    """One way in which the baseline is not the ratified one."""

    code: Literal[
        "agreement", "site", "scene-missing", "scene-added", "scene-changed", "row-missing",
        "row-added", "looks", "mean", "median", "deviation", "minimum", "maximum",
    ]  # fmt: skip
    subject: str = Field("", description="scene (and band), or zone, indicator, sensor and track")
    ratified: str = ""
    here: str = ""


class BaselineDrift(Part):
    """How this record's baseline differs from the one that every party has ratified."""

    sha256: str = Field(description="digest of the ratified baseline, or of the agreement")
    ratified: datetime | None = Field(
        None, description="when the last party did, UTC; None: the agreement lists the scenes"
    )
    parties: tuple[str, ...]
    count: int = Field(0, description="number of differences; 0 is none")
    differences: tuple[BaselineDifference, ...] = Field((), description="the first 200")


class SceneInput(Part):
    """One scene that was used, superseded, left out or failed."""

    scene: str
    sensor: str
    track: str
    tile: str = ""
    acquired: datetime | None = None
    provider: str = ""
    status: Literal["used", "superseded", "left-out", "failed"]
    reason: str = ""
    processing_baseline: str | None = None
    files: tuple[InputFile, ...] = ()
    registration: Registration | None = None
    normalization: dict[str, Finite] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


class InputFile(Part):
    """One file, bound to the bytes that were decoded."""

    band: str
    href: str = Field(description="relative to the catalogue; never a path of this machine")
    size: int | None = None
    sha256: str | None = None
    chip_sha256: str | None = None
    scale: Finite | None = None
    offset: Finite | None = None


class Registration(Part):
    """Shift of the scene against the reference, estimated and corrected."""

    dx_px: Finite
    dy_px: Finite
    residual_px: Finite | None = None
    tiles: int = 0
    corrected: bool = False
    note: str = ""


class Region(Part):
    """One changed region of a compared pair (`kind: compare` only)."""

    id: int
    area_m2: Finite
    peak_score: Finite
    mean_score: Finite
    centroid: tuple[Finite, Finite] = Field(description="longitude, latitude, WGS 84")
    bands: dict[str, Finite] = Field(default_factory=dict, description="band -> share of the score")


class SceneStep(Part):
    """A whole-scene step removed before zones were judged: an alarm of its own."""

    sensor: str
    track: str
    acquired: datetime
    band: str
    offset: Finite
    unit: str
    expected: Finite
    alarm: bool


class Summary(Part):
    """Page one, as facts."""

    sentence_code: str
    sentence_facts: dict[str, Any] = Field(default_factory=dict)
    alarms_used: int = 0
    alarms_allowed: Finite | None = None
    looks_planned: int | None = Field(
        None, description="opportunities of the tracks in use, by repeat cycle, within the period"
    )
    looks_found: int = 0
    looks_usable: int = 0
    longest_gap_days: Finite | None = None
    local_hours: dict[str, str] = Field(default_factory=dict, description="sensor -> hh:mm")
    next_looks: dict[str, date] = Field(default_factory=dict, description="sensor-track -> date")


class Failure(Part):
    """What could not be loaded or processed."""

    code: str
    message: str
    scene: str | None = None


class EarlierReport(Part):
    """A report or message on the same site that this one follows."""

    reference: str = Field(description="message number, or site and `as_of`")
    sha256: str = Field("", description="digest of its record")
    as_of: datetime | None = None
    relation: Literal["follows", "corrects", "withdraws", "supersedes"] = "follows"


class Reply(Part):
    """What the other party has answered, in its own words."""

    party: str
    received: datetime
    text: str
    reference: str = ""


class Handling(Part):
    """Who may see this, and for what."""

    tlp: str = "TLP:RED"
    audience: str = "own team"
    permitted_use: str = ""


class Report(Part):
    """One site at one `as_of` (monitor), or one pair (compare).

    Numbers are rounded to six significant digits on writing.
    """

    schema_: str = Field(SCHEMA, alias="schema")
    kind: Literal["monitor", "compare"]
    standing: Literal["joint", "national", "rehearsal", "none"]
    agreement: AgreementRef | None
    site: SiteRef | None
    as_of: datetime | None = None
    period: Period | None = None
    status: Literal["complete", "failed"] = "complete"
    summary: Summary
    assessments: tuple[Assessment, ...] = ()
    findings: tuple[Finding, ...] = ()
    notified_activity: tuple[NotifiedActivity, ...] = ()
    regions: tuple[Region, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    detectability: tuple[Detectability, ...] = ()
    quiet_rates: tuple[QuietRate, ...] = ()
    likelihood_reliability: LikelihoodReliability | None = Field(
        None, description="None where no injected change was measured as an area"
    )
    scene_steps: tuple[SceneStep, ...] = ()
    rhythms: tuple[Rhythm, ...] = ()
    baseline_drift: BaselineDrift | None = Field(
        None, description="None where no baseline of this site is ratified"
    )
    checks: tuple[Check, ...] = ()
    inputs: tuple[SceneInput, ...] = ()
    failures: tuple[Failure, ...] = ()
    limits: tuple[str, ...] = ()
    method: dict[str, Any] = Field(default_factory=dict, description="resolved parameters")
    versions: dict[str, str] = Field(default_factory=dict)
    handling: Handling = Handling()
    reply: Reply | None = Field(None, description="the other party's reply, once on file")
    earlier: tuple[EarlierReport, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


SceneInput.model_rebuild()


def rounded(value: Any, *, digits: int = 6) -> Any:
    """Return `value` with every float rounded to `digits` significant digits.

    This is the record's stated rounding rule. Raises ValueError on NaN and Inf.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"a record holds finite numbers only, got {value}")
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: rounded(item, digits=digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item, digits=digits) for item in value]
    return value
