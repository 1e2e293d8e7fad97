"""What was looked at, what could not be seen, and what silence is worth."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.report import formatting as f
from pipeline.report.facts.model import Cell, Grid, Table
from pipeline.report.facts.state import OBSERVED, threshold_short, usable

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.assessment.record import (
        Assessment,
        Coverage,
        CoverageReason,
        Detectability,
        Report,
    )
    from pipeline.report.words import Words

REASONS: tuple[CoverageReason, ...] = (
    "observed", "cloud", "shadow", "snow", "swath-edge", "missing", "load-failed", "withheld",
)  # fmt: skip
CONTRAST = re.compile(r"(?:(\w+) )?([-+±]?)(\d+(?:\.\d+)?)(?: (\w+))?")
REFERENCE_CONTRAST = "+9 dB"
OTHER_CONTRASTS = frozenset({"+6 dB", "+12 dB"})  # fainter and brighter than the middle one
USABLE_SHARE = 0.5  # a look counts as seen in the table when half of the zone was observed


def track_name(sensor: str, track: str, words: Words) -> str:
    """Return sensor and track as printed."""
    name = words.code("sensor", sensor)
    return name if track in {"", "any"} else words.listed((name, track))


def track_label(text: str, words: Words) -> str:
    """Return a sensor, or a sensor and track with a space between, as printed."""
    sensor, _, track = text.partition(" ")
    return track_name(sensor, track, words)


def tracks(coverage: tuple[Coverage, ...]) -> list[tuple[str, str]]:
    """Return the sensor and track pairs of a record, sorted."""
    return sorted({(item.sensor, item.track) for item in coverage})


def cell(item: Coverage, words: Words) -> Cell:
    """Return one zone and look of the grid."""
    parts = tuple((r, item.fractions[r]) for r in REASONS if item.fractions.get(r, 0) > 0)
    said = words.listed(tuple(f"{words(f'coverage.{r}')} {words.style.share(v)}" for r, v in parts))
    return Cell(parts, f"{item.zone}, {words.style.minute(item.acquired)}: {said}")


def grid(number: int, pair: tuple[str, str], report: Report, words: Words) -> Grid:
    """Return the zone × look grid of one sensor and track."""
    mine = [item for item in report.coverage if (item.sensor, item.track) == pair]
    zones = tuple(sorted({item.zone for item in mine}))
    looks = tuple(sorted({f.utc(item.acquired) for item in mine}))
    at = {(item.zone, f.utc(item.acquired)): cell(item, words) for item in mine}
    start = f.utc(report.period.start) if report.period else None
    title = track_name(*pair, words)
    return Grid(
        name=f"coverage-{number}",
        title=title,
        description=words(
            "coverage.description", title=title, looks=words.count("looks", len(looks)),
            zones=words.count("zones", len(zones)),
        ),
        zones=zones,
        looks=looks,
        cells=tuple(tuple(at.get((zone, look)) for look in looks) for zone in zones),
        monitoring_from=sum(1 for look in looks if start is not None and look <= start),
    )  # fmt: skip


def grids(report: Report, words: Words) -> tuple[Grid, ...]:
    """Return one coverage grid a sensor and track."""
    found = enumerate(tracks(report.coverage), start=1)
    return tuple(grid(number, pair, report, words) for number, pair in found)


def gap_days(looks: list[datetime]) -> float | None:
    """Return the longest time between two consecutive looks in days."""
    gaps = [(b - a).total_seconds() / 86400 for a, b in pairwise(sorted(looks))]
    return max(gaps) if gaps else None


def coverage_table(report: Report, words: Words) -> Table:
    """Return looks, usable looks, longest gap and lost shares by zone and track."""
    rows = []
    for pair in tracks(report.coverage):
        for zone in sorted({c.zone for c in report.coverage if (c.sensor, c.track) == pair}):
            mine = [c for c in report.coverage if (c.sensor, c.track, c.zone) == (*pair, zone)]
            rows.append(_coverage_row(zone, track_name(*pair, words), mine, words))
    heads = tuple(words(f"head.{h}") for h in ("zone", "sensor", "looks", "seen", "gap", "lost"))
    return Table(heads, tuple(rows), words("empty.coverage"), numeric=(2, 3, 4))


def _coverage_row(zone: str, sensor: str, mine: list[Coverage], words: Words) -> tuple[str, ...]:
    seen = [f.utc(c.acquired) for c in mine if c.fractions.get("observed", 0.0) >= USABLE_SHARE]
    gap = gap_days(seen)
    lost = {r: sum(c.fractions.get(r, 0.0) for c in mine) / len(mine) for r in REASONS[1:]}
    named = tuple(
        f"{words(f'coverage.{r}')} {words.style.share(v)}" for r, v in lost.items() if v >= 0.005
    )
    return (
        zone, sensor, str(len(mine)), str(len(seen)),
        "–" if gap is None else words.style.number(gap, 0), words.listed(named) or "–",
    )  # fmt: skip


def newest(items: list[Detectability]) -> Detectability:
    """Return the newest measured entry, of one look the smallest; any where none is measured."""
    return max(
        items,
        key=lambda d: (
            d.smallest_m2 is not None, _stamp(d.acquired), d.track, -(d.smallest_m2 or 0.0)
        ),
    )  # fmt: skip


def at_reference(items: tuple[Detectability, ...]) -> tuple[Detectability, ...]:
    """Return the entries that page one compares: of radar, those of the middle contrast."""
    if all(item.contrast != REFERENCE_CONTRAST for item in items):
        return items
    return tuple(item for item in items if item.contrast not in OTHER_CONTRASTS)


def _stamp(moment: datetime | None) -> float:
    return f.utc(moment).timestamp() if moment else 0.0


def best_of_zone(report: Report) -> dict[str, Detectability | None]:
    """Return for each zone the sensor's newest entry that sees the smallest change."""
    zones = dict.fromkeys(report.site.zones if report.site else ())
    best: dict[str, Detectability | None] = dict.fromkeys(zones)
    compared = at_reference(report.detectability)
    for zone in sorted({item.zone for item in compared} | set(zones)):
        mine = [item for item in compared if item.zone == zone]
        latest = [
            newest([d for d in mine if (d.sensor, d.track) == pair])
            for pair in sorted({(d.sensor, d.track) for d in mine})
        ]
        latest.sort(key=lambda d: (d.smallest_m2 is None, d.smallest_m2 or 0.0))
        best[zone] = latest[0] if latest else None
    return best


