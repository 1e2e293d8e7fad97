"""Radar interference: long bright stripes that are no ground.

Foreign transmitters write lines along range into Sentinel-1. They are masked as a
nuisance and never reported: neither that they were there nor where they point.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEP_DEG = 2.0
_STRONG_DB = 3.0  # median of a line over the scene's own; quiet lines stay below 1.5 dB
_PIXEL_DB = 1.0  # what a single smoothed pixel of a stripe exceeds ...
_SHARE = 0.9  # ... on this share of the line: ground is patchy, interference is not
_CHORD = 0.6  # of the longest line at that angle: shorter ones cut a corner only
_WIDEST = 0.4  # share of the window; more is a whole-scene step, judged elsewhere
_WORK_PX = 256  # windows are averaged down to about this edge before the search
_MIN_CHORD_PX = 20


def interference_stripes(
    vv_residual_db: NDArray[np.floating],
    vh_residual_db: NDArray[np.floating],
    *,
    angles_deg: tuple[float, float] = (-35.0, 35.0),
) -> NDArray[np.bool_]:
    """Return the pixels of straight bright stripes that cross the whole window.

    Parameters
    ----------
    vv_residual_db, vh_residual_db
        (y, x) dB over the temporal median of quiet looks on the same track; NaN is
        no observation.
    angles_deg
        Directions searched, counter-clockwise from the rows. Range lies within
        ±35° of east-west between 65° south and north.

    Returns
    -------
    bool (y, x), True on a stripe in either polarisation. All False on a window
    below 20 pixels. Needs the whole window: a stripe is what crosses it.
    """
    if vv_residual_db.shape != vh_residual_db.shape or vv_residual_db.ndim != 2:
        raise ValueError(f"shapes differ: {vv_residual_db.shape}, {vh_residual_db.shape}")
    shape = vv_residual_db.shape
    factor = max(1, -(-max(shape) // _WORK_PX))
    small = [_bright(_smoothed(r, factor)) for r in (vv_residual_db, vh_residual_db)]
    found = np.zeros(tuple(-(-size // factor) for size in shape), np.bool_)
    for lines in _all_lines(found.shape, angles_deg):
        for bright in small:
            on = _bright_lines(bright, lines)
            if on is not None:
                found |= on[lines.number].reshape(found.shape)
    if not found.any() or found.mean() > _WIDEST:
        return np.zeros(shape, np.bool_)
    return np.kron(found, np.ones((factor, factor), np.bool_))[: shape[0], : shape[1]]


class _Lines(NamedTuple):
    """Lines at one angle, a pixel wide: (pixel,) number of each one's line, (line,) lengths."""

    number: NDArray[np.int32]
    length: NDArray[np.intp]
    long: NDArray[np.bool_]


class _Bright(NamedTuple):
    """Which pixels were seen, (pixel,) bool, and where the bright and the strong ones are."""

    seen: NDArray[np.bool_]
    above: NDArray[np.intp]
    strong: NDArray[np.intp]


def _smoothed(residual: NDArray[np.floating], factor: int) -> NDArray[np.float64]:
    """Block means, then 3 × 3 means, over the scene's median; NaN where nothing was seen."""
    height, width = (-(-size // factor) for size in residual.shape)
    padded = np.full((height * factor, width * factor), np.nan)
    padded[: residual.shape[0], : residual.shape[1]] = residual
    seen = np.isfinite(padded)
    blocks = (height, factor, width, factor)
    total = np.where(seen, padded, 0.0).reshape(blocks).sum(axis=(1, 3))
    count = seen.reshape(blocks).sum(axis=(1, 3)).astype(np.float64)
    total, count = (ndimage.uniform_filter(a, 3, mode="constant") for a in (total, count))
    out = np.full(total.shape, np.nan)
    np.divide(total, count, out=out, where=count > 1e-9)
    return out - np.nanmedian(out) if np.isfinite(out).any() else out


@lru_cache(maxsize=2)
def _all_lines(shape: tuple[int, int], angles_deg: tuple[float, float]) -> tuple[_Lines, ...]:
    """Return the lines at every angle searched: all looks of a site share their shape."""
    angles = np.arange(angles_deg[0], angles_deg[1] + _STEP_DEG / 2, _STEP_DEG)
    return tuple(_lines(shape, float(angle)) for angle in angles)


def _lines(shape: tuple[int, int], angle_deg: float) -> _Lines:
    angle = np.deg2rad(angle_deg)
    y, x = np.indices(shape)
    across = y * np.cos(angle) + x * np.sin(angle)
    number = np.floor(across - across.min()).astype(np.int32).ravel()
    length = np.bincount(number)
    return _Lines(number, length, length >= max(_MIN_CHORD_PX, _CHORD * length.max()))


def _bright(residual: NDArray[np.float64]) -> _Bright:
    flat = residual.ravel()
    above = np.flatnonzero(flat > _PIXEL_DB)  # NaN is above nothing
    return _Bright(np.isfinite(flat), above, above[flat[above] > _STRONG_DB])


def _bright_lines(bright: _Bright, lines: _Lines) -> NDArray[np.bool_] | None:
    """(line,) True where a full-length line is bright all along; None where none is.

    The few strong pixels are counted first: a line without enough of them is no stripe
    however many of its pixels were seen.
    """
    n = lines.length.size
    strong = np.bincount(lines.number[bright.strong], minlength=n)
    hopeful = lines.long & (strong >= 0.25 * lines.length)
    if not hopeful.any():
        return None
    count = np.bincount(lines.number[bright.seen], minlength=n)
    above = np.bincount(lines.number[bright.above], minlength=n)
    hopeful &= (count >= 0.5 * lines.length) & (strong >= 0.5 * count)
    return np.asarray(hopeful & (above >= _SHARE * count))
