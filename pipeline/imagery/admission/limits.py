"""What an outside file may cost, and where it may lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Limits:
    """Bounds of reading one outside file.

    Attributes
    ----------
    asset_megabytes
        Largest file that is read.
    decode_seconds, memory_megabytes
        Deadline and memory of the decoding process, the file's bytes included.
    fetch_seconds
        Deadline of a download.
    side_pixels, bands, block_megabytes
        Largest raster that is opened; one block must be decoded whole.
    margin_pixels
        Kept around the polygon's bounds, for registration and filters.
    folders
        Local files must lie in one of these, links resolved; empty where the user
        named the files.
    hosts
        Hosts (``name`` or ``name:port``) that may be contacted.
    """

    asset_megabytes: float = 2048
    decode_seconds: float = 120.0
    memory_megabytes: int = 2048
    fetch_seconds: float = 900.0
    side_pixels: int = 200_000
    bands: int = 256
    block_megabytes: float = 256
    margin_pixels: int = 32
    folders: tuple[Path, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def from_settings(cls, settings: Any) -> Limits:
        """Return the limits that run settings state, with the places they name."""
        paths = [Path(c.path) for c in settings.catalogues if getattr(c, "path", None)]
        stated = settings.limits
        return cls(
            asset_megabytes=stated.asset_megabytes,
            decode_seconds=stated.decode_seconds,
            memory_megabytes=stated.memory_megabytes,
            folders=tuple(path.parent if path.suffix == ".json" else path for path in paths),
            hosts=frozenset(settings.named_hosts),
        )

    @property
    def asset_bytes(self) -> int:
        """Largest file, in bytes."""
        return int(self.asset_megabytes * (1 << 20))

    def folder_of(self, href: str) -> Path | None:
        """Return the declared folder that a local file lies in, or None."""
        return _folder_of(href, self._places)

    @cached_property
    def _places(self) -> tuple[Path, ...]:
        """The declared folders under all their names, the innermost first."""
        known = {place for folder in self.folders for place in (folder, folder.resolve())}
        return tuple(sorted(known, key=lambda place: (-len(place.parts), place)))

    def relative(self, href: str) -> str:
        """Return `href` as records hold it: no path of this machine, no query of an address."""
        return _relative(href, self._places)


@lru_cache(maxsize=1 << 14)  # every step of a run asks for the same files again
def _relative(href: str, places: tuple[Path, ...]) -> str:
    if is_remote(href):
        scheme, _, rest = re.split(r"[?#]", href, maxsplit=1)[0].partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    folder = _folder_of(href, places)
    return Path(href).relative_to(folder).as_posix() if folder else Path(href).name


def _folder_of(href: str, places: tuple[Path, ...]) -> Path | None:
    parts = Path(href).parts
    return next((at for at in places if parts[: len(at.parts)] == at.parts), None)


def is_remote(href: str) -> bool:
    """Say whether `href` is an http or https address."""
    return href.lower().startswith(("http://", "https://"))
