"""The entry: which scenes a catalogue named in the settings has for one site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from pipeline.errors import CatalogueError, SettingsError
from pipeline.imagery.catalog.folder import read_folder
from pipeline.imagery.catalog.found import Found, Query, sift
from pipeline.imagery.catalog.reading import number
from pipeline.imagery.sensors import SENSORS, Sensor, sensor_from_description

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.imagery.catalog.found import LeftOut
    from pipeline.imagery.scene import Scene


class CatalogueSettings(Protocol):
    """What is read of a catalogue's settings; optional fields may be missing or None.

    kind
        ``folder`` or ``stac`` (with `path`), ``stac-api`` (with `url`, `collections`).
    sensor
        Optional: key of the table or of a generic sensor, instead of inferring it.
    allow_hosts
        Optional: hosts whose rasters and links may be used; an API's own host always may.
    max_cloud_percent
        Optional: scenes with more cloud over the whole tile are left out.
    """

    kind: str


@dataclass(frozen=True)
class Catalogue:
    """A catalogue that was read, to be asked for one site after the other.

    Local catalogues are read once, by `open_catalogue`; an API is asked each time.
    """

    answer: Callable[[Query], tuple[list[Scene], list[LeftOut]]]
    max_cloud_percent: float | None = None

    def find(self, *, polygon: Any, start: date | datetime, end: date | datetime) -> Found:
        """Find the scenes that meet a polygon within a period; see `find_scenes`."""
        query = Query(
            polygon, _edge(start, last=False), _edge(end, last=True), self.max_cloud_percent
        )
        return sift(*self.answer(query), query)


def open_catalogue(
    catalogue: CatalogueSettings, *, generic: Mapping[str, Any] | None = None
) -> Catalogue:
    """Read a catalogue once, for many sites; parameters and errors as of `find_scenes`."""
    sensors = known_sensors(generic)
    wanted = getattr(catalogue, "sensor", None)
    if wanted is not None and wanted not in sensors:
        raise SettingsError(f"catalogue: sensor {wanted!r} is not one of {', '.join(sensors)}")
    hosts = frozenset(host.lower() for host in getattr(catalogue, "allow_hosts", None) or ())
    cloud = number(getattr(catalogue, "max_cloud_percent", None))
    if catalogue.kind == "stac-api":
        return Catalogue(_api(catalogue, hosts, sensors, wanted), cloud)
    path = getattr(catalogue, "path", None)
    if path is None:
        raise SettingsError(f"catalogue: kind {catalogue.kind!r} needs a path")
    if catalogue.kind == "folder":
        listed = read_folder(Path(path), sensors=sensors, wanted=wanted)
    elif catalogue.kind == "stac":
        from pipeline.imagery.catalog.stac import read_static  # noqa: PLC0415 - loads pystac

        listed = read_static(Path(path), hosts=hosts, sensors=sensors, wanted=wanted)
    else:
        raise SettingsError(f"catalogue: unknown kind {catalogue.kind!r}")
    return Catalogue(lambda _: listed, cloud)


def find_scenes(
    catalogue: CatalogueSettings,
    *,
    polygon: Any,
    start: date | datetime,
    end: date | datetime,
    generic: Mapping[str, Any] | None = None,
) -> Found:
    """Find the scenes of one catalogue that meet a polygon within a period.

    Parameters
    ----------
    catalogue
        See `CatalogueSettings`.
    polygon
        shapely geometry in EPSG:4326, degrees.
    start, end
        Both included. A date stands for its whole day, UTC.
    generic
        Name → `Sensor` or description (see `pipeline.imagery.sensors.described`).

    Returns
    -------
    Found
        Scenes sorted by (acquired, id), never by listing order, and what was left out.

    Raises
    ------
    CatalogueError
        If the catalogue's root cannot be read, or an API cannot answer in full.
    SettingsError
        For an unknown kind or sensor, or a generic sensor that is described wrongly.
    """
    return open_catalogue(catalogue, generic=generic).find(polygon=polygon, start=start, end=end)


def _api(
    catalogue: Any, hosts: frozenset[str], sensors: Mapping[str, Sensor], wanted: str | None
) -> Callable[[Query], tuple[list[Scene], list[LeftOut]]]:
    # pystac-client is only needed here, and not quick to import.
    from pipeline.imagery.catalog.stac_api import search_api  # noqa: PLC0415

    parts = urlsplit(catalogue.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CatalogueError("it is no http(s) address", file=catalogue.url)
    return partial(
        search_api,
        catalogue.url,
        collections=tuple(catalogue.collections or ()),
        hosts=hosts | {parts.hostname.lower()},
        sensors=sensors,
        wanted=wanted,
    )


def known_sensors(generic: Mapping[str, Any] | None) -> dict[str, Sensor]:
    """Return the table with the settings' own sensors beside it; no row is replaced."""
    sensors = dict(SENSORS)
    for name, description in (generic or {}).items():
        if name in SENSORS:
            raise SettingsError(f"generic sensor {name}: the table already has one of that name")
        given = description.model_dump() if hasattr(description, "model_dump") else description
        made = given if isinstance(given, Sensor) else sensor_from_description(name, given)
        sensors[name] = made
    return sensors


def _edge(moment: date | datetime, *, last: bool) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return datetime.combine(moment, time.max if last else time.min, tzinfo=UTC)
