"""How often a zone was busy, against its own baseline: activity that comes and goes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.report.facts.looks import track_name
from pipeline.report.facts.model import Table
from pipeline.report.facts.sources import heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.assessment.record import Report, Rhythm
    from pipeline.report.words import Words

HEADS = ("zone", "indicator", "sensor", "on-baseline", "on-period", "on-window", "busy-months")
# Smaller p are printed as below this.
SMALLEST_P = 1e-4


def rhythm_table(report: Report, words: Words) -> Table:
    """Return a row for every zone, indicator and track whose rhythm changed in some span."""
    changed = [spans for spans in _series(report) if any(item.changed for item in spans)]
    rows = tuple(_row(spans, words) for spans in changed)
    empty = words("empty.rhythm" if report.rhythms else "empty.rhythm-looks")
    return Table(heads(words, *HEADS), rows, empty)


def kept_rhythm(report: Report, words: Words) -> str:
    """Return how many series kept their rhythm."""
    series = _series(report)
    kept = sum(not any(item.changed for item in spans) for spans in series)
    return words("rhythm.kept", kept=kept, series=len(series)) if series else ""


def _series(report: Report) -> list[list[Rhythm]]:
    def key(item: Rhythm) -> tuple[str, str, str, str]:
        return (item.zone, item.indicator, item.sensor, item.track)

    return [list(spans) for _, spans in groupby(sorted(report.rhythms, key=key), key)]


def _row(spans: Sequence[Rhythm], words: Words) -> tuple[str, ...]:
    by_kind = {item.kind: item for item in spans}
    months = [item for item in spans if item.kind == "month" and item.changed]
    first, period, window = spans[0], by_kind.get("period"), by_kind.get("window")
    usual = period or first
    share = usual.baseline_on / max(usual.baseline_observed, 1)
    return (
        first.zone,
        first.indicator,
        track_name(first.sensor, first.track, words),
        words("rhythm.usual", share=words.style.share(share), observed=usual.baseline_observed),
        _span(period, words) if period else "–",
        _span(window, words) if window else "–",
        words.listed(tuple(words.style.day(item.start)[:7] for item in months)) or "–",
    )


def _span(item: Rhythm, words: Words) -> str:
    style = words.style
    low, high = (style.share(end) for end in item.share_interval)
    seen = words("rhythm.on", on=item.on, observed=item.observed, low=low, high=high)
    p = style.number(max(item.p, SMALLEST_P), 4)
    verdict = words(f"rhythm.{item.direction}")
    return words(
        "rhythm.span", seen=seen, verdict=verdict, p=f"<\xa0{p}" if item.p < SMALLEST_P else p
    )
