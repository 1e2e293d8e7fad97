"""From a STAC item of any provider to a `Scene`, or to the reason why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipeline.errors import CatalogueError, printable
from pipeline.imagery.catalog import assets, found, names, radiometry
from pipeline.imagery.catalog.found import LeftOut
from pipeline.imagery.catalog.metadata import item_metadata
from pipeline.imagery.catalog.missions import facts_of
from pipeline.imagery.catalog.places import host_of
from pipeline.imagery.catalog.reading import number, sound_id, utc
from pipeline.imagery.scene import Asset, Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.imagery.catalog.missions import Facts
    from pipeline.imagery.catalog.places import Place
    from pipeline.imagery.sensors import Sensor

_HOME = ("self", "root", "parent", "collection", "derived_from")


def read_item(
    content: Mapping[str, Any],
    *,
    file: object,
    place: Place,
    sensors: Mapping[str, Sensor],
    wanted: str | None = None,
) -> Scene | LeftOut:
    """Turn one item's JSON into a scene.

    Parameters
    ----------
    content
        The item as parsed.
    file
        File or address it came from, for messages.
    place
        Where its rasters may lie.
    sensors
        Key → row, generic ones included.
    wanted
        Sensor that the settings prescribe, instead of inferring it.

    Returns
    -------
    Scene or LeftOut
        Never raises for anything an item can hold.
    """
    label = printable(content.get("id") or file)[:200]
    sensor = None
    try:
        identifier = sound_id(content.get("id"))
        content = _today(content)
        sensor = sensor_of(identifier, content, sensors, wanted)
        if isinstance(sensor, str):
            when = utc(content["properties"].get("datetime"))
            reason = printable(f"{file}: {sensor}")
            return LeftOut(label, when, None, reason, footprint=_sound_footprint(content))
        return _scene(identifier, content, file, place, sensor)
    except CatalogueError as error:
        return _damaged(label, sensor, str(error), content)
    except _broken() as error:
        reason = printable(f"{file}: the item is broken: {_words(error)}")
        return _damaged(label, sensor, reason, content)


def _damaged(
    label: str, sensor: Sensor | str | None, reason: str, content: Mapping[str, Any]
) -> LeftOut:
    """Return a broken item with its place, if that can be read; its day is not believed.

    The sites it lies over must say that a look is missing; what tells no place
    concerns nobody.
    """
    try:
        footprint = _sound_footprint(content)
    except _broken():
        footprint = None
    return LeftOut(label, None, _key(sensor), reason, damaged=True, footprint=footprint)


def _sound_footprint(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    footprint: Mapping[str, Any] | None = content.get("geometry")
    if footprint is not None:
        found.footprint_shape(footprint)
    return footprint


def _today(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item of an old version of the specification in today's form."""
    if re.fullmatch(r"1\.\d+\.\d+", str(content.get("stac_version"))):
        return content
    import pystac  # noqa: PLC0415 - most catalogues are of today, and it is slow to import

    item = pystac.Item.from_dict(dict(content), preserve_dict=True, migrate=True)
    lifted: dict[str, Any] = item.to_dict(include_self_link=False, transform_hrefs=False)
    return lifted


def _broken() -> tuple[type[Exception], ...]:
    """Return what hostile or broken content makes pystac and plain lookups raise."""
    import pystac  # noqa: PLC0415

    return (
        pystac.errors.STACError, pystac.STACTypeError, ValueError, TypeError, KeyError,
        IndexError, AttributeError, RecursionError, OverflowError,
    )  # fmt: skip


