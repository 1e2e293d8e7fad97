"""The registration bands of all looks on the site's grid: what shifts and stripes are found in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.imagery.stack.mosaic import band_values, mosaic
from pipeline.imagery.stack.sampling import Frame
from pipeline.kernels.masking import usable
from pipeline.kernels.medians import medians_of_looks
from pipeline.kernels.registration import Reference
from pipeline.kernels.replay import replayed_pairs
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.imagery.sensors import Sensor
    from pipeline.imagery.stack.looks import Look
    from pipeline.imagery.stack.tiles import TileReader

MEDIAN_LOOKS = 15  # of radar looks behind the reference: speckle falls with their root


@dataclass(frozen=True)
class RegistrationSeries:
    """Registration bands of all looks, in the unit they are compared in.

    Attributes
    ----------
    images
        Band → (time, y, x) float32: reflectance, or dB.
    valid
        (time, y, x).
    """

    looks: tuple[Look, ...]
    sensor: Sensor
    images: dict[str, NDArray[np.float32]]
    valid: NDArray[np.bool_]
    _medians: dict[str, tuple[Any, ...]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(
        cls, looks: tuple[Look, ...], reader: TileReader, geobox: GeoBox
    ) -> RegistrationSeries:
        """Read the bands of all looks onto a grid."""
        sensor, frame = reader.sensor, Frame.whole(geobox)
        radar = sensor.physical == "gamma0"
        names = [band.name for band in sensor.bands] if radar else [sensor.registration_band]
        shape = (len(looks), *geobox.shape)
        images = {name: np.empty(shape, np.float32) for name in names}
        valid = np.empty(shape, np.bool_)

        def read(index: int) -> None:
            pixels = mosaic(looks[index], reader, frame)
            valid[index] = usable(pixels.codes)
            for name in names:
                image = band_values(looks[index], reader, name, pixels, frame)
                images[name][index] = 10.0 * np.log10(image) if radar else image

        side_by_side(read, range(len(looks)))
        return cls(looks, sensor, images, valid)

    @property
    def image(self) -> NDArray[np.float32]:
        """(time, y, x) of the sensor's registration band."""
        return self.images[self.sensor.registration_band]

    def clearest(self, until: datetime | None) -> tuple[int, ...]:
        """Return the looks behind the reference by index: clearest first, then earliest."""
        within = [i for i, look in enumerate(self.looks) if until is None or look.acquired <= until]
        share = {i: round(float(self.valid[i].mean()), 3) for i in within}
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
            return self.images[band][chosen[0]], self.valid[chosen[0]]
        key, kept = tuple(chosen), self._medians.get(band)
        if kept is None or kept[0] != key:
            kept = self._medians[band] = (key, *self._median(chosen, band))
        return kept[1], kept[2]

    def _median(self, chosen: Sequence[int], band: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        stack = np.where(self.valid[list(chosen)], self.images[band][list(chosen)], np.nan)
        middle = medians_of_looks(stack.reshape(len(stack), -1)).reshape(stack.shape[1:])
        return middle, np.isfinite(middle)

    def replays(self) -> tuple[dict[str, Any], ...]:
        """Return pairs of looks that show nearly the same pixels, as the plan tells them."""
        noise = self.sensor.band(self.sensor.registration_band).noise
        found = replayed_pairs(self.image, self.valid, noise=noise)
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
