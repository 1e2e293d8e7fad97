"""Series: left-out medians against the slow way, ring steps, and scores that do not see zones."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.assessment.series import (
    combined_scores,
    feature_scores,
)
from tests.assessment.ground import SIZE, ZONE, series


def track(looks=30, quiet=20, step=0.0, zone=0.0):
    rng = np.random.default_rng(31)
    values = rng.normal(-12, 1, (looks, SIZE, SIZE))
    values[quiet:] += step
    values[quiet:, ZONE[0], ZONE[1]] += zone
    return series({"vv_db": values, "vh_db": values[:, ::-1]}, quiet=quiet)


def test_a_step_of_the_whole_scene_is_taken_out_and_kept():
    found = feature_scores(track(step=2.5), "vv_db")
    assert found.ring_step[20:] == pytest.approx(2.5, abs=0.15)
    assert np.nanmedian(found.z[20:]) == pytest.approx(0.0, abs=0.05)


def test_a_change_that_fills_the_zone_does_not_normalise_itself_away():
    own = track(zone=4.0)
    found = feature_scores(own, "vv_db")
    inside = track().zones["stand"] > 0
    assert np.nanmean(found.z[20:][:, inside]) > 3.0
    looks = range(20, len(found.z))
    change = [found.change(own, "vv_db", look, np.flatnonzero(inside)) for look in looks]
    assert np.nanmean(change) == pytest.approx(4.0, abs=0.2)


def test_quiet_looks_score_like_new_ones():
    found = feature_scores(track(), "vv_db")
    # Left-out history and new looks have the same spread: 20 looks of 1,600 pixels.
    assert np.nanstd(found.z[:20]) == pytest.approx(np.nanstd(found.z[20:]), rel=0.05)


def test_a_look_without_usable_pixels_has_no_scores_and_harms_no_other():
    values = np.random.default_rng(32).normal(-12, 1, (24, SIZE, SIZE))
    plain = feature_scores(series({"vv_db": values.copy()}), "vv_db")
    values[22] = np.nan
    found = feature_scores(series({"vv_db": values}), "vv_db")
    assert np.isnan(found.z[22]).all()
    assert np.array_equal(found.z[23], plain.z[23])


def test_two_features_in_agreement_score_higher_than_either():
    both = track(zone=2.0)
    parts = {name: feature_scores(both, name) for name in ("vv_db", "vh_db")}
    together, _ = combined_scores(both, parts, ("vv_db", "vh_db"), "sum")
    inside = both.zones["stand"] > 0
    alone = np.nanmean(parts["vv_db"].z[20:][:, inside])
    assert np.nanmean(together[20:][:, inside]) > 1.2 * alone


def test_the_largest_of_two_keeps_its_sign():
    both = track(zone=-4.0)
    parts = {name: feature_scores(both, name) for name in ("vv_db", "vh_db")}
    inside = both.zones["stand"] > 0
    found, _ = combined_scores(both, parts, ("vv_db", "vh_db"), "largest")
    assert np.nanmedian(found[20:][:, inside]) < -2.0
