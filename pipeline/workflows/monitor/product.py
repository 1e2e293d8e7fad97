"""The product of one site: record, page, layers, GeoJSON, and the manifest last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.assessment.record import rounded
from pipeline.store.atomic import canonical_json
from pipeline.store.products import write_product

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from pipeline.agreement import Site
    from pipeline.assessment.record import Report
    from pipeline.workflows.planning import Run

NO_LOOK = "no-look"


def folder_of(run: Run, site: Site, as_of: datetime | None) -> Path:
    """Return where a site's product at `as_of` lives; `no-look` where there never was one."""
    name = NO_LOOK if as_of is None else f"{as_of:%Y-%m-%dT%H%M%SZ}"
    return run.settings.output / "sites" / site.id / name


def write(folder: Path, report: Report, site: Site, layers: Mapping[str, bytes]) -> None:
    """Write one product whole: everything is rendered from disk before it gets its name."""
    from pipeline.report.exports import findings_geojson  # noqa: PLC0415 - brings in templates
    from pipeline.report.render import product_html  # noqa: PLC0415

    zones = zones_geojson(site)
    files = {
        "report.json": report_bytes(report),
        "findings.geojson": _text(findings_geojson(report, zones)),
        "layers/zones.geojson": _text(zones),
        **layers,
    }
    failures = [
        {"code": item.code, "message": item.message, "scene": item.scene or ""}
        for item in report.failures
    ]
    write_product(
        folder,
        files,
        failures=failures,
        render=lambda staged: {"report.html": product_html(staged)},
    )


def report_bytes(report: Report) -> bytes:
    """Return the record in its canonical form, numbers rounded by the stated rule."""
    return canonical_json(report.model_dump(mode="json", by_alias=True), number=rounded)


def zones_geojson(site: Site) -> dict[str, Any]:
    """Return the site and its zones, WGS 84; the ring is for statistics and never shown."""
    from shapely.geometry import mapping  # noqa: PLC0415

    features = [_feature(site.polygon, mapping, role="site", id=site.id)]
    features += [
        _feature(zone.polygon, mapping, role="zone", id=zone.id, kind=zone.kind)
        for zone in site.zones
    ]
    return {"type": "FeatureCollection", "features": features}


def _feature(polygon: Any, mapping: Any, **properties: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": json.loads(json.dumps(mapping(polygon))),
    }


def _text(document: Any) -> bytes:
    return canonical_json(document)
