"""Change inside a zone, held against what the whole zone does on the same date.

Rain darkens all of a concrete stand and the sun dims all of it; vehicles cover parts. What a
quarter of the zone agrees on in either direction is the zone's own common change, and no
evidence of anything: it is taken out before pixels are judged, yet never by more than quiet
dates lead to expect. So an exercise that fills a zone does not vanish.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from pipeline.kernels.medians import medians_of_looks, medians_of_others
from pipeline.kernels.ranks import row_quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scales = tuple[NDArray[np.float32], NDArray[np.float32]]

# A change is common when at least this share of the zone goes along with it.
COMMON_SHARE = 0.25
# A common change as rare as this on quiet dates is change of the whole zone.
BEYOND_BELIEF = 1e-3
# A pixel's scale covers its own quiet extremes at this many standard deviations: sheds throw
# long shadows on a few winter dates, which a median deviation would not remember.
EXTREME_SIGMA = 2.5
# Weight, in looks, of the zone's median scale in a pixel's own.
PRIOR_LOOKS = 8.0
# The cut is what 99.8 % of a quiet date's pixels stay below, on nine quiet dates of ten.
PIXEL_SHARE, DATE_SHARE, LOWEST_CUT = 0.998, 0.9, 3.0
FEWEST_LOOKS, LEAST_OBSERVED = 6, 0.7
OF_NORMAL = 1.4826


@dataclass(frozen=True)
class LocalScores:
    """How unusual each pixel of one zone is against the rest of it.

    Attributes
    ----------
    place
        (n,) int64 positions of the zone's pixels among those of the series.
    change
        (time, n) float32 value less what is usual and less the common change, in the feature's
        unit. Baseline looks are held against the others.
    common
        (time,) float64 common change taken out, same unit.
    rise, fall
        (time, n) float32 scale of changes above and below zero, same unit; of a quiet look,
        what the others teach, as of a new one.
    date_scale
        (time,) float64, at least 1: how much wider than usual the ring's own scores lay.
    cut
        Score from which a pixel counts; infinite where quiet looks are too few to set it.
    """

    place: NDArray[np.int64]
    change: NDArray[np.float32]
    common: NDArray[np.float64]
    rise: NDArray[np.float32]
    fall: NDArray[np.float32]
    date_scale: NDArray[np.float64]
    cut: float

    def z(self) -> NDArray[np.float32]:
        """Return (time, n) signed scores."""
        scale = np.where(self.change > 0, self.rise, self.fall)
        return np.asarray(self.change / scale / self.date_scale[:, None], dtype=np.float32)

    def found(self, sign: int, smallest_step: float) -> NDArray[np.bool_]:
        """Return (time, n) True where score and step speak for change in a direction."""
        with np.errstate(invalid="ignore"):
            return np.asarray(
                (sided(self.z(), sign) >= self.cut) & (sided(self.change, sign) >= smallest_step)
            )


def local_scores(
    values: NDArray[np.float32],
    weight: NDArray[np.float32],
    quiet: NDArray[np.bool_],
    date_scale: NDArray[np.float64],
    *,
    step: NDArray[np.float64] | float = 0.0,
    sign: int = 0,
) -> LocalScores:
    """Score one zone's pixels against the zone itself.

    Parameters
    ----------
    values
        (time, pixel) float32 feature; NaN is not usable.
    weight
        (pixel,) share of each pixel inside the zone.
    quiet
        (time,) True = baseline.
    date_scale
        (time,) spread of the ring's scores on the date over its median; below 1 counts as 1,
        NaN as infinite: a date whose ring was not seen finds nothing.
    step
        (time,) what the whole scene changed by, taken out of the values first.
    sign
        Direction the cut is set for: +1, −1, or 0 for either.
    """
    place = np.flatnonzero(weight > 0)
    inside = values.take(place, axis=1) - np.reshape(step, (-1, 1)).astype(np.float32)
    seen = np.isfinite(inside) @ weight[place].astype(np.float64)
    scale_of_date = np.where(np.isfinite(date_scale), np.maximum(date_scale, 1.0), np.inf)
    enough = seen >= LEAST_OBSERVED * weight[place].sum(dtype=np.float64)
    good = quiet & enough & np.isfinite(scale_of_date)
    change, common = _less_common(inside, good)
    scales = _scales(change[good] / scale_of_date[good, None], sign)
    rise, fall = (_of_looks(scale, others, good) for scale, others in scales[:2])
    return LocalScores(place, change, common, rise, fall, scale_of_date, scales[2])


def _of_looks(
    scale: NDArray[np.float32], others: NDArray[np.float32], quiet: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return (time, n) the scale of all quiet looks, and of the others on a quiet one."""
    out = np.broadcast_to(scale, (quiet.size, scale.size)).copy()
    out[quiet] = others
    return out


