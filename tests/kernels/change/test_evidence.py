from dataclasses import replace

import numpy as np
import pytest

from pipeline.kernels.change import Recipe, pair_scores
from pipeline.kernels.change.evidence import (
    DETAIL_HALO,
    DETAIL_SIGMA,
    detail,
    detail_share,
    detailed,
    raised,
)
from pipeline.kernels.change.smoothing import gaussian_mean
from tests.kernels.change import scenes


def test_detail_is_the_length_of_what_a_mean_around_leaves():
    rng = np.random.default_rng(0)
    opposed = rng.normal(size=(3, 30, 40)).astype(np.float32)
    valid = rng.random((30, 40)) > 0.2
    opposed[:, ~valid] = np.nan
    left = [band - gaussian_mean(band, valid, sigma=DETAIL_SIGMA) for band in opposed]
    got = detail(opposed, valid)
    np.testing.assert_array_equal(np.isnan(got), ~valid)
    np.testing.assert_allclose(got[valid], np.linalg.norm(left, axis=0)[valid], rtol=1e-5)


def test_detail_looks_no_further_than_its_halo():
    rng = np.random.default_rng(0)
    opposed = rng.normal(size=(2, 40, 30)).astype(np.float32)
    valid = rng.random((40, 30)) > 0.1
    part = slice(12 - DETAIL_HALO, 25 + DETAIL_HALO)
    got = detail(opposed[:, part], valid[part])[DETAIL_HALO:-DETAIL_HALO]
    np.testing.assert_array_equal(got, detail(opposed, valid)[12:25])  # to the bit


def test_a_patch_that_shifts_as_a_whole_has_no_detail():
    opposed = np.full((2, 40, 40), 5.0, np.float32)
    assert detail(opposed, np.ones((40, 40), bool)).max() < 1e-5  # float32 of a constant


@pytest.mark.parametrize("extra", [(), (0, 1, 2)])
def test_unrelated_residuals_have_the_stated_share_of_detail(extra):
    rng = np.random.default_rng(0)
    forward = rng.normal(size=(8, 200, 200)).astype(np.float32)
    backward = -forward
    score = sum(
        np.linalg.norm(way, axis=0)
        + (1.5 * np.linalg.norm(way[list(extra)], axis=0) if extra else 0.0)
        for way in (forward, backward)
    )
    looked_at = list(extra or range(8))
    found = detail((forward - backward)[looked_at], np.ones((200, 200), bool))
    share = detail_share(8, len(extra), extra_weight=1.5)
    # a mean of chi variates of three and eight degrees lies within 8 % of the root of their number
    assert found.mean() / score.mean() == pytest.approx(share, rel=0.1)


def test_detail_moves_a_score_by_its_fourth_root_and_takes_a_third_at_most():
    score = np.float32([4.0, 4.0, 4.0, 0.0])
    share = 0.4
    usual = 4.0 * share * 0.5
    got = detailed(score, np.float32([usual, 16 * usual, 0.0, 0.0]), share=share)
    np.testing.assert_allclose(got, [4.0, 8.0, 4.0 * 4**-0.25, 0.0], rtol=1e-6)


def test_change_around_moves_a_score_by_its_fourth_root():
    got = raised(np.float32([3.0, 3.0, 3.0]), np.float32([2.0, 32.0, 0.0]), usual=2.0)
    np.testing.assert_allclose(got, [3.0, 6.0, 0.0], rtol=1e-6)


@pytest.fixture(scope="module")
def pair():
    image, _ = scenes.ground()
    return scenes.noisy(image), scenes.noisy(image, seed=3)


def test_what_is_built_ranks_above_a_field_that_changed_as_much(pair):
    before, after = pair[0], pair[1].copy()
    grain = np.random.default_rng(4).normal(0.0, 0.05, (14, 14))
    after[:, 30:44, 30:44] += 0.05  # a field
    after[:, 100:114, 130:144] += (grain / np.abs(grain).mean() * 0.05).astype(np.float32)
    valid = np.ones(after.shape[1:], bool)
    recipe = Recipe(extra=(0, 1, 2), classes=8, context_sigma=0.0)
    ratios = []
    for asked in (True, False):
        smooth = pair_scores(before, after, valid, replace(recipe, detail=asked))[0].smooth
        ratios.append(smooth[107, 137] / smooth[37, 37])
    assert ratios[0] > 1.2 * ratios[1]


def test_a_change_among_others_ranks_above_a_lone_one(pair):
    before, after = pair
    truth = ((20, 20), (100, 130), (100, 142), (112, 130), (112, 142))
    after, _ = scenes.built(after, [(y, x, 5, 5) for y, x in truth])
    valid = np.ones(after.shape[1:], bool)
    recipe = Recipe(classes=8, context_sigma=0.0)
    ratios, fine = [], []
    for sigma in (10.0, 0.0):
        scores = pair_scores(before, after, valid, replace(recipe, context_sigma=sigma))[0]
        ratios.append(scores.smooth[102, 132] / scores.smooth[22, 22])
        fine.append(scores.fine)
    assert ratios[0] > 1.05 * ratios[1]
    np.testing.assert_array_equal(fine[0], fine[1])
