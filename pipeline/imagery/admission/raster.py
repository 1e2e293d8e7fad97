"""One outside file becomes pixels that are bound to its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import shapely
from affine import Affine

from pipeline.errors import FairWitnessError
from pipeline.imagery.admission.container import driver_of
from pipeline.imagery.admission.decoder import decoded
from pipeline.imagery.admission.fetching import fetch
from pipeline.imagery.admission.limits import Limits
from pipeline.imagery.admission.outside import OutsideRaster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.imagery.scene import Asset

__all__ = ["OutsideRaster", "Raster", "read_asset", "read_bands"]


@dataclass(frozen=True)
class Raster:
    """Pixels of one band as delivered, bound to the bytes they were decoded from.

    Attributes
    ----------
    values
        Digital numbers (y, x), native dtype, rows from north to south.
    transform, crs
        Affine from (column, row) to map coordinates, north-up; the map's WKT.
    nodata
        DN that means "no data": the header's, else the declared one, else None.
    sha256, size
        Of the whole file.
    notes
        What was odd and how it was taken, in words.
    """

    values: NDArray[Any]
    transform: Affine
    crs: str
    nodata: float | None
    sha256: str
    size: int
    notes: tuple[str, ...] = ()


def read_asset(
    asset: Asset,
    *,
    window_polygon: BaseGeometry | None = None,
    limits: Limits | None = None,
    site: str | None = None,
) -> Raster:
    """Read one outside raster: bytes once, hashed, decoded from those very bytes.

    Parameters
    ----------
    asset
        The file, its one driver, its band and what the catalogue declares of it.
    window_polygon
        In EPSG:4326; only its bounds and a margin are decoded. None: everything.
    limits
        What it may cost and where it may lie; None: the defaults, local files only.
    site
        For the error's one line.

    Raises
    ------
    SceneError
        Cannot be read, is not what was declared, does not decode, is on no map.
    OutsideRaster
        `window_polygon` meets no pixel of it.
    LimitError
        Needs more than `limits` allow.
    """
    limits = limits or Limits()
    return read_bands([asset], window_polygon=window_polygon, limits=limits, site=site)[0]


def read_bands(
    assets: Sequence[Asset],
    *,
    window_polygon: BaseGeometry | None,
    limits: Limits,
    site: str | None = None,
    footprint: BaseGeometry | None = None,
) -> list[Raster]:
    """Read several bands of *one* file (equal href, driver and declarations).

    `footprint` is the declared one, EPSG:4326, which the header must not
    contradict. For the rest see `read_asset`.
    """
    first = assets[0]
    try:
        payload, sha256 = fetch(first, limits)
        driver = driver_of(payload, first.driver)
        request = _request(assets, window_polygon, footprint, limits) | {"driver": driver}
        answer = decoded(payload, request, limits)
    except FairWitnessError as refusal:
        _raise_placed(refusal, limits.relative(first.href), site)
    notes = tuple(answer["notes"])
    if driver != first.driver:
        notes += (f"declared as {first.driver}, decoded as {driver} by its signature",)
    return [
        Raster(
            values, Affine(*answer["transform"]), answer["crs"], nodata, sha256, len(payload), notes
        )
        for values, nodata in zip(answer["values"], answer["nodata"], strict=True)
    ]  # fmt: skip


def _request(
    assets: Sequence[Asset],
    polygon: BaseGeometry | None,
    footprint: BaseGeometry | None,
    limits: Limits,
) -> dict[str, Any]:
    return {
        "indexes": [asset.index for asset in assets],
        "nodata": [asset.nodata for asset in assets],
        "polygon": None if polygon is None else shapely.to_wkb(polygon),
        "footprint": None if footprint is None else shapely.to_wkb(footprint),
        "declared": declared_grid(assets[0]),
        "margin_pixels": limits.margin_pixels,
        "side_pixels": limits.side_pixels,
        "bands": limits.bands,
        "block_megabytes": limits.block_megabytes,
        "memory_megabytes": limits.memory_megabytes,
    }


def declared_grid(asset: Asset) -> dict[str, Any]:
    """Return the grid the catalogue declares: crs, transform (six numbers), shape; or Nones."""
    given = {name: getattr(asset, name, None) for name in ("crs", "transform", "shape")}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in given.items()}


def _raise_placed(refusal: FairWitnessError, file: str, site: str | None) -> NoReturn:
    """Raise `refusal` again, with the place that only we know."""
    cause = refusal.__cause__ or refusal
    raise type(refusal)(refusal.rule, site=site, file=file) from cause
