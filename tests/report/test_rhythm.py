"""How often a zone was busy, as the page tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from pipeline.assessment.record import Rhythm
from pipeline.report.facts.rhythm import rhythm_table
from pipeline.report.words import Words


def rhythm(zone, kind, *, changed):
    return Rhythm(
        zone=zone, indicator="occupancy", sensor="sentinel-1-rtc", track="T1", kind=kind,
        start=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 3, 29, tzinfo=UTC),
        unit="percent", level=4.0, on=5, observed=6, share=5 / 6, share_interval=(0.36, 0.99),
        baseline_on=8, baseline_observed=31, baseline_months=12, p=0.0121, p_months=1 / 13,
        changed=changed, direction="more" if changed else "none",
    )  # fmt: skip


def test_changes_come_first_and_quiet_months_are_left_out():
    looks = [
        rhythm("depot", "period", changed=False),
        rhythm("depot", "month", changed=False),
        rhythm("pier", "month", changed=True),
    ]
    told = rhythm_table(SimpleNamespace(rhythms=looks), Words("en"))
    assert [(row[0], row[3], row[-1]) for row in told.rows] == [
        ("pier", "month", "busier"),
        ("depot", "whole period", "unchanged"),
    ]
    shown = [cell.replace("\u202f", " ") for cell in told.rows[0][5:8]]
    assert shown == ["5 of 6 (36 % to 99 %)", "26 % of 31", "0.0121"]


def test_no_rhythm_is_said_in_words():
    told = rhythm_table(SimpleNamespace(rhythms=[]), Words("en"))
    assert not told.rows
    assert told.empty == "Too few looks to compare a rhythm."
