"""Two dates on one grid: the native pixels of the finest band of BEFORE.

AFTER and coarser bands are placed on that grid, whatever their own map, tile,
footprint or resolution; what one of them did not see is not observed. Small pairs are
placed once and held; of whole tiles the rows are placed when they are asked for.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from odc.geo.geobox import GeoBox

from pipeline.errors import GeometryError, LimitError
from pipeline.imagery.grid import pixel_metres
from pipeline.imagery.pair.dates import Date, Reader, Strip
from pipeline.imagery.pair.placing import Placing, moved_grid
from pipeline.imagery.pair.reading import Room, matching_bands, read_date, read_first
from pipeline.imagery.pair.shifting import pair_shift
from pipeline.imagery.sensors.model import VISIBLE_ROLES
from pipeline.kernels.masking import MISSING, OBSERVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.imagery.admission import Raster
    from pipeline.imagery.pair.pixels import Band
    from pipeline.imagery.pair.sources import Source
    from pipeline.kernels.registration import Shift

_COARSEST = 2.5  # times the finest band: coarser ones blur more than they tell
_MOST_PIXELS = 130_000_000  # maps of one layer are held whole; a Sentinel-2 tile has 121 million
_LEAST_PIXELS = 400  # fewer in common say nothing about a pair


@dataclass(frozen=True)
class Pair:
    """Two dates on one grid.

    Attributes
    ----------
    before, after
        The dates; `after` is already shifted into place.
    bands, roles
        Names and roles of the compared bands, as BEFORE calls them.
    geobox
        Native grid of the finest band of BEFORE.
    shift
        Estimated displacement of AFTER against BEFORE, pixels; removed unless refused.
    room
        What may be held in memory.
    """

    before: Date
    after: Date
    bands: tuple[str, ...]
    roles: tuple[str, ...]
    geobox: GeoBox
    shift: Shift
    room: Room = field(default_factory=Room)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(y, x): observed on both dates, in every band."""
        return observed(*self.rows(0, self.geobox.shape[0]))

    @property
    def visible(self) -> tuple[int, ...]:
        """Indices of the visible bands that vote once more, if the sensor has that vote."""
        if not self.before.source.sensor.visible_vote:
            return ()
        return tuple(i for i, role in enumerate(self.roles) if role in VISIBLE_ROLES)

    @property
    def held(self) -> bool:
        """Whether both dates are in memory."""
        return self.before.whole is not None and self.after.whole is not None

    def rows(self, top: int, bottom: int) -> tuple[Strip, Strip]:
        """Return rows ``top:bottom`` of both dates."""
        return self.before.rows(top, bottom), self.after.rows(top, bottom)

    def strips(self, *, multiple: int = 1, layers: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield first and last row + 1 of strips that tile the grid; one where all is held.

        `multiple`: each strip but the last has a multiple of so many rows. `layers`: values
        of a pixel that are in memory at a time; None: those of both dates.
        """
        height, width = self.geobox.shape
        deep = 2 * len(self.bands) if layers is None else layers
        rows = max(1, self.room.strip_values // (deep * width))
        step = height if self.held else max(1, rows // multiple) * multiple
        return ((top, min(top + step, height)) for top in range(0, height, step))


def observed(before: Strip, after: Strip) -> NDArray[np.bool_]:
    """Return (y, x): observed on both dates, in every band."""
    return np.asarray((before.codes == OBSERVED) & (after.codes == OBSERVED))


def open_pair(
    before: Source,
    after: Source,
    *,
    area: BaseGeometry | None = None,
    room: Room | None = None,
    first: Mapping[str, Band] | None = None,
) -> Pair:
    """Read both dates and bring them onto one grid.

    Parameters
    ----------
    before, after
        From `pipeline.imagery.pair.sources.find_source`.
    area
        Polygon in EPSG:4326; only its surroundings are read.
    room
        What may be held in memory.
    first
        What `pipeline.imagery.pair.reading.read_first` read already; None reads it here.

    Raises
    ------
    GeometryError
        The dates share no band, or no ground.
    SceneError, LimitError
        A file cannot be read.
    OutputError
        The disk has no room for the decoded pixels of whole tiles.
    """
    room = room or Room()
    if first is None:
        first = read_first(before, after, area=area, room=room)
    matched = _fine_enough(matching_bands(before, after), first)
    geobox = finest_grid([first[a].raster for a, _ in matched])
    _check_size(geobox)
    hold = 2 * len(matched) * geobox.shape[0] * geobox.shape[1] <= room.placed_values
    names = tuple(a for a, _ in matched), tuple(b for _, b in matched)
    with ThreadPoolExecutor(1) as beside:  # the decoder works while the first date is placed
        reading = beside.submit(read_date, after, names[1], area, room)
        one = _date(before, first, names[0], geobox, hold=hold)
        second = reading.result()
    shift = _shift(one, second, names, geobox)
    straight = moved_grid(geobox, dx=shift.dx, dy=shift.dy)
    other = _date(after, second, names[1], straight, hold=hold)
    roles = tuple(before.sensor.band(name).role for name in names[0])
    one = replace(one, notes=(*one.notes, *_left_out(before, names[0])))
    pair = Pair(one, other, names[0], roles, geobox, shift, room)
    if hold:
        check_common(pair, measured_in(*pair.rows(0, geobox.shape[0])))
    return pair


def _grid(raster: Raster) -> GeoBox:
    return GeoBox(raster.values.shape, raster.transform, raster.crs)


def _left_out(before: Source, compared: tuple[str, ...]) -> tuple[str, ...]:
    there = [n for n in before.sensor.pair_bands if n in before.scene.assets]
    lost = [name for name in there if name not in compared]
    return (
        (f"not compared, for AFTER lacks them or they are coarse: {', '.join(lost)}",)
        if lost
        else ()
    )


def _fine_enough(
    matched: list[tuple[str, str]], bands: Mapping[str, Band]
) -> list[tuple[str, str]]:
    edges = {a: pixel_metres(_grid(bands[a].raster)) for a, _ in matched}
    limit = _COARSEST * min(edges.values())
    return [(a, b) for a, b in matched if edges[a] <= limit]


def finest_grid(rasters: Iterable[Raster]) -> GeoBox:
    """Return the grid of the raster with the smallest pixels."""
    return min((_grid(raster) for raster in rasters), key=pixel_metres)


def _date(
    source: Source, bands: Mapping[str, Band], names: tuple[str, ...], geobox: GeoBox, *, hold: bool
) -> Date:
    """Place one date; where it is held, of the rasters only the facts are kept."""
    reader = Reader(source, bands, names, geobox)
    height = geobox.shape[0]
    whole = reader.rows(0, height) if hold else None
    rasters = {name: band.raster for name, band in bands.items()}
    return Date(source, rasters, reader, whole, height, reader.sky.notes)


def _shift(
    one: Date,
    bands: Mapping[str, Band],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    geobox: GeoBox,
) -> Shift:
    """Estimate the displacement of AFTER on the band that the sensor registers on."""
    wanted = one.source.sensor.registration_band
    at = names[0].index(wanted) if wanted in names[0] else len(names[0]) // 2
    band = bands[names[1][at]]
    placing = Placing(band.raster, geobox)

    def moving(top: int, bottom: int) -> NDArray[np.float32]:
        return placing.values(band.rows, top, bottom)

    height, width = geobox.shape
    return pair_shift(one.rows, moving, at=at, shape=(height, width))


def _check_size(geobox: GeoBox) -> None:
    height, width = geobox.shape
    if height * width > _MOST_PIXELS:
        raise LimitError(
            f"{width} x {height} pixels are too many to compare at once "
            f"(at most {_MOST_PIXELS // 1_000_000} million): give --area"
        )


def measured_in(before: Strip, after: Strip) -> int:
    """Return how many pixels of a strip were measured on both dates, cloud or not."""
    return int(np.count_nonzero((before.codes != MISSING) & (after.codes != MISSING)))


def check_common(pair: Pair, measured: int) -> None:
    """Refuse a pair with next to no ground in common.

    Cloud may hide everything: that is a report; no shared ground is not.
    """
    if measured < _LEAST_PIXELS:
        raise GeometryError(
            f"{pair.before.source.scene.id} and {pair.after.source.scene.id} share "
            f"{measured} pixels, too few to compare"
        )