def worst_zone(report: Report, words: Words) -> tuple[str, str]:
    """Return the smallest change seen with 90 %, worst zone, in hectares, and its note."""
    best = best_of_zone(report)
    missing = {zone: item for zone, item in best.items() if not item or item.smallest_m2 is None}
    if not best or len(missing) == len(best):
        reasons = sorted({d.reason for d in report.detectability if d.reason})
        said = words.listed(tuple(words.code("reason", r) for r in reasons))
        return words("silence.not-measured"), said or words("silence.no-injection")
    if missing:
        zones = words.listed(tuple(sorted(missing)))
        return words("silence.not-reached", zones=zones), _silence_note(best, words)
    known = [item for item in best.values() if item is not None]
    item = max(known, key=lambda d: (d.smallest_m2 or 0.0, d.zone))
    low_high = f" ({_hectares(item, words)})" if item.interval else ""
    where = track_name(item.sensor, item.track, words)
    where = words.listed(
        (where, *(part for part in (item.indicator, contrast(item.contrast, words)) if part))
    )
    text = f"{words.style.hectares(item.smallest_m2 or 0.0)}{low_high}"
    return text, words("silence.where", zone=item.zone, sensor=where)


def _hectares(item: Detectability, words: Words) -> str:
    low, high = item.interval or (0.0, 0.0)
    return words.style.span(low / 1e4, high / 1e4)


