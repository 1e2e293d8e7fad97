"""What a run would do: settings, agreement and notifications together, and scenes per site."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipeline.agreement import load_agreement, load_notifications, load_settings
from pipeline.errors import AgreementError, CatalogueError, GeometryError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.agreement import Agreement, Notification, Settings, Site
    from pipeline.exchange.agreements import Standing
    from pipeline.exchange.frozen import Frozen
    from pipeline.imagery.catalog import LeftOut, Superseded
    from pipeline.imagery.scene import Scene
    from pipeline.imagery.sensors import Sensor


@dataclass(frozen=True)
class Run:
    """Everything a run was asked to do, checked.

    Attributes
    ----------
    settings, agreement, notifications
        As loaded.
    sites
        The sites asked for, in the agreement's order.
    as_of
        Last moment that counts, UTC; None is each site's newest acquisition.
    signatures
        The signatures file beside the agreement; None where there is none.
    stated
        Standing as a signed statement gives it, where there is no signatures file to read.
    frozen
        Site id → the baseline file beside the agreement, ratified or on its way.
    fitted_on
        Day of the report, whose baseline windows are in force; None: the agreement's first.
    """

    settings: Settings
    agreement: Agreement
    notifications: tuple[Notification, ...]
    sites: tuple[Site, ...]
    as_of: datetime | None = None
    signatures: bytes | None = None
    stated: Standing | None = None
    frozen: Mapping[str, Frozen] = field(default_factory=dict)
    fitted_on: date | None = None

    def of_day(self, moment: datetime | None) -> Run:
        """Return the run with the baseline windows in force for a report as of a moment."""
        return self if moment is None else replace(self, fitted_on=moment.astimezone(UTC).date())

    def baseline_for(self, indicator: Any) -> Any:
        """Return an indicator's baseline window in force."""
        return self._in_force(self.agreement.baseline_for(indicator))

    @property
    def baseline(self) -> Any:
        """The agreement's own baseline window in force."""
        return self._in_force(self.agreement.baseline)

    def _in_force(self, baseline: Any) -> Any:
        return baseline if self.fitted_on is None else baseline.fitted_on(self.fitted_on)

    def standing_at(self, moment: datetime | None) -> Standing:
        """Return what a product may call itself by who had signed the agreement at a moment.

        Raises BundleError for a signatures file that breaks a rule.
        """
        from pipeline.exchange.agreements import agreement_standing  # noqa: PLC0415

        if self.stated is not None:
            return self.stated
        if self.signatures is None:
            return self.agreement.standing
        at = moment or start_of_day(self.agreement.in_force.start)
        return agreement_standing(self.agreement, self.signatures, at)

    def sensor(self, key: str) -> Sensor | None:
        """Return a sensor of the table or of the settings; None where nobody describes it."""
        return known_sensors(self.settings).get(key)


def known_sensors(settings: Settings) -> dict[str, Sensor]:
    """Return the sensor table with the sensors the settings describe."""
    from pipeline.imagery.sensors import SENSORS, sensor_from_description  # noqa: PLC0415

    described = {
        key: sensor_from_description(key, description.model_dump(mode="json"))
        for key, description in settings.generic_sensors.items()
    }
    return {**SENSORS, **described}


def _refuse_unknown_sensors(settings: Settings, agreement: Agreement) -> None:
    """Raise AgreementError for a sensor that neither the table nor the settings describe."""
    known = known_sensors(settings)
    for indicator in agreement.indicators:
        for sensor in indicator.sensors:
            if sensor not in known:
                near = difflib.get_close_matches(sensor, known, n=1, cutoff=0.5)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                rule = (
                    f"indicator {indicator.id} names sensor '{sensor}', which neither the sensor "
                    f"table nor generic_sensors of the settings describe{hint}"
                )
                raise AgreementError(rule, file=settings.agreement)