def _key(sensor: Sensor | str | None) -> str | None:
    return None if sensor is None or isinstance(sensor, str) else sensor.key


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _scene(
    identifier: str, content: Mapping[str, Any], file: object, place: Place, sensor: Sensor
) -> Scene | LeftOut:
    properties = content["properties"]
    facts = facts_of(identifier, properties, sensor)
    footprint = _sound_footprint(content)
    item_bands = properties.get("eo:bands")
    choice = assets.choose(
        content.get("assets") or {},
        item_bands if isinstance(item_bands, list) else [],
        sensor,
        place,
        properties=properties,
    )
    lacking = _lacking(choice, sensor)
    if lacking:
        reason = printable(f"{file}: {lacking}")
        return LeftOut(identifier, facts.acquired, sensor.key, reason, footprint=footprint)
    evidence = radiometry.Evidence(
        applied=facts.offset_applied,
        metadata=item_metadata(content.get("assets") or {}, sensor, place),
        baseline=facts.baseline,
        published=facts.published,
        acquired=facts.acquired,
    )
    layers, reasons = _assets(choice, sensor, evidence)
    return Scene(
        id=identifier,
        sensor=sensor.key,
        acquired=facts.acquired,
        track=facts.track,
        tile=facts.tile,
        datatake=facts.datatake,
        part=facts.part,
        provider=_provider(content, facts),
        assets=layers,
        published=facts.published,
        processing_baseline=facts.baseline,
        footprint=footprint,
        cloud_cover_percent=number(properties.get("eo:cloud_cover")),
        sun_elevation_deg=_sun(properties, "elevation"),
        sun_azimuth_deg=_sun(properties, "azimuth"),
        platform=facts.platform,
        source=str(file),
        notes=(*facts.notes, *reasons, *_remarks(choice, sensor)),
    )


def _lacking(choice: assets.Choice, sensor: Sensor) -> str | None:
    where = ", ".join(sorted(choice.elsewhere))
    remote = f"on {where}, which the settings do not name (allow_hosts)" if where else ""
    if not any(band.name in choice.layers for band in sensor.bands):
        return f"its rasters are {remote}" if remote else f"it has no band of {sensor.key}"
    for mask in sensor.masks:
        if mask.required and mask.asset and mask.asset not in choice.layers:
            name = " or ".join(mask.aliases)
            return f"its mask layer ({name}) is " + (remote or "missing")
    return None


def _assets(
    choice: assets.Choice, sensor: Sensor, evidence: radiometry.Evidence
) -> tuple[dict[str, Asset], tuple[str, ...]]:
    layers: dict[str, Asset] = {}
    reasons: dict[str, list[str]] = {}
    bands = {band.name: band for band in sensor.bands}
    for layer in (*bands, *(mask.asset for mask in sensor.masks if mask.asset)):
        candidate = choice.layers.get(layer)
        if candidate is None:
            continue
        if layer not in bands:
            layers[layer] = _asset(candidate)
            continue
        band = bands[layer]
        decision = radiometry.decide(
            sensor, band, evidence, scale=_sound_scale(candidate), offset=candidate.offset
        )
        nodata = band.nodata if candidate.nodata is None else candidate.nodata
        layers[layer] = _asset(candidate, decision.scale, decision.offset, nodata)
        reasons.setdefault(decision.reason, []).append(layer)
    return layers, tuple(said(reasons))


def said(reasons: Mapping[str, list[str]]) -> list[str]:
    """Return one sentence per reason, with the bands it holds for where they differ."""
    if len(reasons) == 1:
        return list(reasons)
    return [f"{', '.join(bands)}: {reason}" for reason, bands in reasons.items()]


def _sound_scale(candidate: assets.Candidate) -> float | None:
    if candidate.scale is not None and candidate.scale <= 0:
        raise ValueError(f"{candidate.layer} declares a scale of {candidate.scale:g}")
    return candidate.scale


def _asset(
    candidate: assets.Candidate,
    scale: float = 1.0,
    offset: float = 0.0,
    nodata: float | None = None,
) -> Asset:
    kind, digest = assets.digest_of(candidate.checksum) or (None, None)
    return Asset(
        href=candidate.located.href,
        driver=candidate.driver,
        index=candidate.index,
        scale=scale,
        offset=offset,
        nodata=nodata,
        size=candidate.size,
        sha256=digest if kind == "sha256" else None,
        checksum=candidate.checksum,
        crs=candidate.grid.crs,
        transform=candidate.grid.transform,
        shape=candidate.grid.shape,
    )


def _remarks(choice: assets.Choice, sensor: Sensor) -> list[str]:
    missing = [band.name for band in sensor.bands if band.name not in choice.layers]
    return [f"not within reach: {', '.join(missing)}"] if missing else []


