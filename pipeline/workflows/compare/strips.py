"""Scoring strip by strip: three passes, the same bits for any cutting into strips.

(1) rows of the sampling grid, on which the model is fitted; (2) every strip with its halo
becomes a raw score and a texture; (3) raw scores with their halo become the two maps. A
pair that is held in memory is one strip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.imagery.pair import observed
from pipeline.imagery.pair.opening import check_common, measured_in
from pipeline.imagery.pair.pictures import Pictures
from pipeline.kernels.change import (
    Raw,
    Recipe,
    Scores,
    finished,
    fit_pair,
    prepared,
    raw_score,
    texture_scale,
)
from pipeline.kernels.change.sampling import sample_step
from pipeline.kernels.change.smoothing import gaussian_halo
from pipeline.kernels.masking import COVERAGE_NAMES
from pipeline.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pipeline.imagery.pair import Pair, Strip
    from pipeline.kernels.change.score import Model
    from pipeline.progress import Show

_LAYERS = 8  # maps in memory while scores are finished
_FAR = 16  # rows between sampling rows from which on only those are read


@dataclass
class Seen:
    """What was observed of a pair, counted in pixels.

    Attributes
    ----------
    codes
        int64 (date, coverage code).
    both
        Seen on both dates.
    measured
        Measured on both dates, cloud or not.
    """

    codes: NDArray[np.int64]
    both: int = 0
    measured: int = 0

    def add(self, dates: tuple[Strip, Strip]) -> None:
        """Count a strip."""
        kinds = self.codes.shape[1]
        self.codes += [np.bincount(strip.codes.ravel(), minlength=kinds) for strip in dates]
        self.both += int(np.count_nonzero(observed(*dates)))
        self.measured += measured_in(*dates)


@dataclass(frozen=True)
class Scored:
    """Scores of a pair, the model behind them (None: too little was seen), and the by-products."""

    scores: Scores
    model: Model | None
    seen: Seen
    sample: NDArray[np.float32]
    pictures: Pictures


def scored_in_strips(pair: Pair, recipe: Recipe, *, show: Show = silent) -> Scored:
    """Score a pair, telling `show` of every strip; the maps are of the whole scene."""
    sample = _sample(pair, recipe)
    try:
        model = fit_pair(sample[0], sample[1], recipe)
    except ValueError:  # too little is seen on both dates to fit anything
        model = None
    raw, seen, pictures = _raw(pair, model, recipe, show)
    check_common(pair, seen.measured)
    scores = Scores(raw.score, raw.score, 0.0) if model is None else _finished(pair, raw, model,
                                                                               recipe)  # fmt: skip
    return Scored(scores, model, seen, sample, pictures)


def _sample(pair: Pair, recipe: Recipe) -> NDArray[np.float32]:
    """Return valid pixels (date, band, pixel) on the regular sampling grid, in reading order."""
    height, width = pair.geobox.shape
    step = sample_step((height, width))
    halo = gaussian_halo(recipe.pre_sigma)
    return np.concatenate(
        [
            _on_rows(pair, recipe, wanted, halo=halo, step=step)
            for wanted in _sampling_rows(pair, step)
        ],
        axis=2,
    )


def _sampling_rows(pair: Pair, step: int) -> Iterator[tuple[int, int]]:
    """Yield first and last row + 1 of what is read: strips, or single rows that lie far apart."""
    if step < _FAR:
        return pair.strips(multiple=step)
    return ((row, row + 1) for row in range(0, pair.geobox.shape[0], step))


def _on_rows(
    pair: Pair, recipe: Recipe, wanted: tuple[int, int], *, halo: int, step: int
) -> NDArray[np.float32]:
    top, bottom = max(0, wanted[0] - halo), min(pair.geobox.shape[0], wanted[1] + halo)
    dates = pair.rows(top, bottom)
    valid = observed(*dates)
    picked = np.s_[wanted[0] - top : wanted[1] - top : step, ::step]
    ok = valid[picked]
    return np.stack([prepared(d.values, valid, recipe)[:, *picked][:, ok] for d in dates])


def _raw(pair: Pair, model: Model | None, recipe: Recipe, show: Show) -> tuple[Raw, Seen, Pictures]:
    """Return raw score and texture of the scene, and what is counted and shown on the way."""
    height, width = pair.geobox.shape
    raw = Raw(*(np.full((height, width), np.nan, np.float32) for _ in range(2)))
    seen, pictures = Seen(np.zeros((2, len(COVERAGE_NAMES)), np.int64)), Pictures(pair)
    halo = recipe.halo
    for top, bottom in pair.strips(multiple=pictures.factor):
        show("rows", done=top, total=height, text="scored")
        start, end = max(0, top - halo), min(height, bottom + halo)
        dates = pair.rows(start, end)
        core = slice(top - start, bottom - start)
        inner = tuple(type(d)(d.values[:, core], d.codes[core]) for d in dates)
        seen.add((inner[0], inner[1]))
        pictures.add(top, (inner[0], inner[1]))
        if model is not None:
            valid = observed(*dates)
            before, after = (prepared(d.values, valid, recipe) for d in dates)
            found = raw_score(before, after, valid, model, recipe, core=core)
            raw.score[top:bottom], raw.texture[top:bottom] = found.score, found.texture
    show("rows", done=height, total=height, text="scored")
    return raw, seen, pictures


def _finished(pair: Pair, raw: Raw, model: Model, recipe: Recipe) -> Scores:
    """Return the two maps; `raw` is used up, for maps of a whole tile are large."""
    height = raw.score.shape[0]
    scale, halo = texture_scale(raw), recipe.finish_halo
    fine = np.empty_like(raw.score)
    unit, above = 0.0, np.empty((0, raw.score.shape[1]), np.float32)
    for top, bottom in pair.strips(layers=_LAYERS):
        end = min(height, bottom + halo)
        # what the last strip overwrote is taken from where it was kept
        score = np.concatenate([above, raw.score[top:end]])
        start = top - len(above)
        part = Raw(score, raw.texture[start:end])
        found = finished(part, model, recipe, scale=scale)
        core = slice(top - start, bottom - start)
        above = score[max(0, bottom - start - halo) : bottom - start].copy()
        raw.score[top:bottom], fine[top:bottom] = found.smooth[core], found.fine[core]
        unit = found.effect_unit
    return Scores(raw.score, fine, unit)
