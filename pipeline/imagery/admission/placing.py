"""Where a raster lies, and which of its pixels a site needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.windows import Window
from shapely import affinity

from pipeline.errors import SceneError
from pipeline.imagery.admission.outside import OutsideRaster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

_EDGE_DEG = 0.01  # edges are straight on the ground, not in degrees: a point every kilometre
_OUTLINE_POINTS = 21
_FOOTPRINT_SLACK_DEG = 0.02  # declared footprints are rounded, or drawn around valid pixels
_TURNS = (0.0, 360.0, -360.0)  # the same meridian, as maps beyond the antimeridian count it


@dataclass(frozen=True)
class Grid:
    """The whole raster's pixels on the map: WKT, affine, columns, rows."""

    crs: str
    transform: Affine
    width: int
    height: int


def grid_of(file: Any, declared: dict[str, Any]) -> tuple[Grid, list[str]]:
    """Return the header's grid, or where it has none the declared one, and notes.

    Parameters
    ----------
    file
        Open dataset.
    declared
        crs, transform (six numbers) and shape (rows, columns) of the catalogue, or Nones.

    Raises
    ------
    SceneError
        No grid in header or catalogue; header and catalogue name different maps; a
        rotated, sheared or mirrored grid.
    """
    if file.crs and not file.transform.is_identity:
        grid, notes = Grid(file.crs.to_wkt(), file.transform, file.width, file.height), []
        _check_declared(file.crs, declared["crs"])
        pixel = (declared["transform"] or [file.transform.a])[0]
        if _differs(pixel, file.transform.a):
            notes = [f"pixels of {file.transform.a:g}, declared {pixel:g}"]
    else:
        grid, notes = _declared(file, declared)
    return grid, notes + _checked(grid)


def _checked(grid: Grid) -> list[str]:
    crs = CRS.from_wkt(grid.crs)
    if not (crs.is_projected or crs.is_geographic):
        raise SceneError("is on no map of the Earth")
    a, b, c, d, e, f = numbers = tuple(grid.transform)[:6]
    if not all(math.isfinite(number) for number in numbers) or c + a == c or f + e == f:
        raise SceneError(f"has an unusable grid {numbers}")
    if b or d or a < 0:
        raise SceneError("has a rotated, sheared or mirrored grid")
    if not _on_earth(grid):
        raise SceneError("lies beyond the edge of its map: its middle is no place on Earth")
    return ["rows were delivered south first, and were turned"] if e > 0 else []


def _on_earth(grid: Grid) -> bool:
    x, y = grid.transform @ (grid.width / 2, grid.height / 2)
    to_degrees = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(x, y)
    return math.isfinite(longitude) and abs(latitude) <= 90


def _check_declared(crs: CRS, declared: str | None) -> None:
    if declared is None:
        return
    try:
        same = CRS.from_user_input(declared) == crs
    except (ValueError, OverflowError):  # rasterio has errors of its own, but not for all text
        return  # what the catalogue says cannot be understood; the header wins
    if not same:
        raise SceneError(f"is on {crs.to_string()[:60]} by its header, declared as {declared[:60]}")


def _declared(file: Any, declared: dict[str, Any]) -> tuple[Grid, list[str]]:
    if declared["crs"] is None or declared["transform"] is None:
        raise SceneError("has no map grid in its header, and the catalogue declares none")
    rows, columns = declared["shape"] or (file.height, file.width)
    across, down = columns / file.width, rows / file.height
    if abs(across - down) > 0.01 * across:
        raise SceneError(
            f"has no map grid, and its {file.height} × {file.width} pixels "
            f"are not the declared {rows} × {columns}"
        )
    try:
        crs = CRS.from_user_input(declared["crs"]).to_wkt()
    except (ValueError, OverflowError) as cause:
        raise SceneError(f"is declared on the unknown map {declared['crs'][:60]!r}") from cause
    transform = Affine(*declared["transform"][:6]) @ Affine.scale(across, down)
    notes = ["the header has no map grid; the catalogue's was used"]
    if _differs(across, 1.0):
        notes.append(f"pixels of {transform.a:g}, declared {declared['transform'][0]:g}")
    return Grid(crs, transform, file.width, file.height), notes


