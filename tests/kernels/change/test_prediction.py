import numpy as np
import pytest

from pipeline.kernels.change.classes import class_centres, nearest_class
from pipeline.kernels.change.prediction import (
    effect_unit,
    fit_two_way,
    two_way_parts,
    two_way_residuals,
    two_way_score,
)
from tests.kernels.change import scenes


def pixels(image):
    return image.reshape(len(image), -1).T


@pytest.fixture(scope="module")
def pair():
    image, kind = scenes.ground()
    after, truth = scenes.built(scenes.season(image, kind), scenes.BOXES)
    return scenes.noisy(image), scenes.noisy(after, seed=3), truth


@pytest.fixture(scope="module")
def model(pair):
    return fit_two_way(pixels(pair[0]), pixels(pair[1]), classes=8)


def test_new_roofs_stand_out_of_a_season_that_moves_every_class(pair, model):
    before, after, truth = pair
    score = two_way_score(before, after, np.ones(truth.shape, bool), model)
    plain = np.sqrt(((after - before) ** 2).sum(axis=0))
    assert scenes.average_precision(score, truth) > 0.9
    assert scenes.average_precision(score, truth) > scenes.average_precision(plain, truth)


def test_a_pixel_scores_the_same_whatever_pixels_come_with_it(pair, model):
    before, after, truth = pair
    valid = np.ones(truth.shape, bool)
    whole = two_way_score(before, after, valid, model, extra=(0, 1, 2))
    part = two_way_score(before[:, 37:90, 11:95], after[:, 37:90, 11:95], valid[37:90, 11:95],
                         model, extra=(0, 1, 2))  # fmt: skip
    np.testing.assert_array_equal(part, whole[37:90, 11:95])  # to the bit


def test_swapping_the_dates_swaps_the_directions(pair):
    before, after, _ = pair
    one = fit_two_way(pixels(before), pixels(after), classes=8)
    other = fit_two_way(pixels(after), pixels(before), classes=8)
    x, y = before[:, :9, 0], after[:, :9, 0]
    np.testing.assert_array_equal(
        two_way_residuals(x, y, one), two_way_residuals(y, x, other)[::-1]
    )


def test_gain_and_offset_of_a_date_do_not_move_the_score(pair):
    before, after, truth = pair
    valid = np.ones(truth.shape, bool)
    scores = [
        two_way_score(before, date, valid, fit_two_way(pixels(before), pixels(date), classes=8))
        for date in (after, 3.0 * after + 7.0)
    ]
    # standard units undo any line; what is left is float32 rounding of the larger values
    np.testing.assert_allclose(scores[1], scores[0], rtol=0.05, atol=0.05)


def test_extra_bands_vote_again_with_their_weight(pair, model):
    before, after, truth = pair
    valid = np.ones(truth.shape, bool)
    squares = two_way_residuals(before.reshape(6, -1), after.reshape(6, -1), model) ** 2
    expected = sum(
        np.sqrt(way.sum(axis=0)) + 2.0 * np.sqrt(way[[1, 2]].sum(axis=0)) for way in squares
    )
    got = two_way_score(before, after, valid, model, extra=(1, 2), extra_weight=2.0)
    np.testing.assert_allclose(got.ravel(), expected, rtol=1e-5)  # order of float32 sums


def test_residuals_of_both_directions_are_held_against_each_other(pair, model):
    before, after, truth = pair
    valid = np.ones(truth.shape, bool)
    valid[5:9, 4:7] = False
    forward, backward = two_way_residuals(before.reshape(6, -1), after.reshape(6, -1), model)
    score, opposed = two_way_parts(before, after, valid, model, extra=(0,), opposing=(4, 1))
    expected = (forward - backward)[[4, 1]].reshape(2, *truth.shape)
    np.testing.assert_array_equal(opposed[:, valid], expected[:, valid])
    assert np.isnan(opposed[:, ~valid]).all()
    np.testing.assert_array_equal(score, two_way_score(before, after, valid, model, extra=(0,)))


def test_effect_unit_is_the_score_of_one_spread_in_every_band(model):
    expected = sum(
        np.sqrt((1 / way.scale.astype(float) ** 2).sum()) for way in (model.forward, model.backward)
    )
    assert effect_unit(model) == pytest.approx(expected)
    assert effect_unit(model, extra=(0,)) > expected


def test_what_is_not_valid_is_nan_and_nothing_else(pair, model):
    before, after, truth = pair
    valid = np.ones(truth.shape, bool)
    valid[3:9, 4:7] = False
    before = before.copy()
    before[:, 3:9, 4:7] = np.nan
    score = two_way_score(before, after, valid, model)
    np.testing.assert_array_equal(np.isnan(score), ~valid)


def test_one_percent_of_absurd_pixels_moves_the_others_little(pair):
    before, after, truth = pair
    rng = np.random.default_rng(5)
    spoiled = rng.random(truth.shape) < 0.01
    bad = before.copy()
    bad[:, spoiled] = rng.choice(np.float32([0.0, 6.5, 3e38, -3e38]), size=spoiled.sum())
    valid = np.ones(truth.shape, bool)
    clean = two_way_score(before, after, valid, fit_two_way(pixels(before), pixels(after)))
    other = two_way_score(bad, after, valid, fit_two_way(pixels(bad), pixels(after)))
    assert np.isfinite(other).all()
    # classes are drawn anew, so single pixels may change class; their bulk does not move
    change = np.abs(other - clean)[~spoiled] / np.median(clean)
    assert np.median(change) < 0.15
    assert abs(np.median(other) / np.median(clean) - 1) < 0.1


@pytest.mark.parametrize("count", [0, 3, 30])
def test_too_few_pixels_are_refused(count):
    with pytest.raises(ValueError, match=f"{count} valid pixels"):
        fit_two_way(np.ones((count, 6)), np.ones((count, 6)))


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match="two \\(pixel, band\\) arrays"):
        fit_two_way(np.ones((100, 6)), np.ones((100, 5)))


def test_a_scene_without_any_contrast_gives_finite_scores():
    flat = np.full((3, 40, 40), 0.2, np.float32)
    model = fit_two_way(pixels(flat), pixels(flat))
    score = two_way_score(flat, flat, np.ones((40, 40), bool), model)
    np.testing.assert_array_equal(score, 0.0)


def test_nearest_class_is_the_nearest():
    rng = np.random.default_rng(0)
    sample, centres = rng.normal(size=(4, 500)), rng.normal(size=(7, 4))
    slow = ((sample.T[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    got = nearest_class(sample.astype(np.float32), centres.astype(np.float32))
    np.testing.assert_array_equal(got, slow)


def test_centres_find_separate_clouds_and_repeat():
    rng = np.random.default_rng(0)
    clouds = np.concatenate([rng.normal(m, 0.1, (300, 2)) for m in (-5, 0, 5)])
    centres = class_centres(clouds, classes=12)
    found = np.unique(np.round(centres[:, 0] / 5).astype(int))
    np.testing.assert_array_equal(found, [-1, 0, 1])
    np.testing.assert_array_equal(centres, class_centres(clouds, classes=12))
    assert len(class_centres(clouds[:5], classes=12)) == 5
