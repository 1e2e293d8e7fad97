"""Colours of the desk's tiles: fixed stretches, safe colour maps, hatching of what is unseen."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.masking import (
    CLOUD,
    LOAD_FAILED,
    MISSING,
    OBSERVED,
    SHADOW,
    SNOW,
    SWATH_EDGE,
    WITHHELD,
)
from pipeline.report.figures.colour import GAMMA
from pipeline.report.layers import BEYOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Coverage code to colour; light and dark alternate, so that they differ in grey as well.
CLASSES: dict[int, tuple[str, str]] = {
    OBSERVED: ("observed", "#6d9dc5"),
    CLOUD: ("cloud", "#f2f2f2"),
    SHADOW: ("shadow", "#77797c"),
    SNOW: ("snow", "#bfe4f2"),
    SWATH_EDGE: ("edge", "#e0b050"),
    MISSING: ("missing", "#4a3a5e"),
    LOAD_FAILED: ("failed", "#d1350a"),
    WITHHELD: ("withheld", "#1d1f21"),
}
UNSCORED = "#f6f6f4"
DIVERGING, SEQUENTIAL, GREY = "PuOr_r", "cividis", "gray"
# Hatching of pixels that were not observed: every fourth diagonal dark, the others a light veil.
STRIPE, STRIPE_DARK, STRIPE_LIGHT = 4, (70, 70, 74, 200), (232, 232, 232, 110)
STEPS = 255


@dataclass(frozen=True)
class Stretch:
    """Values from `low` to `high`, a pair a band, become black to full; the same on all dates."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    gamma: float = 1.0


def robust_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return the ends of nearly all finite values; (0, 1) where there are none.

    The upper end is far out, because concrete, on which vehicles stand, is the brightest ground
    of a site and must not become plain white.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(known, (1, 99.5)))
    return low, max(high, low + 1e-6)


def coloured(values: NDArray[np.float32], how: Stretch) -> NDArray[np.uint8]:
    """Return (3, y, x) values as (y, x, 4) opaque colour; NaN becomes 0 and must be marked."""
    low, high = (np.asarray(part, np.float32)[:, None, None] for part in (how.low, how.high))
    scaled = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1) ** how.gamma
    return _opaque(np.moveaxis((scaled * 255 + 0.5).astype(np.uint8), 0, -1))


def mapped(values: NDArray[np.float32], low: float, high: float, colours: str) -> NDArray[np.uint8]:
    """Return (y, x) values as (y, x, 4) by a colour map; NaN becomes 0 and must be marked."""
    place = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1) * STEPS
    return _opaque(table(colours)[place.astype(np.uint8)])


@cache
def table(name: str) -> NDArray[np.uint8]:
    """Return the 256 colours of a map, (256, 3)."""
    from matplotlib import colormaps  # noqa: PLC0415 - heavy

    shades = colormaps[name](np.linspace(0, 1, STEPS + 1))[:, :3]
    return np.asarray(shades * 255 + 0.5, dtype=np.uint8)


def legend_of(name: str, low: float, high: float, stops: int = 5) -> list[dict[str, object]]:
    """Return evenly spaced values of a colour map with their colours."""
    shades = table(name)
    places = np.linspace(0, STEPS, stops).astype(int)
    values = np.linspace(low, high, stops)
    return [
        {"value": float(f"{value:.3g}"), "colour": _hexadecimal(shades[place])}
        for value, place in zip(values, places, strict=True)
    ]


def class_colours(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return coverage codes as (y, x, 4) colours; beyond the site transparent."""
    shades = np.zeros((256, 4), np.uint8)
    for code, (_, colour) in CLASSES.items():
        shades[code] = (*_rgb(colour), 255)
    return shades[codes]


def marked(
    image: NDArray[np.uint8], codes: NDArray[np.uint8], at: tuple[int, int]
) -> NDArray[np.uint8]:
    """Hatch what was not observed and clear what lies beyond the site, in place.

    Parameters
    ----------
    image
        (y, x, 4).
    codes
        (y, x) coverage codes.
    at
        Row and column of the first pixel, so that the hatching meets between tiles.
    """
    rows, columns = np.ogrid[: codes.shape[0], : codes.shape[1]]
    stripe = ((rows + columns + sum(at)) % STRIPE) == 0
    lost = (codes != OBSERVED) & (codes != BEYOND)
    image[lost] = STRIPE_LIGHT
    image[lost & stripe] = STRIPE_DARK
    image[codes == BEYOND] = 0
    return image


def png(image: NDArray[np.uint8]) -> bytes:
    """Return (y, x, 4) colours as PNG; little packing, because it is for this machine."""
    from PIL import Image  # noqa: PLC0415 - only where pictures are drawn

    buffer = io.BytesIO()
    Image.fromarray(image, "RGBA").save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _opaque(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.dstack([colours, np.full(colours.shape[:2], 255, np.uint8)])


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hexadecimal(colour: NDArray[np.uint8]) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in colour)


__all__ = [
    "CLASSES", "DIVERGING", "GAMMA", "GREY", "SEQUENTIAL", "UNSCORED", "Stretch", "class_colours",
    "coloured", "legend_of", "mapped", "marked", "png", "robust_range", "table",
]  # fmt: skip
