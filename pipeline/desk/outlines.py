"""The outline of what changed: the very pixels that a look's recorded value was counted from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from pipeline.assessment.measures import EIGHT_NEIGHBOURS, zone_area
from pipeline.assessment.observables import method_for
from pipeline.imagery.grid import projected
from pipeline.kernels.masking import OBSERVED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.agreement import Site
    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.series import TrackSeries
    from pipeline.workflows.monitor.record import TrackOutcome

MOST_VERTICES = 5000
#: Measures that add up a whole zone: no pixel of it is judged by itself.
WHOLE_ZONE = frozenset({"zone-sum", "none"})
AREAS = frozenset({"area", "share", "snow"})


@dataclass(frozen=True)
class Outline:
    """Pixels of one zone on one look that counted as changed.

    Attributes
    ----------
    geometry
        Their edges in the track's own map, cut to the zone; at most `MOST_VERTICES` corners.
    regions
        How many regions touch by no side or corner.
    left_out
        How many of them, the smallest, `geometry` has no room for.
    area_m2
        Of all regions, each pixel by its share inside the zone.
    coarser
        Whether the largest region alone had too many corners and was drawn with fewer.
    """

    geometry: shapely.MultiPolygon
    regions: int
    left_out: int
    area_m2: float
    coarser: bool = False


def outline_of(
    track: TrackOutcome, assessor: TrackAssessor, site: Site, indicator: Any, zone: str, look: int
) -> Outline | None:
    """Return the outline of what an indicator counted in a zone on a look; None: no pixels count.

    Parameters
    ----------
    assessor
        Of the track, under the indicator's own baseline and masks.
    look
        Its place in the track.
    """
    counted = counted_pixels(assessor, indicator, zone, look)
    if counted is None:
        return None
    series, geobox = assessor.series, track.plan.geobox
    place = np.flatnonzero(series.zones[zone] > 0)[counted]
    (polygon,) = (item.polygon for item in site.zones if item.id == zone)
    labels, count = _labelled(series, place)
    shapes = _edges(labels, geobox, projected(polygon, geobox.crs))
    sizes = [shape.area for shape in shapes]
    shapes = [shapes[at] for at in np.argsort(sizes, kind="stable")[::-1]]
    drawn, coarser = within_limit(shapes)
    area = float(series.zones[zone][place].sum(dtype=np.float64)) * series.pixel_area_m2
    return Outline(_joined(drawn), count, count - len(drawn), area, coarser)


def counted_pixels(
    assessor: TrackAssessor, indicator: Any, zone: str, look: int
) -> NDArray[np.bool_] | None:
    """Return (n,) True = counted, for the pixels with a share in the zone.

    None where no pixel is judged by itself. Of lengths they are the pixels something stands on.
    """
    series = assessor.series
    method = method_for(indicator.observable, series.physical)
    if method.measure in WHOLE_ZONE:
        return None
    smallest = method.region_m2(indicator.method.minimum_area_m2)
    if method.measure == "snow":
        place = np.flatnonzero(series.zones[zone] > 0)
        found = series.codes[look, place] == OBSERVED
    elif method.measure == "length":
        found = assessor.local(method, zone).found(method.sign, method.local_step)[look]
    else:
        found = assessor.changed(indicator.observable, method, zone)[look]
    if method.measure in AREAS:
        return _large_enough(series, zone, found, smallest)
    return np.asarray(found)


def _large_enough(
    series: TrackSeries, zone: str, found: NDArray[np.bool_], smallest_m2: float
) -> NDArray[np.bool_]:
    """Return which pixels lie in regions that count, as the record's own measure decides it."""
    place = np.flatnonzero(series.zones[zone] > 0)[found]
    labels, count = _labelled(series, place)
    numbers = labels[series.rows[place], series.columns[place]]
    starts = np.cumsum(np.bincount(numbers, minlength=count + 1))[:-1]
    regions = np.split(np.argsort(numbers, kind="stable"), starts)[1:]
    shares = series.zones[zone][place].astype(np.float64)
    kept = np.zeros(place.size, np.bool_)
    fared: dict[float, np.bool_] = {}  # regions of one size fare the same
    for region in regions:
        size = float(shares[region].sum())
        if size not in fared:
            fared[size] = _counts(series, zone, place[region], smallest_m2)
        kept[region] = fared[size]
    whole = np.zeros_like(found)
    whole[found] = kept
    return whole


def _counts(
    series: TrackSeries, zone: str, place: NDArray[np.int64], smallest_m2: float
) -> np.bool_:
    """Return whether the record's measure counts one region."""
    alone = replace(series, rows=series.rows[place], columns=series.columns[place])
    everywhere = np.ones((1, place.size), np.bool_)
    weight = series.zones[zone][place]
    return np.bool_(zone_area(alone, everywhere, weight, smallest_m2, np.ones(1)).value[0] > 0)


def _labelled(series: TrackSeries, place: NDArray[np.int64]) -> tuple[NDArray[np.int32], int]:
    """Return the regions of some pixels by number on the track's grid, 0 elsewhere."""
    grid = np.zeros(series.shape, np.bool_)
    grid[series.rows[place], series.columns[place]] = True
    labels, count = ndimage.label(grid, structure=EIGHT_NEIGHBOURS[1])
    return labels.astype(np.int32), int(count)


def _edges(labels: NDArray[np.int32], geobox: GeoBox, zone: Any) -> list[Any]:
    """Return the shape of every region, cut to the zone."""
    from rasterio.features import shapes  # noqa: PLC0415 - heavy

    parts: dict[int, list[Any]] = {}
    for shape, number in shapes(labels, labels > 0, transform=geobox.affine):
        parts.setdefault(int(number), []).append(shapely.geometry.shape(shape))
    return [shapely.union_all(parts[number]).intersection(zone) for number in sorted(parts)]


def within_limit(shapes: Sequence[Any], most: int = MOST_VERTICES) -> tuple[list[Any], bool]:
    """Return as many shapes, first ones first, as have at most so many corners together.

    The first is always among them, with fewer corners where it has too many: the second value
    says so.
    """
    if not shapes:
        return [], False
    total = np.cumsum([shapely.get_num_coordinates(shape) for shape in shapes])
    if total[0] <= most:
        return list(shapes[: int(np.searchsorted(total, most, side="right"))]), False
    return [_coarser(shapes[0], most)], True


def _coarser(shape: Any, most: int) -> Any:
    """Return a shape with at most so many corners, its box where nothing else is left."""
    reach = float(np.sqrt(shape.area / shapely.get_num_coordinates(shape)))
    for _ in range(20):
        simple = shapely.simplify(shape, reach)
        if shapely.get_num_coordinates(simple) <= most:
            return simple
        reach *= 2.0
    return shapely.box(*shape.bounds)


def _joined(shapes: Sequence[Any]) -> shapely.MultiPolygon:
    """Return all polygons among some shapes; lines and points that a cut leaves are dropped."""
    parts = shapely.get_parts(shapely.GeometryCollection(list(shapes)))
    parts = shapely.get_parts(parts)
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
