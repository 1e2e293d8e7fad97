"""What-if: the agreed rules give the record again, others what they must, and nothing is kept."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline.assessment.indicators import TrackAssessor
from pipeline.assessment.record import Report, rounded
from pipeline.desk.growing import only_hides, regrown
from pipeline.desk.judging import Bench, TrackBench
from pipeline.desk.proposal import proposed_run, read_proposal
from pipeline.desk.whatif import STAMP, compared
from pipeline.errors import UsageError
from pipeline.workflows.monitor.tracks import track_series
from pipeline.workflows.planning import baseline_of
from tests.desk.conftest import DEMO
from tests.desk.test_security import snapshot

# What-if measures nothing by injection: a likelihood needs that, the rest does not.
INJECTED = {"likelihood", "calibrated", "analytic_confidence"}


def asked(desk, **document):
    return desk.whatif.answer(read_proposal(document), desk.findings)


def changes(answer):
    return {item["change"] for item in answer["findings"]}


def test_the_agreed_rules_give_the_records_assessments_again(town):
    judged = town.whatif.agreed()
    ours = [rounded(look.model_dump(mode="json")) for look in judged.assessments]
    theirs = [rounded(look.model_dump(mode="json")) for look in town.opened.report.assessments]
    assert ours == theirs


@pytest.mark.slow
def test_the_agreed_rules_give_the_records_findings_again(garrison):
    judged = garrison.whatif.agreed()
    ours = [rounded(f.model_dump(mode="json", exclude=INJECTED)) for f in judged.findings]
    record = garrison.opened.report
    assert len(record.findings) > 10
    assert ours == [rounded(f.model_dump(mode="json", exclude=INJECTED)) for f in record.findings]
    assert changes(asked(garrison)) == {"same"}


def test_every_answer_is_stamped_and_counts_alarms_against_the_allowance(town):
    answer = asked(town, threshold={"radar-excess": 1.0})
    assert (answer["exploratory"], answer["stamp"]) == (True, STAMP)
    years = (town.opened.scenes.as_of.date() - date(2023, 10, 20)).days / 365.25
    assert answer["alarms_allowed"] == pytest.approx(0.5 * years)
    assert answer["alarms_used"] == sum(
        item["confirmed"] for item in answer["findings"] if item["change"] != "gone"
    )


def test_a_higher_threshold_never_adds_looks_over_it(town):
    low = asked(town, threshold={"radar-excess": 0.3})["looks"].get("change", 0)
    high = asked(town, threshold={"radar-excess": 30.0})["looks"].get("change", 0)
    assert high <= low
    assert (
        asked(town, threshold={"radar-excess": 30.0, "radar-bright-area": 1e9})["looks"].get(
            "change", 0
        )
        == 0
    )


def test_an_earlier_end_leaves_later_looks_out(town):
    last = town.opened.scenes.as_of.date()
    whole = sum(asked(town)["looks"].values())
    part = asked(town, period_end=(last - timedelta(days=30)).isoformat())
    assert sum(part["looks"].values()) < whole
    assert part["as_of"].date() <= last - timedelta(days=30)


def test_another_baseline_moves_what_counts_as_quiet(town):
    answer = asked(town, baseline={"start": "2021-11-01", "end": "2023-06-30"})
    agreed = asked(town)
    assert sum(answer["looks"].values()) > sum(agreed["looks"].values())
    (first, *_) = YAML(typ="safe").load(io.StringIO(answer["proposal_yaml"]))["indicators"]
    assert first["baseline"]["to"] == date(2023, 6, 30)


def from_nothing(desk, document):
    """The same rules judged on pixels read anew, where nothing is kept of any other judgement.

    Shifts stay as measured under the agreed rules: that is what a desk promises.
    """
    opened, asked_for = desk.opened, read_proposal(document)
    run = proposed_run(opened.run, opened.site, asked_for, desk.whatif._mask_pixels())
    kept = desk.whatif._bench(run)
    outcomes = [read_anew(outcome, run, opened.site) for outcome in kept.outcomes]
    fresh = Bench(opened, tuple(TrackBench(outcome, opened.site) for outcome in outcomes))
    as_of = opened.scenes.as_of
    return kept, kept.judged(run, as_of=as_of), fresh, fresh.judged(run, as_of=as_of)


def read_anew(track, run, site):
    features, baseline = tuple(track.series.features), baseline_of(run, site)
    series = track_series(track.plan, site, track.chips, features, baseline, track.ground)
    return replace(track, series=series, assessor=TrackAssessor(series), variants={})


OTHER_QUIET = {"baseline": {"start": "2021-11-01", "end": "2023-06-30"}}


def test_what_another_baseline_has_no_part_in_is_kept_and_is_what_measuring_gives(town):
    asked(town, **OTHER_QUIET)
    kept, ours, fresh, theirs = from_nothing(town, OTHER_QUIET)
    assert kept.like is town.whatif.bench
    assert ours.assessments == theirs.assessments
    assert ours.findings == theirs.findings
    assert kept.around == fresh.around
    assert kept.around.baseline_ends != town.whatif.bench.around.baseline_ends
    for one, other in zip(kept.outcomes, fresh.outcomes, strict=True):
        assert one.assessor.never_seen == other.assessor.never_seen


@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [
        {"baseline": {"start": "2024-09-01", "end": "2025-07-15"}},
        {"dilation_m": 100.0},
        {"baseline": {"start": "2024-09-01", "end": "2025-06-15"}, "dilation_m": 100.0},
    ],
)
def test_other_dates_and_masks_come_to_what_judging_from_nothing_does(garrison, document):
    asked(garrison, **document)
    kept, ours, fresh, theirs = from_nothing(garrison, document)
    assert (kept.like is None) == ("dilation_m" in document)
    assert ours.assessments == theirs.assessments
    assert ours.findings == theirs.findings
    assert kept.around == fresh.around


def test_the_proposal_is_yaml_of_what_differs_and_nothing_else(town):
    answer = asked(
        town,
        threshold={"radar-excess": 2.0},
        confirmation={"radar-bright-area": {"k": 3, "n": 4}},
        minimum_area_m2={"radar-bright-area": 9000},
    )
    text = answer["proposal_yaml"]
    assert text.startswith(f"# {STAMP}")
    assert town.opened.run.agreement.sha256 in text
    assert YAML(typ="safe").load(io.StringIO(text)) == {
        "indicators": [
            {"id": "radar-excess", "threshold": {"value": 2.0}},
            {
                "id": "radar-bright-area",
                "method": {"minimum_area_m2": 9000.0},
                "confirmation": {"k": 3, "n": 4},
            },
        ]
    }
    assert "nothing differs" in asked(town)["proposal_yaml"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"thresholds": {}}, "no field 'thresholds'"),
        ({"threshold": 3}, "maps names"),
        ({"threshold": {"radar-excess": True}}, "is a number"),
        ({"threshold": {"radar-excess": "3"}}, "is a number"),
        ({"threshold": {"radar-excess": float("nan")}}, "is a number"),
        ({"threshold": {"radar-excess": -1}}, "above 0"),
        ({"threshold": {"nothing": 1}}, "no indicator 'nothing'"),
        ({"minimum_area_m2": {"radar-bright-area": -5}}, "greater than or equal to 0"),
        ({"confirmation": {"radar-excess": {"k": 9}}}, "k at most n"),
        ({"confirmation": {"radar-excess": {"k": 1.5}}}, "whole number"),
        ({"confirmation": {"radar-excess": {"m": 2}}}, "no field 'm'"),
        ({"dilation_m": 1e6}, "dilation_m is 0 to"),
        ({"baseline": {"start": "2022-01-01"}}, "a start and an end"),
        ({"baseline": {"start": "2023-01-01", "end": "2022-01-01"}}, "lies before"),
        ({"baseline": {"from": "2023-01-01"}}, "no field 'from'"),
        ({"period_end": "yesterday"}, "YYYY-MM-DD"),
        ({"period_end": 7}, "YYYY-MM-DD"),
    ],
)
def test_rules_no_agreement_could_have_are_refused_in_one_line(town, document, words):
    with pytest.raises(UsageError, match=words) as refused:
        asked(town, **document)
    assert "\n" not in str(refused.value)


def test_nothing_is_written_and_the_agreement_stays_as_it_is(town, town_trial):
    digest, before = town.opened.run.agreement.sha256, snapshot(town_trial.folder)
    asked(
        town, threshold={"radar-excess": 0.7}, baseline={"start": "2021-11-01", "end": "2023-05-01"}
    )
    assert snapshot(town_trial.folder) == before
    assert town.opened.run.agreement.sha256 == digest
    assert town.opened.run.agreement.indicator("radar-excess").threshold.value == 1.5
    assert asked(town)["looks"] == asked(town)["looks"]


@pytest.mark.slow
def test_findings_are_new_gone_changed_or_same_against_the_agreed(garrison):
    stricter = asked(garrison, threshold={"radar-excess": 4.0})
    assert "gone" in changes(stricter)
    assert "new" not in changes(stricter)
    assert {f["indicator"] for f in stricter["findings"] if f["change"] == "gone"} == {
        "radar-excess"
    }
    gone = [f for f in stricter["findings"] if f["change"] == "gone"]
    assert {f["id"] for f in gone} <= {f.id for f in garrison.findings}
    assert all(f["agreed"] == f["id"] for f in gone)
    sooner = asked(garrison, confirmation={"radar-excess": {"k": 1, "n": 1}})
    assert "changed" in changes(sooner)


@pytest.mark.slow
def test_wider_masks_see_no_more_and_are_the_same_masks_an_agreement_would_give(garrison):
    wider = asked(garrison, dilation_m=100.0)
    agreed = asked(garrison)
    assert wider["looks"]["not-observed"] >= agreed["looks"]["not-observed"]
    assert "mask_dilation_px: 5  # agreed: 1" in wider["proposal_yaml"]
    # Narrower than the provider's own error is not to be had by signature.
    narrower = asked(garrison, dilation_m=0.0)
    assert narrower["looks"] == agreed["looks"]


@pytest.mark.slow
def test_masks_grown_or_shrunk_again_give_what_reading_all_gives(garrison):
    track = next(t for t in garrison.tracks.values() if t.outcome.series.physical == "reflectance")
    outcome, site = track.outcome, garrison.opened.site
    before, hidden = outcome.series.codes, []
    for metres, hides in ((120.0, True), (80.0, False), (160.0, True)):
        grown = (("cloud", metres), ("shadow", metres))
        plan = replace(outcome.plan, options=replace(outcome.plan.options, dilation_m=grown))
        assert only_hides(outcome, plan) == hides
        ours = regrown(outcome, plan, site)
        features = tuple(outcome.series.features)
        theirs = track_series(plan, site, outcome.chips, features, None, outcome.ground)
        np.testing.assert_array_equal(ours.codes, theirs.codes)
        for name in features:
            np.testing.assert_array_equal(ours.features[name], theirs.features[name])
            assert ours.features[name].dtype == theirs.features[name].dtype
        hidden.append(int((ours.codes != before).sum()))
        outcome = replace(outcome, series=ours, plan=plan)
    assert 0 < hidden[1] < hidden[0] < hidden[2]


def test_findings_pair_by_place_kind_and_time(garrison_findings):
    first, second = garrison_findings
    assert [c.change for c in compared([first], [first])] == ["same"]
    later = first.model_copy(
        update={"onset": tuple(t + timedelta(days=3) for t in first.onset), "id": "other"}
    )
    assert [c.change for c in compared([later], [first])] == ["changed"]
    assert [c.change for c in compared([second], [first])] == ["new", "gone"]
    assert compared([], []) == []


@pytest.fixture
def garrison_findings():
    """Two findings of different zones, from the report's own gallery of examples."""
    from tests.report import gallery  # noqa: PLC0415

    found = Report.model_validate(gallery.gallery()).findings
    zones = {item.zone: item for item in found if item.end is None}
    assert len(zones) >= 2
    return list(zones.values())[:2]


def test_the_demo_configuration_is_what_the_slow_tests_read():
    assert DEMO.is_file()
