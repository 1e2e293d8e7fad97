"""Two-way prediction: what of each date the other date does not explain.

Season, sun, haze and atmosphere move whole kinds of ground together. So each date is
sorted into classes by its own spectra, and per class a robust linear map predicts the
other date, in both directions. What is left, per band and relative to the scene's own
residuals, is change. A pixel that changed is badly predicted both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pipeline.kernels.change.classes import class_centres, nearest_class
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

T = TypeVar("T", bound=np.floating)

_CHUNK = 16_384  # pixels at a time: temporaries stay in the cache
_INPUT_RANGE = (-12.0, 12.0)  # robust sigmas; a saturated or absurd pixel predicts nothing wild
_RESIDUAL_LIMIT = 40.0  # and cannot drown its neighbours when smoothed
_MIN_PER_COEFFICIENT = 5
_HUBER = 1.5
_ROUNDS = 3


@dataclass(frozen=True)
class OneWay:
    """Prediction of one date from the other.

    Attributes
    ----------
    centres
        float32 (class, band), of the standardised source.
    maps
        float32 (class, band + 1, band): last row is the constant.
    location, scale
        float32 (band,) of the residuals in the target's standard units.
    """

    centres: NDArray[np.float32]
    maps: NDArray[np.float32]
    location: NDArray[np.float32]
    scale: NDArray[np.float32]


@dataclass(frozen=True)
class TwoWay:
    """Both directions, and the units in which both dates are compared.

    Attributes
    ----------
    median, spread
        float32 (date, band): standard units of `before` and `after`.
    forward, backward
        After from before, before from after.
    """

    median: NDArray[np.float32]
    spread: NDArray[np.float32]
    forward: OneWay
    backward: OneWay


def fit_two_way(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    *,
    classes: int = 32,
    ridge: float = 1e-3,
    scale_floor: float = 0.1,
    seed: int = 0,
) -> TwoWay:
    """Fit the prediction on sampled pixels that are valid on both dates.

    Parameters
    ----------
    before, after
        (pixel, band), any unit; all finite.
    classes
        Number of spectral classes per date; fewer where there are few pixels.
    ridge
        Share of a band's variance added to the normal equations.
    scale_floor
        Residuals below this share of a band's own spread over the scene are not
        worth a unit of score, however small the rest of the residuals is.
    seed
        Of the first class centres.

    Raises
    ------
    ValueError
        Shapes differ, or fewer pixels than 5 per coefficient.
    """
    if before.shape != after.shape or before.ndim != 2:
        raise ValueError(f"needs two (pixel, band) arrays, got {before.shape}, {after.shape}")
    if len(before) < _MIN_PER_COEFFICIENT * (before.shape[1] + 1):
        raise ValueError(f"{len(before)} valid pixels are too few to fit {before.shape[1]} bands")
    median, spread = _units(before, after)
    x, y = (
        np.clip((date - m) / s, *_INPUT_RANGE)
        for date, m, s in zip((before, after), median, spread, strict=True)
    )

    def one_way(
        dates: tuple[NDArray[np.float64], NDArray[np.float64]],
    ) -> OneWay:
        return _one_way(*dates, classes, ridge, scale_floor, seed)

    forward, backward = side_by_side(one_way, [(x, y), (y, x)])
    return TwoWay(median.astype(np.float32), spread.astype(np.float32), forward, backward)


def two_way_residuals(
    before: NDArray[np.floating], after: NDArray[np.floating], model: TwoWay
) -> NDArray[np.float32]:
    """Return scaled residuals of both predictions.

    Parameters
    ----------
    before, after
        (band, pixel). NaN in any band makes the pixel NaN.

    Returns
    -------
    float32 (direction, band, pixel): after from before, before from after; in units
    of the scene's own residuals. Pixel by pixel: no halo, and bit for bit the same
    for any cutting into blocks (only element-wise arithmetic is used).
    """
    with np.errstate(over="ignore"):  # an absurd value is clipped like any other
        x, y = (
            _standard(date, m, s)
            for date, m, s in zip((before, after), model.median, model.spread, strict=True)
        )
    out = np.empty((2, *x.shape), np.float32)
    _write_left_over(x, y, model.forward, out[0])
    _write_left_over(y, x, model.backward, out[1])
    return out


def two_way_score(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    valid: NDArray[np.bool_],
    model: TwoWay,
    *,
    extra: Sequence[int] = (),
    extra_weight: float = 1.5,
) -> NDArray[np.float32]:
    """Return the size of the two-way residuals, pixel by pixel.

    Per direction the Euclidean norm over all bands, plus `extra_weight` times the
    norm over the bands `extra` (visible bands: an extra vote for built-up change);
    summed over the directions.

    Parameters
    ----------
    before, after
        (band, y, x).
    valid
        (y, x).
    extra
        Indices of bands that vote once more.

    Returns
    -------
    float32 (y, x), NaN where not valid. No halo.
    """
    return two_way_parts(before, after, valid, model, extra=extra, extra_weight=extra_weight)[0]


def two_way_parts(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    valid: NDArray[np.bool_],
    model: TwoWay,
    *,
    extra: Sequence[int] = (),
    extra_weight: float = 1.5,
    opposing: Sequence[int] = (),
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return `two_way_score`, and how far the residuals of single bands lie apart.

    Parameters
    ----------
    opposing
        Indices of the bands whose residuals are returned.

    Returns
    -------
    score
        float32 (y, x), NaN where not valid.
    opposed
        float32 (band, y, x) of the bands `opposing`: residual of AFTER less that of BEFORE;
        NaN where not valid.
    """
    flat = [date.reshape(len(date), -1) for date in (before, after)]
    out = np.full(valid.size, np.nan, np.float32)
    opposed = np.full((len(opposing), valid.size), np.nan, np.float32)
    good = valid.ravel()

    def score(part: slice) -> None:
        ok = good[part]
        # a few pixels too many are sooner scored, and left out, than the others picked
        every = 2 * np.count_nonzero(ok) > ok.size
        x, y = (date[:, part] if every else date[:, part][:, ok] for date in flat)
        with np.errstate(invalid="ignore"):
            squares = two_way_residuals(x, y, model)
            found = [squares[0, band] - squares[1, band] for band in opposing]
            squares *= squares
            found.append(_length(squares, extra, np.float32(extra_weight)))
        for layer, values in zip((*opposed, out), found, strict=True):
            if every:
                np.copyto(layer[part], values, where=ok)
            else:
                layer[part][ok] = values

    side_by_side(score, list(_chunks(good.size)))  # each pixel is scored alone
    return out.reshape(valid.shape), opposed.reshape(len(opposing), *valid.shape)


