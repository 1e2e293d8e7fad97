"""The ledger of what was seen, and why the rest was not."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pipeline.assessment.coverage import longest_gap_days, missing_look, zone_shares
from pipeline.kernels.masking import CLOUD, COVERAGE_NAMES, SHADOW
from tests.assessment.ground import SIZE, START, ZONE, series


def test_shares_are_weighted_by_the_zone_and_sum_to_one():
    codes = np.array([[0, 0, CLOUD, SHADOW], [CLOUD, 0, CLOUD, CLOUD]], np.uint8)
    shares = zone_shares(codes, np.array([1.0, 0.0, 0.5, 0.5], np.float32), COVERAGE_NAMES)
    assert shares == [{"observed": 0.5, "cloud": 0.25, "shadow": 0.25}, {"cloud": 1.0}]


@pytest.mark.parametrize(
    ("days", "gap"), [([], 100.0), ([50], 50.0), ([10, 90], 80.0), ([90, 10], 80.0)]
)
def test_the_longest_gap_counts_the_ends_of_the_period(days, gap):
    looks = [START + timedelta(days=day) for day in days]
    assert longest_gap_days(looks, START, START + timedelta(days=100)) == gap


def test_a_failed_look_is_told_from_a_missing_one():
    assert missing_look("z", "s", "t", START, "load-failed").fractions == {"load-failed": 1.0}
    assert missing_look("z", "s", "t", START, "not there").fractions == {"missing": 1.0}


def test_ground_masked_whenever_the_ring_is_clear_was_never_seen():
    codes = np.zeros((10, SIZE, SIZE), np.uint8)
    codes[:, 14:20, 14:26] = CLOUD  # half of the zone, on every date
    codes[:4] = CLOUD  # real cloud says nothing
    codes[:4, ZONE[0], ZONE[1]] = 0
    track = series({"ndvi": np.zeros((10, SIZE, SIZE))}, physical="reflectance", codes=codes)
    assert track.never_seen() == {"stand": 0.5}


def test_too_few_clear_dates_flag_nothing():
    codes = np.zeros((4, SIZE, SIZE), np.uint8)
    codes[:, ZONE[0], ZONE[1]] = CLOUD
    track = series({"ndvi": np.zeros((4, SIZE, SIZE))}, physical="reflectance", codes=codes)
    assert track.never_seen() == {"stand": 0.0}
