from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels.change import (
    METHODS,
    Recipe,
    finished,
    fit_pair,
    pair_scores,
    prediction,
    prepared,
    raw_score,
    sampled_pixels,
)
from pipeline.kernels.change.sampling import merged, on_grid, sample_step
from pipeline.kernels.change.score import Raw
from pipeline.kernels.change.smoothing import gaussian_halo, gaussian_mean, gaussian_weight
from pipeline.kernels.change.texture import fit_texture, relative_to_texture, texture
from pipeline.threads import allow_threads
from tests.kernels.change import scenes


@pytest.fixture(scope="module")
def pair():
    image, kind = scenes.ground()
    after, truth = scenes.built(scenes.season(image, kind), scenes.BOXES)
    valid = np.ones(truth.shape, bool)
    valid[:20, :30] = False
    valid[90:96, 100:140] = False
    return scenes.noisy(image), scenes.noisy(after, seed=3), valid, truth


@pytest.mark.parametrize("method", METHODS)
def test_every_method_ranks_new_roofs_above_chance_and_blanks_what_was_not_seen(pair, method):
    before, after, valid, truth = pair
    scores, _ = pair_scores(before, after, valid, Recipe(method=method, classes=8))
    for layer in (scores.smooth, scores.fine):
        assert layer.dtype == np.float32
        np.testing.assert_array_equal(np.isfinite(layer), valid)
    assert scenes.average_precision(scores.fine, truth) > 5 * truth.mean()


def test_the_two_way_score_beats_the_named_alternatives_across_seasons(pair):
    before, after, valid, truth = pair
    found = {
        method: scenes.average_precision(
            pair_scores(before, after, valid, Recipe(method=method, classes=8))[0].fine, truth
        )
        for method in METHODS
    }
    assert max(found, key=found.get) == "two-way"
    assert found["cva"] > found["cva-raw"]


@pytest.mark.parametrize("method", METHODS)
def test_the_number_of_threads_changes_no_bit(pair, method, monkeypatch):
    monkeypatch.setattr(prediction, "_CHUNK", 1_000)  # several chunks a thread
    before, after, valid, _ = pair
    recipe = Recipe(method=method, classes=8, extra=(0, 1))
    with allow_threads(1):
        alone, _ = pair_scores(before, after, valid, recipe)
    for number in (2, 3):
        with allow_threads(number):
            found, _ = pair_scores(before, after, valid, recipe)
        assert found.smooth.tobytes() == alone.smooth.tobytes()
        assert found.fine.tobytes() == alone.fine.tobytes()


def test_a_weight_that_is_given_is_the_weight_that_is_found(pair):
    before, _, valid, _ = pair
    for seen in (valid, np.ones_like(valid)):
        weight = gaussian_weight(seen, sigma=2.0)
        given_ = gaussian_mean(before, seen, sigma=2.0, weight=weight)
        assert given_.tobytes() == gaussian_mean(before, seen, sigma=2.0).tobytes()


def blockwise(before, after, valid, recipe, rows, cols):
    """The three passes a large tile takes, on blocks cut at `rows` and `cols`."""
    blocks = [[(slice(*y), slice(*x)) for x in pairwise(cols)]
              for y in pairwise(rows)]  # fmt: skip
    step = sample_step(valid.shape, limit=6000)

    def cut(date, where):
        ys, xs = where
        grown = tuple(
            slice(max(0, s.start - recipe.halo), min(n, s.stop + recipe.halo))
            for s, n in zip(where, valid.shape, strict=True)
        )
        inner = (slice(ys.start - grown[0].start, ys.stop - grown[0].start),
                 slice(xs.start - grown[1].start, xs.stop - grown[1].start))  # fmt: skip
        return prepared(date[:, *grown], valid[grown], recipe), valid[grown], inner

    samples = []
    for date in (before, after):
        rows_of = []
        for row in blocks:
            parts = []
            for where in row:
                got, ok, inner = cut(date, where)
                origin = (where[0].start, where[1].start)
                parts.append(sampled_pixels(got[:, *inner], ok[inner], step=step, origin=origin))
            rows_of.append(parts)
        samples.append(merged(rows_of))
    model = fit_pair(*samples, recipe)
    score, contrast = (np.full(valid.shape, np.nan, np.float32) for _ in range(2))
    for where in (w for row in blocks for w in row):
        one, ok, inner = cut(before, where)
        other, _, _ = cut(after, where)
        raw = raw_score(one, other, ok, model, recipe)
        score[where], contrast[where] = raw.score[inner], raw.texture[inner]
    return finished(Raw(score, contrast), model, recipe)


