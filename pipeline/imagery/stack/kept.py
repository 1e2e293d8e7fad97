"""Placings measured before, on disk: a run with one new look measures one.

A placing is known by the digest of all it follows from: the chips of the look and of those
behind the reference, how they become pixels of the grid, and the code. A file that is not what
was written is no file: what is kept can always be measured again.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import ProductError
from pipeline.imagery.stack.placing import Placing
from pipeline.kernels.registration import Shift
from pipeline.store.atomic import canonical_json, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pipeline.imagery.stack.series import RegistrationSeries

_SHIFT = ("dx", "dy", "residual_px")


class KeptPlacings:
    """The placings of one site, sensor and track.

    Parameters
    ----------
    file
        Where they are; another site, sensor or track has another file.
    code
        Digest of the code that measures.
    """

    def __init__(self, file: Path, code: str) -> None:
        self._file, self._code = file, code
        self._keys: dict[int, str] = {}
        self._held: dict[str, Any] = {}

    def find(
        self,
        series: RegistrationSeries,
        chosen: Sequence[int],
        wanted: Iterable[int],
        *,
        register: bool,
    ) -> dict[int, Placing]:
        """Return the placings that are known of the wanted looks, by index."""
        looks = list(wanted)
        self._keys = _keys(series, chosen, looks, f"{self._code}|{register}")
        self._held = self._read()
        shape = series.shape
        known = {i: self._held[key] for i, key in self._keys.items() if key in self._held}
        found = {index: _believed(document, shape) for index, document in known.items()}
        return {index: placing for index, placing in found.items() if placing is not None}

    def keep(self, placings: Mapping[int, Placing]) -> None:
        """Keep these, and nothing else.

        Raises
        ------
        OutputError
            The disk refused.
        """
        held = {self._keys[index]: _document(placing) for index, placing in placings.items()}
        if held != self._held:
            write_json(self._file, {"placings": held, "sha256": _digest(held)})

    def _read(self) -> dict[str, Any]:
        try:
            document = read_json(self._file)
            held = document["placings"]
            whole = isinstance(held, dict) and document["sha256"] == _digest(held)
        except (ProductError, KeyError, TypeError, ValueError):
            return {}
        return held if whole else {}


def _digest(document: Any) -> str:
    return hashlib.sha256(canonical_json(document)).hexdigest()


def _keys(
    series: RegistrationSeries, chosen: Sequence[int], wanted: Sequence[int], rule: str
) -> dict[int, str]:
    """Return index to digest of what a look's placing follows from."""
    own = [glance.sha256 for glance in series.glances]
    shared = "|".join([rule, series.rule, *(own[index] for index in chosen)])
    return {
        index: hashlib.sha256(f"{shared}|{index in chosen}|{own[index]}".encode()).hexdigest()
        for index in wanted
    }


def _document(placing: Placing) -> dict[str, Any]:
    shift, stripes = placing.shift, placing.stripes
    packed = None if stripes is None else b64encode(np.packbits(stripes).tobytes()).decode()
    return {
        **{name: getattr(shift, name) for name in _SHIFT},
        "tiles_used": shift.tiles_used,
        "note": shift.note,
        "corrected": placing.corrected,
        "masked": packed,
    }


def _believed(document: Any, shape: tuple[int, ...]) -> Placing | None:
    """Return a placing as it was kept; None where none is written so, or none can be so."""
    try:
        placing = _placing(document, shape)
        same = canonical_json(_document(placing)) == canonical_json(document)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    shift = placing.shift
    near = max(abs(shift.dx), abs(shift.dy), shift.residual_px) <= max(shape)
    counted = shift.tiles_used > 0 or (shift.tiles_used == 0 and not placing.corrected)
    return placing if same and near and counted and shift.residual_px >= 0 else None


def _placing(document: Mapping[str, Any], shape: tuple[int, ...]) -> Placing:
    dx, dy, residual = (float(document[name]) for name in _SHIFT)
    shift = Shift(dx, dy, residual, int(document["tiles_used"]), str(document["note"]))
    stripes = None
    if document["masked"] is not None:
        bits = np.frombuffer(b64decode(document["masked"]), np.uint8)
        count = int(np.prod(shape))
        stripes = np.unpackbits(bits, count=count).astype(np.bool_).reshape(shape)
    return Placing(shift, bool(document["corrected"]), stripes)
