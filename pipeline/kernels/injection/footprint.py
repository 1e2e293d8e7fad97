"""A blob as the sensor sees it: which share of each pixel's signal comes from the object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from pipeline.kernels.injection.plan import Injections

SUPERSAMPLING = 8


def blob_footprints(
    plan: Injections, *, pixel_m: float, psf_sigma_m: float, half_px: int
) -> NDArray[np.float32]:
    """Render a disc for every injection, 8 times supersampled and blurred by the sensor.

    Parameters
    ----------
    plan
        Centres and sizes.
    pixel_m
        Side of a pixel.
    psf_sigma_m
        Standard deviation of the point spread function, taken as Gaussian; about 0.42 of its full
        width at half maximum. 0 only averages over the pixel.
    half_px
        Half width of the patch; light that falls beyond it is lost.

    Returns
    -------
    (n, h, w) float32 with h = w = 2 `half_px` + 1: share of the pixel, 0 to 1. The shares add up
    to the area of the blob in pixels.

    Raises
    ------
    ValueError
        If `pixel_m` is not positive or `psf_sigma_m` is negative.
    """
    if not pixel_m > 0 or psf_sigma_m < 0:
        raise ValueError(f"pixel_m and psf_sigma_m: got {pixel_m} and {psf_sigma_m}")
    width = 2 * half_px + 1
    fine = (np.arange(width * SUPERSAMPLING) + 0.5) / SUPERSAMPLING - width / 2
    radius = np.sqrt(plan.size_m2 / np.pi) / pixel_m
    out = np.empty((plan.rows.size, width, width), dtype=np.float32)
    blur = _blur_matrix(fine, half_px, psf_sigma_m / pixel_m)
    for index in range(plan.rows.size):
        down, right = (fine - plan.down[index]) ** 2, (fine - plan.right[index]) ** 2
        disc = np.sqrt(down[:, None] + right[None])
        # One fine cell of ramp at the rim keeps the area exact to a fraction of a cell.
        disc *= -SUPERSAMPLING
        disc += radius[index] * SUPERSAMPLING + 0.5
        np.clip(disc, 0.0, 1.0, out=disc)
        out[index] = blur @ disc @ blur.T
    return out


def _blur_matrix(fine: NDArray[np.float64], half_px: int, sigma_px: float) -> NDArray[np.float64]:
    """Return (pixel, fine cell) weights: the Gaussian integrated over each pixel."""
    edges = np.arange(-half_px, half_px + 2) - 0.5
    if sigma_px == 0:
        inside = (fine[None] >= edges[:-1, None]) & (fine[None] < edges[1:, None])
        return inside / SUPERSAMPLING
    reach = special.ndtr((edges[:, None] - fine[None]) / sigma_px)
    return np.asarray((reach[1:] - reach[:-1]) / SUPERSAMPLING)


def near_blob(
    footprints: NDArray[np.floating], *, share: float = 0.15, reach_px: int = 1
) -> NDArray[np.bool_]:
    """Return (n, h, w) where a detection counts as the blob's: its pixels and one around."""
    own = footprints >= np.minimum(share, 0.5 * footprints.max(axis=(1, 2), keepdims=True))
    around = np.ones((1, 2 * reach_px + 1, 2 * reach_px + 1), dtype=np.bool_)
    return np.asarray(ndimage.binary_dilation(own, structure=around))
