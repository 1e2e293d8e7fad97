"""Replayed looks: judged by what the track has learnt, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.assessment.indicators import TrackAssessor
from pipeline.assessment.replayed import ReplayedLooks
from tests.assessment.ground import SIZE, ZONE, series, speckled

LOOKS, QUIET = 24, 20
RADAR = ("radar_excess", "radar_bright_area", "changed_area", "occupancy")
OPTICAL = ("changed_area", "occupancy", "hard_surface")


def radar_track(rng):
    power = speckled(rng, LOOKS).astype(np.float32)
    power[-1][ZONE] *= 6.0
    decibels = 10 * np.log10(power)
    return series({"vv_db": decibels, "vh_db": decibels[:, ::-1], "span": power}, quiet=QUIET)


def optical_track(rng):
    shape = (LOOKS, SIZE, SIZE)
    values = (0.15 + 0.01 * rng.standard_normal(shape)).astype(np.float32)
    values[-1, 16:22, 16:22] += 0.1
    features = {"brightness": values, "ndvi": np.full(shape, 0.2) + 0.1 * values}
    return series(features, physical="reflectance", quiet=QUIET)


def replayed(track, looks, change=None):
    """Return the assessor of some looks over the zone's pixels, the last one changed."""
    pixels = np.flatnonzero(track.zones["stand"] > 0)
    rows = np.concatenate([np.arange(QUIET), looks])
    features = {name: values[np.ix_(rows, pixels)] for name, values in track.features.items()}
    for name, values in features.items():
        values[-1] += 0.0 if change is None else change[name]
    return ReplayedLooks(TrackAssessor(track), rows, pixels, features, QUIET)


@pytest.mark.parametrize(("made", "observables"), [(radar_track, RADAR), (optical_track, OPTICAL)])
def test_a_copy_without_change_measures_what_the_look_measured(made, observables):
    track = made(np.random.default_rng(5))
    looks = np.array([21, 23, 23])
    copies, whole = replayed(track, looks), TrackAssessor(track)
    for observable in observables:
        found = copies.measured(observable, "stand", 0.0)
        own = whole.measured(observable, "stand", 0.0)
        np.testing.assert_array_equal(found.value[QUIET:], own.value[looks])
        np.testing.assert_array_equal(found.value[:QUIET], own.value[:QUIET])
        np.testing.assert_array_equal(found.observed[QUIET:], own.observed[looks])
    seen = whole.measured("changed_area", "stand", 0.0).value
    assert seen[23] > 10_000 > seen[21]  # so that equal values mean something


def test_a_change_is_found_by_the_cut_and_the_step_of_the_track():
    track = radar_track(np.random.default_rng(6))
    change = {"vv_db": 9.0, "vh_db": 9.0, "span": 0.0}
    copies = replayed(track, np.array([21, 21]), change)
    rule, own = copies.changed_pixels("changed_area"), copies.track.changed_pixels("changed_area")
    assert rule.cut == own.cut
    assert rule.steps[QUIET:] == (own.steps[21], own.steps[21])
    assert rule.found[QUIET + 1].mean() > 0.95
    assert rule.found[QUIET].mean() < 0.05


def test_a_look_of_the_baseline_is_judged_as_a_new_one():
    """It taught the baseline; what is put into it did not."""
    track = radar_track(np.random.default_rng(7))
    copies = replayed(track, np.array([4, 4]), {"vv_db": 9.0, "vh_db": 9.0, "span": 0.0})
    found = copies.measured("radar_bright_area", "stand", 0.0).value
    assert found[QUIET] < 5_000 < found[QUIET + 1]
