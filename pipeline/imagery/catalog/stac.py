"""A static STAC catalogue on disk, walked by its relative links.

pystac resolves links and old versions; it never reads. All reading is done here, which
refuses every address the settings do not name and every path outside the catalogue's folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pystac

from pipeline.errors import CatalogueError, printable
from pipeline.imagery.catalog.found import LeftOut
from pipeline.imagery.catalog.items import read_item
from pipeline.imagery.catalog.places import Place
from pipeline.imagery.catalog.reading import ITEM_BYTES, ROOT_BYTES, parse_json, read_text
from pipeline.imagery.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.imagery.sensors import Sensor

_MAX_FILES = 200_000
_MAX_LEVELS = 12
_LIMITS = {"child": ROOT_BYTES, "item": ITEM_BYTES}


@dataclass
class _Walk:
    """One walk over a catalogue."""

    place: Place
    sensors: Mapping[str, Sensor]
    wanted: str | None
    seen: set[str] = field(default_factory=set)
    left_out: list[LeftOut] = field(default_factory=list)

    def node(self, content: Any, href: str, level: int) -> Iterator[Scene]:
        """Yield the scenes of a catalogue, collection, item or list of items."""
        if isinstance(content, list) or content.get("type") == "FeatureCollection":
            yield from self.listed(content, href)
        elif content.get("type") == "Feature":
            yield from self.item(content, href)
        else:
            yield from self.children(content, href, level)

    def listed(self, content: Any, href: str) -> Iterator[Scene]:
        features = content if isinstance(content, list) else content.get("features")
        for position, feature in enumerate(features if isinstance(features, list) else ()):
            if isinstance(feature, dict):
                yield from self.item(feature, href)
            else:
                self.refuse(f"{href}#{position}", "it is no item")

    def item(self, content: dict[str, Any], href: str) -> Iterator[Scene]:
        local = "://" not in href
        here = replace(
            self.place,
            folder=Path(href).parent if local else None,
            address=None if local else href,
            root=self.place.root if local else None,
        )
        made = read_item(content, file=href, place=here, sensors=self.sensors, wanted=self.wanted)
        if isinstance(made, Scene):
            yield made
        else:
            self.left_out.append(made)

    def children(self, content: dict[str, Any], href: str, level: int) -> Iterator[Scene]:
        for target, relation in self.links(content, href):
            if target in self.seen:
                continue
            self.seen.add(target)
            if len(self.seen) > _MAX_FILES:
                raise CatalogueError(f"it holds more than {_MAX_FILES} files", file=href)
            try:
                child = self.read(target, relation, level)
            except CatalogueError as error:
                self.refuse(target, str(error))
            else:
                yield from self.node(child, target, level + 1)

    def read(self, target: str, relation: str, level: int) -> dict[str, Any]:
        """Return what a link leads to, if it is what the link says."""
        if level >= _MAX_LEVELS:
            raise CatalogueError(f"it is more than {_MAX_LEVELS} levels deep", file=target)
        content = _read(target, self.place, _LIMITS[relation])
        if not isinstance(content, dict):
            raise CatalogueError("it is not a JSON object", file=target)
        is_item = content.get("type") in ("Feature", "FeatureCollection")
        if is_item != (relation == "item"):
            raise CatalogueError(f"it is linked as {relation} and is none", file=target)
        return content

    def links(self, content: dict[str, Any], href: str) -> list[tuple[str, str]]:
        """Return (absolute target, relation) of child and item links, in a stable order."""
        targets = {}
        listed = content.get("links")
        for entry in listed if isinstance(listed, list) else ():
            try:
                if entry["rel"] in _LIMITS:
                    targets[_target(entry["href"], href)] = str(entry["rel"])
            except (KeyError, TypeError, AttributeError, ValueError):
                self.refuse(href, f"{href}: a link cannot be read: {str(entry)[:100]}")
        return sorted(targets.items())

    def refuse(self, target: str, reason: str) -> None:
        name = printable(Path(target).name)[:200]
        self.left_out.append(LeftOut(name, None, None, printable(reason)[:400], damaged=True))


def _target(link: str, base: str) -> str:
    target: str = pystac.utils.make_absolute_href(link, base)
    if "://" in base and not target.startswith(("http://", "https://")):
        raise ValueError("a remote catalogue may not name local files")
    return target.removeprefix("file://")


def _read(target: str, place: Place, limit: int) -> Any:
    if "://" in target:
        from pipeline.imagery.catalog.remote import fetch_text  # noqa: PLC0415 - loads requests

        return parse_json(fetch_text(target, place.hosts, limit=limit), target)
    root = place.root or Path(target).parent
    return parse_json(read_text(Path(target), root=root, limit=limit), target)


def read_static(
    path: Path, *, hosts: frozenset[str], sensors: Mapping[str, Sensor], wanted: str | None = None
) -> tuple[list[Scene], list[LeftOut]]:
    """Read every item that a catalogue, collection or item file leads to.

    Parameters
    ----------
    path
        ``catalog.json``, ``collection.json``, an item, a list of items, or a folder that
        holds one of the first two. Local files outside its folder are never read.
    hosts
        Hosts the settings name; links and rasters elsewhere are not followed.
    sensors
        Key → row, generic ones included.
    wanted
        Sensor that the settings prescribe.

    Raises
    ------
    CatalogueError
        If the root itself cannot be read. Anything below is left out with its reason.
    """
    path = _root_file(path)
    place = Place(root=path.parent.resolve(), hosts=hosts)
    content = _read(str(path), place, ROOT_BYTES)
    if not _is_stac(content):
        raise CatalogueError(
            "it is no STAC catalogue, collection, item or list of items", file=path
        )
    walk = _Walk(place, sensors, wanted, {str(path)})
    return list(walk.node(content, str(path), 0)), walk.left_out


def _root_file(path: Path) -> Path:
    path = Path(path).absolute()
    if path.is_dir():
        for name in ("catalog.json", "collection.json"):
            if (path / name).is_file():
                return path / name
        raise CatalogueError("it holds neither catalog.json nor collection.json", file=path)
    return path


def _is_stac(content: Any) -> bool:
    if isinstance(content, list):
        return True
    kinds = ("Catalog", "Collection", "Feature", "FeatureCollection")
    # Catalogues before STAC 1.0 carry no type.
    return isinstance(content, dict) and (content.get("type") in kinds or "stac_version" in content)
