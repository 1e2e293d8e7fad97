"""The layers of a product, read from its folder and made small enough to draw.

Files are found by listing the folder; no path is ever built from a text of the record.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.imagery.beyond import beyond_site
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Affine = tuple[float, float, float, float, float, float]
Geometry = dict[str, Any]
LARGEST, LARGEST_OF_MANY = 1200, 800  # drawn pixels on the longer side: one track, or several
BEYOND = 255  # coverage code of pixels that no layer shows
OPTICAL = ("red", "green", "blue")


@dataclass(frozen=True)
class Layer:
    """One raster as it will be drawn.

    Attributes
    ----------
    values
        float32 (band, y, x), physical; NaN is not observed.
    transform
        Six numbers a, b, c, d, e, f: x = a·col + b·row + c, y = d·col + e·row + f.
    crs
        WKT of the layer, or "" where the file has none.
    bands
        Names, one a band.
    acquired
        Tag of the file, or "".
    outside
        bool (y, x), True beyond the declared site, which is never shown; None: all is shown.
    """

    values: NDArray[np.float32]
    transform: Affine
    crs: str
    bands: tuple[str, ...]
    acquired: str
    outside: NDArray[np.bool_] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in drawn pixels."""
        return self.values.shape[2], self.values.shape[1]

    @property
    def radar(self) -> bool:
        """Whether the bands are polarisations."""
        return "VV" in self.bands or "VH" in self.bands

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Where every band has a value, or where nothing is to be shown, (y, x)."""
        observed: NDArray[np.bool_] = np.all(np.isfinite(self.values), axis=0)
        return observed if self.outside is None else observed | self.outside


def read(path: Path, site: Geometry | None = None, largest: int = LARGEST) -> Layer:
    """Return one GeoTIFF of the product as it is drawn.

    It is cut to the declared `site` (GeoJSON, WGS 84), beyond which nothing is shown, and
    averaged down to at most `largest` pixels a side.
    """
    from pipeline.store.cog import read_layer  # noqa: PLC0415 - brings in rasterio

    stored, geobox, nodata, bands, tags = read_layer(path)
    values = stored.astype(np.float32)
    if nodata is not None and np.isfinite(nodata):
        values[values == np.float32(nodata)] = np.nan
    t = geobox.affine
    crs = geobox.crs.to_wkt() if geobox.crs else ""
    whole = Layer(values, (t.a, t.b, t.c, t.d, t.e, t.f), crs, bands, tags.get("acquired", ""))
    return shrunk(cut(whole, site) if site is not None and crs else whole, largest)


def cut(layer: Layer, site: Geometry) -> Layer:
    """Return `layer` cut to the box of `site`; what lies beyond its outline is NaN."""
    from affine import Affine as Grid  # noqa: PLC0415 - beside rasterio

    columns, rows = layer.size
    outside = beyond_site(
        site, crs=layer.crs, shape=(rows, columns), transform=Grid(*layer.transform)
    )
    if outside.all():
        return replace(layer, values=np.full_like(layer.values, np.nan), outside=outside)
    y, x = (np.flatnonzero((~outside).any(axis=axis)) for axis in (1, 0))
    box = np.s_[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
    values = np.where(outside[box], np.nan, layer.values[:, *box]).astype(np.float32)
    a, b, c, d, e, f = layer.transform
    corner = (a, b, c + a * x[0] + b * y[0], d, e, f + d * x[0] + e * y[0])
    return replace(layer, values=values, transform=corner, outside=outside[box])


def shrunk(layer: Layer, largest: int) -> Layer:
    """Return `layer` block-averaged by a whole factor; a block is NaN where most of it is."""
    factor = -(-max(layer.size) // largest)
    if factor == 1:
        return layer
    blocks = _blocks(layer.values, factor, np.nan)
    seen = np.isfinite(blocks)
    count = seen.sum(axis=(2, 4))
    total = np.where(seen, blocks, 0).sum(axis=(2, 4), dtype=np.float64)
    mean = np.where(2 * count >= factor * factor, total / np.maximum(count, 1), np.nan)
    a, b, c, d, e, f = layer.transform
    bigger = (a * factor, b * factor, c, d * factor, e * factor, f)
    outside = layer.outside
    if outside is not None:
        outside = 2 * _blocks(outside[None], factor, True).sum(axis=(2, 4))[0] > factor * factor
    return replace(layer, values=mean.astype(np.float32), transform=bigger, outside=outside)


def coverage_codes(path: Path, site: Geometry | None, largest: int) -> NDArray[np.uint8] | None:
    """Return the coverage codes of a look, uint8 (y, x), 255 beyond the site; None without file.

    Pixels are those `read` gives a layer of the same grid. A drawn block has the code of
    most of its pixels; of codes as frequent the lowest.
    """
    if not path.is_file():
        return None
    whole = read(path, site, largest=1 << 30)
    codes = np.where(np.isfinite(whole.values[0]), whole.values[0], BEYOND).astype(np.uint8)
    factor = -(-max(whole.size) // largest)
    if factor == 1:
        return codes
    blocks = _blocks(codes[None], factor, BEYOND)[0]
    kinds = np.unique(codes)
    counts = np.stack([(blocks == kind).sum(axis=(1, 3)) for kind in kinds])
    most: NDArray[np.uint8] = kinds[counts.argmax(axis=0)]
    return most


def _blocks(values: NDArray[Any], factor: int, edge: float) -> NDArray[Any]:
    """Return (band, y, in block, x, in block), padded with `edge`."""
    bands, height, width = values.shape
    pad = ((0, 0), (0, -height % factor), (0, -width % factor))
    whole = np.pad(values, pad, constant_values=edge)
    return whole.reshape(bands, whole.shape[1] // factor, factor, -1, factor)


@dataclass(frozen=True)
class Track:
    """The layers of one sensor and track; any may be absent.

    Attributes
    ----------
    codes
        Coverage codes of `after`, (y, x) on the pixels of `anomaly`; 255 beyond the site.
    """

    sensor: str
    track: str
    before: Layer | None
    after: Layer | None
    anomaly: Layer | None
    codes: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Layers:
    """All layers of a product."""

    tracks: tuple[Track, ...]
    score: Layer | None = None
    change: Layer | None = None
    zones: tuple[dict[str, Any], ...] = ()


def stems(folder: Path) -> tuple[str, ...]:
    """Return ``<sensor>_<track>`` of every before, after or anomaly layer, sorted."""
    kinds = ("_before", "_after", "_anomaly")
    return tuple(
        sorted(
            {
                path.stem[: -len(kind)]
                for path in folder.glob("*.tif")
                for kind in kinds
                if path.stem.endswith(kind)
            }
        )
    )


def named(stem: str, known: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return sensor and track of a stem: a pair of the record, else split at the first _."""
    for sensor, track in known:
        if stem == f"{sensor}_{track}":
            return sensor, track
    sensor, _, track = stem.partition("_")
    return sensor, track


