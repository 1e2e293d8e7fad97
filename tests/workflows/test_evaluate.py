"""Scores of the product: closed forms, slow references, and one place from end to end."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from pipeline.assessment.record import LikelihoodReliability, ReliabilityRow
from pipeline.errors import UsageError
from pipeline.imagery.sensors import SENSORS
from pipeline.progress import silent
from pipeline.workflows.evaluate import evaluate, intervals, objects, ranking, rehearsals, scoring
from pipeline.workflows.evaluate.alarms import AlarmCount, FalseAlarms
from pipeline.workflows.evaluate.detection import TWO, Detection
from pipeline.workflows.evaluate.found import find_material
from pipeline.workflows.evaluate.labels import labels_on
from pipeline.workflows.evaluate.looks import FEWEST_BEFORE, trial_days, trials_of_day
from pipeline.workflows.evaluate.series_rivals import Usual, rival_p, rival_scores
from pipeline.workflows.evaluate.stacks import Series
from tests.kernels.change import scenes
from tests.report.reading import Reader
from tests.workflows.test_compare import BOX, DATES, ORIGIN, UTM, folder, write

SCENARIO = "schema: fairwitness/scenario/1\nid: small\nseed: 41\n"


# --- ranking ------------------------------------------------------------------------


def slow_ranking(scores, changed):
    """Every threshold in turn, by its definition."""
    precision, recall, area, f1 = [], [0.0], 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        called = scores >= threshold
        hits = (called & changed).sum()
        precision.append(hits / called.sum())
        recall.append(hits / changed.sum())
        f1 = max(f1, 2 * hits / (called.sum() + changed.sum()))
    ap = sum(p * (b - a) for p, a, b in zip(precision, recall, recall[1:], strict=False))
    for high in scores[changed]:
        area += (high > scores[~changed]).sum() + 0.5 * (high == scores[~changed]).sum()
    return ap, area / (changed.sum() * (~changed).sum()), f1


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_ranking_is_that_of_every_threshold_in_turn(pairs):
    scores = np.array([float(score) for score, _ in pairs])
    changed = np.array([label for _, label in pairs])
    if changed.all() or not changed.any():
        with pytest.raises(ValueError, match="changed"):
            ranking.ranked(scores, changed)
        return
    found = ranking.ranked(scores, changed)
    # Sums of at most forty quotients.
    np.testing.assert_allclose(
        [found.average_precision, found.auc, found.best_f1], slow_ranking(scores, changed),
        atol=1e-12,
    )  # fmt: skip


def test_a_perfect_score_ranks_perfectly_and_a_constant_one_by_prevalence():
    changed = np.arange(100) < 20
    perfect = ranking.ranked(changed.astype(float), changed)
    assert (perfect.average_precision, perfect.auc, perfect.best_f1) == (1.0, 1.0, 1.0)
    assert (perfect.precision == 1.0).all()
    constant = ranking.ranked(np.ones(100), changed)
    assert constant.average_precision == pytest.approx(0.2)
    assert constant.auc == pytest.approx(0.5)


def test_agreement_counts_pixels():
    called, changed = np.array([1, 1, 1, 0, 0], bool), np.array([1, 0, 0, 1, 0], bool)
    found = ranking.agreement(called, changed)
    assert (found.precision, found.recall, found.f1, found.flagged) == pytest.approx(
        (1 / 3, 1 / 2, 2 / 5, 3 / 5)
    )
    assert np.isnan(ranking.agreement(~changed & changed, changed & ~changed).f1)


def test_otsu_parts_two_classes():
    rng = np.random.default_rng(0)
    both = np.concatenate([rng.normal(0, 1, 4000), rng.normal(10, 1, 1000)])
    assert 3 < ranking.otsu(both) < 7


# --- objects ------------------------------------------------------------------------


@pytest.fixture
def labelled():
    changed = np.zeros((40, 40), bool)
    changed[2:7, 2:7] = changed[2:7, 20:25] = True  # two large objects
    changed[30:32, 30:32] = True  # one below ten pixels
    return objects.labelled_objects(changed, km2=2.0)


def test_a_region_is_false_only_where_it_touches_no_label(labelled):
    regions = np.zeros((40, 40), int)
    regions[5:9, 5:9] = 1  # overlaps the first object
    regions[31, 31:36] = 2  # touches the small one: not false, and finds nothing large
    regions[20:22, 5:7] = 3
    found = objects.held(regions, labelled)
    assert (found.found, found.objects, found.false_regions, found.regions) == (1, 2, 1, 3)
    assert found.recall == 0.5
    assert found.false_per_km2 == 0.5


def test_recall_curve_falls_as_thresholds_rise(labelled):
    rng = np.random.default_rng(1)
    score = rng.normal(0, 1, (40, 40)) + 6.0 * (labelled.label > 0)
    levels = objects.Levels(score, score, 2.0, 4.0, 2)
    curve = objects.recall_curve(levels, labelled)
    assert curve[0].recall == 1.0
    assert curve[-1].regions == 0
    assert objects.recall_at(curve, false_per_km2=1e9) == 1.0
    assert objects.recall_at(curve, false_per_km2=-1.0) == 0.0
    own = objects.FACTORS.index(1.0)
    assert curve[own].found == 2  # the thresholds themselves are on the curve


# --- labels -------------------------------------------------------------------------


def test_labels_of_another_grid_are_placed_by_georeference(tmp_path):
    coarse = np.ones((6, 5), np.uint8)
    coarse[2, 3] = 2
    write(tmp_path / "change.tif", coarse, transform=ORIGIN @ rasterio.Affine.scale(20 / 10))
    grid = GeoBox((14, 10), ORIGIN, UTM)  # two rows beyond the labels
    labels = labels_on(tmp_path / "change.tif", grid)
    expected = np.zeros((14, 10), int)
    expected[4:6, 6:8] = 1
    expected[12:] = 255
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize(
    ("values", "kind", "word"),
    [([[0, 1], [2, 3]], np.uint8, "two values"), ([[0.0, 1.0]], np.float32, "integers")],
)
def test_labels_that_cannot_be_read_as_yes_and_no_are_refused(tmp_path, values, kind, word):
    write(tmp_path / "change.tif", np.array(values, kind))
    with pytest.raises(UsageError, match=word):
        labels_on(tmp_path / "change.tif", GeoBox((2, 2), ORIGIN, UTM))


# --- intervals ----------------------------------------------------------------------


def test_a_mean_has_an_interval_from_three_places_on():
    assert intervals.mean_figure([0.2, 0.4]) == {
        "value": pytest.approx(0.3),
        "interval": None,
        "n": 2,
    }
    three = intervals.mean_figure([0.2, 0.4, float("nan"), 0.9])
    assert three["n"] == 3
    low, high = three["interval"]
    assert 0.2 <= low < three["value"] < high <= 0.9
    assert three == intervals.mean_figure([0.2, 0.4, 0.9])


def test_shares_that_go_bad_together_get_a_wider_interval():
    alone = intervals.share_figure(50, 100)["interval"]
    together = intervals.clustered_share(np.array([50.0, 0.0, 0.0, 0.0]), np.full(4, 25.0) + 25)
    assert together["value"] == 0.25
    low, high = together["interval"]
    assert high - low > alone[1] - alone[0]


def test_poisson_interval_is_garwoods():
    # Garwood 1936: none seen excludes means above 3.69; ten seen gives 4.80 to 18.39.
    assert intervals.poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert intervals.poisson_interval(10) == pytest.approx((4.795, 18.39), abs=1e-2)


# --- series -------------------------------------------------------------------------


def quiet_series(name="field", *, looks=14, side=40, seed=5):
    rng = np.random.default_rng(seed)
    level = rng.normal(-11, 2, (side, side))
    days = 18_000.0 + 12.0 * np.arange(looks)
    power = np.stack([
        10 ** ((level - below) / 10) * rng.gamma(12.0, 1 / 12.0, (looks, side, side))
        for below in (0.0, 7.0)
    ], axis=1).astype(np.float32)  # fmt: skip
    return Series(name, SENSORS["sentinel-1-rtc"], 10 * np.log10(power), power, days, 30.0)


@pytest.fixture(scope="module")
def quiet():
    return [quiet_series("one"), quiet_series("two", seed=6)]


def test_a_trial_knows_nothing_of_later_looks(quiet):
    one = quiet[0]
    changed = Series(one.name, one.sensor, one.values.copy(), one.power, one.days, one.pixel_m)
    changed.values[10:] += 5.0
    day = int(one.days[8])
    (before,), (after,) = (list(trials_of_day([s], day)) for s in (one, changed))
    np.testing.assert_array_equal(before.quiet, after.quiet)
    np.testing.assert_array_equal(before.new, after.new)
    np.testing.assert_array_equal(before.quiet_pairs, after.quiet_pairs)
    assert len(trial_days([one])) == len(one.days) - FEWEST_BEFORE


def test_quiet_series_alarm_as_promised_and_rivals_do_not(quiet):
    alarms, detection = FalseAlarms(), Detection(budget_per_km2=0.2)
    for day in trial_days(quiet)[4:6]:
        trials = list(trials_of_day(quiet, day))
        alarms.add_day(trials)
        detection.add_day(trials)
    document = alarms.document()
    ours = {row["level"]: row for row in document["pixels"]["ours, one look"]}
    # 6 400 pixels: 64 alarms expected at 1e-2, known to a quarter; smoothed ones come in lumps.
    assert 0.6 < ours[1e-2]["ratio"] < 1.5
    so_far = {row["level"]: row for row in document["pixels"]["ours, looks so far"]}
    assert 0.6 < so_far[1e-2]["ratio"] < 1.5
    assert so_far[1e-2]["trials"] == ours[1e-2]["trials"]
    plain = {row["level"]: row for row in document["pixels"]["plain z"]}
    assert plain[1e-2]["ratio"] > 2.0  # ten looks are no Gaussian
    assert {row["budget"] for row in document["regions"]["ours, one look"]} >= {1.0, 5.0}
    seen = {
        (row["method"], row["size_m2"], row["contrast_db"]): row["value"]
        for row in detection.document()["table"]
    }
    assert seen[TWO, 7200.0, 12.0] == 1.0
    assert seen["ours, one look", 900.0, 9.0] <= seen[TWO, 900.0, 9.0]
    assert seen["plain z", 900.0, 6.0] < seen[TWO, 900.0, 6.0]


def test_alarms_are_counted_by_date():
    count = AlarmCount()
    for day in range(10):
        count.add(day, np.linspace(0.01, 1.0, 100), 0.1)
        count.add(day, np.array([np.nan]), 0.1)
    found = count.document(0.1)
    assert (found["ratio"], found["dates"], found["trials"]) == (pytest.approx(1.0), 10, 1000)
    assert found["by_date"] == [pytest.approx(1.0)] * 10


def test_one_band_mahalanobis_is_the_plain_distance():
    known = Usual(np.zeros((1, 3)), np.full((1, 1, 3), 4.0), 20)
    look = np.array([[2.0, -6.0, np.nan]])
    distance, z = (rival_scores(name, known, look) for name in ("Mahalanobis", "plain z"))
    np.testing.assert_allclose(distance, z, rtol=1e-6)  # a ridge of 1e-9 is added
    np.testing.assert_allclose(rival_p("Mahalanobis", known, z), rival_p("plain z", known, z))
    t = rival_scores("Student t", known, look)
    np.testing.assert_allclose(t, z / np.sqrt(1.05))
    assert rival_p("Student t", known, t)[0] > rival_p("plain z", known, z)[0]


# --- rehearsals ---------------------------------------------------------------------

TRUTH = {
    "site": "garrison",
    "scenario": {"id": "small", "seed": 1},
    "period": {"start": "2024-01-01", "baseline_end": "2024-12-31", "end": "2025-12-31"},
    "floors": {"area_m2": 1600.0, "radar_excess_db": 1.5},
    "looks": [{"scene": name, "acquired": f"{day}T10:00:00Z"}
              for name, day in (("a", "2025-03-05"), ("b", "2025-03-20"), ("c", "2025-07-05"))],
    "events": [
        {"id": "build-up", "zone": "yard", "expected": ["radar-excess"], "onset": "2025-03-01",
         "end": None, "notification": None, "happens": True,
         "looks": [{"scene": "a", "footprint_m2": 900.0, "radar_excess_db": 0.4},
                   {"scene": "b", "footprint_m2": 3000.0, "radar_excess_db": 2.4}]},
        {"id": "camp", "zone": "field", "expected": ["changed-area"], "onset": "2025-07-01",
         "end": "2025-07-31", "notification": "N-1", "happens": True,
         "looks": [{"scene": "c", "footprint_m2": 5000.0, "hidden_fraction": 0.9}]},
        {"id": "cancelled", "zone": "field", "expected": ["changed-area"], "onset": "2025-09-01",
         "end": "2025-09-30", "notification": "N-2", "happens": False, "looks": []},
    ],
}  # fmt: skip


def finding(zone, indicator, day, *, confirmed=True, p=None, relation="no-matching-notification",
            number=None):  # fmt: skip
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    ok = SimpleNamespace(ok=True)
    return SimpleNamespace(
        zone=zone, indicator=indicator, onset=(moment, moment), end=None, confirmed=confirmed,
        likelihood=SimpleNamespace(p=p),
        calibrated=SimpleNamespace(false_alarms=ok, detection=ok, event=ok),
        notification=SimpleNamespace(relation=relation, notification=number),
    )  # fmt: skip


def record(findings, notified=()):
    return SimpleNamespace(
        site=SimpleNamespace(zones={"yard": "hardstand", "field": "depot"}),
        findings=tuple(findings), notified_activity=tuple(notified),
        likelihood_reliability=LikelihoodReliability(
            statements=30, error=0.1, brier=0.2,
            rows=tuple(
                ReliabilityRow(statements=n, stated=p, true=true, true_interval=(0, 1))
                for n, p, true in ((20, 0.15, 0.05), (10, 0.85, 0.95))
            ),
        ),
    )  # fmt: skip


def test_a_rehearsal_is_scored_event_by_event():
    found = scoring.scored(
        record([
            finding("yard", "radar-excess", "2025-03-20", p=0.9),
            finding("yard", "changed-area", "2025-04-01", confirmed=False),
            finding("field", "changed-area", "2025-02-01", p=0.9).__class__(
                **vars(finding("field", "changed-area", "2025-02-01", p=0.9))
                | {"end": (datetime(2025, 3, 1, tzinfo=UTC),) * 2}
            ),
        ], [SimpleNamespace(notification="N-2", relation="not-seen")]),
        TRUTH,
    )  # fmt: skip
    assert [(e["event"], e["state"]) for e in found["events"]] == [
        ("build-up", "found"), ("camp", "below the floor"),
    ]  # fmt: skip
    assert found["events"][0]["days_after_visible"] == -1  # midnight before the look at 10:00
    assert [f["truth"] for f in found["findings"]] == ["event", "other-indicator", "false"]
    # camp was under cloud: nobody could see it, and saying nothing of it is not "not-seen"
    assert [(n["notification"], n["right"]) for n in found["notifications"]] == [
        ("N-1", False), ("N-2", True),
    ]  # fmt: skip
    whole = rehearsals.over_rehearsals([found])
    assert whole["zone_years"] == pytest.approx(2.0, abs=0.01)
    assert whole["false_confirmed"]["value"] == pytest.approx(0.5, abs=0.01)
    assert whole["found"]["n"] == 1
    assert whole["reliability"]["n"] == 2
    assert whole["reliability"]["error"] == pytest.approx(0.4)  # .9 stated, half true
    assert whole["injected"] == {"n": 30, "error": pytest.approx(0.1)}
    # Errors of two rehearsals to either side of the truth cancel, as they should.
    more = [row | {"true": 2 * row["stated"] - row["true"]} for row in found["injected"]]
    both = rehearsals.injected_reliability([*found["injected"], *more])
    assert both == {"n": 60, "error": pytest.approx(0.0, abs=1e-9)}
    assert rehearsals.injected_reliability([]) == {"n": 0, "error": None}


def test_late_and_missed_events_are_told_apart():
    late = scoring.scored(record([finding("yard", "radar-excess", "2025-06-20")]), TRUTH)
    assert late["events"][0]["state"] == "late"
    assert scoring.scored(record([]), TRUTH)["events"][0]["state"] == "missed"
    only = record([finding("yard", "radar-excess", "2025-03-25", confirmed=False)])
    assert scoring.scored(only, TRUTH)["events"][0]["state"] == "tentative"


def test_another_draw_changes_the_seed_alone(tmp_path):
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    drawn = rehearsals._reseeded(tmp_path / "scenario.yaml", 3, tmp_path / "out")
    assert drawn.read_text() == SCENARIO.replace("seed: 41", "seed: 44")
    (tmp_path / "scenario.yaml").write_text(SCENARIO + "terms: agreement.yaml\n")
    with pytest.raises(UsageError, match="without terms"):
        rehearsals._reseeded(tmp_path / "scenario.yaml", 1, tmp_path / "out")


# --- from end to end ----------------------------------------------------------------


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    root = tmp_path_factory.mktemp("places")
    image, kind = scenes.ground(shape=(120, 140))
    after, truth = scenes.built(scenes.season(image, kind), BOX)
    for name in ("east", "west"):
        folder(root / name / "before", scenes.noisy(image, 0.002))
        folder(root / name / "after", scenes.noisy(after, 0.002, seed=3))
        (root / name / "dates.json").write_text(json.dumps(DATES))
        write(root / name / "change.tif", truth.astype(np.uint8))
    return root


def test_places_are_scored_to_the_byte_alike_and_the_page_stands_alone(places, tmp_path):
    first, second = (evaluate(places, out=tmp_path / name, only="pairs") for name in "ab")
    assert first.exit_code == 0
    for name in ("evaluation.json", "evaluation.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert second.document == first.document
    ours = first.document["pairs"]["mean"]["two-way (ours)"]
    raw = first.document["pairs"]["mean"]["CVA, raw"]
    assert ours["ap"]["value"] > 0.8
    assert ours["f1"]["value"] > raw["f1"]["value"]  # Otsu parts the landscape, not the change
    assert ours["object_recall"]["value"] == 1.0
    page = (tmp_path / "a" / "evaluation.html").read_text("utf-8")
    assert "default-src 'none'" in html.unescape(page)
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)
    reader = Reader(page)
    assert not reader.values("style")
    assert "east" in reader.text


def test_a_broken_place_is_told_and_does_not_stop_the_others(places, tmp_path):
    broken = tmp_path / "places" / "broken"
    for name in ("before", "after"):
        write(broken / name / "B02.tif", np.full((30, 30), 500, np.uint16))
    (broken / "dates.json").write_text(json.dumps(DATES))
    (broken / "change.tif").write_bytes(b"no raster")
    (tmp_path / "places" / "east").symlink_to(places / "east")
    done = evaluate(tmp_path / "places", out=tmp_path / "out")
    assert done.exit_code == 1
    (line,) = done.document["failures"]
    assert "change.tif" in line
    assert len(done.document["pairs"]["places"]) == 1
    with pytest.raises(UsageError):
        evaluate(broken, out=tmp_path / "alone")


def test_what_a_folder_holds_is_found_by_its_shape(places, tmp_path):
    (tmp_path / "series").mkdir()
    for day in range(9):
        (tmp_path / "series" / f"look{day}.tif").touch()
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "other.yaml").write_text("schema: fairwitness/settings/1\n")
    (tmp_path / "cities").symlink_to(places)
    found = find_material(tmp_path)
    assert [path.name for path in found.places] == ["east", "west"]
    assert [path.name for path in found.series] == ["series"]
    assert [path.name for path in found.rehearsals] == ["scenario.yaml"]
    assert find_material(tmp_path, only="series").places == ()


@pytest.mark.parametrize(
    ("path", "only", "word"),
    [("nowhere", None, "no such"), (".", "pears", "not one of"), (".", "pairs", "holds no pairs"),
     ("note.txt", None, "is no folder")],
)  # fmt: skip
def test_bad_input_is_one_usage_error(tmp_path, path, only, word):
    (tmp_path / "note.txt").write_text("?")
    with pytest.raises(UsageError, match=word):
        evaluate(tmp_path / path, only=only, out=tmp_path / "out", show=silent)


def test_no_path_is_what_the_repository_ships(monkeypatch, tmp_path):
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    shipped = find_material(None)
    assert shipped.series
    assert shipped.rehearsals
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="name one"):
        find_material(None)
