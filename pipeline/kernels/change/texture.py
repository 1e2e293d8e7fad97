"""How much residual is normal where the ground is as mixed as here.

Roofs, streets and shadows leave larger residuals than sand or water, though nothing
changed: sun angle, viewing angle and a tenth of a pixel of misregistration see to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.change.smoothing import gaussian_halo, gaussian_mean, gaussian_weight
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXTURE_SIGMA = 2.0
TEXTURE_HALO = 2 * gaussian_halo(TEXTURE_SIGMA)
_BINS = 20


@dataclass(frozen=True)
class TextureScale:
    """Normal residual against texture: piecewise linear, flat beyond its ends.

    Attributes
    ----------
    texture
        float64 (node,), ascending.
    factor
        float64 (node,): normal residual relative to the scene's, tempered.
    level
        Median of the scene's scores relative to it; 1 where there is none.
    """

    texture: NDArray[np.float64]
    factor: NDArray[np.float64]
    level: float = 1.0


def texture(
    before: NDArray[np.floating], after: NDArray[np.floating], valid: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return local contrast of the less textured of two dates.

    The smaller of both, so that a new building's own edges do not excuse it.

    Parameters
    ----------
    before, after
        (band, y, x); their mean over the bands is looked at.
    valid
        (y, x).

    Returns
    -------
    float32 (y, x) in the unit of the bands, NaN where not valid. Halo: `TEXTURE_HALO`.
    """
    weight = gaussian_weight(valid, sigma=TEXTURE_SIGMA)

    def contrast(date: NDArray[np.floating]) -> NDArray[np.float32]:
        return _contrast(date, valid, weight)

    one, other = side_by_side(contrast, [before, after])
    return np.minimum(one, other)


def fit_texture(
    score: NDArray[np.floating], texture_: NDArray[np.floating], *, tempering: float = 0.5
) -> TextureScale:
    """Fit the normal score as a function of texture on sampled pixels.

    Parameters
    ----------
    score, texture_
        Same shape; pixels not finite in either are left out.
    tempering
        0 ignores texture, 1 divides by the full expected score. In between some of
        what is expected still counts: towns do change more than deserts.
    """
    ok = np.isfinite(score) & np.isfinite(texture_)
    values, at = score[ok].astype(np.float64), texture_[ok].astype(np.float64)
    whole = np.median(values) if values.size else 0.0
    if values.size < 50 * _BINS or whole <= 0:
        return TextureScale(np.zeros(1), np.ones(1), float(whole) if whole > 0 else 1.0)
    parts = np.array_split(np.argsort(at, kind="stable"), _BINS)
    nodes = np.array([np.median(at[part]) for part in parts])
    level = np.array([np.median(values[part]) for part in parts]) / whole
    factor = np.clip(level, 0.1, 10.0) ** tempering
    return TextureScale(nodes, factor, float(np.median(values / np.interp(at, nodes, factor))))


def relative_to_texture(
    score: NDArray[np.floating], texture_: NDArray[np.floating], scale: TextureScale
) -> NDArray[np.float32]:
    """Divide `score` by what is normal at its texture; any shape, no halo, NaN stays NaN."""
    out: NDArray[np.float32] = (score / np.interp(texture_, scale.texture, scale.factor)).astype(
        np.float32
    )
    return out


def _contrast(
    bands: NDArray[np.floating], valid: NDArray[np.bool_], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    mean = bands[0].astype(np.float32)
    for band in bands[1:]:
        mean = mean + band
    mean = mean / np.float32(len(bands))
    detail = mean - gaussian_mean(mean, valid, sigma=TEXTURE_SIGMA, weight=weight)
    detail *= detail
    square = gaussian_mean(detail, valid, sigma=TEXTURE_SIGMA, weight=weight)
    return np.sqrt(square, out=square)
