"""One date on the pair's grid: held in memory, or placed anew for the rows that are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.imagery.pair.coverage import Sky
from pipeline.imagery.pair.placing import Placing
from pipeline.kernels.masking import MISSING
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.imagery.admission import Raster
    from pipeline.imagery.pair.pixels import Band
    from pipeline.imagery.pair.sources import Source

_SEAM_PX = 4  # zeros this near to missing pixels are a seam, not dark ground


class Strip(NamedTuple):
    """Some rows of a date.

    Attributes
    ----------
    values
        float32 (band, y, x): reflectance, dB for gamma-nought, or as delivered; NaN
        where nothing was measured.
    codes
        uint8 (y, x) coverage codes.
    """

    values: NDArray[np.float32]
    codes: NDArray[np.uint8]


class Reader:
    """Places rows of a date on the pair's grid, the very same bits for any cutting into rows."""

    def __init__(
        self, source: Source, bands: Mapping[str, Band], names: Sequence[str], geobox: GeoBox
    ) -> None:
        self._bands = [bands[name] for name in names]
        self._geobox = geobox
        placings: dict[tuple[object, ...], Placing] = {}
        for band in self._bands:  # bands of one grid share their positions
            raster = band.raster
            key = (raster.values.shape, raster.transform, raster.crs)
            placings.setdefault(key, Placing(raster, geobox))
        self._placings = [
            placings[band.raster.values.shape, band.raster.transform, band.raster.crs]
            for band in self._bands
        ]
        self.sky = Sky(source, bands, geobox)
        zero = [band.asset.nodata == 0 for band in self._bands]
        self._dark = zero if source.sensor.physical == "reflectance" else [False] * len(zero)

    def band(self, at: int, top: int, bottom: int) -> NDArray[np.float32]:
        """Return rows of one band, float32 (y, x), as it was placed."""
        return self._placings[at].values(self._bands[at].rows, top, bottom)

    def rows(self, top: int, bottom: int) -> Strip:
        """Return rows ``top:bottom`` of every band, and their codes."""
        start = max(0, top - _SEAM_PX) if any(self._dark) else top
        end = min(self._geobox.shape[0], bottom + _SEAM_PX) if any(self._dark) else bottom
        values = np.empty((len(self._bands), end - start, self._geobox.shape[1]), np.float32)

        def place(at: int) -> None:
            values[at] = self.band(at, start, end)

        side_by_side(place, range(len(values)))  # bands do not know of each other
        finite = np.isfinite(values)
        if any(self._dark) and not finite.all():
            self._restore_dark(values, finite, first=start == 0, last=end == self._geobox.shape[0])
            finite = np.isfinite(values)
        kept = np.s_[top - start : bottom - start]
        codes = self.sky.codes(top, bottom)
        codes[~finite[:, kept].all(axis=0)] = MISSING
        return Strip(values[:, kept], codes)

    def _restore_dark(
        self, values: NDArray[np.float32], finite: NDArray[np.bool_], *, first: bool, last: bool
    ) -> None:
        """Where the value that means "no data" stands in one band only, it is dark ground.

        A delivered zero in every band is no data. In one band of water or shadow it was
        measured; near missing pixels it is a seam and stays missing.
        """
        missing: NDArray[np.bool_] = np.asarray(~finite.any(axis=0))
        missing[:, [0, -1]] = True
        missing[[0], :] |= first
        missing[[-1], :] |= last
        seam = ndimage.binary_dilation(missing, iterations=_SEAM_PX)
        for layer, seen, band, dark in zip(values, finite, self._bands, self._dark, strict=True):
            if dark:
                layer[~seen & ~seam] = band.asset.offset


@dataclass(frozen=True)
class Date:
    """One date of a pair.

    Attributes
    ----------
    source
        Where it came from.
    rasters
        Band or mask name → facts of its file.
    reader
        Places rows on the pair's grid.
    whole
        All of it, where it fits into memory.
    notes
        Decisions taken while reading, in words.
    """

    source: Source
    rasters: Mapping[str, Raster]
    reader: Reader
    whole: Strip | None
    height: int
    notes: tuple[str, ...] = ()

    def rows(self, top: int, bottom: int) -> Strip:
        """Return rows ``top:bottom``; not to be written to."""
        if self.whole is None:
            return self.reader.rows(top, bottom)
        return Strip(self.whole.values[:, top:bottom], self.whole.codes[top:bottom])

    @property
    def values(self) -> NDArray[np.float32]:
        """All values; see `Strip`."""
        return self.rows(0, self.height).values

    @property
    def codes(self) -> NDArray[np.uint8]:
        """All coverage codes, (y, x)."""
        return self.rows(0, self.height).codes
