"""What a pixel is measured by: radar brightness in dB, and optical brightness and indices.

Features are written once, over the roles of the sensor table, so every sensor that has the
bands has the feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.kernels.blurring import gaussian_means
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Bands = Mapping[str, NDArray[np.float32]]

# A smoothing of 0.8 px reaches four standard deviations.
SMOOTHING_HALO_PX = 4
# Many small images are smoothed at once, up to so many pixels.
TOGETHER_PX = 1 << 19
# Below this the logarithm of gamma-nought is noise of the processor: -40 dB.
FAINTEST = 1e-4


def decibels(power: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return 10·log10 of linear power, float32; not positive gives NaN."""
    level: NDArray[Any] = np.maximum(power, FAINTEST)
    np.multiply(np.log10(level, out=level), 10.0, out=level)
    dark = ~(power > 0)
    if dark.any():
        level[dark] = np.nan
    return np.asarray(level, np.float32)


def normalised_difference(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (a − b) / (a + b), float32 within ±1; NaN where the sum is not positive."""
    total = a + b
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(total > 0, (a - b) / total, np.nan)
    return np.clip(ratio, -1.0, 1.0).astype(np.float32)


def _span(bands: Bands) -> NDArray[np.float32]:
    return bands["vv"] + bands["vh"] if "vh" in bands else bands["vv"]


def _brightness(bands: Bands) -> NDArray[np.float32]:
    return (bands["blue"] + bands["green"] + bands["red"]) / np.float32(3)


def _bare_soil(bands: Bands) -> NDArray[np.float32]:
    return normalised_difference(bands["swir16"] + bands["red"], bands["nir"] + bands["blue"])


@dataclass(frozen=True)
class Feature:
    """One feature.

    Attributes
    ----------
    name, unit
        As the report writes them.
    roles
        Band roles it needs.
    compute
        Bands by role, each (time, y, x) physical values, to (time, y, x) float32.
    smoothing_px
        Standard deviation of the Gaussian applied to each date, pixels; 0 is none. Radar
        speckle is averaged over a little more than a pixel before it is judged.
    """

    name: str
    unit: str
    roles: tuple[str, ...]
    compute: Callable[[Bands], NDArray[np.float32]]
    smoothing_px: float = 0.0


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("span", "gamma0", ("vv",), _span),
        Feature("vv_db", "dB", ("vv",), lambda b: decibels(b["vv"]), 0.8),
        Feature("vh_db", "dB", ("vh",), lambda b: decibels(b["vh"]), 0.8),
        Feature("brightness", "reflectance", ("blue", "green", "red"), _brightness),
        Feature(
            "ndvi", "index", ("nir", "red"), lambda b: normalised_difference(b["nir"], b["red"])
        ),
        # Barren soil against vegetation and water: Rikimaru et al. (2002), bare soil index.
        Feature("bare_soil", "index", ("blue", "red", "nir", "swir16"), _bare_soil),
        Feature(
            "nbr", "index", ("nir", "swir22"),
            lambda b: normalised_difference(b["nir"], b["swir22"]),
        ),
    )
}  # fmt: skip


def available(roles: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the features a sensor with these band roles can carry."""
    return tuple(name for name, feature in FEATURES.items() if roles.issuperset(feature.roles))


def smoothed(
    values: NDArray[np.floating], usable: NDArray[np.bool_], sigma_px: float
) -> NDArray[np.float32]:
    """Return each date smoothed by a Gaussian over its usable pixels only.

    Parameters
    ----------
    values
        (time, y, x) float.
    usable
        (time, y, x) True = usable.
    sigma_px
        Standard deviation, pixels. Halo: ceil(4 × sigma_px) pixels.

    Returns
    -------
    (time, y, x) float32, NaN where not usable.
    """
    return gaussian_means(values, usable, sigma_px)


def looks_together(shape: tuple[int, ...]) -> int:
    """Return how many (time, y, x) looks of a shape are computed at once."""
    return max(1, TOGETHER_PX // max(1, shape[1] * shape[2]))


def evaluate(name: str, bands: Mapping[str, Any], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return one feature, smoothed as it asks for, NaN where not usable; (time, y, x) float32."""
    feature = FEATURES[name]
    out = np.empty(usable.shape, dtype=np.float32)
    together = looks_together(usable.shape)

    def compute(start: int) -> None:
        part = slice(start, start + together)
        values = feature.compute({role: bands[role][part] for role in bands})
        if feature.smoothing_px > 0:
            gaussian_means(values, usable[part], feature.smoothing_px, out[part])
        else:
            out[part] = np.where(usable[part], values, np.nan)

    side_by_side(compute, range(0, len(out), together))
    return out
