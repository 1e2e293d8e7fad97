"""Spectral classes: k-means with a fixed start, and the class of any pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDS = 12
_FITTED_ON = 30_000  # pixels; more move the centres by nothing that matters


def class_centres(
    pixels: NDArray[np.floating], *, classes: int, seed: int = 0
) -> NDArray[np.float32]:
    """Return k-means centres (Lloyd) of `pixels` (pixel, band), float32 (class, band).

    Starts from `classes` pixels drawn with `seed`; a class that loses all its pixels
    keeps its centre. Fewer pixels than classes give one class a pixel.
    """
    step = max(1, len(pixels) // _FITTED_ON)
    sample = pixels[::step].astype(np.float32)
    count = max(1, min(classes, len(sample)))
    bands = np.ascontiguousarray(sample.T)
    centres = sample[np.random.default_rng(seed).choice(len(sample), count, replace=False)]
    for _ in range(_ROUNDS):
        label = nearest_class(bands, centres)
        size = np.bincount(label, minlength=count)
        for band, values in enumerate(bands):
            total = np.bincount(label, weights=values, minlength=count)
            centres[:, band] = np.where(size > 0, total / np.maximum(size, 1), centres[:, band])
    return centres


def nearest_class(pixels: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return for `pixels` (band, pixel) the index (pixel,) of the nearest of `centres`.

    Computed in float64: the order in which a library adds up moves the last digit of a
    distance, far below what float32 values can bring nearer than another class, so a
    pixel's class does not depend on which pixels come with it.
    """
    exact = centres.astype(np.float64)
    nearness = pixels.T.astype(np.float64) @ exact.T
    nearness -= 0.5 * np.square(exact).sum(axis=1)
    return np.asarray(nearness.argmax(axis=1))
