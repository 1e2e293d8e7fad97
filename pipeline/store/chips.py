"""Evidence chips: the pixels that were judged, named by the SHA-256 of their file."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.crs import CRS

from pipeline.errors import ProductError
from pipeline.store.atomic import atomic_write
from pipeline.store.geotiff import Layers, decoded, encoded, predictor
from pipeline.store.reading import UnreadableFile, read_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from affine import Affine
    from numpy.typing import NDArray

BYTE_LIMIT = 1 << 30
# Decoded pixels a store keeps: every step of a run asks for the same chips again.
KEPT_BYTES = 256 << 20
BLOCK = 256  # pixels: edge of a tile, rows of a strip
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Chip:
    """A site's window of one file, as it was delivered.

    Attributes
    ----------
    values
        Digital numbers (band, y, x) in the dtype of delivery.
    transform, crs
        Affine from (column, row) to map coordinates, and the map's WKT.
    nodata
        DN that means "no data", or None.
    tags
        What the writer said of it, as text.
    """

    values: NDArray[Any]
    transform: Affine
    crs: str
    nodata: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class _Decoded:
    """The chips decoded last; each was verified when it was decoded."""

    def __init__(self) -> None:
        self._chips: OrderedDict[str, Chip] = OrderedDict()
        self._bytes = 0
        self._held = Lock()  # looks are read side by side

    def __reduce__(self) -> tuple[type[_Decoded], tuple[()]]:
        """Travel empty to another process: it has the files."""
        return _Decoded, ()

    def find(self, sha256: str) -> Chip | None:
        """Return a kept chip, which is then the last to be let go."""
        with self._held:
            if sha256 not in self._chips:
                return None
            self._chips.move_to_end(sha256)
            return self._chips[sha256]

    def keep(self, sha256: str, chip: Chip) -> None:
        """Keep a chip, and let the oldest ones go."""
        with self._held:
            if sha256 in self._chips:
                return
            self._chips[sha256] = chip
            self._bytes += chip.values.nbytes
            while self._bytes > KEPT_BYTES:
                _, oldest = self._chips.popitem(last=False)
                self._bytes -= oldest.values.nbytes


class ChipStore:
    """A folder of chips.

    Parameters
    ----------
    root
        The folder; it is created with the first chip. A chip is at
        ``<root>/<first two digits>/<sha256>.tif``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._decoded = _Decoded()

    def path(self, sha256: str) -> Path:
        """Return where the chip `sha256` belongs; ValueError unless it is a digest."""
        if not _DIGEST.fullmatch(sha256):
            raise ValueError(f"a chip is named by 64 hexadecimal digits, got {sha256!r}")
        return self.root / sha256[:2] / f"{sha256}.tif"

    def put(
        self,
        values: NDArray[Any],
        transform: Affine,
        crs_wkt: str,
        nodata: float | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Keep `values` (band, y, x), lossless, and return the SHA-256 of the file.

        Equal arguments give equal bytes; a chip that is there already is not touched.

        Raises
        ------
        ValueError
            The format cannot hold these values, grid or map exactly.
        OutputError
            The disk refused.
        """
        payload = _chip_bytes(Layers(values, transform, crs_wkt, nodata, (), dict(tags or {})))
        sha256 = hashlib.sha256(payload).hexdigest()
        if not self.holds(sha256):
            atomic_write(self.path(sha256), payload, durable=False)
        return sha256

    def holds(self, sha256: str) -> bool:
        """Say whether the chip is there and its bytes have this digest."""
        try:
            self._verified(sha256)
        except ProductError:
            return False
        return True

    def loads(self, sha256: str) -> bool:
        """Say what `holds` says, and keep the chip decoded: whoever opens it next need not read."""
        try:
            payload = self._verified(sha256)
        except ProductError:
            return False
        if self._decoded.find(sha256) is None:
            with suppress(ProductError):  # no chip, though intact: `open` is where that is said
                self._keep(sha256, payload)
        return True

    def opens(self, sha256: str) -> bool:
        """Say whether the chip is there: decoded from verified bytes a moment ago, or intact."""
        kept = self._decoded.find(sha256) is not None
        return self.path(sha256).is_file() if kept else self.holds(sha256)

    def open(self, sha256: str) -> Chip:
        """Return the chip, decoded from the very bytes whose digest was verified.

        Chips decoded a moment ago are kept, up to `KEPT_BYTES`; their values cannot be changed.

        Raises
        ------
        ProductError
            Missing, or its bytes do not have this digest.
        """
        kept = self._decoded.find(sha256)
        if kept is not None:
            return kept
        return self._keep(sha256, self._verified(sha256))

    def _keep(self, sha256: str, payload: bytes) -> Chip:
        try:
            layers = decoded(payload)
        except ValueError as cause:
            raise ProductError(f"chip {cause}", file=self.path(sha256)) from cause
        layers.values.flags.writeable = False  # it is shared from now on
        chip = Chip(layers.values, layers.transform, layers.crs, layers.nodata, layers.tags)
        self._decoded.keep(sha256, chip)
        return chip

    def _verified(self, sha256: str) -> bytes:
        path = self.path(sha256)
        try:
            payload = read_bytes(path, byte_limit=BYTE_LIMIT)
        except UnreadableFile as cause:
            raise ProductError(f"chip {cause}", file=path) from cause
        if hashlib.sha256(payload).hexdigest() != sha256:
            raise ProductError("chip does not have the digest it is named by", file=path)
        return payload


def _chip_bytes(layers: Layers) -> bytes:
    payload = encoded(layers, driver="GTiff", interleave="band", **_form(layers.values.dtype))
    kept = decoded(payload)
    if not _same(layers, kept):
        raise ValueError("GeoTIFF cannot hold these values, grid, map or nodata exactly")
    return payload


def _form(dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return how pixels are laid down: plainly, or so that whoever has zlib can reach them.

    The last bits of measured floats are noise: packing took a tenth off real radar, and four times
    as long to read.
    """
    if dtype.kind == "f":
        # Or empty blocks are written last, as the nodata value: -0.0 and most NaN would be others.
        return {"blockysize": BLOCK, "@write_empty_tiles_synchronously": "YES"}
    packed = {"compress": "DEFLATE", "zlevel": 6, "predictor": predictor(dtype)}
    return {**packed, "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK}


def _same(given: Layers, kept: Layers) -> bool:
    return (
        given.values.dtype == kept.values.dtype
        and np.ascontiguousarray(given.values).tobytes() == kept.values.tobytes()
        and given.transform == kept.transform
        and CRS.from_wkt(given.crs) == CRS.from_wkt(kept.crs)
        and _same_number(given.nodata, kept.nodata)
    )


def _same_number(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or (one != one and other != other)  # noqa: PLR0124 - NaN is NaN here
