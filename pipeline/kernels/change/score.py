"""Scores of one pair of dates on one grid: from bands to a map of change.

Cut so that a whole tile can pass block by block and give the very bits that it gives
whole: (1) samples of every block on one regular grid, `fit_pair` once; (2) `raw_score`
of every block with its halo, then `texture_scale` on samples of the scene's raw score;
(3) `finished` on every block of raw scores with its own halo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.kernels.change.cva import (
    ChangeVector,
    change_vector_length,
    fit_change_vector,
    raw_change_vector,
)
from pipeline.kernels.change.evidence import (
    DETAIL_HALO,
    detail,
    detail_share,
    detailed,
    raised,
)
from pipeline.kernels.change.prediction import TwoWay, effect_unit, fit_two_way, two_way_parts
from pipeline.kernels.change.sampling import on_grid, sample_step
from pipeline.kernels.change.smoothing import gaussian_halo, gaussian_mean
from pipeline.kernels.change.texture import (
    TEXTURE_HALO,
    TextureScale,
    fit_texture,
    relative_to_texture,
    texture,
)
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.kernels.change.irmad import Alteration

    Model = TwoWay | ChangeVector | Alteration

Method = Literal["two-way", "cva", "cva-raw", "irmad"]
METHODS: tuple[Method, ...] = ("two-way", "cva", "cva-raw", "irmad")


@dataclass(frozen=True)
class Recipe:
    """How a pair is scored.

    Attributes
    ----------
    method
        ``two-way``; ``cva`` after normalisation; ``cva-raw``; ``irmad``.
    extra
        Indices of bands that vote once more (visible bands at 10 m).
    extra_weight
        Weight of that vote.
    classes
        Spectral classes per date.
    pre_sigma
        Gaussian before anything else, pixels: 0 for optics, 1 for speckle.
    fine_sigma, smooth_sigma
        Of the map on which regions are found, and of the score itself, pixels.
    detail
        Whether ``two-way`` asks for change that differs from pixel to pixel; not of
        speckle, which does so anyway.
    context_sigma
        Of the change around a pixel that ``two-way`` asks for, pixels; 0 does not.
    """

    method: Method = "two-way"
    extra: tuple[int, ...] = ()
    extra_weight: float = 1.5
    classes: int = 32
    pre_sigma: float = 0.0
    fine_sigma: float = 1.5
    smooth_sigma: float = 2.5
    detail: bool = True
    context_sigma: float = 10.0

    @property
    def halo(self) -> int:
        """Pixels around a block that its raw score and texture depend on."""
        return gaussian_halo(self.pre_sigma) + max(TEXTURE_HALO, DETAIL_HALO)

    @property
    def finish_halo(self) -> int:
        """Pixels around a block of raw scores that its finished scores depend on."""
        return max(map(gaussian_halo, (self.fine_sigma, self.smooth_sigma, self.context_sigma)))


@dataclass(frozen=True)
class Raw:
    """Pixel score before smoothing, and the local contrast; float32 (y, x), NaN not observed."""

    score: NDArray[np.float32]
    texture: NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """Maps of one pair.

    Attributes
    ----------
    smooth, fine
        float32 (y, x), larger = more likely changed, NaN not observed.
    effect_unit
        Score of a change as large as the scene's contrast in every band; 0 where the
        method has no such unit.
    """

    smooth: NDArray[np.float32]
    fine: NDArray[np.float32]
    effect_unit: float


def sampled_pixels(
    date: NDArray[np.floating],
    valid: NDArray[np.bool_],
    *,
    step: int,
    origin: tuple[int, int] = (0, 0),
) -> NDArray[np.float32]:
    """Return a block's (band, y, x) pixels on the sampling grid, NaN where not `valid`.

    float32 (band, row, column); see `pipeline.kernels.change.sampling`.
    """
    picked = on_grid(date, step=step, origin=origin).astype(np.float32)
    picked[:, ~on_grid(valid, step=step, origin=origin)] = np.nan
    return picked


def fit_pair(before: NDArray[np.floating], after: NDArray[np.floating], recipe: Recipe) -> Model:
    """Fit the recipe's model on sampled pixels.

    Parameters
    ----------
    before, after
        (band, ...) samples of the whole scene; a NaN in any band of either leaves the
        pixel out.

    Raises
    ------
    ValueError
        Too few pixels are valid on both dates.
    """
    x, y = (date.reshape(len(date), -1).T for date in (before, after))
    ok = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    if recipe.method == "cva-raw":
        return raw_change_vector(x.shape[1])
    if recipe.method == "cva":
        return fit_change_vector(x[ok], y[ok])
    if recipe.method == "irmad":
        from pipeline.kernels.change.irmad import fit_alteration  # noqa: PLC0415 - scipy.linalg

        return fit_alteration(x[ok], y[ok])
    return fit_two_way(x[ok], y[ok], classes=recipe.classes)


def prepared(
    date: NDArray[np.floating], valid: NDArray[np.bool_], recipe: Recipe
) -> NDArray[np.floating]:
    """Return a (band, y, x) date with the recipe's first smoothing, if it has one."""
    return gaussian_mean(date, valid, sigma=recipe.pre_sigma) if recipe.pre_sigma > 0 else date


