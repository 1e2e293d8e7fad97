"""GeoTIFF bytes from arrays and arrays from GeoTIFF bytes, in memory only.

Written bytes depend on the arguments alone (within one environment): one thread,
fixed compression level, sorted tags, no side files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.shutil import copy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affine import Affine
    from numpy.typing import NDArray

#: No side files, no folder listings, no remote reads, one thread: the file's own bytes decide.
GDAL_SETTINGS = {
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": 64 << 20,
    "GDAL_TIFF_INTERNAL_MASK": "YES",
}
PIXEL_LIMIT = 1 << 30


@dataclass(frozen=True)
class Layers:
    """Pixels that know where they lie.

    Attributes
    ----------
    values
        Array (band, y, x), native dtype.
    transform
        Affine from (column, row) to map coordinates.
    crs
        Well-known text of the map's coordinate system.
    nodata
        Value that means "no data", or None.
    descriptions
        One text a band, or None.
    tags
        Text facts of the whole file.
    """

    values: NDArray[Any]
    transform: Affine
    crs: str
    nodata: float | None = None
    descriptions: tuple[str | None, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def encoded(layers: Layers, *, driver: str, **options: Any) -> bytes:
    """Return the file's bytes; ValueError when GDAL cannot hold the values."""
    values = layers.values
    if values.ndim != 3 or 0 in values.shape:
        raise ValueError(f"values must be (band, y, x) and not empty, got shape {values.shape}")
    if values.dtype.kind not in "uif":
        raise ValueError(f"values must be numbers of one part, got {values.dtype}")
    try:
        with rasterio.Env(**GDAL_SETTINGS), MemoryFile() as memory:
            if driver == "COG":
                _copy(layers, memory, **options)
            else:
                _write(layers, memory, driver=driver, **options)
            return bytes(memory.read())
    except (RasterioError, TypeError) as cause:  # the latter for types GDAL does not know
        raise ValueError(f"cannot be written as {driver}: {cause}") from cause


def _write(layers: Layers, memory: MemoryFile, *, driver: str, **options: Any) -> None:
    count, height, width = layers.values.shape
    with memory.open(
        driver=driver, count=count, height=height, width=width, dtype=layers.values.dtype.name,
        crs=CRS.from_wkt(layers.crs), transform=layers.transform, nodata=layers.nodata, **options,
    ) as file:  # fmt: skip
        file.write(np.ascontiguousarray(layers.values))
        file.update_tags(**dict(sorted(layers.tags.items())))
        for band, text in enumerate(layers.descriptions, start=1):
            file.set_band_description(band, text or "")


def _copy(layers: Layers, memory: MemoryFile, **options: Any) -> None:
    """Pack a plain file as COG. The driver can only copy; asked to, it lets other threads run."""
    with MemoryFile() as plain:
        _write(layers, plain, driver="GTiff")
        with plain.open(driver="GTiff") as file:
            copy(file, memory.name, driver="COG", **options)


def decoded(payload: bytes) -> Layers:
    """Return what GeoTIFF bytes hold; ValueError when they hold none."""
    try:
        with (
            rasterio.Env(**GDAL_SETTINGS),
            MemoryFile(payload) as memory,
            memory.open(driver="GTiff") as file,
        ):
            if file.width * file.height * file.count > PIXEL_LIMIT:
                raise ValueError(f"has {file.count} × {file.height} × {file.width} pixels")
            tags = {k: v for k, v in file.tags().items() if k not in _TAGS_OF_GDAL}
            crs = file.crs.to_wkt() if file.crs else ""
            return Layers(
                file.read(), file.transform, crs, file.nodata, file.descriptions, tags
            )  # fmt: skip
    except RasterioError as cause:
        raise ValueError(f"does not decode: {cause.__cause__ or cause}") from cause


_TAGS_OF_GDAL = frozenset({"AREA_OR_POINT", "OVR_RESAMPLING_ALG"})


def predictor(dtype: np.dtype[Any]) -> int:
    """Return the TIFF predictor for `dtype`: 3 for floats, 2 for integers of two bytes or more."""
    if dtype.kind == "f":
        return 3
    return 2 if dtype.itemsize > 1 else 1
