"""Fetch each scene once, keep its window as chips, and note what failed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.assessment.record import Failure, InputFile, SceneInput
from pipeline.errors import FairWitnessError, GeometryError, SceneError, printable
from pipeline.imagery.admission import Limits, OutsideRaster, admit, on_record
from pipeline.progress import silent
from pipeline.store.chips import ChipStore
from pipeline.threads import side_by_side
from pipeline.workflows.monitor.fitness import check_fitness
from pipeline.workflows.monitor.record import scene_input
from pipeline.workflows.planning import known_sensors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from pipeline.agreement import Site
    from pipeline.imagery.admission import Admitted
    from pipeline.imagery.scene import Scene
    from pipeline.imagery.sensors import Sensor
    from pipeline.progress import Show
    from pipeline.workflows.monitor.record import TrackOutcome
    from pipeline.workflows.planning import Run, SiteScenes


@dataclass
class TrackScenes:
    """Admitted and failed scenes of one sensor and track."""

    scenes: list[Admitted] = field(default_factory=list)
    failed: list[tuple[Scene, str]] = field(default_factory=list)


@dataclass(frozen=True)
class AdmittedScenes:
    """Everything admission gave for one site.

    Attributes
    ----------
    admitted, failed, outside
        Scenes, those that could not be loaded, and those that miss the site, with the reason.
    chips
        Where the pixels are.
    placed
        Folder in which the placings of looks are kept from run to run; None keeps nothing, for
        who has to measure everything anew.
    """

    admitted: tuple[Admitted, ...]
    failed: tuple[tuple[Scene, FairWitnessError], ...]
    outside: tuple[tuple[Scene, FairWitnessError], ...]
    chips: ChipStore
    placed: Path | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What could not be loaded, for record and manifest."""
        return tuple(
            Failure(code=error.code, message=printable(error), scene=scene.id)
            for scene, error in self.failed
        )

    def by_track(self) -> dict[tuple[str, str], TrackScenes]:
        """Return the scenes by sensor and track."""
        groups: dict[tuple[str, str], TrackScenes] = defaultdict(TrackScenes)
        for item in self.admitted:
            groups[(item.scene.sensor, item.scene.track)].scenes.append(item)
        for scene, error in self.failed:
            groups[(scene.sensor, scene.track)].failed.append((scene, error.rule))
        return dict(groups)

    def grids(self, sensor: Sensor) -> list[tuple[Any, Any]]:
        """Return (crs, transform) of the finest band of each admitted scene of a sensor."""
        found = []
        for item in self.admitted:
            if item.scene.sensor != sensor.key:
                continue
            held = [band for band in sensor.bands if band.name in item.chips]
            finest = min(held, key=lambda band: band.resolution_m)
            chip = self.chips.open(item.chips[finest.name])
            found.append((chip.crs, chip.transform))
        return found


def admit_scenes(
    run: Run, site: Site, scenes: SiteScenes, *, show: Show = silent
) -> AdmittedScenes:
    """Admit every scene of a site; a scene that fails is noted and never stops the others.

    Raises GeometryError where scenes were found and not one raster meets the site.
    """
    sensors = known_sensors(run.settings)
    door = _Door(
        sensors=sensors,
        polygon=site.polygon.union(site.context_ring),
        chips=ChipStore(run.settings.output / ".state" / "chips"),
        limits=Limits.from_settings(run.settings),
        site=site.id,
    )
    known = side_by_side(door.known, scenes.scenes)
    admitted: list[Admitted] = []
    failed: list[tuple[Scene, FairWitnessError]] = []
    outside: list[tuple[Scene, FairWitnessError]] = []
    for done, (scene, found) in enumerate(zip(scenes.scenes, known, strict=True), start=1):
        try:
            admitted.append(door.passed(scene, found))
        except OutsideRaster as error:
            outside.append((scene, error))
        except SceneError as error:
            failed.append((scene, error))
        show("scenes", done=done, total=len(scenes.scenes), text=f"{site.id} admitted")
    if outside and not admitted and not failed:
        raise GeometryError(f"meets none of the {len(outside)} rasters found", site=site.id)
    placed = run.settings.output / ".state" / "placed" / site.id
    return AdmittedScenes(tuple(admitted), tuple(failed), tuple(outside), door.chips, placed)


@dataclass(frozen=True)
class _Door:
    """What the scenes of one site have to pass."""

    sensors: Mapping[str, Sensor]
    polygon: BaseGeometry
    chips: ChipStore
    limits: Limits
    site: str

    def known(self, scene: Scene) -> Admitted | SceneError | None:
        """Return a scene admitted earlier, or why it is no measurement; None where it is new.

        Scenes may be asked at once. Each is judged while its pixels are at hand.
        """
        try:
            item = on_record(scene, **self._asked(scene))
            return None if item is None else self._fit(item)
        except SceneError as error:
            return error

    def passed(self, scene: Scene, known: Admitted | SceneError | None) -> Admitted:
        """Return a scene that is known, or admit it: one at a time, as its decoder is one process.

        Raises SceneError where it cannot be loaded, or be a measurement.
        """
        if isinstance(known, SceneError):
            raise known
        return known or self._fit(admit(scene, **self._asked(scene)))

    def _fit(self, item: Admitted) -> Admitted:
        check_fitness(item, self.sensors[item.scene.sensor], self.chips, site=self.site)
        return item

    def _asked(self, scene: Scene) -> dict[str, Any]:
        bands = wanted_assets(scene, self.sensors[scene.sensor])
        asked = {"polygon": self.polygon, "bands": bands, "chips": self.chips}
        return {**asked, "limits": self.limits, "site": self.site}


def wanted_assets(scene: Scene, sensor: Sensor) -> tuple[str, ...]:
    """Return the assets a site needs: the sensor's bands and masks that the scene has."""
    wanted = {band.name for band in sensor.bands} | {rule.asset for rule in sensor.masks}
    return tuple(sorted(name for name in scene.assets if name in wanted))


def inputs_of(
    scenes: SiteScenes, admitted: AdmittedScenes, tracks: Sequence[TrackOutcome]
) -> tuple[SceneInput, ...]:
    """Return the record's line of every scene: used, failed, superseded, left out."""
    facts: dict[str, Mapping[str, Any]] = {}
    for track in tracks:
        facts.update(track.scene_facts)
    lines = [
        scene_input(
            item.scene,
            status="used",
            files=[InputFile(**asdict(item.files[band])) for band in sorted(item.files)],
            facts=_with_notes(facts.get(item.scene.id, {}), item.notes),
        )
        for item in admitted.admitted
    ]
    lines += [
        scene_input(scene, status="failed", reason=printable(error))
        for scene, error in admitted.failed
    ]
    lines += [
        scene_input(scene, status="left-out", reason=printable(error))
        for scene, error in admitted.outside
    ]
    lines += [
        scene_input(item.scene, status="superseded", reason=f"by {item.by}: {item.reason}")
        for item in scenes.superseded
    ]
    lines += [
        SceneInput(
            scene=item.scene_id,
            sensor=item.sensor or "unknown",
            track="",
            acquired=item.acquired,
            status="left-out",
            reason=item.reason,
        )
        for item in scenes.left_out
    ]
    return tuple(
        sorted(lines, key=lambda line: (str(line.acquired or ""), line.scene, line.status))
    )


def _with_notes(facts: Mapping[str, Any], notes: tuple[str, ...]) -> dict[str, Any]:
    return {**facts, "notes": (*notes, *facts.get("notes", ()))}
