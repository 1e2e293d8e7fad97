"""Tiles of the sizes that users have, made from a seed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin
from scipy import ndimage

FINE = ("B02", "B03", "B04", "B08")
COARSE = ("B05", "B06", "B07", "B8A", "B11", "B12")
HEIGHT, WIDTH = 1180, 1070
LOOKS, SIDE_M = 100, 4800
CRS = "EPSG:32633"
WEST, NORTH = 500_000.0, 5_000_000.0


def write_pair(folder: Path) -> None:
    """Write a ten-band Sentinel-2 pair: ``before/``, ``after/``, ``dates.json``."""
    rng = np.random.default_rng(1)
    ground = _ground(rng, (len(FINE) + len(COARSE), HEIGHT, WIDTH))
    changed = np.zeros((HEIGHT, WIDTH), np.bool_)
    for row, column in rng.integers(50, HEIGHT - 150, (25, 2)):
        changed[row : row + 12, column : column + 9] = True
    for name, light in (("before", 1.0), ("after", 1.07)):
        seen = ground * light + rng.normal(0, 40, ground.shape)
        if name == "after":
            seen[:, changed] += 900
        _write_bands(folder / name, seen)
    dates = {"before": "2023-06-05", "after": "2024-06-09"}
    (folder / "dates.json").write_text(json.dumps(dates))


def _ground(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Fields and texture: (band, y, x) digital numbers."""
    bands, height, width = shape
    fields = ndimage.zoom(
        rng.normal(size=(6, height // 40 + 2, width // 40 + 2)), (1, 40, 40), order=0
    )
    mix = rng.uniform(-1, 1, (bands, 6))
    smooth = ndimage.gaussian_filter(fields[:, :height, :width], (0, 1.0, 1.0))
    return 1800 + 350 * np.tensordot(mix, smooth, 1) + rng.normal(0, 60, (height, width))


def _write_bands(folder: Path, values: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for name, layer in zip((*FINE, *COARSE), values, strict=True):
        step = 1 if name in FINE else 2
        _write(
            folder / f"{name}.tif",
            layer[::step, ::step].clip(1, 10_000).astype(np.uint16),
            10.0 * step,
        )


def _write(path: Path, layer: np.ndarray, pixel_m: float) -> None:
    profile = {
        "driver": "GTiff", "width": layer.shape[1], "height": layer.shape[0], "count": 1,
        "dtype": layer.dtype, "crs": CRS, "transform": from_origin(WEST, NORTH, pixel_m, pixel_m),
        "compress": "deflate", "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    if layer.dtype.kind == "f":
        profile["nodata"] = float("nan")
    with rasterio.open(path, "w", **profile) as file:
        file.write(layer, 1)


def write_site(folder: Path, pixel_m: float = 30.0) -> Path:
    """Write 100 radar looks over a site of 3 × 3 km, with agreement; return the settings."""
    (folder / "tiles").mkdir(parents=True)
    rng = np.random.default_rng(2)
    side = round(SIDE_M / pixel_m)
    level = ndimage.gaussian_filter(rng.normal(-11, 6, (side, side)), 2.0)
    for look in range(LOOKS):
        day = datetime(2021, 1, 4, 17, 0) + timedelta(days=12 * look)  # noqa: DTZ001
        for band, below in (("VV", 0.0), ("VH", 7.0)):
            power = 10 ** ((level - below + rng.normal(0, 0.4)) / 10)
            power *= rng.gamma(12.0, 1 / 12.0, power.shape)
            stamp = f"{day:%Y%m%dT%H%M%SZ}"
            name = f"OPERA_L2_RTC-S1_T137-292319-IW2_{stamp}_{stamp}_S1A_30_v1.0"
            _write(folder / f"tiles/{name}_{band}.tif", power.astype(np.float32), pixel_m)
    (folder / "site.geojson").write_text(json.dumps(_polygons()))
    (folder / "agreement.yaml").write_text(AGREEMENT)
    settings = folder / "settings.yaml"
    settings.write_text(SETTINGS)
    return settings


def _polygons() -> dict[str, object]:
    to = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

    def feature(east: float, south: float, side: float, hole: float = 0, **facts: str) -> dict:
        def ring(x: float, y: float, size: float) -> list[list[float]]:
            corners = ((0, 0), (size, 0), (size, size), (0, size), (0, 0))
            return [list(to.transform(WEST + x + dx, NORTH - y + dy)) for dx, dy in corners]

        rings = [ring(east, south, side)]
        if hole:
            inset = (side - hole) / 2
            rings.append(ring(east + inset, south - inset, hole)[::-1])
        return {"type": "Feature", "properties": facts,
                "geometry": {"type": "Polygon", "coordinates": rings}}  # fmt: skip

    features = [feature(900, 3900, 3000, role="site")]
    for index, (east, south) in enumerate(((1200, 1800), (2700, 1800), (1200, 3500), (2700, 3500))):
        features.append(
            feature(east, south, 600, role="zone", id=f"zone-{index}", kind="hardstand")
        )
    features.append(feature(150, 4650, 4500, hole=3100, role="context_ring"))
    return {"type": "FeatureCollection", "features": features}


AGREEMENT = """\
schema: fairwitness/agreement/1
id: benchmark
title: A benchmark
rehearsal: true
in_force: {from: 2021-01-01, to: 2026-12-31}
parties:
  - {id: north, name: Northern Party, role: party}
  - {id: south, name: Southern Party, role: party}
sites:
  - {id: field, name: Field, declared_by: north, geometry: site.geojson, timezone: Etc/UTC,
     valid: {from: 2021-01-01, to: 2026-12-31}}
indicators:
  - id: radar-excess
    observable: radar_excess
    unit: dB
    sensors: [sentinel-1-rtc]
    observability: proxy
    treaty_quantity: vehicles
    direction: both
    method: {version: "1", minimum_area_m2: 3600}
    threshold: {kind: deviation, value: 1.5, comparator: ">="}
    confirmation: {k: 2, n: 3, window_days: 45}
  - id: radar-bright-area
    observable: radar_bright_area
    unit: m2
    sensors: [sentinel-1-rtc]
    observability: proxy
    treaty_quantity: vehicles
    direction: more
    method: {version: "1", minimum_area_m2: 3600}
    threshold: {kind: absolute, value: 7200, comparator: ">="}
    confirmation: {k: 2, n: 3, window_days: 45}
baseline: {from: 2021-01-01, to: 2022-12-31, minimum_looks: 8}
false_alarm_allowance: {alarms_per_site_year: 0.5}
clock: {reply_hours: 48, meeting_hours: 48, consequence: a meeting}
permitted_use: benchmark
"""
SETTINGS = """\
schema: fairwitness/settings/1
agreement: agreement.yaml
catalogues: [{kind: folder, path: tiles}]
output: out
workers: 0
"""
