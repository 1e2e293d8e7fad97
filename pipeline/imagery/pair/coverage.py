"""What of a date was seen: the provider's mask, or the spectral test where there is none."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
from odc.geo.geobox import GeoBox
from scipy import ndimage

from pipeline.errors import SceneError
from pipeline.imagery.grid import pixel_metres
from pipeline.imagery.pair.placing import Placing
from pipeline.imagery.pair.reading import SPECTRAL_ROLES
from pipeline.kernels.clouds import spectral_mask
from pipeline.kernels.masking import (
    COVERAGE_CODES,
    MISSING,
    OBSERVED,
    SNOW,
    SWATH_EDGE,
    Sign,
    coverage_from_mask,
)
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pipeline.imagery.pair.pixels import Band
    from pipeline.imagery.pair.sources import Source
    from pipeline.imagery.sensors.model import MaskRule

    Codes = Callable[[int, int], NDArray[np.uint8]]

_CLOUD_PIXEL_M = 20.0
_CLOUD_PIXELS = 4_000_000  # of one test: at 60 m for a whole Sentinel-2 tile
_SNOW_FIELD_M2 = 50_000.0
_NEEDED_ROLES = frozenset({"blue", "green", "red", "nir", "swir16"})


class Sky:
    """What masks say of a date, some rows of its grid at a time.

    Parameters
    ----------
    bands
        Compared bands and the assets of `needed_for_mask`.
    geobox
        Where the date is placed.

    Attributes
    ----------
    notes
        What was decided, in words.
    """

    def __init__(self, source: Source, bands: Mapping[str, Band], geobox: GeoBox) -> None:
        self._width = geobox.shape[1]
        self._masks: list[Codes] = []
        notes: list[str] = []
        for rule in source.sensor.masks:
            if rule.kind == "spectral":
                found, note = _spectral(source, bands, geobox)
            else:
                found, note = _delivered(rule, bands, geobox)
            self._masks += [] if found is None else [found]
            notes += [note] if note else []
        self.notes = tuple(notes)

    def codes(self, top: int, bottom: int) -> NDArray[np.uint8]:
        """Return coverage codes (y, x) of rows ``top:bottom``; the first mask decides."""
        out = np.full((bottom - top, self._width), OBSERVED, np.uint8)
        for mask in self._masks:
            out = np.where(out == OBSERVED, mask(top, bottom), out)
        return out


def without_small_snow(codes: NDArray[np.uint8], *, pixel_m: float) -> NDArray[np.uint8]:
    """Return `codes` with patches of snow below 5 ha counted as seen.

    New white roofs look like snow to a provider's mask, and are the very change that is
    looked for. Snow comes in fields.
    """
    labels, count = ndimage.label(codes == SNOW, np.ones((3, 3), np.bool_))
    if not count:
        return codes
    small = np.bincount(labels.ravel()) * pixel_m**2 < _SNOW_FIELD_M2
    small[0] = False
    return np.where(small[labels], np.uint8(OBSERVED), codes)


def _delivered(
    rule: MaskRule, bands: Mapping[str, Band], geobox: GeoBox
) -> tuple[Codes | None, str]:
    if rule.asset is None or rule.asset not in bands:
        note = "no mask: every measured pixel counts as seen" if rule.kind != "none" else ""
        return None, note
    raster = bands[rule.asset].raster
    if raster.values.dtype.kind not in "iu":
        raise SceneError(f"mask {rule.asset} is of {raster.values.dtype}, not of integers")
    signs = [
        Sign(COVERAGE_CODES[code.reason], code.values, code.bits, code.dilation_m)
        for code in rule.codes
    ]
    edge = pixel_metres(GeoBox(raster.values.shape, raster.transform, raster.crs))
    codes = coverage_from_mask(raster.values[:], signs, pixel_m=edge)
    codes = without_small_snow(codes, pixel_m=edge)
    placing = Placing(raster, geobox)

    def rows(top: int, bottom: int) -> NDArray[np.uint8]:
        return placing.codes(codes, top, bottom, outside=SWATH_EDGE)

    return rows, f"masked by {rule.asset}"


def _spectral(
    source: Source, bands: Mapping[str, Band], geobox: GeoBox
) -> tuple[Codes | None, str]:
    """Test for cloud, on pixels of at least 20 m: no cloud that matters is smaller."""
    roles = source.sensor.roles
    usable = [r for r in SPECTRAL_ROLES if roles.get(r) in bands]
    if not set(usable) >= _NEEDED_ROLES:
        return None, "no cloud test: it needs blue, green, red, near and short-wave infrared"
    coarse = geobox.zoom_out(cloud_factor(geobox))
    layers = side_by_side(lambda role: _coarse(bands[roles[role]], coarse), usable)
    found = spectral_mask(
        dict(zip(usable, layers, strict=True)),
        pixel_m=pixel_metres(coarse),
        sun_azimuth_deg=source.scene.sun_azimuth_deg,
        sun_elevation_deg=source.scene.sun_elevation_deg,
    )
    codes = np.where(found.codes == MISSING, np.uint8(OBSERVED), found.codes)
    down, across = (
        np.minimum(np.arange(n) * m // n, m - 1)
        for n, m in zip(geobox.shape, codes.shape, strict=True)
    )

    def rows(top: int, bottom: int) -> NDArray[np.uint8]:
        return codes[np.ix_(down[top:bottom], across)]

    return rows, f"cloud, shadow and snow by the spectral test at {pixel_metres(coarse):.0f} m"


def cloud_factor(geobox: GeoBox) -> int:
    """Return how many pixels a side make one of the cloud test: 20 m, more on whole tiles."""
    factor = max(1, round(_CLOUD_PIXEL_M / pixel_metres(geobox)))
    height, width = geobox.shape
    return factor * max(1, ceil(sqrt(height * width / _CLOUD_PIXELS) / factor))


def _coarse(band: Band, geobox: GeoBox) -> NDArray[np.float32]:
    return Placing(band.raster, geobox).values(band.reflectance, 0, geobox.shape[0])
