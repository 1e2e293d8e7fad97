"""What the page is told of the site, its tracks and its looks, as plain values."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.desk.legends import layer_entry
from pipeline.imagery.grid import projected
from pipeline.kernels.masking import COVERAGE_NAMES
from pipeline.workflows.planning import baseline_of, site_indicators

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.desk.state import Desk, DeskTrack

NOTICE = "exploratory, not the agreed rules"
NO_PRODUCT = "no product yet: findings are exploratory"
NO_PRODUCT_TO_SPEAK_OF = "no product yet: statements speak of agreed findings only"
WORDS = {"swath-edge": "edge", "load-failed": "failed"}
PARTLY, CLOUDY = 0.7, 0.05


def plain(value: Any) -> Any:
    """Return a value as JSON has it: times in UTC with Z, NaN and Inf as null."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def site_view(desk: Desk) -> dict[str, Any]:
    """Return the site, its rules and its tracks."""
    from shapely.geometry import mapping  # noqa: PLC0415

    opened = desk.opened
    run, site = opened.run, opened.site
    as_of = opened.scenes.as_of
    return {
        "agreement": {
            "id": run.agreement.id,
            "sha256": run.agreement.sha256,
            "title": run.agreement.title,
            "standing": run.standing_at(as_of),
        },
        "site": {
            "id": site.id,
            "name": site.name,
            "timezone": site.timezone,
            "polygon": mapping(site.polygon),
        },
        "as_of": as_of,
        "exploratory_only": opened.report is None,
        "sites": [{"id": item.id, "name": item.name} for item in run.agreement.sites],
        "zones": [
            {"id": z.id, "kind": z.kind, "name": z.name, "polygon": mapping(z.polygon)}
            for z in site.zones
        ],
        "indicators": [_indicator(desk, item) for item in site_indicators(run, site)],
        "baseline": _window(baseline_of(run, site)),
        "tracks": [_track(desk, track) for track in desk.tracks.values()],
        "coordinates": {"decimals": decimals(desk)},
        "state": state_of(desk),
        "failures": failures_of(desk),
        "notes": list(opened.notes),
        "notice": {"exploratory": NOTICE, "no_product": NO_PRODUCT},
        "version": _version(),
    }


def _version() -> str:
    try:
        return version("fairwitness")
    except PackageNotFoundError:
        return "source"


def decimals(desk: Desk) -> int:
    """Return decimals of a degree that tell a pixel from its neighbour, and no more."""
    metres = [track.gallery.pixels.pixel_m for track in desk.tracks.values()]
    finest = min(metres, default=10.0)
    return max(2, min(6, math.ceil(math.log10(111_320.0 / finest))))


def _window(baseline: Any) -> dict[str, str]:
    return {"start": baseline.start.isoformat(), "end": baseline.end.isoformat()}


def _indicator(desk: Desk, item: Any) -> dict[str, Any]:
    opened = desk.opened
    site, agreement = opened.site, opened.run.agreement
    zones = [z.id for z in site.zones if item in agreement.indicators_for(site, z)]
    return {
        "id": item.id,
        "observable": item.observable,
        "unit": item.unit,
        "direction": item.direction,
        "zones": zones,
        "sensors": list(item.sensors),
        "threshold": item.threshold.model_dump(mode="json", by_alias=True),
        "confirmation": item.confirmation.model_dump(mode="json"),
        "minimum_area_m2": item.method.minimum_area_m2,
        "dilation_px": item.method.mask_dilation_px,
        "dilation_m": dilation_m(desk, item),
        "baseline": _window(agreement.baseline_for(item)),
    }


def dilation_m(desk: Desk, item: Any) -> float | None:
    """Return by how much cloud masks are grown for an indicator, metres; None: no such mask."""
    found = []
    for track in desk.tracks.values():
        if track.outcome.series.sensor in item.sensors:
            usual: dict[str, float] = {
                code.reason: code.dilation_m
                for code in track.outcome.plan.sensor.mask.codes
                if code.reason in {"cloud", "shadow"}
            }
            usual |= dict(track.outcome.plan.options.dilation_m)
            found += list(usual.values())
    return max(found, default=None)


def _track(desk: Desk, track: DeskTrack) -> dict[str, Any]:
    pixels, series = track.gallery.pixels, track.outcome.series
    geobox, site = pixels.geobox, desk.opened.site
    box = geobox.boundingbox
    affine = geobox.affine
    return {
        "key": track.key,
        "sensor": series.sensor,
        "track": series.track,
        "label": f"{series.sensor} {series.track}",
        "physical": series.physical,
        "crs": crs_name(geobox.crs),
        "transform": list(affine)[:6],
        "shape": list(pixels.shape),
        "extent": [box.left, box.bottom, box.right, box.top],
        "pixel_m": pixels.pixel_m,
        "zooms": track.gallery.zooms,
        "digest": tile_digest(track),
        "zones": {z.id: _native(z.polygon, geobox) for z in site.zones},
        "site": _native(site.polygon, geobox),
        "looks": len(series.acquired),
        "layers": [layer_entry(layer) for layer in track.gallery.layers.values()],
    }


