"""How often a zone was busy, as the page tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from pipeline.assessment.record import Rhythm
from pipeline.report.facts.rhythm import kept_rhythm, rhythm_table
from pipeline.report.words import Words


def rhythm(zone, kind, *, changed):
    return Rhythm(
        zone=zone, indicator="occupancy", sensor="sentinel-1-rtc", track="T1", kind=kind,
        start=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 3, 29, tzinfo=UTC),
        unit="percent", level=4.0, on=5, observed=6, share=5 / 6, share_interval=(0.36, 0.99),
        baseline_on=8, baseline_observed=31, baseline_months=12, p=0.0121, p_months=1 / 13,
        changed=changed, direction="more" if changed else "none",
    )  # fmt: skip


def test_a_series_that_changed_is_one_row_and_the_others_are_counted():
    spans = [
        rhythm("depot", "period", changed=False),
        rhythm("depot", "month", changed=False),
        rhythm("pier", "period", changed=False),
        rhythm("pier", "month", changed=True),
    ]
    report = SimpleNamespace(rhythms=spans)
    told = rhythm_table(report, Words("en"))
    (row,) = [
        [cell.replace("\u202f", " ").replace("\xa0", " ") for cell in row] for row in told.rows
    ]
    assert row[0] == "pier"
    assert row[3:] == [
        "26 % of 31", "unchanged: 5 of 6 (36 % to 99 %), p 0.0121", "–", "2026-03",
    ]  # fmt: skip
    assert kept_rhythm(report, Words("en")) == "1 of 2 series kept their rhythm."


def test_what_cannot_be_compared_is_said_in_words():
    nothing = SimpleNamespace(rhythms=[])
    assert rhythm_table(nothing, Words("en")).empty == "Too few looks to compare a rhythm."
    assert kept_rhythm(nothing, Words("en")) == ""
    quiet = SimpleNamespace(rhythms=[rhythm("depot", "period", changed=False)])
    assert rhythm_table(quiet, Words("en")).empty == "No zone changed its rhythm."
