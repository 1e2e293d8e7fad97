"""The only door for outside rasters: bytes are fetched once, hashed, and decoded as they are.

`read_asset` gives the pixels of one file; `admit` keeps a site's window of a
scene as evidence chips, so that a later run opens nothing outside. Decoding
happens in a limited child process with one named driver (`decoding`). The names below
load on first use: the child needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.lazy import loading

if TYPE_CHECKING:
    from pipeline.imagery.admission.decoder import start_decoder
    from pipeline.imagery.admission.limits import Limits
    from pipeline.imagery.admission.outside import OutsideRaster
    from pipeline.imagery.admission.raster import Raster, read_asset
    from pipeline.imagery.admission.records import Admitted, FileFacts, admit, on_record

__all__ = [
    "Admitted",
    "FileFacts",
    "Limits",
    "OutsideRaster",
    "Raster",
    "admit",
    "on_record",
    "read_asset",
    "start_decoder",
]

_HOME = {
    "Admitted": "records",
    "FileFacts": "records",
    "Limits": "limits",
    "OutsideRaster": "outside",
    "Raster": "raster",
    "admit": "records",
    "on_record": "records",
    "read_asset": "raster",
    "start_decoder": "decoder",
}

__getattr__ = loading(__name__, _HOME)
