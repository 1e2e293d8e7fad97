"""A radar zone's sum, less what its surroundings and its own background do on the same date.

Wet soil lifts fields by 2.5 dB and concrete by a tenth of that; wet snow lowers both. The
ring's step alone would move the one nuisance onto the zone while it removes the other, so how
much of it a zone follows is learnt from its own quiet looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The quarter of the zone that is darkest against its own history: vehicles on three quarters
# of it leave the background alone.
BACKGROUND_SHARE = 0.25
# What is believed before any look: the sum follows four fifths of its background's step, give
# or take 0.4, and as much of the ring's as the background does.
FOLLOWS, UNSURE = 0.8, 0.4
FEWEST_LOOKS = 6


class Corrected(NamedTuple):
    """A level less its background.

    Parameters
    ----------
    level
        (time,) float64, dB; NaN where it cannot be formed.
    unsure
        (time,) float64, standard deviation in dB that a date outside of what quiet looks
        have shown adds; 0 within.
    """

    level: NDArray[np.float64]
    unsure: NDArray[np.float64]


def less_background(
    level_db: NDArray[np.float64],
    step_db: NDArray[np.float64],
    background: NDArray[np.float64],
    quiet: NDArray[np.bool_],
) -> Corrected:
    """Take the ring's step and the zone's own background out of its level.

    Parameters
    ----------
    level_db, step_db, background
        (time,) zone sum, ring step and background, each against what is usual, dB.
    quiet
        (time,) True = baseline; such looks are corrected by what the others teach.

    Notes
    -----
    Ridge regression on quiet looks towards `FOLLOWS`. Of the background, what the ring does
    not explain is bounded by what quiet looks have shown: an exercise that lifts every pixel
    of the zone must not be taken for its background.
    """
    known = np.isfinite(level_db) & np.isfinite(step_db) & np.isfinite(background)
    used = quiet & known
    if used.sum() < FEWEST_LOOKS:
        plain = level_db - step_db
        return Corrected(plain - _median(plain[used]), np.zeros(len(plain)))
    step = step_db - np.median(step_db[used])
    own, slope = _own_part(step, background - np.median(background[used]), used)
    design = np.column_stack([step, own])
    prior = np.array([FOLLOWS * slope, FOLLOWS])
    target = level_db - np.median(level_db[used])
    noise = max(float(np.var(target[used] - design[used] @ prior)), 1e-4)
    level, leverage = _fitted(design, target, prior, used, noise)
    level -= _median(level[used])
    reached = float(leverage[used].max())
    unsure = np.sqrt(noise * np.clip(leverage - reached, 0.0, None))
    return Corrected(np.where(known, level, np.nan), np.where(known, unsure, 0.0))


def _own_part(
    step: NDArray[np.float64], background: NDArray[np.float64], used: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    """Split the background into what follows the ring, a slope, and the bounded rest."""
    spread = float(step[used] @ step[used])
    slope = float(step[used] @ background[used]) / (spread + 1.0)
    rest = background - slope * step
    return np.clip(rest, rest[used].min(), rest[used].max()), slope


def _fitted(
    design: NDArray[np.float64],
    target: NDArray[np.float64],
    prior: NDArray[np.float64],
    used: NDArray[np.bool_],
    noise: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (time,) target less what the ridge predicts, and the leverage of each date."""
    ridge = np.eye(2) * noise / UNSURE**2
    rows, away = design[used], target[used] - design[used] @ prior
    normal, right = rows.T @ rows + ridge, rows.T @ away
    inverse = np.linalg.inv(normal)
    left = target - design @ (prior + inverse @ right)
    leverage = np.einsum("ti,ij,tj->t", design, inverse, design)
    # A quiet look as if it had not taught: the deleted residual of a ridge regression.
    left[used] = left[used] / (1.0 - leverage[used])
    return left, leverage


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0