def _silence_note(best: dict[str, Detectability | None], words: Words) -> str:
    known = [d.smallest_m2 for d in best.values() if d and d.smallest_m2 is not None]
    return words("silence.others", area=words.style.hectares(max(known)))


def contrast(text: str, words: Words) -> str:
    """Return how strong an injected change was, such as ``+9 dB``, as printed."""
    said = CONTRAST.fullmatch(text)
    if said is None:
        return text
    name, sign, number, unit = said.groups()
    value = f"{sign.replace('-', f.MINUS)}{words.style.plain(float(number))}"
    value = words.style.with_unit(value, unit or "")
    return f"{words.code('contrast', name)} {value}" if name else value


def silence_table(report: Report, words: Words) -> Table:
    """Return the smallest visible change by zone, sensor and look."""
    rows = tuple(
        (
            d.zone, track_name(d.sensor, d.track, words), d.indicator or "–",
            words.style.minute(d.acquired) if d.acquired else "–",
            words("silence.none") if d.smallest_m2 is None
            else words.style.hectares(d.smallest_m2),
            _hectares(d, words) if d.interval else "–",
            contrast(d.contrast, words) or "–", str(d.injections),
            words.code("reason", d.reason) if d.reason else "–",
        )
        for d in sorted(
            report.detectability, key=lambda d: (d.zone, d.sensor, d.track, _stamp(d.acquired))
        )
    )  # fmt: skip
    heads = ("zone", "sensor", "indicator", "look", "smallest", "interval", "contrast",
             "injections", "why")  # fmt: skip
    return Table(
        tuple(words(f"head.{h}") for h in heads), rows, words("silence.no-injection"), numeric=(7,)
    )


def margin(item: Assessment) -> float:
    """Return how close a look came to its threshold; 1 is at it."""
    if item.threshold is None or item.value is None:
        return -1.0
    rise = item.value - (item.baseline or 0.0)
    by_kind = {
        "deviation": (rise, item.threshold.value),
        "relative": (rise, abs(item.baseline or 0.0) * item.threshold.value / 100),
    }
    reached, needed = by_kind.get(item.threshold.kind, (item.value, item.threshold.value))
    return abs(reached) / abs(needed) if needed else -1.0


def closest_table(report: Report, words: Words, rows: int = 6) -> Table:
    """Return, by zone and indicator, the look that came closest to its threshold."""
    closest: dict[tuple[str, str], Assessment] = {}
    for item in usable(report):
        key = (item.zone, item.indicator)
        if item.value is not None and (key not in closest or margin(item) > margin(closest[key])):
            closest[key] = item
    top = sorted(closest.values(), key=lambda a: (-margin(a), a.zone, a.indicator))[:rows]
    heads = ("zone", "indicator", "sensor", "look", "value", "threshold", "expected", "outcome")
    return Table(
        tuple(words(f"head.{h}") for h in heads),
        tuple(_closest_row(item, words) for item in top),
        words("empty.closest"),
        status=7,
    )


def _closest_row(item: Assessment, words: Words) -> tuple[str, ...]:
    limit = item.threshold
    return (
        item.zone, item.indicator, track_name(item.sensor, item.track, words),
        words.style.minute(item.acquired),
        words.style.quantity(item.value or 0.0, item.unit, item.interval),
        threshold_short(limit, words) if limit else "–",
        "–" if item.baseline is None
        else words.style.quantity(item.baseline, item.unit, item.baseline_interval),
        words(f"outcome.{item.outcome}"),
    )  # fmt: skip


def observed_zones(report: Report) -> frozenset[str]:
    """Return the zones that some look of the period observed."""
    return frozenset(
        a.zone for a in report.assessments if a.phase == "monitoring" and a.outcome in OBSERVED
    )
