"""Changes put into a look, measured by the indicator's own rule, and what they tell."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.assessment.detectability import (
    Detection,
    Seeker,
    detection_part,
    detections,
    held_out,
    not_measured,
    recorded,
    recovery,
)
from pipeline.assessment.features import decibels, smoothed
from pipeline.assessment.indicators import TrackAssessor
from pipeline.assessment.injecting import (
    Look,
    injected,
    optical_recipe,
    radar_recipes,
    sizes_m2,
)
from pipeline.assessment.observables import method_for
from pipeline.kernels.injection import curve_posterior, found_probability, smallest_found
from tests.assessment.ground import SIZE, indicator, series, speckled

LOOKS = 24


def radar_track(rng, looks=LOOKS):
    power = {role: speckled(rng, looks).astype(np.float32) for role in ("vv", "vh")}
    everywhere = np.ones((looks, SIZE, SIZE), bool)
    levels = {f"{role}_db": smoothed(decibels(v), everywhere, 0.8) for role, v in power.items()}
    return series({**levels, "span": power["vv"] + power["vh"]}), power


def radar_look(power, index):
    bands = {role: values[index] for role, values in power.items()}
    expected = {role: np.full((SIZE, SIZE), 0.05, np.float32) for role in power}
    return Look(index, bands, 20.0, 12.7, 8.0, expected)


def seeker(track, agreed):
    rarity = SimpleNamespace(
        cut=3.0,
        spread=lambda _: 0.2,
        pool=SimpleNamespace(scores=lambda: np.linspace(-2, 2, 41)),
    )
    return Seeker(agreed, TrackAssessor(track), {"stand": rarity}, {})


@pytest.fixture(scope="module")
def radar():
    rng = np.random.default_rng(11)
    track, power = radar_track(rng)
    look = radar_look(power, LOOKS - 1)
    area = indicator("radar_bright_area", "m2", minimum_area_m2=800.0)
    found, reasons = detections(
        look, [seeker(track, area), seeker(track, indicator())], seed="a site"
    )
    return SimpleNamespace(track=track, look=look, found=found, reasons=reasons)


def test_enough_changes_are_put_in_and_all_are_accounted_for(radar):
    assert {item.contrast for item in radar.found} == {"+6 dB", "+9 dB", "+12 dB"}
    of_area = [item for item in radar.found if item.indicator == "radar-bright-area"]
    assert sum(item.sizes_m2.size for item in of_area) >= 500
    assert radar.reasons == {}


def test_larger_and_brighter_is_seen_sooner(radar):
    seen = {
        item.contrast: item.seen.size_m2
        for item in radar.found
        if item.indicator == "radar-bright-area"
    }
    assert seen["+12 dB"] < seen["+9 dB"] < seen["+6 dB"]
    for item in radar.found:
        large, small = item.sizes_m2 >= 12_800, item.sizes_m2 <= 400
        assert item.hits[large].mean() >= item.hits[small].mean()


def test_the_same_text_gives_the_same_changes(radar):
    again, _ = detections(radar.look, [seeker(radar.track, indicator())], seed="a site")
    other, _ = detections(radar.look, [seeker(radar.track, indicator())], seed="another site")
    mine = [item for item in radar.found if item.indicator == "radar-excess"]
    assert [item.contrast for item in again] == [item.contrast for item in mine]
    assert not np.array_equal(again[0].added, other[0].added)
    np.testing.assert_array_equal(
        again[0].added,
        detections(radar.look, [seeker(radar.track, indicator())], seed="a site")[0][0].added,
    )


def test_a_sum_rises_by_the_power_that_was_added(radar):
    (item,) = (d for d in radar.found if (d.indicator, d.contrast) == ("radar-excess", "+12 dB"))
    zone_m2 = 144 * 400.0
    share = item.sizes_m2 / zone_m2
    closed = 10 * np.log10(1 + share * (10**1.2 - 1))
    inside = (item.sizes_m2 > 1000) & (item.sizes_m2 < 5000)  # hardly any hangs over the edge
    # The background quartile takes a part out, and some power lies beyond the zone.
    assert np.median(item.added[inside] / closed[inside]) == pytest.approx(0.9, abs=0.15)


def test_the_ring_and_the_baseline_do_not_see_the_changes(radar):
    looks = injected(
        TrackAssessor(radar.track),
        radar.look,
        radar_recipes(),
        ("vv_db", "vh_db"),
        number=16,
        seed="x",
    )
    reduced = looks.assessor.series
    values = reduced.features["vv_db"]
    ring = reduced.ring
    np.testing.assert_array_equal(
        values[looks.unchanged :, ring],
        np.broadcast_to(values[looks.unchanged, ring], values[looks.unchanged :, ring].shape),
    )
    assert reduced.in_baseline.sum() == radar.track.in_baseline.sum()
    assert [block.stop - block.start for block in looks.looks] == [16, 16, 16]
    # Every injected look holds a change somewhere in the zone.
    zone = reduced.zones["stand"] > 0
    changed = (values[looks.unchanged + 1 :, zone] != values[looks.unchanged, zone]).any(axis=1)
    assert changed.all()


def test_sizes_double_up_to_half_the_zone():
    assert sizes_m2(144, 400.0) == (200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 12800.0, 25600.0)
    assert sizes_m2(4, 400.0) == (200.0, 400.0, 800.0)
    assert sizes_m2(0.5, 400.0) == (200.0,)


def optical_track(rng):
    shape = (LOOKS, SIZE, SIZE)
    ground = 0.1 + 0.05 * rng.random((SIZE, SIZE))
    ground[2:6, 2:6] = 0.4  # the bright ground of the scene
    values = (ground + 0.004 * rng.standard_normal(shape)).astype(np.float32)
    return series({"brightness": values, "ndvi": np.full(shape, 0.2)}, physical="reflectance")


def test_optical_changes_are_ground_of_the_scene():
    track = optical_track(np.random.default_rng(12))
    brightness = track.features["brightness"][-1].reshape(SIZE, SIZE)
    bands = dict.fromkeys(("blue", "green", "red"), brightness)
    look = Look(LOOKS - 1, bands, 10.0, 5.7, None, bands)
    method = method_for("hard_surface", "reflectance")
    recipe = optical_recipe(track, look, method)
    assert recipe.contrast.startswith("brightness +")
    assert recipe.spectra.shape[1] == 3
    # The brightest fiftieth of the scene: its sixteen bright pixels, and the next brightest.
    assert np.median(recipe.spectra) > 0.14
    green = {**track.features, "ndvi": np.full_like(track.features["ndvi"], 0.9)}
    assert optical_recipe(SimpleNamespace(features=green), look, method) is None


def test_what_nobody_can_inject_says_why(radar):
    agreed = indicator("berth_occupied", "m")
    found, reasons = detections(radar.look, [seeker(radar.track, agreed)], seed="x")
    assert found == []
    assert reasons == {"berth-occupied": "no-injection-for-measure"}


def made_up(rng, *, middle=1000.0, number=120, factor=1.0, contrast="+9 dB", area=True):
    sizes = np.repeat([250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0], number // 6)
    sizes = rng.permutation(sizes)
    chance = 1 / (1 + (middle / sizes) ** 3)
    hits = rng.random(sizes.size) < chance * factor
    added = np.where(hits, 1.5 * sizes, 0.0)
    curve = curve_posterior(sizes, hits)
    return Detection(
        "stand", "bright", contrast, sizes, hits, added, added if area else None, curve,
        smallest_found(curve),
    )  # fmt: skip


def test_a_curve_finds_the_size_that_was_built_in():
    rng = np.random.default_rng(13)
    true = 1000.0 * 9 ** (1 / 3)  # where 1 / (1 + (m/s)^3) is 0.9
    inside = 0
    for _ in range(40):
        seen = made_up(rng).seen
        inside += seen.interval_m2[0] <= true <= (seen.interval_m2[1] or np.inf)
    assert inside >= 35  # 95 % of 40 is 38; below 35 has a chance of 1 %


def test_a_clean_split_is_bounded_by_its_neighbours():
    curve = curve_posterior([100, 200, 400, 800] * 10, [False, False, True, True] * 10)
    seen = smallest_found(curve)
    assert 200 < seen.size_m2 <= 800
    assert seen.interval_m2[1] is not None
    middle, low, high = found_probability(curve, [100, 400])
    assert (low <= middle).all()
    assert (middle <= high).all()


def test_never_and_always_found_are_said_so():
    never = smallest_found(curve_posterior([100, 200, 400] * 10, [False] * 30))
    always = smallest_found(curve_posterior([100, 200, 400] * 10, [True] * 30))
    nothing = smallest_found(curve_posterior([], []))
    assert (never.size_m2, never.reason) == (None, "not-reached")
    assert (always.size_m2, always.reason) == (100.0, "below-smallest-injected")
    assert (nothing.size_m2, nothing.reason) == (None, "not-measured")


def test_predictions_hold_on_injections_held_out():
    rng = np.random.default_rng(14)
    found = [made_up(rng, middle=middle) for middle in (500.0, 1000.0, 2000.0)]
    rate = held_out(found)
    assert rate.trials == 360
    assert rate.holds
    part = detection_part(found, date(2025, 1, 1))
    assert (part.ok, part.sample_size, part.reason) == (True, 360, "")


def test_without_injections_detection_is_not_calibrated():
    assert detection_part([], date(2025, 1, 1)).reason == "not-injected"


def test_recovery_is_of_areas_only():
    rng = np.random.default_rng(15)
    assert set(recovery([made_up(rng)]).share) == {1.5}
    assert recovery([made_up(rng, area=False)]).share.size == 0


def test_the_record_holds_the_curve(radar):
    item = made_up(np.random.default_rng(16))
    line = recorded(item, radar.track, LOOKS - 1)
    assert [point.size_m2 for point in line.curve] == sorted({float(s) for s in item.sizes_m2})
    assert sum(point.injected for point in line.curve) == line.injections == 120
    assert sum(point.found for point in line.curve) == item.hits.sum()
    assert line.acquired == radar.track.acquired[-1]
    blank = not_measured("stand", radar.track, "bright", "no-material-in-scene")
    assert (blank.smallest_m2, blank.reason) == (None, "no-material-in-scene")
