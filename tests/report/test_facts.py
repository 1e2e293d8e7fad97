"""Facts: what the page says follows from the looks of the record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.assessment.record import Report
from pipeline.report.facts import looks, series, state
from pipeline.report.facts.findings import (
    best,
    finding_views,
    probability_places,
    quiet_count,
    quiet_looks,
)
from pipeline.report.facts.looks import contrast
from pipeline.report.facts.page import page_facts, zone_state
from pipeline.report.formatting import THIN
from pipeline.report.words import Words
from tests.report import products

WORDS = Words()


def report(record=None, **changes):
    return Report.model_validate((record or products.monitor(looks_each=24)) | changes)


def test_the_state_follows_the_looks_and_not_the_code_of_the_record():
    quiet = products.monitor(found=False, looks_each=24)
    assert state.state_code(report(quiet)) == "quiet"
    blind = quiet | {"assessments": []}  # its own code still says "quiet"
    assert state.state_code(report(blind)) == "not-observed"
    assert "No indicator crossed" not in state.sentence(report(blind), WORDS)
    assert state.state_code(report(quiet, status="failed")) == "failed"


def test_a_pair_of_which_nothing_was_seen_is_not_an_unchanged_pair():
    pair = products.compare(regions=False)
    assert state.state_code(report(pair)) == "pair-empty"
    pair["summary"] |= {"looks_usable": 0}
    assert state.sentence(report(pair), WORDS).startswith("Not observed")


def test_a_zone_nobody_saw_is_named_beside_the_quiet_ones():
    quiet = products.monitor(found=False, looks_each=24)
    seen = [a for a in quiet["assessments"] if a["zone"] != "depot"]
    said = state.sentence(report(quiet, assessments=seen), WORDS)
    assert said.endswith("Not observed in this period: zones depot.")
    assert zone_state("depot", report(quiet, assessments=seen)) == "not-observed"


def test_all_findings_ended_is_a_state_of_its_own():
    record = products.monitor(looks_each=24)
    for item in record["findings"]:
        item |= {"headline": "ended", "evidence_state": "ended", "end": item["onset"]}
    made = report(record)
    assert state.state_code(made) == "ended-only"
    assert zone_state("motor-pool", made) == "resolved"
    assert state.sentence(made, WORDS).startswith("Nothing is open")


def test_a_failed_site_never_shows_a_zone_without_finding_as_observed():
    record = products.monitor(found=False, looks_each=24) | {"status": "failed"}
    assert {zone_state(zone, report(record)) for zone in products.KINDS} == {"failed"}


def test_the_most_urgent_finding_leads():
    found = state.ordered(report().findings)
    assert [item.headline for item in found] == ["persistent", "notified"]


def test_quiet_looks_are_counted_from_the_share_and_its_sample():
    item = report().assessments[0]
    some = item.model_copy(update={"p": 3 / 19, "p_sample": 18})
    assert quiet_looks(item.model_copy(update={"p": 0.0526316}), WORDS) == "none of 18 quiet looks"
    assert [quiet_count(2 / 18, 18), quiet_count(1.0, 18), quiet_count(0.0, 18)] == [2, 18, 0]
    assert quiet_looks(some, WORDS) == "2 of 18 quiet looks"
    assert quiet_looks(item.model_copy(update={"p": 0.0}), WORDS) == "none of 18 quiet looks"
    assert quiet_looks(None, WORDS) == "not known: no quiet looks to compare with"


def test_the_best_explanation_is_the_consistent_one_then_the_open_one():
    hypotheses = report().findings[0].hypotheses
    assert best(hypotheses, "benign").code == "benign.construction"  # open before inconsistent
    assert best((), "benign") is None


def test_worst_zone_is_the_largest_of_the_best_sensors():
    text, where = looks.worst_zone(report(), WORDS)
    assert text.startswith("0.560\u202fha")
    assert where.startswith("zone rail-yard")


def test_a_zone_without_detectability_is_said_and_not_averaged_away():
    record = products.monitor(looks_each=24)
    kept = [d for d in record["detectability"] if d["zone"] != "apron"]
    text, where = looks.worst_zone(report(record, detectability=kept), WORDS)
    assert text == "90 % not reached, or not measured, in: apron"
    assert "0.560" in where
    nothing = looks.worst_zone(report(record, detectability=[]), WORDS)
    assert nothing[0] == "not measured yet"


@pytest.mark.parametrize(
    ("kind", "comparator", "direction", "lines"),
    [
        ("deviation", ">=", "more", (11.5,)),
        ("deviation", ">=", "less", (11.5, 8.5)),
        ("deviation", "<=", "less", (8.5,)),
        ("relative", ">=", "more", (10.15,)),  # 1.5 % of 10 above it
        ("absolute", ">=", "more", (1.5,)),
        ("rate", ">=", "more", ()),
    ],
)
def test_threshold_lines(kind, comparator, direction, lines):
    item = report().assessments[0]
    limit = item.threshold.model_copy(update={"kind": kind, "comparator": comparator, "value": 1.5})
    look = item.model_copy(update={"threshold": limit, "baseline": 10.0, "direction": direction})
    assert series.threshold_lines(look) == pytest.approx(lines)  # one product or sum of floats


def test_a_look_without_observation_has_no_value_on_the_chart():
    unseen = [a for a in report().assessments if a.outcome in {"not-observed", "failed"}]
    assert unseen
    points = [series.point(a.model_copy(update={"value": 3.0}), WORDS) for a in unseen]
    assert all(p.value is None for p in points)


def test_notified_activity_with_dates_becomes_a_span():
    class Dated:
        notification, zones = "N-1", ("depot",)
        start, end = products.START, products.START + timedelta(days=3)

    class Record:
        notified_activity = (Dated, Dated())

    assert [s.text for s in series.spans(Record, "depot")] == ["N-1", "N-1"]
    assert series.spans(Record, "apron") == ()
    assert series.spans(report(), "motor-pool") == ()  # this record holds no dates


def test_gap_and_coverage_table_count_looks_half_seen():
    times = [products.START + timedelta(days=d) for d in (0, 5, 25)]
    assert looks.gap_days(times[::-1]) == 20.0
    assert looks.gap_days(times[:1]) is None
    made = report()
    rows = looks.coverage_table(made, WORDS).rows
    pair = [c for c in made.coverage if c.zone == "depot" and c.sensor == products.RADAR[0]]
    usable = sum(c.fractions.get("observed", 0) >= 0.5 for c in pair)
    row = next(r for r in rows if r[0] == "depot" and r[1].startswith("Sentinel-1"))
    assert row[2:4] == (str(len(pair)), str(usable))


def test_charts_of_findings_come_first():
    charts = series.charts(report(), WORDS)
    assert [c.finding for c in charts[:3]] == ["finding-1", "finding-2", ""]
    assert len(charts) == 8


def test_a_term_is_used_only_where_its_parts_are_calibrated():
    record = products.monitor(looks_each=24)
    item = record["findings"][0]
    item["likelihood"] |= {"term": "very likely", "term_scale": "icd203"}
    said = " ".join(finding_views(report(record), WORDS)[0].likelihood)
    assert "very likely" not in said
    assert "must not be read as a probability" in said
    for part in ("false_alarms", "detection"):
        item["calibrated"] = item["calibrated"] | {part: {"ok": True, "sample_size": 4000}}
    said = " ".join(finding_views(report(record), WORDS)[0].likelihood)
    assert "In the words of ICD 203: very likely." in said


def test_a_record_without_period_agreement_or_looks_still_makes_a_page():
    bare = {
        "schema": "fairwitness/report/1", "kind": "monitor", "standing": "none", "agreement": None,
        "site": {"id": "x"}, "summary": {"sentence_code": "no-scenes"},
    }  # fmt: skip
    page = page_facts(report(bare), "0" * 64, WORDS)
    assert page.sentence.startswith("Not observed")
    assert page.charts == ()


def test_scene_without_date_is_listed():
    record = products.failed()
    record["inputs"][0] |= {"acquired": None, "status": "left-out"}
    page = page_facts(report(record), "0" * 64, WORDS)
    assert page.unused.rows[0][0] == "not known"


@pytest.mark.parametrize(
    ("p", "places"),
    [(0.5, 2), (0.994, 2), (0.9951, 3), (0.999526, 4), (0.9999, 4), (1.0, 5), (0.0, 5), (0.004, 3)],
)
def test_a_probability_is_not_rounded_to_certainty(p, places):
    assert probability_places(p) == places


def test_contrasts_are_printed_in_the_readers_units():
    assert contrast("+9 dB", Words("ru")) == f"+9{THIN}дБ"
    assert contrast("bare_soil +0.35", Words("ru")) == "голая почва +0,35"
    assert contrast("ndvi -0.81", Words("en")) == "NDVI \u22120.81"
    assert contrast("brightness ±0.088", Words("en")) == "brightness ±0.088"
    assert contrast("something else", Words("ar")) == "something else"
