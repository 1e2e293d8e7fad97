"""Evidence chips that stay in memory once they were decoded, up to a bound."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from pipeline.store.chips import ChipStore

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.store.chips import Chip

KEPT_BYTES = 384 << 20


class RememberedChips(ChipStore):
    """A chip store for many readings of the same chips, as a desk has them.

    Every chip is verified when it is first read; nobody can write into what is kept.

    Parameters
    ----------
    root
        Of the store.
    byte_limit
        Chips are forgotten, the one longest unread first, beyond so many bytes of pixels.
    """

    def __init__(self, root: Path, byte_limit: int = KEPT_BYTES) -> None:
        super().__init__(root)
        self._chips: OrderedDict[str, Chip] = OrderedDict()
        self._limit, self._bytes = byte_limit, 0
        self._lock = Lock()

    def open(self, sha256: str) -> Chip:
        """Return a chip, from memory where it is; raises as `ChipStore.open`."""
        with self._lock:
            if sha256 in self._chips:
                self._chips.move_to_end(sha256)
                return self._chips[sha256]
        chip = super().open(sha256)
        chip.values.flags.writeable = False
        with self._lock:
            if sha256 not in self._chips:
                self._chips[sha256] = chip
                self._bytes += chip.values.nbytes
            while self._bytes > self._limit and len(self._chips) > 1:
                self._bytes -= self._chips.popitem(last=False)[1].values.nbytes
        return chip
