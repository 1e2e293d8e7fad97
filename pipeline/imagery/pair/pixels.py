"""Delivered pixels of one band, in memory or on disk, and their physical values by rows."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import OutputError
from pipeline.imagery.pair.sources import GENERIC
from pipeline.imagery.sensors.model import PLAUSIBLE_REFLECTANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.imagery.admission import Raster
    from pipeline.imagery.pair.sources import Source
    from pipeline.imagery.scene import Asset

#: Values (dB for gamma-nought) outside are no measurement: a broken pixel must not reach a mean.
_PLAUSIBLE = {"reflectance": PLAUSIBLE_REFLECTANCE, "gamma0": (-80.0, 50.0), GENERIC: (-1e30, 1e30)}
_LOOKED_AT = 1_000  # pixels a side that say whether a backscatter image is in dB


class Spooled:
    """Pixels (y, x) in a file without a name: read by rows, gone with the process.

    What was decoded from hashed bytes is read back and nothing else: no other process
    can reach the file.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self.shape, self.dtype = values.shape, values.dtype
        try:
            self._file = tempfile.TemporaryFile(prefix="fairwitness-")  # noqa: SIM115 - kept open
            np.ascontiguousarray(values).tofile(self._file)
        except OSError as cause:
            rule = f"has no room for decoded pixels: {cause.strerror or cause}"
            raise OutputError(rule, file=tempfile.gettempdir()) from cause

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        """Return the rows of a slice without step."""
        top, bottom, _ = rows.indices(self.shape[0])
        width = self.shape[1]
        self._file.seek(top * width * self.dtype.itemsize)
        flat = np.fromfile(self._file, self.dtype, count=max(0, bottom - top) * width)
        return flat.reshape(-1, width)


def spooled(raster: Raster) -> Raster:
    """Return `raster` with its pixels on disk; they are read by ``values[top:bottom]``."""
    return replace(raster, values=Spooled(raster.values))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Band:
    """One band as delivered, and what makes its numbers physical.

    Attributes
    ----------
    raster
        Its pixels, in memory or spooled.
    asset
        Scale, offset and declared nodata.
    kind
        ``reflectance``, ``gamma0`` or ``generic``: which values are plausible.
    power
        True where values are linear power that becomes dB.
    """

    raster: Raster
    asset: Asset
    kind: str
    power: bool = False

    def rows(self, top: int, bottom: int) -> NDArray[np.float32]:
        """Return DN x scale + offset, dB for power; NaN where nothing was measured."""
        delivered = self.raster.values[top:bottom]
        out = self._scaled(delivered)
        for nodata in (self.raster.nodata, self.asset.nodata):
            if nodata is not None:
                out[delivered == nodata] = np.nan
        if self.power:
            out = np.float32(10.0) * np.log10(np.where(out > 0, out, np.float32(np.nan)))
        low, high = _PLAUSIBLE[self.kind]
        out[~((out >= low) & (out <= high))] = np.nan
        return out

    def reflectance(self, top: int, bottom: int) -> NDArray[np.float32]:
        """Return DN x scale + offset for a cloud test; NaN where "no data" was delivered."""
        delivered = self.raster.values[top:bottom]
        out = self._scaled(delivered)
        out[delivered == (self.asset.nodata or 0.0)] = np.nan
        return out

    def _scaled(self, delivered: NDArray[Any]) -> NDArray[np.float32]:
        with np.errstate(over="ignore", invalid="ignore"):
            out = delivered.astype(np.float32)
            out *= np.float32(self.asset.scale)
            out += np.float32(self.asset.offset)
        return out


def band_of(source: Source, name: str, raster: Raster) -> Band:
    """Return band `name` of a date; decides for radar whether it came as power or in dB."""
    kind: str = GENERIC if source.sensor.key == GENERIC else source.sensor.physical
    plain = Band(raster, source.scene.assets[name], kind)
    return replace(plain, power=kind == "gamma0" and not _is_decibel(plain))


def _is_decibel(band: Band) -> bool:
    """Power is never negative; a backscatter image in dB mostly is."""
    height, width = band.raster.values.shape
    down, across = (max(1, size // _LOOKED_AT) for size in (height, width))
    rows = [band.rows(y, y + 1)[:, ::across] for y in range(0, height, down)]
    values = np.concatenate(rows)
    seen = values[np.isfinite(values)]
    return bool(seen.size) and float(np.mean(seen < 0)) > 0.5