def _differs(one: float, other: float) -> bool:
    return abs(one - other) > 1e-6 * abs(other)


def window_of(grid: Grid, polygon: bytes | None, margin: int) -> Window:
    """Return the pixels that cover a polygon's bounds and `margin` around them.

    Parameters
    ----------
    grid
        Of the raster.
    polygon
        WKB in EPSG:4326, longitude first, split at the antimeridian; None for all.
    margin
        Pixels added on each side, as far as the raster goes.

    Raises
    ------
    OutsideRaster
        No part of the polygon meets the raster.
    """
    if polygon is None:
        return Window(0, 0, grid.width, grid.height)
    frame = shapely.box(0, 0, grid.width, grid.height)
    shapes = _in_pixels(shapely.from_wkb(polygon), grid.crs, grid.transform)
    met = [shape.bounds for shape in shapes if shape.intersects(frame)]
    if not met:
        raise OutsideRaster("does not meet the site's polygon")
    left, top = (max(0, math.floor(min(b[i] for b in met)) - margin) for i in (0, 1))
    right = min(grid.width, math.ceil(max(b[2] for b in met)) + margin)
    bottom = min(grid.height, math.ceil(max(b[3] for b in met)) + margin)
    if right <= left or bottom <= top:  # it only touches an edge from outside
        raise OutsideRaster("does not meet the site's polygon")
    return Window(left, top, right - left, bottom - top)


def check_footprint(grid: Grid, footprint: bytes) -> list[str]:
    """Refuse a raster that lies elsewhere than the catalogue says; return notes.

    Parameters
    ----------
    footprint
        WKB in EPSG:4326 as declared; may be rough, or broken at the antimeridian.

    Raises
    ------
    SceneError
        Declared footprint and header do not even touch.
    """
    declared = shapely.make_valid(shapely.from_wkb(footprint))
    outline = _outline(grid)
    if outline is None or declared.is_empty:
        return ["the declared footprint could not be compared with the header"]
    near = outline.buffer(_FOOTPRINT_SLACK_DEG)
    if not any(near.intersects(affinity.translate(declared, turn)) for turn in _TURNS):
        raise SceneError("lies elsewhere, by its header, than the catalogue's footprint")
    return []


def _in_pixels(polygon: BaseGeometry, crs: str, transform: Affine) -> Iterator[BaseGeometry]:
    to_map = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    geographic = bool(to_map.target_crs and to_map.target_crs.is_geographic)
    for part in shapely.get_parts(shapely.segmentize(polygon, _EDGE_DEG)):
        for turn in _TURNS if geographic else (0.0,):
            shape = shapely.transform(part, _to_pixels(to_map, transform, turn))
            if np.isfinite(shapely.get_coordinates(shape)).all():
                yield shape


def _to_pixels(
    to_map: Transformer, transform: Affine, turn: float
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    def convert(xy: NDArray[Any]) -> NDArray[Any]:
        x, y = to_map.transform(xy[:, 0], xy[:, 1])
        return np.column_stack(
            [(np.asarray(x) + turn - transform.c) / transform.a, (y - transform.f) / transform.e]
        )

    return convert


def _outline(grid: Grid) -> BaseGeometry | None:
    """Return the raster's frame in degrees, longitudes running on across ±180."""
    along = np.linspace(0, 1, _OUTLINE_POINTS)
    zero, one = np.zeros_like(along), np.ones_like(along)
    cols = np.concatenate([along, one, along[::-1], zero, [0.5]]) * grid.width
    rows = np.concatenate([zero, along, one, along[::-1], [0.5]]) * grid.height
    x, y = grid.transform.c + cols * grid.transform.a, grid.transform.f + rows * grid.transform.e
    to_degrees = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    lon = lon[-1] + (lon[:-1] - lon[-1] + 180) % 360 - 180
    return shapely.make_valid(shapely.Polygon(np.column_stack([lon, lat[:-1]])))
