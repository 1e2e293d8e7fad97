"""False alarms promised and seen on the site's own quiet looks, for table and diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report.facts.looks import track_name
from pipeline.report.facts.model import Rate, Table

if TYPE_CHECKING:
    from pipeline.assessment.record import QuietRate, Report
    from pipeline.report.words import Words

HEADS = ("indicator", "sensor", "zones", "what", "level", "promised", "ratio", "n", "dates",
         "overdispersion")  # fmt: skip


def reliability_table(report: Report, words: Words) -> Table:
    """Return nominal against empirical rates, by indicator, track and kind of count."""
    zones = set(report.site.zones) if report.site else set()
    rows = tuple(_row(item, zones, words) for item in report.quiet_rates)
    return Table(
        tuple(words(f"head.{head}") for head in HEADS), rows, words("empty.reliability"),
        numeric=(4, 5, 7, 8),
    )  # fmt: skip


def _row(item: QuietRate, zones: set[str], words: Words) -> tuple[str, ...]:
    style = words.style
    ratio = "–" if item.ratio is None else style.quantity(item.ratio, "", item.ratio_interval)
    factor = item.overdispersion
    where = words("zones.all") if set(item.zones) == zones else words.listed(item.zones)
    return (
        item.indicator, track_name(item.sensor, item.track, words), where,
        words(f"rate.{item.kind}"), style.number(item.level, 4), style.number(item.nominal, 4),
        ratio, str(item.sample_size), str(item.dates),
        "–" if factor is None else style.number(factor, 1),
    )  # fmt: skip


def foretold_table(report: Report, words: Words) -> Table:
    """Return stated likelihoods against the share that was true, on injected changes."""
    found, style = report.likelihood_reliability, words.style
    rows = tuple(
        (
            style.number(row.stated, 2),
            f"{style.number(row.true, 2)} ({style.span(*row.true_interval, 2)})",
            str(row.statements),
        )
        for row in (found.rows if found else ())
    )
    columns = tuple(words(f"head.{head}") for head in ("stated", "came-true", "n"))
    return Table(columns, rows, words("empty.foretold"), numeric=(0, 1, 2))


def foretold_text(report: Report, words: Words) -> str:
    """Return the calibration error of stated likelihoods; nothing where none was tried."""
    found = report.likelihood_reliability
    if found is None:
        return ""
    error = words.style.number(found.error, 3)
    return words("foretold.error", error=error, n=found.statements)


def rates(report: Report) -> tuple[Rate, ...]:
    """Return the points of the reliability diagram, in the record's order."""
    return tuple(
        Rate(
            kind=item.kind,
            nominal=item.nominal,
            empirical=item.empirical,
            low=item.ratio_interval[0] * item.nominal,
            high=min(1.0, item.ratio_interval[1] * item.nominal),
        )
        for item in report.quiet_rates
        if item.empirical is not None and item.ratio_interval is not None
    )
