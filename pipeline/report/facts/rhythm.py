"""How often a zone was busy, against its own baseline: activity that comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report.facts.looks import track_name
from pipeline.report.facts.model import Table
from pipeline.report.facts.sources import heads

if TYPE_CHECKING:
    from pipeline.assessment.record import Report, Rhythm
    from pipeline.report.words import Words

HEADS = ("zone", "indicator", "sensor", "span", "days", "on", "on-baseline", "on-p", "rhythm")


def rhythm_table(report: Report, words: Words) -> Table:
    """Return every change of rhythm, and the whole period of what kept its rhythm.

    Parameters
    ----------
    report
        A record; compared pairs have no rhythm.
    """
    shown = [item for item in report.rhythms if item.changed or item.kind == "period"]
    shown.sort(key=lambda item: (not item.changed, item.zone, item.indicator, item.start))
    rows = tuple(_row(item, words) for item in shown)
    return Table(heads(words, *HEADS), rows, words("empty.rhythm"), numeric=(5, 6, 7), status=8)


def _row(item: Rhythm, words: Words) -> tuple[str, ...]:
    style = words.style
    low, high = (style.share(end) for end in item.share_interval)
    usual = item.baseline_on / item.baseline_observed if item.baseline_observed else 0.0
    return (
        item.zone,
        item.indicator,
        track_name(item.sensor, item.track, words),
        words(f"rhythm.{item.kind}"),
        f"{style.day(item.start)} – {style.day(item.end)}",
        words("rhythm.on", on=item.on, observed=item.observed, low=low, high=high),
        words("rhythm.usual", share=style.share(usual), observed=item.baseline_observed),
        style.number(item.p, 4),
        words(f"rhythm.{item.direction}"),
    )
