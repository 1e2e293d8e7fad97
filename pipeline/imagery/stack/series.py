"""The registration bands of all looks on the site's grid: what shifts and stripes are found in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.imagery.stack.mosaic import band_values, mosaic
from pipeline.imagery.stack.sampling import Frame
from pipeline.kernels.masking import usable
from pipeline.kernels.medians import medians_of_looks
from pipeline.kernels.registration import Reference
from pipeline.kernels.replay import compared_rows, replayed_pairs
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.imagery.stack.looks import Look
    from pipeline.imagery.stack.mosaic import Mosaic
    from pipeline.imagery.stack.tiles import TileReader

# Codes of looks held at once, bytes; beyond it they are found a second time.
HELD_BYTES = 256 << 20
MEDIAN_LOOKS = 15  # of radar looks behind the reference: speckle falls with their root


@dataclass(frozen=True)
class Picture:
    """The registration bands of one look.

    Attributes
    ----------
    images
        Band → (y, x) float32: reflectance, or dB.
    valid
        bool (y, x).
    """

    images: dict[str, NDArray[np.float32]]
    valid: NDArray[np.bool_]


@dataclass(frozen=True)
class Glance:
    """What is kept of every look, however many there are.

    Attributes
    ----------
    share
        Of valid pixels.
    sha256
        Of all that the look's pixels follow from.
    sample, seen
        Rows of the registration band that looks are held against each other by, (y, x), and
        where they are valid.
    """

    share: float
    sha256: str
    sample: NDArray[np.float32]
    seen: NDArray[np.bool_]


class RegistrationSeries:
    """Registration bands of all looks, in the unit they are compared in.

    Those behind a reference are held, and the codes of the first looks, up to `HELD_BYTES`; any
    other one is read whenever it is asked for.

    Parameters
    ----------
    looks
        In time order.
    reader
        Of their chips.
    geobox
        The site's grid.
    """

    def __init__(self, looks: tuple[Look, ...], reader: TileReader, geobox: GeoBox) -> None:
        self.looks, self.sensor = looks, reader.sensor
        self.shape = (int(geobox.shape[0]), int(geobox.shape[1]))
        self._reader, self._frame = reader, Frame.whole(geobox)
        self._held: dict[int, Picture] = {}
        self._mosaics: dict[int, Mosaic] = {}
        self._medians: dict[str, tuple[Any, ...]] = {}
        self.glances = tuple(side_by_side(self._glance, range(len(looks))))

    @property
    def bands(self) -> tuple[str, ...]:
        """Radar is looked at in all bands, anything else in its registration band."""
        if self.sensor.physical == "gamma0":
            return tuple(band.name for band in self.sensor.bands)
        return (self.sensor.registration_band,)

    def picture(self, index: int) -> Picture:
        """Return one look; its arrays may not be changed."""
        return self._held.get(index) or self._read(index)

    def hold(self, chosen: Sequence[int]) -> None:
        """Hold the looks behind a reference: they are asked for again and again."""
        missing = [index for index in chosen if index not in self._held]
        self._held |= dict(zip(missing, side_by_side(self._read, missing), strict=True))

    @property
    def rule(self) -> str:
        """All that pictures follow from beside the looks: sensor, growth of masks, grid."""
        grid = self._frame.geobox
        place = (self.shape, tuple(grid.affine)[:6], str(grid.crs))
        return repr((self.sensor, self._reader.dilation_m, place))

    def _read(self, index: int) -> Picture:
        pixels = self._mosaic(index)
        images = {name: self._compared(self._values(index, name, pixels)) for name in self.bands}
        return Picture(images, usable(pixels.codes))

    def _mosaic(self, index: int) -> Mosaic:
        return self._mosaics.get(index) or mosaic(self.looks[index], self._reader, self._frame)

    def _values(self, index: int, band: str, pixels: Mosaic) -> NDArray[np.float32]:
        return band_values(self.looks[index], self._reader, band, pixels, self._frame)

    def _compared(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values in the unit in which looks are alike; radar in dB."""
        if self.sensor.physical != "gamma0":
            return values
        return np.asarray(10.0 * np.log10(values), np.float32)

    def _glance(self, index: int) -> Glance:
        pixels = self._mosaic(index)
        if (index + 1) * pixels.size <= HELD_BYTES:
            self._mosaics[index] = pixels
        valid, rows = usable(pixels.codes), compared_rows(self.shape[0])
        values = self._values(index, self.sensor.registration_band, pixels)
        return Glance(
            share=round(float(valid.mean()), 3),
            sha256=self._origin(self.looks[index]),
            sample=self._compared(values[rows].copy()),
            seen=valid[rows].copy(),
        )

    def _origin(self, look: Look) -> str:
        facts = [self._reader.origin(tile) for tile in look.tiles]
        return hashlib.sha256(repr((facts, bool(look.failed))).encode()).hexdigest()

    def clearest(self, until: datetime | None) -> tuple[int, ...]:
        """Return the looks behind the reference by index: clearest first, then earliest."""
        within = [i for i, look in enumerate(self.looks) if until is None or look.acquired <= until]
        share = {i: self.glances[i].share for i in within}
        ranked = sorted((i for i in within if share[i] > 0), key=lambda i: (-share[i], i))
        return tuple(ranked[: MEDIAN_LOOKS if self.sensor.physical == "gamma0" else 1])

    def held_against(self, chosen: Sequence[int]) -> Reference:
        """Return what the looks are registered against."""
        return Reference(*self.quiet(chosen, self.sensor.registration_band))

    def quiet(self, chosen: Sequence[int], band: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Median image of the reference looks, and where it is valid; neither may be changed.

        The last one of each band is kept: most looks are held against the same one.
        """
        if len(chosen) == 1:
            picture = self.picture(chosen[0])
            return picture.images[band], picture.valid
        key, kept = tuple(chosen), self._medians.get(band)
        if kept is None or kept[0] != key:
            kept = self._medians[band] = (key, *self._median(chosen, band))
        return kept[1], kept[2]

    def _median(self, chosen: Sequence[int], band: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        pictures = [self.picture(index) for index in chosen]
        stack = np.stack([np.where(one.valid, one.images[band], np.nan) for one in pictures])
        middle = medians_of_looks(stack.reshape(len(stack), -1)).reshape(stack.shape[1:])
        return middle, np.isfinite(middle)

    def replays(self) -> tuple[dict[str, Any], ...]:
        """Return pairs of looks that show nearly the same pixels, as the plan tells them."""
        noise = self.sensor.band(self.sensor.registration_band).noise
        if not self.glances:
            return ()
        sample = np.stack([glance.sample for glance in self.glances])
        seen = np.stack([glance.seen for glance in self.glances])
        found = replayed_pairs(sample, seen, noise=noise)
        return tuple(
            {
                "before": self.looks[i].id,
                "after": self.looks[j].id,
                "equal_share": pair.equal_share,
                "difference": pair.difference,
                "noise_floor": pair.noise_floor,
            }
            for i, j, pair in found
        )
