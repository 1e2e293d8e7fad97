"""One delivered tile on the site's grid: physical values, and why the rest is not there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from scipy import ndimage

from pipeline.errors import SceneError
from pipeline.imagery.grid import pixel_metres
from pipeline.imagery.sensors.model import PLAUSIBLE_REFLECTANCE
from pipeline.imagery.stack.sampling import bilinear, block_corner, nearest, positions, same_pixels
from pipeline.kernels.calibration import Calibration, physical_values
from pipeline.kernels.clouds import spectral_mask
from pipeline.kernels.masking import (
    COVERAGE_CODES,
    MISSING,
    OBSERVED,
    SWATH_EDGE,
    Sign,
    coverage_from_mask,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from pipeline.imagery.sensors import MaskRule, Sensor
    from pipeline.imagery.stack.looks import AdmittedScene
    from pipeline.imagery.stack.sampling import Frame
    from pipeline.store.chips import Chip, ChipStore

_SPECTRAL_ROLES = ("blue", "green", "red", "nir", "nir08", "nir09", "cirrus", "swir16")
#: Values outside are no measurement: a broken pixel must not reach a mean or a logarithm.
_PLAUSIBLE = {"reflectance": PLAUSIBLE_REFLECTANCE, "gamma0": (1e-8, 1e5)}
_NEEDED_ROLES = frozenset({"blue", "green", "red", "nir", "swir16"})


@dataclass(frozen=True)
class TileReader:
    """Reads chips of one sensor onto frames of the site's grid.

    Attributes
    ----------
    sensor
        Row of the sensor table.
    chips
        Where the evidence is kept.
    dilation_m
        Coverage word ("cloud", "shadow", "snow") → dilation in metres in place of
        the sensor table's.
    """

    sensor: Sensor
    chips: ChipStore
    dilation_m: tuple[tuple[str, float], ...] = ()

    def values(self, tile: AdmittedScene, band: str, frame: Frame) -> NDArray[np.float32]:
        """Return one band, (y, x) physical; NaN where there is no observation.

        Radar is resampled in dB, where speckle keeps its mean, and returned as power.
        """
        chip = self._chip(tile, band)
        size = chip.values.shape[-2:]
        corner = block_corner(frame, chip.transform, chip.crs, size)
        if corner is not None:
            return self._physical(tile, band, chip, corner, frame.shape, np.float32)
        rows, cols = positions(frame, chip.transform, chip.crs)
        physical = self._physical(tile, band, chip, (0, 0), size, np.float64)
        if self.sensor.physical == "gamma0" and not same_pixels(rows, cols):
            decibel = bilinear(10.0 * np.log10(physical), rows, cols)
            return np.asarray(10.0 ** (decibel / 10.0), np.float32)
        return bilinear(physical, rows, cols).astype(np.float32)

    def codes(self, tile: AdmittedScene, frame: Frame) -> NDArray[np.uint8]:
        """Return (y, x) coverage codes of one tile. Needs the frame of the whole site."""
        out = np.full(frame.shape, OBSERVED, np.uint8)
        for rule in self.sensor.masks:
            found = self._rule_codes(tile, rule, frame)
            if found is not None:
                out = np.where(out == OBSERVED, found, out)
        blank = np.isnan(self.values(tile, self.sensor.registration_band, frame))
        if self.sensor.masks:
            blank |= out == SWATH_EDGE
        if blank.any():
            out[blank] = _blank_codes(tile, blank, frame)
        return out

    def origin(self, tile: AdmittedScene) -> str:
        """Return all that a tile's values and codes follow from, beside sensor, frame and code."""
        scene = tile.scene
        assets = [(key, tile.chips[key], scene.assets.get(key)) for key in sorted(tile.chips)]
        read = [(key, sha256, a and (a.scale, a.offset, a.nodata)) for key, sha256, a in assets]
        sun = (scene.sun_azimuth_deg, scene.sun_elevation_deg)
        return repr((scene.id, scene.footprint, sun, read))

    def intact(self, tile: AdmittedScene) -> str:
        """Return why the tile cannot be used, or nothing."""
        needed = [self.sensor.registration_band]
        needed += [rule.asset for rule in self.sensor.masks if rule.required and rule.asset]
        for key in needed:
            if key not in tile.chips:
                return f"{key} was not admitted"
        for key in sorted(tile.chips):
            if not self.chips.opens(tile.chips[key]):
                return f"chip of {key} is missing or altered"
        return ""

    def _chip(self, tile: AdmittedScene, key: str) -> Chip:
        if key not in tile.chips:
            raise SceneError(f"scene {tile.scene.id}: {key} was not admitted")
        return self.chips.open(tile.chips[key])

    def _physical(
        self,
        tile: AdmittedScene,
        band: str,
        chip: Chip,
        corner: tuple[int, int],
        shape: tuple[int, int],
        dtype: DTypeLike,
    ) -> NDArray[Any]:
        """Return DN × scale + offset, once; NaN where nodata or not plausible."""
        asset = tile.scene.assets[band]
        fills = [math.nan if fill is None else fill for fill in (asset.nodata, chip.nodata)]
        calibration = Calibration(
            asset.scale, asset.offset, *_PLAUSIBLE[self.sensor.physical], (fills[0], fills[1])
        )
        return physical_values(chip.values, calibration, corner, shape, dtype)

    def _rule_codes(
        self, tile: AdmittedScene, rule: MaskRule, frame: Frame
    ) -> NDArray[np.uint8] | None:
        """Return what a rule says of each pixel; None where it says nothing of this tile."""
        if rule.kind == "spectral":
            return self._spectral_codes(tile, frame)
        if rule.kind == "none" or rule.asset is None or rule.asset not in tile.chips:
            return None
        chip = self._chip(tile, rule.asset)
        mask = chip.values[0]
        if mask.dtype.kind not in "iu":
            raise SceneError(f"scene {tile.scene.id}: mask is of {mask.dtype}, not of integers")
        edge = pixel_metres(GeoBox(mask.shape, chip.transform, chip.crs))
        codes = coverage_from_mask(mask, self._signs(rule), pixel_m=edge)
        return nearest(codes, *positions(frame, chip.transform, chip.crs), outside=SWATH_EDGE)

    def _signs(self, rule: MaskRule) -> list[Sign]:
        agreed = dict(self.dilation_m)
        return [
            Sign(
                COVERAGE_CODES[code.reason],
                code.values,
                code.bits,
                agreed.get(code.reason, code.dilation_m),
            )
            for code in rule.codes
        ]

    def _spectral_codes(self, tile: AdmittedScene, frame: Frame) -> NDArray[np.uint8] | None:
        roles = self.sensor.roles
        usable = [r for r in _SPECTRAL_ROLES if r in roles and roles[r] in tile.chips]
        if not set(usable) >= _NEEDED_ROLES:
            return None
        agreed = dict(self.dilation_m)
        found = spectral_mask(
            {role: self.values(tile, roles[role], frame) for role in usable},
            pixel_m=pixel_metres(frame.geobox),
            sun_azimuth_deg=tile.scene.sun_azimuth_deg,
            sun_elevation_deg=tile.scene.sun_elevation_deg,
            cloud_dilation_m=agreed.get("cloud", 80.0),
            shadow_dilation_m=agreed.get("shadow", 40.0),
        )
        # a coarse band may end half a pixel earlier: what is there is judged band by band
        return np.where(found.codes == MISSING, np.uint8(OBSERVED), found.codes)


def _blank_codes(tile: AdmittedScene, blank: NDArray[np.bool_], frame: Frame) -> NDArray[np.uint8]:
    """Tell missing from swath edge where nothing was delivered, (n,) in raster order.

    Inside the scene's footprint pixels should be there: missing. Without a footprint
    what is connected to the frame's border lies beyond the swath.
    """
    if tile.scene.footprint is not None:
        longitude, latitude = frame.centres_where(blank, "EPSG:4326")
        footprint = shapely.geometry.shape(tile.scene.footprint)
        inside = shapely.contains_xy(footprint, longitude, latitude)
        return np.where(inside, np.uint8(MISSING), np.uint8(SWATH_EDGE))
    labels, _ = ndimage.label(blank)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    beyond = np.isin(labels[blank], border[border > 0])
    return np.where(beyond, np.uint8(SWATH_EDGE), np.uint8(MISSING))