def _less_common(
    values: NDArray[np.float32], quiet: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return change less the common change, and the common change."""
    level = row_quantiles(values - medians_of_looks(values[quiet]), 0.5)
    centred = values - level[:, None].astype(np.float32)
    usual = np.empty(values.shape, dtype=np.float32)
    usual[quiet], usual[~quiet] = medians_of_others(centred[quiet])
    change = values - usual
    low, high = (row_quantiles(change, share) for share in (COMMON_SHARE, 1 - COMMON_SHARE))
    common = np.clip(0.0, low, high)
    known = common[quiet & np.isfinite(common)]
    if known.size >= FEWEST_LOOKS:
        common = np.clip(common, *_believable(known))
    return (change - common[:, None]).astype(np.float32), common


def _believable(quiet: NDArray[np.float64]) -> tuple[float, float]:
    """Return between which bounds a common change is one that quiet dates lead to expect.

    Not the extremes seen: a new date leaves those every (n + 1) / 2 looks.
    """
    centre = float(np.median(quiet))
    spread = OF_NORMAL * float(np.median(np.abs(quiet - centre)))
    reach = float(special.stdtrit(quiet.size - 1, 1 - BEYOND_BELIEF / 2))
    reach *= spread * float(np.sqrt(1 + 1 / quiet.size))
    return min(float(quiet.min()), centre - reach), max(float(quiet.max()), centre + reach)


def _scales(quiet: NDArray[np.floating], sign: int) -> tuple[Scales, Scales, float]:
    """Return scales above and below zero, and the cut, from (look, pixel) quiet changes.

    Scales come as (pixel,) of all looks, and (look, pixel) of the others.
    """
    looks, pixels = quiet.shape
    if looks < FEWEST_LOOKS:
        nothing = np.full(pixels, np.nan, dtype=np.float32)
        unknown = nothing, np.full(quiet.shape, np.nan, dtype=np.float32)
        return unknown, unknown, float("inf")
    own = OF_NORMAL * medians_of_looks(np.abs(quiet).astype(np.float32))
    typical = float(np.nanmedian(own)) if np.isfinite(own).any() else float("nan")
    own = np.sqrt((looks * own**2 + PRIOR_LOOKS * typical**2) / (looks + PRIOR_LOOKS))
    filled = np.nan_to_num(quiet)
    rise, others_rise = _reach(filled, own)
    fall, others_fall = _reach(-filled, own)
    # Each quiet look is scored by the extremes of the others, as a new one will be.
    z = np.nan_to_num(filled / np.where(filled > 0, others_rise, others_fall))
    per_date = np.quantile(sided(z, sign), PIXEL_SHARE, axis=1)
    cut = max(LOWEST_CUT, float(np.quantile(per_date, DATE_SHARE)))
    return (rise, others_rise), (fall, others_fall), cut


def _reach(
    quiet: NDArray[np.floating], own: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (pixel,) scale of rises, and (look, pixel) the same without the look itself."""
    ranked = np.sort(quiet, axis=0)
    highest, second = ranked[-1], ranked[-2]
    others = np.where(quiet == highest, second, highest)
    return (
        np.maximum(own, highest / EXTREME_SIGMA).astype(np.float32),
        np.maximum(own, others / EXTREME_SIGMA).astype(np.float32),
    )


def sided(values: NDArray[np.floating], sign: int) -> NDArray[np.floating]:
    """Return how far values lie in the direction that counts: +1, −1, or 0 for either."""
    return np.asarray(np.abs(values) if sign == 0 else sign * values)
