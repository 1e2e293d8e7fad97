"""Places an analyst points at: a pixel or a polygon of the declared site, and nothing beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from pipeline.errors import UsageError
from pipeline.imagery.grid import zone_fractions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.desk.state import DeskTrack

MOST_CORNERS = 500
FARTHEST = 10  # of the site's box, on each side


@dataclass(frozen=True)
class Place:
    """Pixels of the site's box and how much of each counts.

    Attributes
    ----------
    rows, columns
        Their box.
    weight
        (y, x) float32 share of each pixel of that box.
    beyond
        Share of the drawn shape that lies beyond the site.
    """

    rows: slice
    columns: slice
    weight: NDArray[np.float32]
    beyond: float = 0.0


def place_of(track: DeskTrack, geometry: Any) -> Place:
    """Return the pixels of a point or polygon, in the track's own map.

    Raises
    ------
    UsageError
        It is neither, or lies beyond the declared site.
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Point", "Polygon"):  # a tuple: what was sent need not be hashable
        raise UsageError("geometry is a GeoJSON Point or Polygon in the track's map")
    shape = _shape(geometry)
    if shapely.get_num_coordinates(shape) > MOST_CORNERS:
        raise UsageError(f"a polygon has at most {MOST_CORNERS} corners")
    if kind == "Point":
        row, column = pixel_at(track, shape.x, shape.y)
        one = np.ones((1, 1), np.float32)
        return Place(slice(row, row + 1), slice(column, column + 1), one)
    return _polygon_place(track, shape)


def _shape(geometry: Mapping[str, Any]) -> Any:
    try:
        shape = shapely.geometry.shape(geometry)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as cause:
        raise UsageError("geometry has coordinates that make no shape") from cause
    if shape.is_empty or not shape.is_valid or not np.isfinite(shape.bounds).all():
        raise UsageError("geometry is empty, crosses itself, or is not finite")
    return shape


def pixel_at(track: DeskTrack, x: float, y: float) -> tuple[int, int]:
    """Return row and column of the site's box; UsageError beyond the declared site."""
    pixels = track.gallery.pixels
    column, row = ~pixels.geobox.affine @ (x, y)
    if not (np.isfinite(column) and np.isfinite(row)):
        raise UsageError("a place has finite coordinates")
    at = (int(np.floor(row)), int(np.floor(column)))
    inside = all(0 <= place < size for place, size in zip(at, pixels.shape, strict=True))
    if not inside or pixels.cut.beyond[at]:
        raise UsageError("the place lies beyond the declared site")
    return at


def _check_near(shape: Any, geobox: GeoBox) -> None:
    """Refuse a polygon that reaches so far beyond the site that its corners have no place."""
    left, bottom, right, top = geobox.extent.boundingbox
    wide, high = FARTHEST * (right - left), FARTHEST * (top - bottom)
    if not shapely.box(left - wide, bottom - high, right + wide, top + high).covers(shape):
        raise UsageError(f"the polygon reaches over {FARTHEST} times the site's width beyond it")


def _polygon_place(track: DeskTrack, shape: Any) -> Place:
    pixels = track.gallery.pixels
    _check_near(shape, pixels.geobox)
    crs = str(pixels.geobox.crs)
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lonlat = shapely.transform(
        shape, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1]))
    )
    whole = zone_fractions([lonlat], pixels.geobox)[0]
    weight = np.where(pixels.cut.beyond, np.float32(0), whole)
    rows, columns = (np.flatnonzero((weight > 0).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        raise UsageError("the polygon lies beyond the declared site")
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    drawn = shape.area / abs(pixels.geobox.affine.determinant)
    return Place(*box, weight[box], max(0.0, 1.0 - float(weight.sum()) / max(drawn, 1e-9)))
