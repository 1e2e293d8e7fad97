"""Opening two dates as a pair on one grid.

The names below load on first use: the first date is read while the libraries load that it is
then placed with.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.imagery.pair.dates import Date, Strip
    from pipeline.imagery.pair.opening import Pair, observed, open_pair
    from pipeline.imagery.pair.reading import Room, matching_bands
    from pipeline.imagery.pair.sources import GENERIC, Source, find_source

__all__ = [
    "GENERIC",
    "Date",
    "Pair",
    "Room",
    "Source",
    "Strip",
    "find_source",
    "matching_bands",
    "observed",
    "open_pair",
]

_HOME = {
    "GENERIC": "sources",
    "Date": "dates",
    "Pair": "opening",
    "Room": "reading",
    "Source": "sources",
    "Strip": "dates",
    "find_source": "sources",
    "matching_bands": "reading",
    "observed": "opening",
    "open_pair": "opening",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
