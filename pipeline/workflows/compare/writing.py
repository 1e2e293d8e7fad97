"""From two dates to a finished product: everything that needs the heavy libraries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.assessment.record import rounded
from pipeline.errors import GeometryError
from pipeline.imagery.grid import zone_fractions
from pipeline.imagery.pair.opening import open_pair
from pipeline.progress import silent
from pipeline.report.render import rendered
from pipeline.store.atomic import canonical_json
from pipeline.store.products import Spooled, write_product
from pipeline.workflows.compare import outputs
from pipeline.workflows.compare.record import report_of
from pipeline.workflows.compare.scoring import judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.assessment.record import Report
    from pipeline.imagery.pair import Pair, Source
    from pipeline.imagery.pair.pixels import Band
    from pipeline.kernels.change import Method
    from pipeline.progress import Show

_ROWS = 1_024  # of the area's outline at a time
_LARGE = 64 << 20  # bytes of a raster that is not held while the page is drawn


def written(
    folder: Path,
    before: Source,
    after: Source,
    *,
    method: Method,
    area: BaseGeometry | None,
    first: Mapping[str, Band],
    show: Show = silent,
) -> Report:
    """Compare two dates and write the product; return its record.

    Parameters
    ----------
    area
        Polygon in EPSG:4326 outside which nothing is judged; None: everywhere.
    first
        What `pipeline.imagery.pair.reading.read_first` read of BEFORE.
    show
        Called as rows are scored.
    """
    # a library's own threads only wait and waste here
    with threadpool_limits(limits=1):
        pair = open_pair(before, after, area=area, first=first)
        report, files = _product(pair, method, _inside(area, pair), show)
        del pair
        write_product(folder, files, render=rendered)
    return report


def _product(
    pair: Pair, method: Method, inside: NDArray[np.bool_] | None, show: Show
) -> tuple[Report, dict[str, bytes | Spooled]]:
    """Return the record, and path → bytes of everything but the page."""
    judged = judge(pair, method, inside=inside, show=show)
    layers = outputs.layers_of(judged)
    with ThreadPoolExecutor(1) as beside:
        # a whole tile's labels and fine score are not held while its rasters are packed
        packing = beside.submit(outputs.layer_files, pair, layers) if pair.held else None
        regions = outputs.regions_of(pair, judged)
        report = report_of(pair, judged, regions)
        record = rounded(report.model_dump(mode="json", by_alias=True))
        files = {
            "report.json": canonical_json(record),
            "regions.geojson": outputs.regions_geojson(pair, judged, regions),
        }
        del judged
        layered = outputs.layer_files(pair, layers) if packing is None else packing.result()
    return report, {path: _stored(payload) for path, payload in (files | layered).items()}


def _stored(payload: bytes) -> bytes | Spooled:
    """Put the score of a whole tile on disk before the page is drawn."""
    return Spooled(payload) if len(payload) > _LARGE else payload


def _inside(polygon: BaseGeometry | None, pair: Pair) -> NDArray[np.bool_] | None:
    """Return (y, x) where the pixel's larger part lies inside, or None for everywhere."""
    if polygon is None:
        return None
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