def raw_score(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    valid: NDArray[np.bool_],
    model: Model,
    recipe: Recipe,
    *,
    core: slice = slice(None),
) -> Raw:
    """Score a block, pixel by pixel.

    Parameters
    ----------
    before, after
        (band, y, x), `prepared`.
    valid
        (y, x): observed on both dates, all bands finite.
    core
        Rows that are returned; those around them are halo.

    Returns
    -------
    Raw
        Halo: `TEXTURE_HALO` for the texture, `DETAIL_HALO` for a two-way score with
        detail, none for the others.
    """
    contrast = texture(before, after, valid)[core]
    if isinstance(model, TwoWay):
        return Raw(_two_way(before, after, valid, model, recipe, core=core), contrast)
    before, after, valid = before[:, core], after[:, core], valid[core]
    if isinstance(model, ChangeVector):
        score = change_vector_length(before, after, valid, model)
    else:
        from pipeline.kernels.change.irmad import alteration_score  # noqa: PLC0415

        score = alteration_score(before, after, valid, model)
    return Raw(score, contrast)


def _two_way(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    valid: NDArray[np.bool_],
    model: TwoWay,
    recipe: Recipe,
    *,
    core: slice,
) -> NDArray[np.float32]:
    """Return the two-way score of the rows `core`, with its detail if the recipe asks for it."""
    top, bottom, _ = core.indices(len(valid))
    halo = DETAIL_HALO if recipe.detail else 0
    start, end = max(0, top - halo), min(len(valid), bottom + halo)
    bands = len(before)
    score, opposed = two_way_parts(
        before[:, start:end], after[:, start:end], valid[start:end], model,
        extra=recipe.extra, extra_weight=recipe.extra_weight,
        opposing=(recipe.extra or range(bands)) if recipe.detail else (),
    )  # fmt: skip
    if recipe.detail:
        share = detail_share(bands, len(recipe.extra), extra_weight=recipe.extra_weight)
        score = detailed(score, detail(opposed, valid[start:end]), share=share)
    return score[top - start : bottom - start]


def texture_scale(raw: Raw) -> TextureScale:
    """Return what score is normal at which texture, from samples of the whole scene."""
    step = sample_step(raw.score.shape)
    sample = [on_grid(layer, step=step, origin=(0, 0)) for layer in (raw.score, raw.texture)]
    return fit_texture(sample[0], sample[1])


def finished(
    raw: Raw, model: Model, recipe: Recipe, *, scale: TextureScale | None = None
) -> Scores:
    """Turn raw scores into the two maps.

    Two-way: relative to what is normal at the texture, then smoothed, and the score
    weighed with the change around. The map on which regions are found is not: what
    stands alone is found as before. The named alternatives are smoothed not at all, to
    stay what their names say.

    Parameters
    ----------
    raw
        Of the whole scene, or of a block with a halo of `Recipe.finish_halo`.
    scale
        `texture_scale` of the whole scene; None: `raw` is the whole scene.
    """
    valid = np.isfinite(raw.score)
    if not isinstance(model, TwoWay):
        return Scores(raw.score, gaussian_mean(raw.score, valid, sigma=recipe.fine_sigma), 0.0)
    scale = scale or texture_scale(raw)
    relative = relative_to_texture(raw.score, raw.texture, scale)

    def mean(sigma: float) -> NDArray[np.float32]:
        return gaussian_mean(relative, valid, sigma=sigma)

    sigmas = [recipe.smooth_sigma, recipe.fine_sigma, recipe.context_sigma]
    smooth, fine, *around = side_by_side(mean, sigmas if recipe.context_sigma else sigmas[:2])
    return Scores(
        raised(smooth, around[0], usual=scale.level) if around else smooth,
        fine,
        effect_unit(model, extra=recipe.extra, extra_weight=recipe.extra_weight),
    )


def pair_scores(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    valid: NDArray[np.bool_],
    recipe: Recipe,
) -> tuple[Scores, Model]:
    """Score a pair that fits into memory.

    Parameters
    ----------
    before, after
        (band, y, x) on one grid, any unit.
    valid
        (y, x), observed on both dates; pixels with a value that is not finite in
        any band are left out too.

    Raises
    ------
    ValueError
        Too few pixels are valid on both dates.
    """
    ok = valid & np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0)
    first, second = (prepared(date, ok, recipe) for date in (before, after))
    step = sample_step(ok.shape)
    model = fit_pair(
        sampled_pixels(first, ok, step=step), sampled_pixels(second, ok, step=step), recipe
    )
    return finished(raw_score(first, second, ok, model, recipe), model, recipe), model
