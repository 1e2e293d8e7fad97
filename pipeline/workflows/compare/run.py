"""Compare two dates: open, score, decide, write, render."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import GeometryError, UsageError
from pipeline.imagery.admission.decoder import start_decoder
from pipeline.progress import silent
from pipeline.workflows.compare.methods import METHODS

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.assessment.record import Report
    from pipeline.progress import Show


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
    show: Show = silent,
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
    show
        Called as rows are scored.

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
    if method not in METHODS:
        raise UsageError(f"method {method!r} is not one of {', '.join(METHODS)}")
    start_decoder()
    from pipeline.imagery.pair.reading import Room, read_first  # noqa: PLC0415
    from pipeline.imagery.pair.sources import find_source  # noqa: PLC0415

    polygon = None if area is None else _polygon(Path(area))
    one, other = (
        find_source(Path(path), acquired=day)
        for path, day in zip((before, after), _days(dates), strict=True)
    )
    with ThreadPoolExecutor(1) as beside:
        first = beside.submit(read_first, one, other, area=polygon, room=Room())
        # The decoder works on the first date while the rest loads.
        from pipeline.workflows.compare.writing import written  # noqa: PLC0415

        report = written(
            folder, one, other, method=method, area=polygon, first=first.result(), show=show
        )
    return Comparison(folder, folder / "report.html", _sentence(report), report)


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