def load(folder: Path, known: tuple[tuple[str, str], ...] = ()) -> Layers:
    """Return the layers of the product in `folder`.

    Parameters
    ----------
    folder
        Product folder, with ``layers/`` and, for a pair, ``score.tif``, ``change.tif``.
    known
        Sensor and track pairs of the record.
    """
    inside = folder / "layers"
    zones = zone_features(inside / "zones.geojson")
    site = site_outline(zones)
    found, names = [], stems(inside)
    largest = LARGEST if len(names) <= 1 else LARGEST_OF_MANY
    for stem in names:
        parts = [inside / f"{stem}_{kind}.tif" for kind in ("before", "after", "anomaly")]
        before, after, anomaly = _read_present(parts, site, largest)
        codes = coverage_codes(inside / f"{stem}_valid.tif", site, largest)
        fits = codes is not None and anomaly is not None and codes.shape == anomaly.size[::-1]
        found.append(Track(*named(stem, known), before, after, anomaly, codes if fits else None))
    both = [folder / name for name in ("score.tif", "change.tif")]
    score, change = _read_present(both, site, LARGEST)
    return Layers(tracks=tuple(found), score=score, change=change, zones=zones)


def _read_present(paths: list[Path], site: Geometry | None, largest: int) -> list[Layer | None]:
    return side_by_side(lambda p: read(p, site, largest) if p.is_file() else None, paths)


def site_outline(zones: tuple[Geometry, ...]) -> Geometry | None:
    """Return the geometry of the declared site, or None where there is no site."""
    sites = [z["geometry"] for z in zones if (z.get("properties") or {}).get("role") == "site"]
    return sites[0] if sites else None


def zone_features(path: Path) -> tuple[dict[str, Any], ...]:
    """Return the features of ``zones.geojson``, or none."""
    if not path.is_file():
        return ()
    return tuple(json.loads(path.read_bytes()).get("features", ()))
