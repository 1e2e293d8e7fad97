"""Probabilities that are counted on quiet looks, never taken from a formula."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Side = Literal["both", "more", "less"]
# Spreads are read where 95 % of the ground lies: bad dates go bad in their tails.
COVERED = 0.95
COVERED_OF_NORMAL = 1.959963984540054  # of a normal distribution with unit spread


def calibration_sample(
    scores: Iterable[NDArray[np.floating]], *, side: Side = "both"
) -> NDArray[np.float32]:
    """Pool the scores of quiet looks, of one site or of several comparable ones.

    Parameters
    ----------
    scores
        Left-out scores, any shapes; NaN is left out.
    side
        "more": high scores are extreme; "less": low ones; "both": those far from zero.

    Returns
    -------
    (n,) float32, sorted: extremeness, larger = more extreme.
    """
    parts = [_extremeness(part[np.isfinite(part)], side) for part in scores]
    return np.sort(np.concatenate([np.empty(0, dtype=np.float32), *parts]).astype(np.float32))


def conformal_p(
    scores: NDArray[np.floating], calibration: NDArray[np.float32], *, side: Side = "both"
) -> NDArray[np.float64]:
    """Return (1 + quiet scores at least as extreme) / (quiet scores + 1).

    Parameters
    ----------
    scores
        Any shape, made as those of the calibration were; NaN gives NaN.
    calibration
        From `calibration_sample` with the same `side`. An empty one gives p = 1.

    Notes
    -----
    Valid for any distribution as long as the look is exchangeable with the quiet ones: Vovk,
    Gammerman and Shafer (2005), doi:10.1007/b106715. Whole dates go bad together, so read it
    beside `overdispersion`.
    """
    extreme = _extremeness(np.asarray(scores, dtype=np.float32), side)
    above = calibration.size - np.searchsorted(calibration, extreme, side="left")
    return np.where(np.isfinite(scores), (1.0 + above) / (calibration.size + 1.0), np.nan)


def smallest_p(calibration_size: int) -> float:
    """Return the smallest p that a sample of this size can support."""
    return 1.0 / (calibration_size + 1.0)


def score_at(calibration: NDArray[np.float32], p: float) -> float:
    """Return the lowest extremeness whose conformal p is at most `p`; infinity if none has.

    Raises
    ------
    ValueError
        If `p` is not above 0 and at most 1.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, got {p}")
    allowed = int(np.floor(p * (calibration.size + 1.0) * (1 + 1e-12))) - 1
    if allowed < 0:
        return float("inf")
    if allowed >= calibration.size:
        return float("-inf")
    return float(np.nextafter(calibration[-1 - allowed], np.float32(np.inf)))


def agreement_scale(looks: NDArray[np.floating], ring: NDArray[np.bool_] | None = None) -> float:
    """Return how much more looks go together on quiet ground than chance lets them.

    Parameters
    ----------
    looks
        (look, y, x) self-normalised scores of a window; NaN is left out.
    ring
        (y, x) True = context ring, never a zone; None uses every pixel.

    Returns
    -------
    Spread of the looks' sum over the square root of their number, read where 95 % of the ring
    lies: 1 for independent looks, the square root of n for equal ones. NaN without a ring pixel
    that was seen on every look.

    Notes
    -----
    Wet soil that lasts, leaf-out, a year without looks: two looks then deviate together on much
    of the ground. Divided by this, the false alarms of confirmed pairs varied half as much from
    date to date as before (.11 for .57 of their mean, 15 real radar dates at 1 %).
    """
    total = looks.sum(axis=0, dtype=np.float64) / np.sqrt(len(looks))
    seen = total[np.isfinite(total) if ring is None else np.isfinite(total) & ring]
    if not seen.size:
        return float("nan")
    return float(np.quantile(np.abs(seen), COVERED)) / COVERED_OF_NORMAL


def confirmation_scores(
    looks: NDArray[np.floating],
    *,
    k: int,
    floor: float = 1.0,
    scale: float = 1.0,
    side: Side = "both",
) -> NDArray[np.float32]:
    """Join n looks into one score that only k looks in agreement can raise.

    Parameters
    ----------
    looks
        (look, ...) scores of the n looks of a window; NaN is a look that was not had.
    k
        How many looks must agree, 1 to n.
    floor
        Each of the k looks must reach this score itself, or the joint score is 0.
    scale
        From `agreement_scale` of the same looks; the joint score is divided by it. NaN gives NaN.
    side
        Direction of change; "both" lets the k looks agree on either and keeps the sign.

    Returns
    -------
    (...) float32: the sum of the k best looks over the square root of k and over `scale`; negative
    for "less"; NaN where fewer than k looks were had.

    Raises
    ------
    ValueError
        If `k` is not 1 to n, or `floor` or `scale` is not positive.

    Notes
    -----
    The sum keeps more of a faint lasting change than the minimum does at the same rate of false
    alarms; the floor keeps one wild look from confirming itself. Calibrate it with
    `leave_group_out_scores` of as many looks, their neighbours left out with them: single left-out
    dates are wrong by up to 100 times, groups whose neighbours stay in by up to twice.
    """
    if not 1 <= k <= looks.shape[0]:
        raise ValueError(f"k must be 1 to {looks.shape[0]}, got {k}")
    if not floor > 0:
        raise ValueError(f"floor must be positive, got {floor}")
    if scale <= 0:
        raise ValueError(f"scale must be positive, got {scale}")
    had = np.isfinite(looks).sum(axis=0) >= k
    more = _agreed(looks, k, floor) if side != "less" else np.zeros(had.shape)
    less = _agreed(-looks, k, floor) if side != "more" else np.zeros(had.shape)
    joint = np.where(more >= less, more, -less) / scale
    return np.where(had, joint, np.nan).astype(np.float32)


def _agreed(looks: NDArray[np.floating], k: int, floor: float) -> NDArray[np.float64]:
    filled = np.where(np.isfinite(looks), looks, -np.inf)
    best = np.sort(filled, axis=0)[-k:]
    with np.errstate(invalid="ignore"):
        total = best.sum(axis=0, dtype=np.float64) / np.sqrt(k)
    return np.where(best[0] >= floor, total, 0.0)


def _extremeness(scores: NDArray[np.floating], side: Side) -> NDArray[np.floating]:
    if side == "both":
        return np.asarray(np.abs(scores))
    if side == "more":
        return scores
    if side == "less":
        return -scores
    raise ValueError(f'side must be "both", "more" or "less", got {side!r}')
