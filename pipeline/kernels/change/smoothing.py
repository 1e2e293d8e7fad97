"""Gaussian means that leave out what is not valid."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRUNCATE = 3.0


def gaussian_halo(sigma: float) -> int:
    """Pixels beyond a block that `gaussian_mean` of `sigma` looks at."""
    return ceil(_TRUNCATE * sigma) if sigma > 0 else 0


def gaussian_weight(valid: NDArray[np.bool_], *, sigma: float) -> NDArray[np.float32]:
    """Return how much of the Gaussian around each pixel of (y, x) lies on valid ones."""
    weight = _blurred(valid.astype(np.float32), sigma)
    return np.maximum(weight, np.float32(1e-6), out=weight)


def gaussian_mean(
    values: NDArray[np.floating],
    valid: NDArray[np.bool_],
    *,
    sigma: float,
    weight: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Gaussian-weighted mean over the valid pixels around each pixel.

    Parameters
    ----------
    values
        (..., y, x); anything, also NaN, where not valid.
    valid
        (y, x).
    sigma
        Pixels; 0 only blanks what is not valid. Halo: ``ceil(3 sigma)``.
    weight
        `gaussian_weight` of `valid` and `sigma`, for who takes several means; None: from them.

    Returns
    -------
    float32 (..., y, x); NaN exactly where not `valid`.
    """
    if sigma < 0 or valid.shape != values.shape[-2:]:
        raise ValueError(f"sigma={sigma}, values {values.shape}, valid {valid.shape}")
    out = np.where(valid, values, 0).astype(np.float32)
    if sigma > 0:
        for layer in out.reshape(-1, *valid.shape):
            layer[:] = _blurred(layer, sigma)
        out /= gaussian_weight(valid, sigma=sigma) if weight is None else weight
    out[..., ~valid] = np.nan
    return out


def _blurred(layer: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    # Zero beyond the edge: together with the weights that is "nothing known there".
    blurred: NDArray[np.float32] = ndimage.gaussian_filter(
        layer, sigma, mode="constant", radius=gaussian_halo(sigma)
    )
    return blurred
