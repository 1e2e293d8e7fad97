"""What is known of one pixel on one look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from pipeline.assessment.features import FEATURES, decibels
from pipeline.desk.places import pixel_at
from pipeline.desk.scores import feature_window
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
    at = (row + pixels.margin[0], column + pixels.margin[1])
    code = int(pixels.reason[look, *at])
    bands = dict(zip(pixels.bands, pixels.value[look, :, *at].tolist(), strict=True))
    place = (slice(row, row + 1), slice(column, column + 1))
    scores = track.gallery.scores
    radar = track.outcome.series.physical == "gamma0"
    return {
        "values": bands,
        "unit": "gamma0" if radar else "reflectance",
        "db": _decibels(bands) if radar else None,
        "features": _features(track, look, place),
        "valid": code == OBSERVED and bool(np.isfinite(list(bands.values())).all()),
        "reason": COVERAGE_NAMES.get(code, "missing"),
        "anomaly": None if scores is None else float(scores.window(look, *place)[0, 0]),
        **_where(desk, track, x, y),
        "row": row,
        "column": column,
    }


def _features(track: DeskTrack, look: int, place: tuple[slice, slice]) -> dict[str, Any]:
    """Return the features of a pixel as the assessment has them."""
    roles = set(track.gallery.roles)
    told = {}
    for name in (name for name in FEATURES if set(FEATURES[name].roles) <= roles):
        window = feature_window(track.outcome, track.gallery.pixels, name, *place, looks=(look,))
        told[name] = {"value": float(window[0, 0, 0]), "unit": FEATURES[name].unit}
    return told


def _where(desk: Desk, track: DeskTrack, x: float, y: float) -> dict[str, float]:
    """Return longitude and latitude, no finer than the pixels are."""
    crs = str(track.gallery.pixels.geobox.crs)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    places = decimals(desk)
    return {"lon": round(lon, places), "lat": round(lat, places)}


def _decibels(bands: dict[str, float]) -> dict[str, float]:
    return {name: float(decibels(np.array([value]))[0]) for name, value in bands.items()}
