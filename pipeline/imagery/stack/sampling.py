"""Pixels of a chip at the pixel centres of the site's grid.

Data bilinear, classes nearest. Where both grids coincide the very pixel is taken.
Every pixel of the result depends on its own position alone, so any window of it has
the same bits as the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from odc.geo.crs import CRS
from pyproj import Transformer

from pipeline.kernels.interpolation import between_pixels

if TYPE_CHECKING:
    from affine import Affine
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

_DIGITS = 6  # of a pixel: what is nearer to a centre than that lies on it


@dataclass(frozen=True)
class Frame:
    """Rows `top` to `bottom` and columns `left` to `right` of a grid, halo included.

    Numbers count from the grid's own corner and may lie outside of it.
    """

    geobox: GeoBox
    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def whole(cls, geobox: GeoBox) -> Frame:
        """Return the frame of the whole grid."""
        return cls(geobox, 0, 0, *geobox.shape)

    @classmethod
    def window(cls, geobox: GeoBox, rows: slice, cols: slice) -> Frame:
        """Return the frame of a (y, x) window; ValueError unless it lies in the grid."""
        top, bottom, step = rows.indices(geobox.shape[0])
        left, right, stride = cols.indices(geobox.shape[1])
        if step != 1 or stride != 1 or top >= bottom or left >= right:
            raise ValueError(f"window {rows}, {cols} is empty or not contiguous")
        return cls(geobox, top, left, bottom, right)

    @property
    def shape(self) -> tuple[int, int]:
        """(y, x)."""
        return self.bottom - self.top, self.right - self.left

    def grown(self, pixels: int) -> Frame:
        """Return the frame with so many pixels more on each side."""
        return Frame(
            self.geobox, self.top - pixels, self.left - pixels, self.bottom + pixels,
            self.right + pixels,
        )  # fmt: skip

    def within(self, outer: Frame) -> tuple[slice, slice]:
        """Return the (y, x) slices of this frame in an array on `outer`."""
        return (
            slice(self.top - outer.top, self.bottom - outer.top),
            slice(self.left - outer.left, self.right - outer.left),
        )

    def centres(self, crs: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (y, x) map coordinates x and y of the pixel centres in `crs`."""
        rows, cols = self._pixel_centres()
        x, y = _placed(self.geobox.affine, cols[None, :], rows[:, None])
        return _moved(x, y, self.geobox.crs, crs)

    def centres_where(
        self, chosen: NDArray[np.bool_], crs: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (n,) map coordinates of the centres of the chosen pixels, in raster order."""
        rows, cols = (at.astype(np.float64) + 0.5 for at in np.nonzero(chosen))
        x, y = _placed(self.geobox.affine, cols + self.left, rows + self.top)
        return _moved(x, y, self.geobox.crs, crs)

    def _pixel_centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = np.arange(self.top, self.bottom, dtype=np.float64)
        return rows + 0.5, np.arange(self.left, self.right, dtype=np.float64) + 0.5


def positions(
    frame: Frame, own: Affine, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return row and column of the frame's pixel centres in a chip of some transform and map.

    Pixel centres of the chip are whole numbers. Both broadcast to (y, x).
    """
    grid = frame.geobox.affine
    straight = not (grid.b or grid.d or own.b or own.d)
    if straight and CRS(crs) == frame.geobox.crs:
        rows, cols = frame._pixel_centres()  # noqa: SLF001 - one value, two functions
        both = ~own @ grid
        at_rows, at_cols = both.e * rows + both.f - 0.5, both.a * cols + both.c - 0.5
        return _snapped(at_rows)[:, None], _snapped(at_cols)[None, :]
    cols, rows = _placed(~own, *frame.centres(crs))
    return _snapped(rows - 0.5), _snapped(cols - 0.5)


def bilinear(
    values: NDArray[np.floating], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.floating]:
    """Return `values` (y, x) at fractional positions; NaN where a pixel with weight is NaN.

    Outside the chip's pixels NaN; in the outer half of the border pixels their value.
    """
    (r0, fr, row_in), (c0, fc, col_in) = (
        _cell(at, size) for at, size in zip((rows, cols), values.shape, strict=True)
    )
    inside = row_in & col_in
    if not fr.any() and not fc.any():
        picked = _block(values, r0, c0)
        return picked if inside.all() else np.where(inside, picked, np.nan)
    r1, c1 = np.minimum(r0 + 1, values.shape[0] - 1), np.minimum(c0 + 1, values.shape[1] - 1)
    if rows.shape[1:] == (1,) and cols.shape[:1] == (1,):
        total = np.empty(inside.shape)
        down, right = (
            (part.ravel() for part in (r0, r1, fr)),
            (part.ravel() for part in (c0, c1, fc)),
        )
        between_pixels(values, *down, *right, total)
        return total if inside.all() else np.where(inside, total, np.nan)
    total = np.zeros(inside.shape)
    for r, wr in ((r0, 1 - fr), (r1, fr)):
        for c, wc in ((c0, 1 - fc), (c1, fc)):
            weight = wr * wc
            total += np.where(weight > 0, values[r, c] * weight, 0.0)
    return np.where(inside, total, np.nan)


def nearest(
    classes: NDArray[np.uint8],
    rows: NDArray[np.float64],
    cols: NDArray[np.float64],
    *,
    outside: int,
) -> NDArray[np.uint8]:
    """Return `classes` (y, x) at the nearest pixel, `outside` beyond the chip."""
    (r0, fr, row_in), (c0, fc, col_in) = (
        _cell(at, size) for at, size in zip((rows, cols), classes.shape, strict=True)
    )
    picked = classes[r0 + (fr >= 0.5), c0 + (fc >= 0.5)]
    return np.where(row_in & col_in, picked, np.uint8(outside))


def same_pixels(rows: NDArray[np.float64], cols: NDArray[np.float64]) -> bool:
    """Say whether all positions are pixel centres, so that nothing is interpolated."""
    return bool((rows == np.floor(rows)).all() and (cols == np.floor(cols)).all())


@lru_cache(maxsize=256)  # most chips of a site lie on few grids
def block_corner(
    frame: Frame, transform: Affine, crs: str, shape: tuple[int, ...]
) -> tuple[int, int] | None:
    """Return where the block of a chip begins whose very pixels are those of a frame, one by one.

    None where they are no such block, or one that is not inside the chip of `shape` (y, x).
    """
    rows, cols = positions(frame, transform, crs)
    down, right = rows.ravel(), cols.ravel()
    if rows.shape != (down.size, 1) or cols.shape != (1, right.size):
        return None
    corner = []
    for at, size in ((down, shape[0]), (right, shape[1])):
        if at[0] < 0 or at[-1] > size - 1 or at[0] % 1 or (np.diff(at) != 1).any():
            return None
        corner.append(int(at[0]))
    return corner[0], corner[1]


def _block(
    values: NDArray[np.floating], rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> NDArray[np.floating]:
    """Return ``values[rows, cols]``; of one grid a piece of the array itself, many times faster."""
    down, right = rows.ravel(), cols.ravel()
    straight = rows.shape == (down.size, 1) and cols.shape == (1, right.size)
    if straight and (np.diff(down) == 1).all() and (np.diff(right) == 1).all():
        return values[down[0] : down[-1] + 1, right[0] : right[-1] + 1]
    return values[rows, cols]


def _cell(
    at: NDArray[np.float64], size: int
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    inside = (at >= -0.5) & (at <= size - 0.5)
    held = np.clip(np.where(np.isfinite(at), at, 0.0), 0, size - 1)
    low = np.floor(held)
    return low.astype(np.intp), held - low, inside


def _placed(
    affine: Affine, cols: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return (
        np.asarray(affine.a * cols + affine.b * rows + affine.c),
        np.asarray(affine.d * cols + affine.e * rows + affine.f),
    )


def _snapped(at: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.round(at, _DIGITS))


def _moved(
    x: NDArray[np.float64], y: NDArray[np.float64], of: Any, to: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if CRS(of) == CRS(to):
        return x, y
    moved = Transformer.from_crs(str(CRS(of)), str(CRS(to)), always_xy=True).transform(x, y)
    return np.asarray(moved[0]), np.asarray(moved[1])