def tile_digest(track: DeskTrack) -> str:
    """Return what a tile's address carries, so that other pixels have other addresses."""
    return track.gallery.pixels.folder.name[-16:]


def crs_name(crs: Any) -> str:
    """Return ``EPSG:n`` where the map has a number, else its WKT."""
    code = crs.to_epsg() if crs is not None else None
    return f"EPSG:{code}" if code else str(crs)


def _native(polygon: Any, geobox: Any) -> Any:
    from shapely.geometry import mapping  # noqa: PLC0415

    return mapping(projected(polygon, geobox.crs))


def state_of(desk: Desk) -> dict[str, str]:
    """Return how the site stands in a code and in words, when there is little to show."""
    opened = desk.opened
    if not opened.scenes.scenes:
        failed = opened.scenes.catalogue_failures
        text = f"; {len(failed)} catalogues could not be read" if failed else ""
        return {"code": "no-scenes", "text": f"no scene of this site was found{text}"}
    if not desk.tracks:
        return {"code": "all-failed", "text": "not one scene could be loaded"}
    seen = [bool((t.outcome.series.codes == 0).any()) for t in desk.tracks.values()]
    if not any(seen):
        return {"code": "not-observed", "text": "no look saw the ground of any zone"}
    return {"code": "ok", "text": ""}


def failures_of(desk: Desk) -> list[dict[str, Any]]:
    """Return what could not be loaded, scene by scene and catalogue by catalogue."""
    opened = desk.opened
    found = [
        {"scene": item.scene, "code": item.code, "message": item.message}
        for item in opened.admitted.failures
    ]
    found += [
        {"scene": None, "code": "catalogue", "message": text}
        for text in opened.scenes.catalogue_failures
    ]
    return found


def looks_view(desk: Desk, track: DeskTrack) -> list[dict[str, Any]]:
    """Return every look of a track with what was seen of the zones, failed ones included."""
    series, plan = track.outcome.series, track.outcome.plan
    site = desk.opened.site
    weight = np.sum([np.asarray(w, np.float64) for w in series.zones.values()], axis=0)
    residual = track.outcome.scene_facts
    found = []
    for index, name in enumerate(track.looks):
        look = plan.looks[index]
        shares = _shares(series.codes[index], weight)
        observed = shares.get("observed", 0.0)
        failed = not look.look.tiles
        facts = residual.get(look.look.scenes[0].id, {})
        entry = {
            "id": name,
            "index": None if failed else index,
            "acquired": series.acquired[index],
            "local": site.local_time(series.acquired[index]).isoformat(timespec="minutes"),
            "scenes": [scene.id for scene in look.look.scenes],
            "observed": observed,
            "coverage": shares,
            "status": "failed" if failed else _status(shares),
            "in_baseline": bool(series.in_baseline[index]),
            "registration_px": (facts.get("registration") or {}).get("residual_px"),
            "notes": list(look.notes),
            "set_aside": [code for code, mask in series.set_aside.items() if mask[index]],
            "alarms": desk.alarms(track.key, series.acquired[index]),
        }
        if look.look.failed:
            entry["failure"] = "; ".join(f"{s.id}: {why}" for s, why in look.look.failed)
        found.append(entry)
    return found


def _shares(codes: NDArray[np.uint8], weight: NDArray[np.float64]) -> dict[str, float]:
    """Return the share of all zones under each coverage word."""
    total = float(weight.sum())
    if total <= 0:
        return {"missing": 1.0}
    sums = np.bincount(codes, weights=weight, minlength=max(COVERAGE_NAMES) + 1)
    words = {code: WORDS.get(name, name) for code, name in COVERAGE_NAMES.items()}
    return {words[code]: float(sums[code]) / total for code in words if sums[code] > 0}


def _status(shares: dict[str, float]) -> str:
    observed = shares.get("observed", 0.0)
    if observed >= PARTLY:
        return "usable"
    if shares.get("missing", 0.0) + shares.get("edge", 0.0) >= 1.0 - CLOUDY:
        return "missing"
    if observed < CLOUDY and shares.get("cloud", 0.0) + shares.get("shadow", 0.0) > CLOUDY:
        return "cloud"
    return "partly"
