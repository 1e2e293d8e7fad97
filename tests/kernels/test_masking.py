"""Masks become coverage codes; false cloud, stripes and replays are seen for what they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels import masking
from pipeline.kernels.masking import (
    CLOUD,
    MISSING,
    OBSERVED,
    SHADOW,
    SNOW,
    SWATH_EDGE,
    Sign,
    among,
    coverage_from_mask,
    dilated,
    never_observed,
    usable,
)

CLASSES = (
    Sign(SWATH_EDGE, values=(0,)),
    Sign(CLOUD, values=(8, 9)),
    Sign(SHADOW, values=(3,)),
    Sign(SNOW, values=(11,)),
)


def test_every_code_has_one_word_and_back():
    assert sorted(masking.COVERAGE_NAMES) == list(range(8))
    assert all(masking.COVERAGE_CODES[n] == c for c, n in masking.COVERAGE_NAMES.items())


def test_class_masks_are_read_by_their_signs():
    mask = np.array([[0, 3, 4, 5, 8, 9, 11]], np.uint8)
    codes = coverage_from_mask(mask, CLASSES, pixel_m=20.0)
    expected = [SWATH_EDGE, SHADOW, OBSERVED, OBSERVED, CLOUD, CLOUD, SNOW]
    assert codes.tolist() == [expected]
    assert codes.dtype == np.uint8


def test_bit_masks_are_read_bit_by_bit():
    signs = (Sign(MISSING, bits=(0,)), Sign(CLOUD, bits=(1, 3)), Sign(SNOW, bits=(5,)))
    mask = np.array([[0, 1, 2, 8, 32, 32 | 8, 64, 21824]], np.uint16)
    codes = coverage_from_mask(mask, signs, pixel_m=30.0)
    # 21824 is the common clear value of Landsat QA_PIXEL: bit 6 and confidences only
    assert codes.tolist() == [[0, MISSING, CLOUD, CLOUD, SNOW, CLOUD, OBSERVED, OBSERVED]]


def test_the_first_sign_wins_also_where_it_was_dilated():
    mask = np.full((1, 9), 4, np.uint8)
    mask[0, 2], mask[0, 4], mask[0, 8] = 9, 3, 0
    signs = (Sign(SWATH_EDGE, values=(0,)), Sign(CLOUD, values=(9,), dilation_m=40.0),
             Sign(SHADOW, values=(3,), dilation_m=20.0))  # fmt: skip
    codes = coverage_from_mask(mask, signs, pixel_m=20.0)
    assert codes.tolist() == [[1, 1, 1, 1, 1, 2, 0, 0, 4]]


@given(st.floats(0, 60), st.sampled_from([10.0, 20.0, 30.0]))
@settings(derandomize=True, max_examples=30, deadline=None)
def test_dilation_is_a_disk_in_metres(metres, pixel):
    point = np.zeros((15, 15), bool)
    point[7, 7] = True
    y, x = np.indices(point.shape)
    disk = np.hypot(y - 7, x - 7) * pixel <= metres * (1 + 1e-9)
    assert np.array_equal(dilated(point, metres, pixel_m=pixel), disk)


def test_snow_is_a_look_for_those_who_ask():
    codes = np.arange(8, dtype=np.uint8)
    assert usable(codes).nonzero()[0].tolist() == [OBSERVED]
    assert usable(codes, keep_snow=True).nonzero()[0].tolist() == [OBSERVED, SNOW]


@pytest.mark.parametrize(
    ("mask", "signs", "match"),
    [
        (np.zeros((2, 2)), (), "integers"),
        (np.zeros((2, 2), int), (Sign(9, values=(1,)),), "code 9"),
        (np.zeros((2, 2), int), (Sign(1, values=(1,), dilation_m=-5.0),), "-5"),
    ],
)
def test_names_a_bad_argument(mask, signs, match):
    with pytest.raises(ValueError, match=match):
        coverage_from_mask(mask, signs, pixel_m=10.0)


def series(looks=12, seed=0):
    """Cloud that comes and goes over a third of the dates, and a roof that is always cloud."""
    rng = np.random.default_rng(seed)
    codes = np.zeros((looks, 10, 10), np.uint8)
    cloudy = rng.random(looks) < 0.35
    codes[cloudy] = CLOUD
    codes[:, 4:6, 4:6] = CLOUD
    return codes, ~cloudy


def test_codes_among_those_wanted_are_those_of_any_of_them():
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (among(codes, CLOUD, SHADOW) == np.isin(codes, (CLOUD, SHADOW))).all()
    assert not among(codes).any()


def test_concrete_that_is_always_cloud_is_flagged_as_never_observed():
    codes, clear = series()
    result = never_observed(codes, clear)
    assert result.flag.sum() == 4
    assert result.flag[4:6, 4:6].all()
    assert result.clear_looks == clear.sum()
    assert result.share[4, 4] == 1.0
    assert result.share[0, 0] == 0.0


def test_real_cloud_and_looks_that_were_not_taken_flag_nothing():
    codes, clear = series()
    codes[:, 4:6, 4:6] = np.where(np.arange(12)[:, None, None] % 2, CLOUD, OBSERVED)
    assert not never_observed(codes, clear, most=0.6).flag.any()
    codes[:] = SWATH_EDGE
    result = never_observed(codes, clear)
    assert not result.flag.any()
    assert np.isnan(result.share).all()


def test_few_clear_looks_decide_nothing_unless_asked_to():
    codes, clear = series()
    clear[3:] = False
    clear[:3] = True
    assert not never_observed(codes, clear).flag.any()
    assert never_observed(codes, clear, minimum_looks=3).flag[4, 4]


def test_never_observed_names_shapes_that_do_not_match():
    with pytest.raises(ValueError, match="ring_clear"):
        never_observed(np.zeros((3, 2, 2), np.uint8), np.ones(4, bool))
