"""What is known of one pixel on one look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from pipeline.assessment.features import FEATURES, decibels
from pipeline.desk.scores import feature_window
from pipeline.desk.series import pixel_at
from pipeline.desk.views import decimals
from pipeline.kernels.masking import COVERAGE_NAMES, OBSERVED

if TYPE_CHECKING:
    from pipeline.desk.state import Desk, DeskTrack


def pixel_view(desk: Desk, track: DeskTrack, look: int, x: float, y: float) -> dict[str, Any]:
    """Return bands, features, score, coverage and place of the pixel at x, y of the track's map.

    UsageError beyond the declared site: what lies there is never shown.
    """
    pixels = track.gallery.pixels
    row, column = pixel_at(track, x, y)
    down, right = pixels.margin
    at = (row + down, column + right)
    code = int(pixels.reason[look, *at])
    bands = dict(zip(pixels.bands, pixels.value[look, :, *at].tolist(), strict=True))
    place = (slice(row, row + 1), slice(column, column + 1))
    told = {}
    for name in (
        name for name in FEATURES if set(FEATURES[name].roles) <= set(track.gallery.roles)
    ):
        window = feature_window(track.outcome, pixels, name, *place, looks=(look,))
        told[name] = {"value": float(window[0, 0, 0]), "unit": FEATURES[name].unit}
    score = None
    if track.gallery.scores is not None:
        score = float(track.gallery.scores.window(look, *place)[0, 0])
    back = Transformer.from_crs(str(pixels.geobox.crs), "EPSG:4326", always_xy=True)
    lon, lat = back.transform(x, y)
    places = decimals(desk)
    return {
        "values": bands,
        "unit": "gamma0" if track.outcome.series.physical == "gamma0" else "reflectance",
        "db": _decibels(bands) if track.outcome.series.physical == "gamma0" else None,
        "features": told,
        "valid": code == OBSERVED and bool(np.isfinite(list(bands.values())).all()),
        "reason": COVERAGE_NAMES.get(code, "missing"),
        "anomaly": score,
        "lon": round(lon, places),
        "lat": round(lat, places),
        "row": row,
        "column": column,
    }


def _decibels(bands: dict[str, float]) -> dict[str, float]:
    return {name: float(decibels(np.array([value]))[0]) for name, value in bands.items()}
