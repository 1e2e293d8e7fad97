"""Scenes that decode and are no picture of the ground: each would read as a quiet look."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import SceneError
from pipeline.imagery.sensors import SENSORS
from pipeline.store.chips import ChipStore
from pipeline.workflows.monitor.fitness import check_fitness
from tests.imagery import looks

RADAR, OPTICAL = SENSORS["sentinel-1-rtc"], SENSORS["sentinel-2-l2a"]
GROUND = np.random.default_rng(5).normal(0, 2, (33, 33))


@pytest.fixture
def store(tmp_path):
    return ChipStore(tmp_path)


def check(item, sensor, store):
    check_fitness(item, sensor, store, site="town")


def refusal(item, sensor, store):
    with pytest.raises(SceneError) as caught:
        check(item, sensor, store)
    assert str(caught.value).startswith("FW220: site town: S")
    return str(caught.value)


def radar(store, vv=GROUND - 10, vh=GROUND - 17):
    return looks.radar(store, (vv, vh))


def optical(store, **bands):
    ground = 0.2 + 0.02 * GROUND
    return looks.optical(store, {"B04": ground, "B08": ground + 0.1} | bands)


def test_honest_scenes_pass(store):
    check(radar(store), RADAR, store)
    check(optical(store), OPTICAL, store)


def test_nothing_there_is_no_refusal_but_not_observed(store):
    nothing = np.full((33, 33), np.nan)
    check(radar(store, nothing, nothing), RADAR, store)
    check(optical(store, B04=nothing, B08=nothing), OPTICAL, store)


@pytest.mark.parametrize("level", [-30.0, -10.0, 0.0])
def test_a_uniform_radar_image_is_no_measurement(store, level):
    uniform = np.full((33, 33), level)
    assert "in every pixel" in refusal(radar(store, vh=uniform), RADAR, store)


def test_a_large_image_is_uniform_only_if_every_pixel_is(store, monkeypatch):
    monkeypatch.setattr("pipeline.workflows.monitor.fitness.ENOUGH_PIXELS", 200)
    nearly = np.full((33, 33), -17.0)
    assert "in every pixel" in refusal(radar(store, vh=nearly), RADAR, store)
    nearly[0, 1:3] = -16.0  # between the pixels that are looked at first
    check(radar(store, vh=nearly), RADAR, store)


def test_a_uniform_optical_band_is_no_measurement_unless_saturated(store):
    dark = np.full((33, 33), 0.1)
    assert "B04 is 0.1 in every pixel" in refusal(optical(store, B04=dark), OPTICAL, store)
    check(optical(store, B04=dark + 0.9), OPTICAL, store)


def test_digital_numbers_are_no_power(store):
    assert "linear" in refusal(radar(store, GROUND + 30, GROUND + 23), RADAR, store)


def test_exchanged_polarizations_are_refused(store):
    assert "VH is stronger" in refusal(radar(store, GROUND - 17, GROUND - 10), RADAR, store)


def test_a_scene_without_its_registration_band_is_refused(store):
    item = radar(store)
    del item.chips["VV"]
    assert "lacks VV" in refusal(item, RADAR, store)
    check(optical(store), OPTICAL, store)


def test_a_mask_of_fractions_blames_its_scene_alone(store):
    item = optical(store)
    scl = store.open(item.chips["mask"])
    put = store.put(scl.values.astype("float32"), scl.transform, scl.crs, None)
    bad = looks.Admitted(item.scene, item.chips | {"mask": put})
    assert "mask is of float32" in refusal(bad, OPTICAL, store)
    del item.chips["mask"]
    assert "lacks mask" in refusal(item, OPTICAL, store)


def test_far_too_coarse_an_image_is_refused_and_copies_at_60_m_are_not(store):
    item = optical(store)

    def resampled(pixel_m):
        chip = store.open(item.chips["B04"])
        put = store.put(chip.values, looks.placed(pixel_m), chip.crs, chip.nodata)
        return looks.Admitted(item.scene, item.chips | {"B04": put})

    check(resampled(60), OPTICAL, store)
    assert "pixels of 500 m" in refusal(resampled(500), OPTICAL, store)
