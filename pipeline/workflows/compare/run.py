"""Compare two dates: open, score, decide, write, render."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import GeometryError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.assessment.record import Report
    from pipeline.imagery.pair import Pair
    from pipeline.kernels.change import Method
    from pipeline.store.products import Spooled

_ROWS = 1_024  # of the area's outline at a time
_LARGE = 64 << 20  # bytes of a raster that is not held while the page is drawn


@dataclass(frozen=True)
class Comparison:
    """A finished comparison.

    Attributes
    ----------
    folder, report
        The product, and its page.
    sentence
        What page one says.
    record
        The record as written.
    """

    folder: Path
    report: Path
    sentence: str
    record: Report


def compare(
    before: Path | str,
    after: Path | str,
    *,
    dates: str | tuple[str, str] | None = None,
    area: Path | str | None = None,
    out: Path | str | None = None,
    method: str = "two-way",
) -> Comparison:
    """Compare one pair outside any agreement and write the product.

    Parameters
    ----------
    before, after
        Folder of bands, multi-band GeoTIFF, or STAC item.
    dates
        ``A,B`` as ISO dates, where neither catalogue, ``dates.json`` nor names say them.
    area
        GeoJSON file; only what lies inside is judged.
    out
        Folder of the product: new, empty, or an earlier product; None: ``out/compare``.
    method
        ``two-way``, or a named alternative: ``cva``, ``cva-raw``, ``irmad``.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        A path, date or method that cannot work, or `out` holds other things.
    GeometryError
        The dates share no ground, or `area` meets none.
    SceneError
        A file cannot be read or trusted.
    """
    folder = Path("out/compare" if out is None else out)
    _check_free(folder)
    # Heavy imports after what can be refused without them, and while the decoder starts.
    from pipeline.imagery.admission.decoder import start_decoder  # noqa: PLC0415

    start_decoder()
    from pipeline.kernels.change.score import METHODS  # noqa: PLC0415

    if method not in METHODS:
        raise UsageError(f"method {method!r} is not one of {', '.join(METHODS)}")
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    from pipeline.report.render import rendered  # noqa: PLC0415
    from pipeline.store.products import write_product  # noqa: PLC0415

    polygon = None if area is None else _polygon(Path(area))
    with threadpool_limits(limits=1):  # small products: a second thread only waits and wastes
        pair = _opened(Path(before), Path(after), _days(dates), polygon)
        report, files = _product(pair, method, _inside(polygon, pair))
        del pair
        write_product(folder, files, render=rendered)
    return Comparison(folder, folder / "report.html", _sentence(report), report)


def _opened(
    before: Path,
    after: Path,
    days: tuple[date | None, date | None],
    polygon: BaseGeometry | None,
) -> Pair:
    from pipeline.imagery.pair import find_source, open_pair  # noqa: PLC0415

    one, other = (
        find_source(path, acquired=day) for path, day in zip((before, after), days, strict=True)
    )
    return open_pair(one, other, area=polygon)


def _product(
    pair: Pair, method: Method, inside: NDArray[np.bool_] | None
) -> tuple[Report, dict[str, bytes | Spooled]]:
    """Return the record, and path → bytes of everything but the page."""
    from pipeline.assessment.record import rounded  # noqa: PLC0415
    from pipeline.store.atomic import canonical_json  # noqa: PLC0415
    from pipeline.workflows.compare import outputs  # noqa: PLC0415
    from pipeline.workflows.compare.record import report_of  # noqa: PLC0415
    from pipeline.workflows.compare.scoring import judge  # noqa: PLC0415

    judged = judge(pair, method, inside=inside)
    regions = outputs.regions_of(pair, judged)
    report = report_of(pair, judged, regions)
    record = rounded(report.model_dump(mode="json", by_alias=True))
    files = {
        "report.json": canonical_json(record),
        "regions.geojson": outputs.regions_geojson(pair, judged, regions),
    }
    layers = outputs.layers_of(judged)
    del judged  # labels and the fine score of a whole tile are not held while rasters are packed
    layered = outputs.layer_files(pair, layers)
    return report, {path: _stored(payload) for path, payload in (files | layered).items()}


def _stored(payload: bytes) -> bytes | Spooled:
    """Put the score of a whole tile on disk before the page is drawn."""
    from pipeline.store.products import Spooled  # noqa: PLC0415

    return Spooled(payload) if len(payload) > _LARGE else payload


def _sentence(report: Report) -> str:
    from pipeline.report.facts.state import sentence  # noqa: PLC0415
    from pipeline.report.words import Words  # noqa: PLC0415

    return sentence(report, Words("en"))


def _check_free(folder: Path) -> None:
    """Refuse a folder of other things: writing a product removes what is not part of it."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError("--out is a file", file=folder)
    ours = (folder / "manifest.json").is_file() or (folder / "report.json").is_file()
    if not ours and any(folder.iterdir()):
        raise UsageError("--out holds other files; name a new folder", file=folder)


def _days(dates: str | tuple[str, str] | None) -> tuple[date | None, date | None]:
    if dates is None:
        return None, None
    parts = dates.split(",") if isinstance(dates, str) else list(dates)
    try:
        first, second = (date.fromisoformat(part.strip()) for part in parts)
    except ValueError as cause:
        raise UsageError(f"--dates needs two ISO dates A,B, not {dates!r}") from cause
    return first, second


def _polygon(path: Path) -> BaseGeometry:
    """Return the union of the polygons of a GeoJSON file, EPSG:4326."""
    import shapely  # noqa: PLC0415

    from pipeline.store.atomic import read_json  # noqa: PLC0415

    content = read_json(path, error=GeometryError)
    try:
        if content["type"] == "FeatureCollection":
            found = [shapely.geometry.shape(f["geometry"]) for f in content["features"]]
        else:
            found = [shapely.geometry.shape(content.get("geometry", content))]
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as cause:
        raise GeometryError("is no GeoJSON that can be read", file=path) from cause
    polygons = [p for p in found if p.geom_type in ("Polygon", "MultiPolygon") and not p.is_empty]
    if not polygons or not all(p.is_valid for p in polygons):
        raise GeometryError("holds no valid polygon", file=path)
    west, south, east, north = shapely.union_all(polygons).bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise GeometryError("leaves the range of degrees (longitude comes first)", file=path)
    return shapely.union_all(polygons)


def _inside(polygon: BaseGeometry | None, pair: Pair) -> NDArray[np.bool_] | None:
    """Return (y, x) where the pixel's larger part lies inside, or None for everywhere."""
    if polygon is None:
        return None
    import numpy as np  # noqa: PLC0415

    from pipeline.imagery.grid import zone_fractions  # noqa: PLC0415

    height = pair.geobox.shape[0]
    inside = np.concatenate(
        [
            zone_fractions([polygon], pair.geobox[top : min(top + _ROWS, height), :])[0] >= 0.5
            for top in range(0, height, _ROWS)
        ]
    )
    if not inside.any():
        raise GeometryError("the area meets no pixel of BEFORE")
    return inside
