"""Which bands of two dates are compared, and reading them.

Loads no library of maps or filters: the decoder works on the first date while they load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import GeometryError, LimitError, SceneError
from pipeline.imagery.admission.outside import OutsideRaster
from pipeline.imagery.admission.raster import Raster, read_asset, read_bands
from pipeline.imagery.pair.pixels import Band, band_of, spooled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from pipeline.imagery.pair.sources import Source
    from pipeline.imagery.scene import Asset

SPECTRAL_ROLES = ("blue", "green", "red", "nir", "nir08", "nir09", "cirrus", "swir16")


@dataclass(frozen=True)
class Room:
    """How much of a pair is held in memory; results do not depend on it.

    Attributes
    ----------
    delivered_bytes
        Of one date's decoded pixels; more are kept in a file without a name.
    placed_values
        Of both dates on the pair's grid; a pair with more is placed strip by strip.
    strip_values
        Of both dates in one strip.
    """

    delivered_bytes: int = 400_000_000
    placed_values: int = 150_000_000
    strip_values: int = 24_000_000


def matching_bands(before: Source, after: Source) -> list[tuple[str, str]]:
    """Return (name in BEFORE, name in AFTER) of bands that both have and that vote.

    Of one sensor by name; of two sensors by role, one band a role.
    """
    there = [n for n in before.sensor.pair_bands if n in before.scene.assets]
    other = [n for n in after.sensor.pair_bands if n in after.scene.assets]
    if before.sensor.key == after.sensor.key:
        matched = [(name, name) for name in there if name in other]
    else:
        roles = {after.sensor.band(name).role: name for name in other}
        matched = [
            (name, roles[role])
            for name in there
            if (role := before.sensor.band(name).role) in roles
        ]
    if not matched or before.sensor.physical != after.sensor.physical:
        said = [f"{s.scene.id} ({s.sensor.key}: {', '.join(s.scene.assets)})"
                for s in (before, after)]  # fmt: skip
        raise GeometryError(f"no band is common to {said[0]} and {said[1]}")
    return matched


def read_first(
    before: Source, after: Source, *, area: BaseGeometry | None, room: Room
) -> dict[str, Band]:
    """Read of BEFORE what may be compared with AFTER; see `read_date`."""
    return read_date(before, [name for name, _ in matching_bands(before, after)], area, room)


def read_date(
    source: Source, names: Sequence[str], area: BaseGeometry | None, room: Room
) -> dict[str, Band]:
    """Read bands and what masks need; pixels beyond the room in memory go to disk.

    Raises
    ------
    GeometryError
        `area` meets no pixel of a file.
    SceneError, LimitError
        A file cannot be read.
    OutputError
        The disk has no room for the decoded pixels of whole tiles.
    """
    wanted = [*names, *(n for n in needed_for_mask(source) if n not in names)]
    found: dict[str, Band] = {}
    held = 0
    try:
        for name, raster in _rasters(source, wanted, area):
            held += raster.values.nbytes
            kept = spooled(raster) if held > room.delivered_bytes else raster
            found[name] = band_of(source, name, kept)
    except OutsideRaster as cause:
        raise GeometryError(cause.rule, file=cause.file) from cause
    return {name: found[name] for name in wanted}


def _rasters(
    source: Source, names: list[str], area: BaseGeometry | None
) -> Iterator[tuple[str, Raster]]:
    """Yield bands; those of one file are read together, where that fits into the decoder."""
    files: dict[tuple[object, ...], list[str]] = {}
    for name in names:
        a = source.scene.assets[name]
        files.setdefault((a.href, a.driver, a.size, a.sha256, a.checksum), []).append(name)
    for inside in files.values():
        assets = [source.scene.assets[name] for name in inside]
        try:
            together = read_bands(assets, window_polygon=area, limits=source.limits)
            yield from zip(inside, together, strict=True)
        except LimitError:
            if len(inside) == 1:
                raise
            yield from zip(inside, _one_by_one(source, assets, area), strict=True)


def _one_by_one(source: Source, assets: list[Asset], area: BaseGeometry | None) -> Iterator[Raster]:
    """Yield bands of one large file, which must not change meanwhile."""
    digests: set[str] = set()
    for asset in assets:
        raster = read_asset(asset, window_polygon=area, limits=source.limits)
        digests.add(raster.sha256)
        if len(digests) > 1:
            rule = "changed while it was read"
            raise SceneError(rule, file=source.limits.relative(asset.href))
        yield raster


def needed_for_mask(source: Source) -> tuple[str, ...]:
    """Return the assets, beyond the compared bands, that the sensor's masks look at."""
    names: list[str] = []
    for rule in source.sensor.masks:
        if rule.kind == "spectral":
            roles = source.sensor.roles
            names += [roles[role] for role in SPECTRAL_ROLES if role in roles]
        elif rule.asset is not None:
            names.append(rule.asset)
    return tuple(name for name in names if name in source.scene.assets)
