"""A scene's window is kept as chips, with a record that lets later runs open nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import shape

from pipeline.errors import ProductError, SceneError
from pipeline.imagery.admission.fetching import file_size
from pipeline.imagery.admission.raster import Raster, declared_grid, read_bands
from pipeline.store.atomic import canonical_json, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from pipeline.imagery.admission.limits import Limits
    from pipeline.imagery.scene import Asset, Scene
    from pipeline.store.chips import ChipStore

# Raised when chips change their form, so that a folder of earlier runs gives the same bytes.
SCHEMA = "fairwitness/admission/2"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileFacts:
    """One band's file, bound to the bytes that were decoded; as the record holds it.

    Attributes
    ----------
    href
        Relative to the catalogue, or an address without query.
    size, sha256
        Of the whole file, at admission.
    chip_sha256
        The evidence chip.
    scale, offset
        Physical value = DN × scale + offset, as decided for the scene.
    """

    band: str
    href: str
    size: int
    sha256: str
    chip_sha256: str
    scale: float
    offset: float


@dataclass(frozen=True)
class Admitted:
    """A scene whose pixels over a site are kept.

    Attributes
    ----------
    chips
        Band → SHA-256 of its chip.
    files
        Band → facts of its file.
    notes
        What was odd in the files, in words; sorted.
    opened
        Bands whose files were opened now; empty when everything was on record.
    """

    scene: Scene
    chips: Mapping[str, str]
    files: Mapping[str, FileFacts]
    notes: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()


def admit(
    scene: Scene,
    *,
    polygon: BaseGeometry,
    bands: Iterable[str],
    chips: ChipStore,
    limits: Limits,
    site: str | None = None,
) -> Admitted:
    """Keep the window of `polygon` of some bands of `scene`, or find it kept already.

    A file is opened unless the record of an earlier admission has the same item,
    href, size, declared checksum and window, and the chip still has its digest.

    Parameters
    ----------
    scene
        What the catalogue says.
    polygon
        Site and context ring, EPSG:4326; its bounds and a margin are kept.
    bands
        Keys of ``scene.assets``.
    chips
        Where chips are kept; records are beside them, under ``admitted/<site>/``.
    limits
        What a file may cost and where it may lie.
    site
        Names the record's folder, and the error's line.

    Raises
    ------
    SceneError
        A file is refused, or the catalogue contradicts its header.
    OutsideRaster
        The polygon meets no pixel of a file.
    LimitError
        A file needs more than `limits` allow.
    OutputError
        The disk refused a chip or the record.
    """
    path = record_path(chips.root, scene, site)
    request = _Request.of(scene, polygon, bands, limits, site)
    record = _read_record(path)
    found = request.found_in(record, chips)
    missing = {band: asset for band, asset in request.assets.items() if band not in found}
    for rasters in _opened(scene, missing, polygon, limits, site):
        for band, raster in rasters.items():
            found[band] = _keep(scene, band, raster, chips)
    if missing:
        _write_record(path, record, request.asked, found)
    return request.answered(found, tuple(missing))


def on_record(
    scene: Scene,
    *,
    polygon: BaseGeometry,
    bands: Iterable[str],
    chips: ChipStore,
    limits: Limits,
    site: str | None = None,
) -> Admitted | None:
    """Return what `admit` would where it opens no file, else None; scenes may be asked at once.

    For the parameters see `admit`.

    Raises
    ------
    SceneError
        The scene has no file for a band.
    """
    request = _Request.of(scene, polygon, bands, limits, site)
    found = request.found_in(_read_record(record_path(chips.root, scene, site)), chips)
    return request.answered(found, ()) if len(found) == len(request.assets) else None


def record_path(root: Path, scene: Scene, site: str | None) -> Path:
    """Return where the admission record of `scene` over `site` belongs."""
    identity = [scene.provider, scene.sensor, scene.tile, scene.acquired.isoformat(), scene.id]
    key = hashlib.sha256(canonical_json(identity)).hexdigest()[:16]
    return root / "admitted" / _safe(site or "unnamed") / f"{_safe(scene.id)}-{key}.json"


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:100]


def _assets(scene: Scene, bands: Iterable[str], site: str | None) -> dict[str, Asset]:
    wanted = sorted(set(bands))
    for band in wanted:
        if band not in scene.assets:
            raise SceneError(f"has no file for band {band}", site=site, file=scene.id)
    return {band: scene.assets[band] for band in wanted}


@dataclass(frozen=True)
class _Request:
    """What is asked of one scene: its files, and band by band all that decides a chip."""

    scene: Scene
    assets: Mapping[str, Asset]
    asked: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(
        cls,
        scene: Scene,
        polygon: BaseGeometry,
        bands: Iterable[str],
        limits: Limits,
        site: str | None,
    ) -> _Request:
        assets = _assets(scene, bands, site)
        outline = shapely.to_wkb(shapely.normalize(polygon), byte_order=1)
        window = hashlib.sha256(outline).hexdigest()
        asked = {band: _asked(scene, asset, window, limits) for band, asset in assets.items()}
        return cls(scene, assets, asked)

    def found_in(self, record: Mapping[str, Any], chips: ChipStore) -> dict[str, Any]:
        """Return what a record has of it, band by band, where the chips are intact."""
        found = {
            band: record["found"].get(band)
            for band, asked in self.asked.items()
            if record["asked"].get(band) == asked
        }
        return {
            band: facts
            for band, facts in found.items()
            if facts is not None and chips.loads(facts["chip_sha256"])
        }

    def answered(self, found: Mapping[str, Mapping[str, Any]], opened: tuple[str, ...]) -> Admitted:
        """Return the scene with what was found of its files."""
        assets = self.scene.assets
        files = {
            band: FileFacts(
                band, self.asked[band]["href"], facts["size"], facts["sha256"],
                facts["chip_sha256"], assets[band].scale, assets[band].offset,
            )
            for band, facts in sorted(found.items())
        }  # fmt: skip
        notes = {f"{band}: {note}" for band, facts in found.items() for note in facts["notes"]}
        chips = {band: facts.chip_sha256 for band, facts in files.items()}
        return Admitted(self.scene, chips, files, tuple(sorted(notes)), opened)


def _asked(scene: Scene, asset: Asset, window: str, limits: Limits) -> dict[str, Any]:
    return {
        "item": scene.id, "href": limits.relative(asset.href), "driver": asset.driver,
        "index": asset.index, "nodata": None if asset.nodata is None else str(asset.nodata),
        "size": file_size(asset), "sha256": asset.sha256, "checksum": asset.checksum,
        "declared": declared_grid(asset), "window": window, "margin_pixels": limits.margin_pixels,
    }  # fmt: skip


def _opened(
    scene: Scene,
    missing: Mapping[str, Asset],
    polygon: BaseGeometry,
    limits: Limits,
    site: str | None,
) -> Iterable[dict[str, Raster]]:
    """Read each file once, however many bands it holds."""
    footprint = _footprint(scene)
    files: dict[tuple[Any, ...], list[str]] = {}
    for band, asset in missing.items():
        key = (asset.href, asset.driver, asset.size, asset.sha256, asset.checksum)
        files.setdefault(key, []).append(band)
    for inside in files.values():
        rasters = read_bands(
            [missing[band] for band in inside],
            window_polygon=polygon, limits=limits, site=site, footprint=footprint,
        )  # fmt: skip
        yield dict(zip(inside, rasters, strict=True))


def _footprint(scene: Scene) -> BaseGeometry | None:
    if scene.footprint is None:
        return None
    try:
        footprint = shape(scene.footprint)
        finite = np.isfinite(shapely.get_coordinates(footprint)).all()
    except (ValueError, TypeError, AttributeError, KeyError, shapely.errors.ShapelyError):
        return None
    return footprint if finite and not footprint.is_empty else None


def _keep(scene: Scene, band: str, raster: Raster, chips: ChipStore) -> dict[str, Any]:
    tags = {"scene": scene.id, "band": band, "source_sha256": raster.sha256}
    chip = chips.put(raster.values[None], raster.transform, raster.crs, raster.nodata, tags)
    return {
        "size": raster.size, "sha256": raster.sha256, "chip_sha256": chip,
        "notes": list(raster.notes),
    }  # fmt: skip


def _read_record(path: Path) -> dict[str, Any]:
    """Return the record, or an empty one when there is none that can be used."""
    empty: dict[str, Any] = {"schema": SCHEMA, "asked": {}, "found": {}}
    try:
        record = read_json(path, byte_limit=4 << 20)
        _check_record(record)
    except (ProductError, KeyError, TypeError, AttributeError, ValueError):
        return empty
    return record if record["schema"] == SCHEMA else empty


def _check_record(record: Any) -> None:
    for facts in record["found"].values():
        digests = (facts["chip_sha256"], facts["sha256"])
        if not all(_DIGEST.fullmatch(digest) for digest in digests):
            raise ValueError("has no digests")
        if type(facts["size"]) is not int or not isinstance(facts["notes"], list):
            raise ValueError("has no size and notes")
    record["asked"].items()


def _write_record(
    path: Path, record: Mapping[str, Any], asked: Mapping[str, Any], found: Mapping[str, Any]
) -> None:
    merged = {
        "schema": SCHEMA,
        "asked": {**record["asked"], **asked},
        "found": {**record["found"], **found},
    }
    if merged != record or not path.exists():
        write_json(path, merged)
