"""The files of a compared pair: score, change, regions, and the two pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from pipeline.assessment.record import Region, rounded
from pipeline.imagery.grid import pixel_metres
from pipeline.store.atomic import canonical_json
from pipeline.store.cog import cog_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.imagery.pair import Date, Pair
    from pipeline.imagery.pair.pictures import Pictures
    from pipeline.workflows.compare.scoring import Judged

NOT_OBSERVED = 255


def change_map(judged: Judged) -> NDArray[np.uint8]:
    """Return 1 where a region lies, 0 elsewhere, 255 where not observed; (y, x)."""
    changed = (judged.regions.label > 0).astype(np.uint8)
    changed[~np.isfinite(judged.scores.smooth)] = NOT_OBSERVED
    return changed


@dataclass(frozen=True)
class Layers:
    """What is left of a judged pair when its rasters are written: maps of a tile are large."""

    score: NDArray[np.float32]
    change: NDArray[np.uint8]
    pictures: Pictures
    tags: dict[str, str]


def layers_of(judged: Judged) -> Layers:
    """Return the maps of the product."""
    tags = {"method": judged.recipe.method, "outline": f"{judged.outline.value:.6g}"}
    return Layers(judged.scores.smooth, change_map(judged), judged.pictures, tags)


def layer_files(pair: Pair, layers: Layers) -> dict[str, bytes]:
    """Return path inside the product → bytes of its rasters."""
    score = cog_bytes(
        layers.score, pair.geobox, nodata=float("nan"), descriptions=("score",), tags=layers.tags
    )
    change = cog_bytes(
        layers.change, pair.geobox, nodata=NOT_OBSERVED, descriptions=("change",),
        tags={"method": layers.tags["method"]},
    )  # fmt: skip
    return {
        "score.tif": score,
        "change.tif": change,
        "layers/pair_before.tif": _picture(layers.pictures.before, pair.before, layers.pictures),
        "layers/pair_after.tif": _picture(layers.pictures.after, pair.after, layers.pictures),
    }


def _picture(values: NDArray[np.float32], date: Date, pictures: Pictures) -> bytes:
    """Return the bands that are shown, as fast as they can be packed."""
    acquired = date.source.scene.acquired.isoformat()
    return cog_bytes(
        _shortened(values), pictures.geobox, nodata=float("nan"), descriptions=pictures.names,
        tags={"acquired": acquired, "sensor": date.source.sensor.key}, quick=True,
    )  # fmt: skip


def _shortened(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep nine bits after the first: a screen shows eight, and they take a third of the room."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    kept = ((bits + np.uint32(1 << 13)) & np.uint32(0xFFFFC000)).view(np.float32)
    return np.where(np.isfinite(values), kept, np.float32(np.nan))


def regions_of(pair: Pair, judged: Judged) -> tuple[Region, ...]:
    """Return the record's regions, strongest first."""
    found = judged.regions
    area = pixel_metres(pair.geobox) ** 2
    affine = pair.geobox.affine
    to = Transformer.from_crs(str(pair.geobox.crs), "EPSG:4326", always_xy=True)
    rows, cols = found.centre.T + 0.5
    x, y = (
        affine.a * cols + affine.b * rows + affine.c,
        affine.d * cols + affine.e * rows + affine.f,
    )
    longitude, latitude = (np.atleast_1d(v) for v in to.transform(x, y))
    return tuple(
        Region(
            id=i + 1,
            area_m2=float(found.pixels[i] * area),
            peak_score=float(found.peak[i]),
            mean_score=float(found.mean[i]),
            centroid=(float(longitude[i]), float(latitude[i])),
            bands=judged.shares[i],
        )
        for i in range(len(found))
    )


def regions_geojson(pair: Pair, judged: Judged, regions: tuple[Region, ...]) -> bytes:
    """Return the outlines of the regions as GeoJSON, WGS 84, canonical bytes."""
    outlines = _outlines(judged.regions.label, pair.geobox)
    features = [
        {
            "type": "Feature",
            "id": region.id,
            "properties": region.model_dump(mode="json", exclude={"id", "centroid"})
            | {"rank": region.id},
            "geometry": shapely.geometry.mapping(outlines[region.id]),
        }
        for region in regions
    ]
    document = {"type": "FeatureCollection", "features": rounded(features, digits=9)}
    return canonical_json(document)


def _outlines(label: NDArray[np.int32], geobox: GeoBox) -> dict[int, Any]:
    """Return label → polygon along pixel edges, in degrees."""
    from rasterio.features import shapes  # noqa: PLC0415 - heavy, and only where regions are

    if not label.any():
        return {}
    parts: dict[int, list[Any]] = {}
    for geometry, value in shapes(label, mask=label > 0, transform=geobox.affine):
        parts.setdefault(int(value), []).append(shapely.geometry.shape(geometry))
    to = Transformer.from_crs(str(geobox.crs), "EPSG:4326", always_xy=True)

    def degrees(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(np.column_stack(to.transform(xy[:, 0], xy[:, 1])), 7)

    whole = [
        shapely.geometry.MultiPolygon(found) if len(found) > 1 else found[0]
        for found in parts.values()
    ]
    return dict(zip(parts, shapely.transform(np.array(whole, object), degrees), strict=True))