def _length(
    squares: NDArray[np.float32], extra: Sequence[int], extra_weight: np.float32
) -> NDArray[np.float32]:
    """Norm over the bands, and over the extra ones once more, of (direction, band, pixel)."""
    total: NDArray[np.float32] = np.sqrt(_added(squares[0])) + np.sqrt(_added(squares[1]))
    if extra:
        votes = [np.sqrt(_added([way[i] for i in extra])) for way in squares]
        total += extra_weight * (votes[0] + votes[1])
    return total


def _added(layers: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum over the first axis in fixed order."""
    total: NDArray[np.float32] = layers[0].copy()
    for layer in layers[1:]:
        total += layer
    return total


def _units(
    before: NDArray[np.floating], after: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median and robust spread of each date's bands, (date, band)."""
    both = np.stack([before, after]).astype(np.float64)
    median = np.median(both, axis=1)
    spread = 1.4826 * np.median(np.abs(both - median[:, None]), axis=1)
    low, high = np.percentile(both, (2, 98), axis=1)
    # a scene that is mostly water has next to no MAD
    spread = np.maximum(spread, 0.25 * (high - low) / 4.11)
    return median, np.where(spread > 0, spread, 1.0)


def _one_way(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    classes: int,
    ridge: float,
    scale_floor: float,
    seed: int,
) -> OneWay:
    needed = _MIN_PER_COEFFICIENT * (source.shape[1] + 1)
    centres = class_centres(source, classes=min(classes, len(source) // needed), seed=seed)
    label = nearest_class(np.ascontiguousarray(source.T, np.float32), centres)
    whole = _robust_map(source, target, ridge)
    members = np.split(
        np.argsort(label, kind="stable"), np.cumsum(np.bincount(label, minlength=len(centres)))[:-1]
    )
    maps = np.stack(
        [
            _robust_map(source[of], target[of], ridge) if len(of) >= needed else whole
            for of in members
        ]
    ).astype(np.float32)
    left = (target.T.astype(np.float32) - _predicted(source.T.astype(np.float32), label, maps)).T
    location, scale = _spread(left)
    return OneWay(centres, maps, location, np.hypot(scale, np.float32(scale_floor)))


def _robust_map(
    x: NDArray[np.float64], y: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Ridge regression, reweighted so that what changed does not pull: (band + 1, band)."""
    design = np.column_stack([x, np.ones(len(x))])
    penalty = ridge * len(x) * np.diag([1.0] * x.shape[1] + [0.0])
    weight = np.ones(len(x))
    for _ in range(_ROUNDS):
        weighted = design * weight[:, None]
        found = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ y)
        left = y - design @ found
        scale = _spread(left)[1] + 1e-6
        size = np.sqrt(np.mean((left / scale) ** 2, axis=1))
        weight = np.minimum(1.0, _HUBER / np.maximum(size, 1e-12)) ** 2
    return np.asarray(found, np.float64)


def _spread(values: NDArray[T]) -> tuple[NDArray[T], NDArray[T]]:
    """Median and robust spread of each column of (pixel, band)."""
    columns = np.ascontiguousarray(values.T)  # medians along memory, not across it
    location = np.median(columns, axis=1)
    columns -= location[:, None]
    scale = 1.4826 * np.median(np.abs(columns, out=columns), axis=1)
    return location, scale.astype(values.dtype)


def _standard(
    date: NDArray[np.floating], median: NDArray[np.float32], spread: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (band, pixel) in standard units, within what predicts."""
    units = date.astype(np.float32)
    units -= median[:, None]
    units /= spread[:, None]
    return np.clip(units, *_INPUT_RANGE, out=units)


def _write_left_over(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    way: OneWay,
    out: NDArray[np.float32],
) -> None:
    for part in _chunks(source.shape[1]):
        label = nearest_class(source[:, part], way.centres)
        left = _predicted(source[:, part], label, way.maps)
        np.subtract(target[:, part], left, out=left)
        left -= way.location[:, None]
        left /= way.scale[:, None]
        np.clip(left, -_RESIDUAL_LIMIT, _RESIDUAL_LIMIT, out=out[:, part])


def _chunks(size: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, size, _CHUNK))


def _predicted(
    source: NDArray[np.float32], label: NDArray[np.intp], maps: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(band, pixel) prediction, band by band in fixed order."""
    by_class = np.ascontiguousarray(maps.transpose(1, 2, 0))
    out = np.take(by_class[-1], label, axis=1)
    term = np.empty_like(out)
    for band, coefficients in zip(source, by_class, strict=False):
        np.take(coefficients, label, axis=1, out=term, mode="clip")  # "clip" writes unbuffered
        term *= band
        out += term
    return out


def effect_unit(model: TwoWay, *, extra: Sequence[int] = (), extra_weight: float = 1.5) -> float:
    """Return the `two_way_score` of a residual of one spread of the scene in every band."""
    total = 0.0
    for way in (model.forward, model.backward):
        units = 1.0 / way.scale.astype(np.float64) ** 2
        total += float(np.sqrt(units.sum()) + extra_weight * np.sqrt(units[list(extra)].sum()))
    return total
