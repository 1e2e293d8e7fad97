"""Which scenes there are: folders of tiles, static STAC catalogues, STAC APIs.

Nothing here opens a raster. Every item becomes a `Scene`, or a `LeftOut` that names
file and rule; only a catalogue whose root cannot be read raises `CatalogueError`. The names
below load on first use: who reads one folder needs no library of catalogues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.lazy import loading

if TYPE_CHECKING:
    from pipeline.imagery.catalog.find import Catalogue, find_scenes, open_catalogue
    from pipeline.imagery.catalog.found import Found, LeftOut
    from pipeline.imagery.catalog.versions import Superseded, select_versions

__all__ = [
    "Catalogue",
    "Found",
    "LeftOut",
    "Superseded",
    "find_scenes",
    "open_catalogue",
    "select_versions",
]

_HOME = {
    "Catalogue": "find",
    "Found": "found",
    "LeftOut": "found",
    "Superseded": "versions",
    "find_scenes": "find",
    "open_catalogue": "find",
    "select_versions": "versions",
}

__getattr__ = loading(__name__, _HOME)