def _provider(content: Mapping[str, Any], facts: Facts) -> str:
    listed = content["properties"].get("providers")
    for entry in listed if isinstance(listed, list) else ():
        roles, name = (entry.get("roles") or [], entry.get("name"))
        if "host" in roles and isinstance(name, str):
            return printable(name)[:80]
    for link in content.get("links") or ():
        host = host_of(str(link.get("href"))) if link.get("rel") in _HOME else None
        if host:
            return host
    return printable(content.get("collection") or facts.platform or "unknown")[:80]


def _sun(properties: Mapping[str, Any], what: str) -> float | None:
    for prefix in ("view:", "eo:"):
        value = number(properties.get(f"{prefix}sun_{what}"))
        if value is not None:
            return value
    # Planetary Computer gives the zenith.
    if what == "elevation":
        zenith = number(properties.get("s2:mean_solar_zenith"))
        return None if zenith is None else 90.0 - zenith
    return number(properties.get("s2:mean_solar_azimuth"))


def sensor_of(
    identifier: str, content: Mapping[str, Any], sensors: Mapping[str, Sensor], wanted: str | None
) -> Sensor | str:
    """Return the sensor of an item, or the reason why the table has none for it."""
    properties = content["properties"]
    stated = wanted or properties.get("fairwitness:sensor")
    if stated is not None:
        return sensors.get(stated) or f"sensor {stated!r} is not in the table or the settings"
    platform = str(properties.get("platform") or properties.get("eo:platform") or "").lower()
    words = f"{identifier} {platform} {properties.get('constellation', '')}".lower()
    if re.search(r"\bs1[a-d]_|sentinel[- _]?1|opera_l2_rtc-s1", words):
        return _radar(identifier, content, sensors)
    if re.search(r"\bs2[a-d]_|sentinel[- _]?2", words):
        return _msi(identifier, content, sensors)
    if re.search(r"\bl[cote]0\d_|landsat", words):
        return _landsat(identifier, content, sensors)
    return f"no sensor of the table fits (platform {platform or 'not given'})"


def _radar(
    identifier: str, content: Mapping[str, Any], sensors: Mapping[str, Sensor]
) -> Sensor | str:
    collection = str(content.get("collection") or "").lower()
    if names.opera(identifier) or "rtc" in collection or identifier.lower().endswith("_rtc"):
        return sensors["sentinel-1-rtc"]
    return "Sentinel-1, but not radiometrically terrain corrected (RTC)"


def _msi(
    identifier: str, content: Mapping[str, Any], sensors: Mapping[str, Sensor]
) -> Sensor | str:
    properties = content["properties"]
    clues = [properties.get(key) for key in ("s2:product_type", "product:type", "s2:product_uri")]
    for clue in (*clues, identifier, content.get("collection")):
        level = re.search(r"(?:MSI|L)(2A|1C)(?=_|$|\.)", str(clue or "").upper())
        if level:
            return sensors["sentinel-2-l2a" if level[1] == "2A" else "sentinel-2-l1c"]
    return "Sentinel-2, but neither Level 1C nor Level 2A"


def _landsat(
    identifier: str, content: Mapping[str, Any], sensors: Mapping[str, Sensor]
) -> Sensor | str:
    properties = content["properties"]
    platform = str(properties.get("platform") or properties.get("eo:platform") or "").lower()
    digits = re.findall(r"\d+", platform)
    if len(set(digits)) > 1:
        return f"a composite of several satellites ({platform})"
    match = re.match(r"L[COTEM]0(\d)", identifier)
    satellite = digits[0] if digits else (match[1] if match else "")
    family = {"8": "8", "9": "8", "4": "5", "5": "5", "7": "5"}.get(satellite)
    if family is None:
        return f"Landsat {satellite or '?'} is not in the table"
    if re.match(r"ga_ls\dc?_ard", str(properties.get("odc:product") or "")):
        return sensors[f"landsat-{family}-nbart"]
    level = str(properties.get("landsat:correction") or identifier.split("_")[1:2] or "")
    if (
        str(properties.get("landsat:collection_number", "02")).zfill(2) != "02"
        or "L2S" not in level
    ):
        return "Landsat, but not Collection 2 Level 2"
    return sensors[f"landsat-{family}-l2"]
