"""Opening two dates as a pair on one grid.

The names below load on first use: the first date is read while the libraries load that it is
then placed with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.lazy import loading

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

__getattr__ = loading(__name__, _HOME)
