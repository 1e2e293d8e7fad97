"""Coverage codes: what of a look was seen, and why the rest was not.

One uint8 code a pixel. Only ``OBSERVED`` is usable ground; snow is a look at snow,
so it has a code of its own and is usable only for those who ask for it
(`usable` with ``keep_snow``).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

OBSERVED = 0
CLOUD = 1
SHADOW = 2
SNOW = 3
SWATH_EDGE = 4
MISSING = 5
LOAD_FAILED = 6
WITHHELD = 7

CoverageName = Literal[
    "observed", "cloud", "shadow", "snow", "swath-edge", "missing", "load-failed", "withheld"
]
#: Code to the word used in the record.
COVERAGE_NAMES: Mapping[int, CoverageName] = MappingProxyType(
    {
        OBSERVED: "observed",
        CLOUD: "cloud",
        SHADOW: "shadow",
        SNOW: "snow",
        SWATH_EDGE: "swath-edge",
        MISSING: "missing",
        LOAD_FAILED: "load-failed",
        WITHHELD: "withheld",
    }
)
#: The word used in the record to its code.
COVERAGE_CODES: Mapping[str, int] = MappingProxyType({n: c for c, n in COVERAGE_NAMES.items()})


class Sign(NamedTuple):
    """Which mask values, or which set bits, give a pixel a coverage code.

    Attributes
    ----------
    code
        One of the coverage codes.
    values
        Values of a class mask.
    bits
        Bit numbers of a bit mask, any of which counts.
    dilation_m
        How far around such pixels the code holds too, metres.
    """

    code: int
    values: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()
    dilation_m: float = 0.0


def coverage_from_mask(
    mask: NDArray[np.integer], signs: Sequence[Sign], *, pixel_m: float
) -> NDArray[np.uint8]:
    """Read a provider's class or bit mask (Sentinel-2 SCL, Landsat QA_PIXEL) as coverage codes.

    Parameters
    ----------
    mask
        (y, x) integer mask.
    signs
        In order of precedence: the first that applies, dilation included, decides.
        A pixel no sign applies to is observed.
    pixel_m
        Edge of a mask pixel, metres.

    Returns
    -------
    uint8 (y, x) coverage codes.

    Raises
    ------
    ValueError
        `mask` is not of integers, or a sign's code is unknown or its dilation negative.
    """
    if mask.dtype.kind not in "iu":
        raise ValueError(f"mask must be of integers, got {mask.dtype}")
    out = np.full(mask.shape, OBSERVED, np.uint8)
    for sign in reversed(signs):
        if sign.code not in COVERAGE_NAMES:
            raise ValueError(f"unknown coverage code {sign.code}")
        out[dilated(_marked(mask, sign), sign.dilation_m, pixel_m=pixel_m)] = sign.code
    return out


def dilated(mask: NDArray[np.bool_], metres: float, *, pixel_m: float) -> NDArray[np.bool_]:
    """Grow `mask` (y, x) to all pixels whose centre is within `metres` of one of its centres.

    Halo: ``ceil(metres / pixel_m)`` pixels.
    """
    if not (np.isfinite(metres) and metres >= 0 and pixel_m > 0):
        raise ValueError(f"cannot dilate by {metres} m on pixels of {pixel_m} m")
    if metres < pixel_m or not mask.any():
        return mask.copy()
    distance = ndimage.distance_transform_edt(~mask, sampling=pixel_m)
    grown: NDArray[np.bool_] = distance <= metres * (1 + 1e-9)  # a radius of whole pixels counts
    return grown


def among(codes: NDArray[np.uint8], *wanted: int) -> NDArray[np.bool_]:
    """Return where coverage `codes` (any shape) are one of those wanted."""
    found = np.zeros(codes.shape, np.bool_)
    for code in wanted:  # a twentieth of the time of np.isin
        found |= codes == code
    return found


def usable(codes: NDArray[np.uint8], *, keep_snow: bool = False) -> NDArray[np.bool_]:
    """Return where coverage `codes` (any shape) allow a statement about the ground.

    `keep_snow` counts snow as a look: for indicators of snow only.
    """
    seen = codes == OBSERVED
    return np.asarray(seen | (codes == SNOW) if keep_snow else seen)


@dataclass(frozen=True)
class NeverObserved:
    """Pixels that are called cloud whenever one could have seen them.

    Attributes
    ----------
    flag
        (y, x) True where masked as cloud on most dates with a clear ring.
    share
        (y, x) float32 share of those dates; NaN where fewer than the minimum.
    clear_looks
        Number of dates with a clear ring.
    """

    flag: NDArray[np.bool_]
    share: NDArray[np.float32]
    clear_looks: int


def never_observed(
    codes: NDArray[np.uint8],
    ring_clear: NDArray[np.bool_],
    *,
    most: float = 0.5,
    minimum_looks: int = 5,
) -> NeverObserved:
    """Find persistent false cloud: bright concrete and roofs that a cloud test mistakes.

    Real cloud comes and goes; what is masked as cloud on more than `most` of the
    dates on which the context ring is clear is no cloud, and the zone was never
    looked at there. It must be said, not read as "no change".

    Parameters
    ----------
    codes
        (time, y, x) coverage codes. Looks that did not cover a pixel (swath edge,
        missing, failed) do not count for it.
    ring_clear
        (time,) whether the context ring was free of cloud on that date.
    most
        Share above which a pixel is flagged.
    minimum_looks
        Fewer counted dates flag nothing.
    """
    if codes.ndim != 3 or ring_clear.shape != codes.shape[:1]:
        raise ValueError(f"codes {codes.shape} and ring_clear {ring_clear.shape} do not match")
    clear = codes[ring_clear]
    looked = among(clear, OBSERVED, CLOUD, SHADOW, SNOW).sum(axis=0)
    cloudy = (clear == CLOUD).sum(axis=0)
    share = np.full(looked.shape, np.nan, np.float32)
    np.divide(cloudy, looked, out=share, where=looked >= max(1, minimum_looks), casting="unsafe")
    return NeverObserved(np.nan_to_num(share) > most, share, int(ring_clear.sum()))


def _marked(mask: NDArray[np.integer], sign: Sign) -> NDArray[np.bool_]:
    hit = np.isin(mask, sign.values)
    if sign.bits:
        hit |= (mask.astype(np.int64) & sum({1 << bit for bit in sign.bits})) != 0
    return hit