@settings(max_examples=4, deadline=None)
@given(
    st.lists(st.integers(5, 155), max_size=2, unique=True),
    st.lists(st.integers(5, 195), max_size=2, unique=True),
)
def test_any_cutting_into_blocks_gives_the_same_bits(rows, cols):
    image, kind = scenes.ground()
    after = scenes.noisy(scenes.season(image, kind), seed=3)
    before, valid = scenes.noisy(image), kind != 3
    recipe = Recipe(classes=6, extra=(0, 1), pre_sigma=0.7)
    whole = blockwise(before, after, valid, recipe, [0, 160], [0, 200])
    cut = blockwise(before, after, valid, recipe, [0, *sorted(rows), 160], [0, *sorted(cols), 200])
    np.testing.assert_array_equal(cut.smooth, whole.smooth)
    np.testing.assert_array_equal(cut.fine, whole.fine)
    assert cut.effect_unit == whole.effect_unit


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(0, 40), st.integers(0, 40))
def test_samples_of_blocks_merge_to_the_sample_of_the_scene(step, y, x):
    scene = np.arange(41 * 43).reshape(41, 43)
    rows, cols = [0, min(y, 41), 41], [0, min(x, 43), 43]
    parts = [
        [on_grid(scene[a:b, c:d], step=step, origin=(a, c)) for c, d in pairwise(cols)]
        for a, b in pairwise(rows)
    ]
    np.testing.assert_array_equal(merged(parts), scene[::step, ::step])


def test_sample_step_leaves_at_most_the_limit():
    assert sample_step((100, 100), limit=10_000) == 1
    assert sample_step((101, 100), limit=10_000) == 2
    step = sample_step((10_980, 10_980))
    assert (10_980 // step) ** 2 <= 60_000


def test_gaussian_mean_keeps_a_constant_and_never_uses_what_is_not_valid():
    valid = np.random.default_rng(0).random((40, 50)) > 0.3
    values = np.where(valid, 2.5, np.nan)
    mean = gaussian_mean(values, valid, sigma=1.7)
    np.testing.assert_array_equal(np.isfinite(mean), valid)
    np.testing.assert_allclose(mean[valid], 2.5, rtol=1e-5)  # float32


def test_gaussian_mean_of_an_impulse_is_the_gaussian():
    image = np.zeros((31, 31))
    image[15, 15] = 1
    mean = gaussian_mean(image, np.ones((31, 31), bool), sigma=2.0)
    ratio = mean[15, 17] / mean[15, 15]
    assert ratio == pytest.approx(np.exp(-0.5 * (2 / 2.0) ** 2), rel=1e-5)
    assert mean[15, 15 + gaussian_halo(2.0) + 1] == 0


def test_gaussian_mean_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="sigma=-1"):
        gaussian_mean(np.zeros((3, 3)), np.ones((3, 3), bool), sigma=-1)


def test_texture_is_that_of_the_calmer_date():
    rng = np.random.default_rng(0)
    flat, rough = np.full((2, 60, 60), 0.2), 0.2 + rng.normal(0, 0.05, (2, 60, 60))
    valid = np.ones((60, 60), bool)
    calm = texture(flat, rough, valid)
    np.testing.assert_array_equal(calm, texture(rough, flat, valid))
    assert calm.max() < 1e-6  # float32 of a constant
    assert np.median(texture(rough, rough, valid)) > 0.02


def test_tempering_moves_between_no_and_full_correction():
    rng = np.random.default_rng(0)
    contrast = rng.uniform(0.1, 1.0, 20_000)
    score = contrast * rng.uniform(0.9, 1.1, 20_000)
    for tempering, power in ((0.0, 1.0), (0.5, 0.5), (1.0, 0.0)):
        scale = fit_texture(score, contrast, tempering=tempering)
        left = relative_to_texture(score, contrast, scale)
        slope = np.polyfit(np.log(contrast), np.log(left), 1)[0]
        assert slope == pytest.approx(power, abs=0.08)  # flat beyond the outer bins


def test_texture_of_a_tiny_scene_changes_nothing():
    scale = fit_texture(np.ones(50), np.arange(50.0))
    np.testing.assert_array_equal(relative_to_texture(np.ones(3), np.arange(3.0), scale), 1.0)
