"""What the catalogue knows of one delivered tile, before any pixel is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class Asset:
    """One raster file of a scene.

    Attributes
    ----------
    href
        Absolute path or http(s) address.
    driver
        The one GDAL driver it may be opened with: ``GTiff`` or ``JP2OpenJPEG``.
    index
        1-based band inside the file.
    scale, offset
        Physical value = DN × scale + offset, as *decided* for this scene
        (never applied twice; the decision is in `Scene.notes`).
    nodata
        DN that means "no data", or None.
    size, sha256
        Declared bytes and SHA-256 digest, where the catalogue states them.
    checksum
        Declared multihash (hex) of any kind; `sha256` is read from it where it fits.
    crs, transform, shape
        Grid the catalogue declares: authority code, the first six numbers of the affine, and
        (rows, columns). The file's own header wins; they serve where it has none.
    """

    href: str
    driver: str = "GTiff"
    index: int = 1
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    size: int | None = None
    sha256: str | None = None
    checksum: str | None = None
    crs: str | None = None
    transform: tuple[float, ...] | None = None
    shape: tuple[int, int] | None = None


@dataclass(frozen=True)
class Scene:
    """One acquisition of one tile or burst by one sensor.

    Attributes
    ----------
    id
        The catalogue's item id, or the folder's name.
    sensor
        A key of `pipeline.imagery.sensors.SENSORS`.
    acquired
        Start of sensing, UTC.
    track
        Observation geometry that is never mixed: relative orbit, and for radar
        the look direction (``T137-ascending``), and whether it was made from ground range
        slices (``T137-grd-ascending``); ``any`` where it cannot be known.
    tile
        Delivery unit: MGRS tile, burst, WRS path and row.
    part
        Which part of the tile's acquisition, where it is delivered in parts that do not
        replace each other (the start of a Sentinel-2 datastrip); usually empty.
    datatake
        Scenes with equal `sensor`, `track` and `datatake` may be mosaicked.
    published
        When the provider made this version, UTC; decides between versions.
    assets
        Band name of the sensor table (or ``mask``) → `Asset`.
    footprint
        GeoJSON geometry in EPSG:4326, or None when only the raster knows.
    source
        File or address of the item, or None.
    notes
        Decisions taken while reading the catalogue, in words, for the report.
    """

    id: str
    sensor: str
    acquired: datetime
    track: str
    tile: str
    datatake: str
    provider: str
    assets: Mapping[str, Asset]
    published: datetime | None = None
    processing_baseline: str | None = None
    footprint: Mapping[str, Any] | None = None
    cloud_cover_percent: float | None = None
    sun_elevation_deg: float | None = None
    sun_azimuth_deg: float | None = None
    platform: str | None = None
    source: str | None = None
    notes: tuple[str, ...] = field(default=())
    part: str = ""
