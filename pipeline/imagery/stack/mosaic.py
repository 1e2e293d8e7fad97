"""Several tiles of one datatake become one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.masking import (
    CLOUD,
    LOAD_FAILED,
    MISSING,
    OBSERVED,
    SHADOW,
    SNOW,
    SWATH_EDGE,
    WITHHELD,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.imagery.stack.looks import Look
    from pipeline.imagery.stack.sampling import Frame
    from pipeline.imagery.stack.tiles import TileReader

#: Of two tiles the one whose code comes first here shows the pixel.
_PREFERENCE = (OBSERVED, SNOW, SHADOW, CLOUD, WITHHELD, MISSING, SWATH_EDGE, LOAD_FAILED)
_RANK = np.argsort(_PREFERENCE).astype(np.uint8)


@dataclass(frozen=True)
class Mosaic:
    """Which tile shows each pixel of a frame.

    Attributes
    ----------
    frame
        The whole site's, with the halo of the look's shift.
    codes
        uint8 (y, x) coverage codes.
    choice
        int16 (y, x) index in `Look.tiles`; -1 where no tile was loaded.
    """

    frame: Frame
    codes: NDArray[np.uint8]
    choice: NDArray[np.int16]

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        return self.codes.nbytes + self.choice.nbytes


def mosaic(look: Look, reader: TileReader, frame: Frame) -> Mosaic:
    """Choose for each pixel the tile that saw it best; the lower scene id among equals."""
    codes = np.full(frame.shape, LOAD_FAILED if look.failed else SWATH_EDGE, np.uint8)
    choice = np.full(frame.shape, -1, np.int16)
    for index, tile in enumerate(look.tiles):
        found = reader.codes(tile, frame)
        if not index:
            codes, choice = found, np.zeros(frame.shape, np.int16)
            continue
        better = _RANK[found] < _RANK[codes]
        codes = np.where(better, found, codes)
        choice[better] = index
    if look.failed:
        # what the loaded tiles do not cover, the failed one may have: it was not looked at
        codes = np.where(codes == SWATH_EDGE, np.uint8(LOAD_FAILED), codes)
    return Mosaic(frame, codes, choice)


def band_values(
    look: Look, reader: TileReader, band: str, pixels: Mosaic, frame: Frame
) -> NDArray[np.float32]:
    """Return one band of a look, (y, x) physical, on a part `frame` of the mosaic's."""
    if len(look.tiles) == 1 and band in look.tiles[0].chips:
        return reader.values(look.tiles[0], band, frame)
    choice = pixels.choice[frame.within(pixels.frame)]
    out = np.full(frame.shape, np.nan, np.float32)
    for index, tile in enumerate(look.tiles):
        shown = choice == index
        if band in tile.chips and shown.all():
            return reader.values(tile, band, frame)
        if band in tile.chips and shown.any():
            np.copyto(out, reader.values(tile, band, frame), where=shown)
    return out