def load_run(
    settings: Path,
    *,
    sites: tuple[str, ...] = (),
    as_of: str | None = None,
    out: Path | None = None,
) -> Run:
    """Return what a run is asked to do, or refuse in one line with file and line.

    Raises
    ------
    UsageError
        An unknown site, or a date that is none.
    SettingsError, AgreementError, GeometryError
        As the files deserve.
    """
    loaded = load_settings(settings)
    if out is not None:
        loaded = loaded.changed(output=out.resolve())
    agreement = load_agreement(loaded.agreement)
    _refuse_unknown_sensors(loaded, agreement)
    notifications = load_notifications(loaded.notifications, agreement)
    known = {site.id for site in agreement.sites}
    for site_id in sites:
        if site_id not in known:
            raise UsageError(f"no site {site_id!r} in agreement {agreement.id}: {sorted(known)}")
    chosen = tuple(site for site in agreement.sites if not sites or site.id in sites)
    run = Run(
        settings=loaded,
        agreement=agreement,
        notifications=notifications,
        sites=chosen,
        as_of=end_of_day(as_of),
        signatures=_signatures(loaded.agreement),
        frozen=_frozen(loaded.agreement, agreement, chosen),
    )
    run.standing_at(run.as_of)  # a signatures file that breaks a rule is refused before anything
    return run


def _signatures(agreement: Path) -> bytes | None:
    from pipeline.exchange.agreements import load_agreement_signatures  # noqa: PLC0415

    return load_agreement_signatures(agreement)


def _frozen(path: Path, agreement: Agreement, sites: tuple[Site, ...]) -> dict[str, Frozen]:
    from pipeline.exchange.frozen import load_frozen  # noqa: PLC0415

    return load_frozen(path, agreement, [site.id for site in sites])


def end_of_day(text: str | None) -> datetime | None:
    """Return the last second of a day given as YYYY-MM-DD, UTC; UsageError if it is none."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as cause:
        raise UsageError(f"a date is written YYYY-MM-DD, got {text!r}") from cause
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def start_of_day(day: date) -> datetime:
    """Return the first moment of a day, UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def in_window(moment: datetime, baseline: Any) -> bool:
    """Return whether a look lies in a baseline window, last day included."""
    return bool(baseline.start <= moment.astimezone(UTC).date() <= baseline.end)


@dataclass(frozen=True)
class SiteScenes:
    """What the catalogues hold for one site.

    Attributes
    ----------
    scenes
        One version of each acquisition, in order of (acquired, id).
    superseded
        Versions that do not count, and by which they were replaced.
    left_out
        Items that did not become scenes, with the reason.
    unplaced
        Items left out of which nobody can say which site they concern; no part of a
        site's product, because one bad item must not change another site's bytes.
    catalogue_failures
        Catalogues that could not be read, as one line each.
    elsewhere
        Sound scenes of the period that do not meet the site.
    as_of
        End of the period: as asked for, or the newest acquisition; None without either.
    """

    scenes: tuple[Scene, ...]
    superseded: tuple[Superseded, ...]
    left_out: tuple[LeftOut, ...]
    unplaced: tuple[LeftOut, ...]
    catalogue_failures: tuple[str, ...]
    elsewhere: int
    as_of: datetime | None


def site_scenes(run: Run, site: Site, shelf: Shelf | None = None) -> SiteScenes:
    """Find the scenes of one site, from the start of its baseline to the end of the period.

    Parameters
    ----------
    shelf
        The run's catalogues, where they are open already.
    """
    from pipeline.imagery.catalog import select_versions  # noqa: PLC0415

    shelf = shelf or open_shelf(run)
    end = run.as_of or start_of_day(site.valid.end)
    start = start_of_day(min(_baselines(run, site)))
    polygon = site.polygon.union(site.context_ring)
    scenes: list[Scene] = []
    left_out: list[LeftOut] = []
    failures = list(shelf.failures)
    elsewhere = 0
    for catalogue in shelf.catalogues:
        try:
            found = catalogue.find(polygon=polygon, start=start, end=end)
        except CatalogueError as error:
            failures.append(str(error))
            continue
        scenes += found.scenes
        left_out += found.left_out
        elsewhere += found.outside_area
    wanted, unwanted = _of_wanted_sensors(run, site, scenes)
    newest = max((scene.acquired for scene in wanted), default=None)
    as_of = run.as_of or newest
    kept, superseded = select_versions(wanted, as_of or end)
    told = [replace(item, reason=_without_roots(run, item.reason)) for item in left_out]
    placed = [item for item in told if item.footprint is not None]
    return SiteScenes(
        scenes=kept,
        superseded=superseded,
        left_out=(*placed, *unwanted),
        unplaced=tuple(item for item in told if item.footprint is None),
        catalogue_failures=tuple(_without_roots(run, text) for text in failures),
        elsewhere=elsewhere,
        as_of=as_of,
    )


