"""What quiet looks say of one quantity: the value to expect, and how far chance carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = Literal["normal", "counted"]

FEWEST = 3
# Two-sided: a quiet look leaves the band on one date of twenty.
OUTSIDE = 0.05


@dataclass(frozen=True)
class Quiet:
    """What quiet looks say about one zone and indicator.

    Attributes
    ----------
    values
        (look,) float64 values on observed baseline looks, each as if left out.
    expected
        Their median; NaN with fewer than three.
    low, high
        How far a new quiet look falls below and rises above `expected`, 95 % of the time;
        both at least 0, in the same unit.
    """

    values: NDArray[np.float64]
    expected: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """The wider side of the band."""
        return max(self.low, self.high)

    @property
    def band(self) -> tuple[float, float]:
        """The values between which a new quiet look lies, 95 % of the time."""
        return self.expected - self.low, self.expected + self.high


def quiet_band(values: NDArray[np.float64], shape: Shape) -> Quiet:
    """Return the band of new quiet looks.

    Parameters
    ----------
    values
        (look,) float64, finite.
    shape
        ``normal``: median ± Student's t × robust scale, prediction variance included.
        ``counted``: the order statistics that a new look passes with probability 0.025 on
        either side, for quantities that are mostly zero with a tail.

    Notes
    -----
    Below 39 looks no order statistic is that rare: the extreme values are taken, and carried
    outwards as far as a normal tail would go on, which is a factor of 1.6 for 8 looks and
    1.1 for 20.
    """
    count = values.size
    if count < FEWEST:
        return Quiet(values, float("nan"), float("nan"), float("nan"))
    expected = float(np.median(values))
    if shape == "normal":
        width = _t_width(values, expected)
        return Quiet(values, expected, width, width)
    ordered, rank = np.sort(values), int(OUTSIDE / 2 * (count + 1))
    lower, upper = ordered[max(rank - 1, 0)], ordered[count - max(rank, 1)]
    stretch = 1.0 if rank >= 1 else _beyond_the_extreme(count)
    return Quiet(
        values,
        expected,
        stretch * float(expected - lower),
        stretch * float(upper - expected),
    )


def _t_width(values: NDArray[np.float64], expected: float) -> float:
    count = values.size
    scale = 1.4826 * float(np.median(np.abs(values - expected)))
    # A median deviation of a few looks can be tiny by chance; half the plain one is a floor.
    scale = max(scale, float(values.std(ddof=1)) / 2)
    return (
        float(special.stdtrit(count - 1, 1 - OUTSIDE / 2)) * scale * float(np.sqrt(1 + 1 / count))
    )


def _beyond_the_extreme(count: int) -> float:
    """Return Student's 95 % prediction over the extreme expected of so many normal values."""
    wanted = float(special.stdtrit(count - 1, 1 - OUTSIDE / 2)) * float(np.sqrt(1 + 1 / count))
    # Blom's score of the largest of `count` normal values.
    extreme = float(special.ndtri((count - 0.375) / (count + 0.25)))
    return max(1.0, wanted / extreme)


def quiet_share(value: float, quiet: Quiet, direction: str) -> float:
    """Return (1 + quiet looks at least as extreme) / (quiet looks + 1).

    Parameters
    ----------
    direction
        ``more`` and ``less`` count one side, ``both`` the distance from the expected value.
    """
    away, looks = value - quiet.expected, quiet.values - quiet.expected
    if direction == "more":
        extreme = looks >= away
    elif direction == "less":
        extreme = looks <= away
    else:
        extreme = np.abs(looks) >= abs(away)
    return float((1 + np.count_nonzero(extreme)) / (looks.size + 1))
