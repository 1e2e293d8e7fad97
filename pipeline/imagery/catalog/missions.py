"""What an item's properties say, mission by mission.

Providers name the same facts differently; each function returns one `Facts`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.imagery.catalog import names, orbits
from pipeline.imagery.catalog.reading import number, utc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pipeline.imagery.sensors import Sensor

    Properties = Mapping[str, Any]

_A_DAY_AND_A_PASS = 25 * 3600.0  # a name with a date alone means its midnight
_DATATAKE = re.compile(r"G?(S2[A-D])_(\d{8}T\d{6})_(\d{6})(?:_N\d{2}\.\d{2})?")
_DATASTRIP = re.compile(r"_S(\d{8}T\d{6})(?:_|$)")
_MGRS = re.compile(r"(?:MGRS-)?T?(\d{1,2}[A-Z]{3})")
_S1_PRODUCT = re.compile(
    r"(S1[A-D])_\w{2}_(GRD|SLC|RAW|OCN)\w_\w{4}_\d{8}T\d{6}_\d{8}T\d{6}_\d{6}_([0-9A-F]{6}).*"
)


@dataclass(frozen=True)
class Facts:
    """One acquisition as the scene model wants it."""

    acquired: datetime
    track: str = "any"
    tile: str = ""
    datatake: str = ""
    part: str = ""
    platform: str | None = None
    published: datetime | None = None
    baseline: str | None = None
    offset_applied: bool | None = None
    notes: tuple[str, ...] = ()


def facts_of(identifier: str, properties: Properties, sensor: Sensor) -> Facts:
    """Return the facts of an item; ValueError names a property that cannot be read."""
    acquired = _acquired(properties, radar=sensor.physical == "gamma0")
    common = Facts(
        acquired=acquired,
        platform=_text(properties, "platform", "eo:platform"),
        published=_published(properties),
        tile=identifier,
        datatake=identifier,
    )
    _check_named_day(identifier, acquired, sensor)
    if sensor.key.startswith("sentinel-1"):
        return _sentinel1(identifier, properties, common)
    if sensor.key.startswith("sentinel-2"):
        return _sentinel2(identifier, properties, common)
    if sensor.key.startswith("landsat"):
        return _landsat(identifier, properties, common)
    return _other(properties, common)


def _check_named_day(identifier: str, acquired: datetime, sensor: Sensor) -> None:
    """Refuse an item whose id, in its mission's own scheme, is of another day.

    A product under another date is a replayed look; an hour's difference is none: the
    name of a product tells its datatake's start, the property its granule's.
    """
    scheme = {"sentinel-1": names.opera, "sentinel-2": names.safe, "landsat": names.landsat}
    read = next((scheme[key] for key in scheme if sensor.key.startswith(key)), None)
    name = read(re.sub(r"_(?:SR|ST)$", "", identifier)) if read else None
    if name is None:
        return
    named = name.acquired
    if abs((acquired - named).total_seconds()) > _A_DAY_AND_A_PASS:
        raise ValueError(f"its id is of {named:%Y-%m-%d}, its datetime {acquired:%Y-%m-%d}")


def _acquired(properties: Properties, *, radar: bool) -> datetime:
    keys = ("start_datetime", "datetime") if radar else ("datetime", "start_datetime")
    for key in keys:
        moment = utc(properties.get(key))
        if moment is not None:
            return moment
    raise ValueError("it has no datetime")


def _published(properties: Properties) -> datetime | None:
    # The time the pixels were made decides; the time an item was written is second best.
    for key in (
        "s2:generation_time", "processing:datetime", "odc:processing_datetime", "published",
        "created", "updated",
    ):  # fmt: skip
        moment = utc(properties.get(key))
        if moment is not None:
            return moment
    return None


def _sentinel1(identifier: str, properties: Properties, common: Facts) -> Facts:
    name = names.opera(identifier)
    if name is not None:
        return opera_facts(name)
    orbit = number(properties.get("sat:relative_orbit"))
    look = _text(properties, "sat:orbit_state")
    if orbit is None or look not in ("ascending", "descending"):
        raise ValueError("sat:relative_orbit and sat:orbit_state are needed for radar")
    product = _S1_PRODUCT.fullmatch(identifier)
    satellite = product[1] if product else (common.platform or "S1")
    take = product[3] if product else _text(properties, "s1:datatake_id") or identifier
    number_of_slice = _text(properties, "s1:slice_number")
    # Made from ground range slices, it differs from OPERA's bursts of the same pass by more than
    # the ground changes: each is judged against its own history.
    made = "-grd" if product and product[2] == "GRD" else ""
    return replace(
        common,
        track=f"T{int(orbit):03d}{made}-{look}",
        tile=f"slice-{number_of_slice}" if number_of_slice else identifier,
        datatake=f"{satellite}-{take}",
    )


def opera_facts(name: names.Opera) -> Facts:
    """Return the facts in an OPERA name; ValueError if burst and track disagree."""
    look = orbits.burst_direction(name.track, name.burst)
    return Facts(
        acquired=name.acquired,
        track=f"T{name.track:03d}-{look}",
        tile=name.tile,
        datatake=orbits.burst_pass(name.satellite, name.track, name.burst, name.acquired),
        platform=name.satellite,
        published=name.published,
        notes=(f"look direction {look}: from the burst's place along its orbit",),
    )


def _sentinel2(identifier: str, properties: Properties, common: Facts) -> Facts:
    name = _s2_name(identifier, properties)
    take = _DATATAKE.match(_text(properties, "s2:datatake_id", "eopf:datatake_id") or "")
    strip = _DATASTRIP.search(_text(properties, "s2:datastrip_id", "eopf:datastrip_id") or "")
    orbit = number(
        properties.get("sat:relative_orbit") or properties.get("s2:relative_orbit_number")
    )
    if orbit is None and name is not None:
        orbit = name.track
    if orbit is None and take is not None:
        orbit = orbits.s2_relative_orbit(take[1], int(take[3]))
    baseline = _text(properties, "s2:processing_baseline", "processing:version")
    satellite = _s2_satellite(identifier, common.platform, name)
    start = take[2] if take else (f"{name.acquired:%Y%m%dT%H%M%S}" if name else "")
    # A product name's time is that of its datatake, never of the granule.
    datatake = f"{satellite}-{start}" if start else f"{satellite}-{common.acquired:%Y%m%d}"
    return replace(
        common,
        track="any" if orbit is None else f"R{int(orbit):03d}",
        tile=_s2_tile(properties, name) or identifier,
        datatake=datatake,
        part=strip[1] if strip else "",
        platform=common.platform or satellite,
        published=common.published if name is None else _made(properties, name, common),
        baseline=baseline or (name.baseline if name else None),
        offset_applied=_flag(properties, "earthsearch:boa_offset_applied", "s2:boa_offset_applied"),
    )


def _made(properties: Properties, name: names.Sentinel2Name, common: Facts) -> datetime | None:
    stated = any(properties.get(key) for key in ("s2:generation_time", "processing:datetime"))
    return common.published if stated else name.published or common.published


def _s2_name(identifier: str, properties: Properties) -> names.Sentinel2Name | None:
    for text in (
        _text(properties, "s2:product_uri"), _text(properties, "s2:product_title"),
        _text(properties, "sentinel:product_id"), identifier,
    ):  # fmt: skip
        name = names.safe(text) if text else None
        if name is not None:
            return name
    return None


def _s2_satellite(identifier: str, platform: str | None, name: names.Sentinel2Name | None) -> str:
    if name is not None:
        return name.satellite
    match = re.match(r"S2[A-D]", identifier)
    return match[0] if match else (platform or "S2").upper().replace("SENTINEL-2", "S2")


def _s2_tile(properties: Properties, name: names.Sentinel2Name | None) -> str | None:
    stated = _text(properties, "s2:mgrs_tile", "grid:code", "s2:tile_id")
    match = _MGRS.fullmatch(stated or "")
    if match:
        return match[1].zfill(5)
    parts = [
        _text(properties, f"{prefix}:{key}")
        for prefix in ("mgrs", "sentinel")
        for key in ("utm_zone", "latitude_band", "grid_square")
    ]
    for three in (parts[:3], parts[3:]):
        if all(three):
            return "".join(str(part) for part in three).zfill(5)
    return name.tile if name else None


def _landsat(identifier: str, properties: Properties, common: Facts) -> Facts:
    name = names.landsat(re.sub(r"_(?:SR|ST)$", "", identifier))
    path = _text(properties, "landsat:wrs_path") or (name.path if name else None)
    row = _text(properties, "landsat:wrs_row") or (name.row if name else None)
    if path is None or row is None:
        raise ValueError("landsat:wrs_path and landsat:wrs_row are needed")
    platform = (common.platform or (name.platform if name else "landsat")).lower().replace("_", "-")
    return replace(
        common,
        track=f"P{path.zfill(3)}",
        tile=path.zfill(3) + row.zfill(3),
        datatake=f"{platform}-P{path.zfill(3)}-{common.acquired:%Y%m%d}",
        platform=platform,
        published=name.published if name else common.published,
    )


def _other(properties: Properties, common: Facts) -> Facts:
    orbit = number(properties.get("sat:relative_orbit"))
    look = _text(properties, "sat:orbit_state")
    track = "any" if orbit is None else f"T{int(orbit):03d}" + (f"-{look}" if look else "")
    tile = _text(properties, "grid:code") or "any"
    return replace(common, track=track, tile=tile)


def _flag(properties: Properties, *keys: str) -> bool | None:
    for key in keys:
        if key in properties:
            if not isinstance(properties[key], bool):
                raise ValueError(f"{key} must be true or false, not {properties[key]!r}")
            return bool(properties[key])
    return None


def _text(properties: Properties, *keys: str) -> str | None:
    for key in keys:
        value = properties.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None