@dataclass(frozen=True)
class Shelf:
    """The catalogues of a run, read once for all its sites, and those that cannot be read."""

    catalogues: tuple[Any, ...]
    failures: tuple[str, ...]


def open_shelf(run: Run) -> Shelf:
    """Open every catalogue of the settings; one that cannot be read is a failure, in one line."""
    from pipeline.imagery.catalog import open_catalogue  # noqa: PLC0415

    opened: list[Any] = []
    failures: list[str] = []
    for catalogue in run.settings.catalogues:
        settings = SimpleNamespace(**dict(catalogue), allow_hosts=run.settings.named_hosts)
        try:
            opened.append(open_catalogue(settings, generic=known_generic(run.settings)))
        except CatalogueError as error:
            failures.append(str(error))
    return Shelf(tuple(opened), tuple(failures))


def _without_roots(run: Run, text: str) -> str:
    """Return a message without the places of this machine: records travel."""
    for catalogue in run.settings.catalogues:
        path = getattr(catalogue, "path", None)
        if path is not None:
            root = path if path.is_dir() else path.parent
            text = text.replace(f"{root}/", "").replace(str(root), ".")
    return text


def known_generic(settings: Settings) -> dict[str, Any]:
    """Return the sensors described in the settings, by name."""
    sensors = known_sensors(settings)
    return {key: sensors[key] for key in settings.generic_sensors}


def _baselines(run: Run, site: Site) -> list[date]:
    used = [run.agreement.baseline_for(item) for item in site_indicators(run, site)]
    return [item.start for item in (*used, baseline_of(run, site))]


def baseline_of(run: Run, site: Site) -> Any:
    """Return the baseline a site is reported under.

    The one its indicators share; where they differ, the agreement's.
    """
    used = [run.baseline_for(item) for item in site_indicators(run, site)]
    shared = bool(used) and all(item == used[0] for item in used)
    return used[0] if shared else run.baseline


def site_indicators(run: Run, site: Site) -> list[Any]:
    """Return the indicators that apply to any zone of a site, each once, in agreed order."""
    ids = {item.id for zone in site.zones for item in run.agreement.indicators_for(site, zone)}
    return [item for item in run.agreement.indicators if item.id in ids]


def _of_wanted_sensors(
    run: Run, site: Site, scenes: list[Scene]
) -> tuple[list[Scene], list[LeftOut]]:
    from pipeline.imagery.catalog import LeftOut  # noqa: PLC0415

    sensors = {key for item in site_indicators(run, site) for key in item.sensors}
    wanted = [scene for scene in scenes if scene.sensor in sensors]
    reason = "no agreed indicator of this site uses its sensor"
    unwanted = [
        LeftOut(scene.id, scene.acquired, scene.sensor, reason)
        for scene in scenes
        if scene.sensor not in sensors
    ]
    return wanted, unwanted


def in_force(
    notifications: tuple[Notification, ...], site: str, as_of: datetime
) -> tuple[Any, ...]:
    """Return the notifications of a site on file at a moment, without those replaced by then."""
    known = [item for item in notifications if item.site == site and item.received <= as_of]
    replaced = {item.supersedes for item in known if item.supersedes}
    return tuple(item for item in known if item.id not in replaced)


def with_workers(run: Run, workers: int | None, scheduler: str | None) -> Run:
    """Return the run with the command line's workers or scheduler in place of the settings'."""
    if workers is None and scheduler is None:
        return run
    update: dict[str, Any] = {"workers": workers or 0, "scheduler": scheduler}
    return replace(run, settings=run.settings.changed(**update))


def refuse_misplaced(run: Run, found: list[SiteScenes]) -> None:
    """Refuse a run none of whose sites meets any of the rasters the catalogues hold.

    One site without scenes beside others that have some is a report that says "not
    observed"; all of them is a geometry that is wrong.
    """
    if not any(item.scenes for item in found) and any(item.elsewhere for item in found):
        names = ", ".join(site.id for site in run.sites)
        raise GeometryError(
            f"meets none of the {max(item.elsewhere for item in found)} rasters of the catalogues",
            site=names,
            file=run.settings.agreement,
        )
