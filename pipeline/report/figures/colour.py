"""Display stretches and colour maps: physical values to 8-bit pictures."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.report.figures.tables import COLOURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pipeline.report.layers import Layer

GAMMA = 1 / 1.8  # lifts the dark half of a reflectance scene to what a screen shows well
FLOOR_DB, CEILING_DB = -25.0, 5.0  # land and sea lie inside; corner reflectors saturate
UNSEEN = 232  # grey under the hatching of pixels that were not observed
SHADED = 196  # grey under the hatching of cloud shadow
UNSCORED = 246  # of ground that was observed and not scored: lighter than anything lost
FINE = 1000  # pixels a side of hatching and outlines
LOSSLESS = 400_000  # drawn pixels of one page up to which pictures are PNG, then JPEG


@dataclass(frozen=True)
class Stretch:
    """One display stretch for both dates, in the unit of the display (dB for radar)."""

    bands: tuple[int, ...]
    low: tuple[float, ...]
    high: float
    radar: bool


def display_values(layer: Layer, bands: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the drawn bands (band, y, x): reflectance, or 10·log10 of backscatter."""
    every = bands == tuple(range(len(layer.values)))
    values = layer.values if every else layer.values[list(bands)]
    if not layer.radar:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, 10 * np.log10(values), np.nan).astype(np.float32)


def drawn_bands(layer: Layer) -> tuple[int, ...]:
    """Return which bands are drawn: red, green, blue where there are, else the first."""
    named = [layer.bands.index(name) for name in ("red", "green", "blue") if name in layer.bands]
    return tuple(named) if len(named) == 3 else (0,)


def stretch(*layers: Layer) -> Stretch:
    """Return the joint 2 to 98 percentile stretch of all `layers` (one sensor and track)."""
    bands, radar = drawn_bands(layers[0]), layers[0].radar
    shown = [display_values(layer, bands) for layer in layers]
    pooled = [np.concatenate([v[i].ravel() for v in shown]) for i in range(len(bands))]
    pooled = [_finite(values) for values in pooled]
    if any(values.size == 0 for values in pooled):
        return Stretch(bands, (0.0,) * len(bands), 1.0, radar)
    edges = [np.percentile(values, (2, 98)) for values in pooled]
    low = [float(edge[0]) for edge in edges]
    high = max(float(edge[1]) for edge in edges)
    if radar:
        low = [max(FLOOR_DB, value) for value in low]
        high = min(CEILING_DB, high)
    return Stretch(bands, tuple(low), max(high, max(low) + 1e-3), radar)


def _finite(values: NDArray[np.float32]) -> NDArray[np.float32]:
    finite = np.isfinite(values)
    return values if finite.all() else values[finite]


def picture(layer: Layer, how: Stretch) -> NDArray[np.uint8]:
    """Return `layer` as 8-bit (y, x) or (y, x, 3); unobserved pixels are light grey."""
    values = display_values(layer, how.bands)
    low = np.asarray(how.low, np.float32)[:, None, None]
    scaled = np.clip((values - low) / (how.high - low), 0, 1)
    if not how.radar:
        scaled = scaled**GAMMA
    seen = np.isfinite(values).all(axis=0)
    image = np.where(seen, np.nan_to_num(scaled) * 255 + 0.5, UNSEEN).astype(np.uint8)
    if layer.outside is not None:
        image[:, layer.outside] = 255
    return image[0] if len(how.bands) == 1 else np.moveaxis(image, 0, -1)


def magnified(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `mask` enlarged by a whole factor to about `FINE` pixels, for thin lines."""
    factor = max(1, round(FINE / max(mask.shape)))
    return mask.repeat(factor, axis=0).repeat(factor, axis=1)


def hatch(seen: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return diagonal lines (1) over what was not seen, 0 elsewhere, magnified (y, x)."""
    return _lines(~seen, lambda rows, columns: (rows + columns) % 12 < 2)


def cross(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return crossed lines (1) inside `mask`, magnified (y, x)."""
    return _lines(
        mask, lambda rows, columns: ((rows + columns) % 12 < 2) | ((rows - columns) % 12 < 2)
    )


def backward(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return dense lines (1) that fall to the right inside `mask`, magnified (y, x)."""
    return _lines(mask, lambda rows, columns: (rows - columns) % 6 < 2)


def dots(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a lattice of dots (1) inside `mask`, magnified (y, x)."""
    return _lines(mask, lambda rows, columns: (rows % 6 < 2) & (columns % 6 < 2))


def _lines(
    mask: NDArray[np.bool_],
    drawn: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.bool_]],
) -> NDArray[np.uint8]:
    """Return a pattern of rows and columns (1) inside `mask`, magnified; mostly there is none."""
    inside = magnified(mask)
    if not inside.any():
        return inside.astype(np.uint8)
    rows, columns = np.ogrid[: inside.shape[0], : inside.shape[1]]
    return (drawn(rows, columns) & inside).astype(np.uint8)


def edges(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the outline (1) of `mask`, just outside it, magnified (y, x)."""
    inside = magnified(mask)
    padded = np.pad(inside, 1)
    near = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return (near & ~inside).astype(np.uint8)


@dataclass(frozen=True)
class Scale:
    """A colour map between two values."""

    name: str
    low: float
    high: float
    colours: NDArray[np.uint8]


def scale(values: NDArray[np.float32], *, signed: bool) -> Scale:
    """Return the colour scale of an anomaly (PuOr, symmetric) or a score (cividis from 0)."""
    finite = np.abs(values[np.isfinite(values)])
    top = float(np.percentile(finite, 99.5)) if finite.size else 1.0
    top = float(f"{max(top, 1e-6):.2g}")
    if signed:
        top = max(top, 4.0)  # a quiet scene must look quiet
    name = "PuOr_r" if signed else "cividis"
    return Scale(name, -top if signed else 0.0, top, COLOURS[name])


def indexed(values: NDArray[np.float32], how: Scale) -> NDArray[np.uint8]:
    """Return (y, x) as index into the 64 colours of `how`; 64 where there is no value."""
    steps = np.nan_to_num((values - how.low) / (how.high - how.low)) * 64
    return np.where(np.isfinite(values), np.clip(steps, 0, 63), 64).astype(np.uint8)


# The highest level takes fifteen times as long for a tenth less.
_LEVEL = 6


def png(image: NDArray[np.uint8], palette: NDArray[np.uint8] | None = None) -> str:
    """Return a data URI; with `palette` (n, 3) `image` holds indices, the last one clear."""
    from PIL import Image  # noqa: PLC0415 - only where pictures are drawn

    picture = Image.fromarray(image)
    buffer = io.BytesIO()
    if palette is None:
        picture.save(buffer, "PNG", compress_level=_LEVEL)
    else:
        picture = Image.fromarray(image, mode="P") if image.ndim == 2 else picture
        picture.putpalette(palette.ravel().tolist())
        picture.save(buffer, "PNG", compress_level=_LEVEL, transparency=len(palette) - 1)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def jpeg(image: NDArray[np.uint8]) -> str:
    """Return a data URI of a large picture, without chroma subsampling."""
    from PIL import Image  # noqa: PLC0415 - only where pictures are drawn

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=88, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
