"""Fetch each scene once, keep its window as chips, and note what failed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.assessment.record import Failure, InputFile, SceneInput
from pipeline.errors import FairWitnessError, GeometryError, SceneError, printable
from pipeline.imagery.admission import Limits, OutsideRaster, admit
from pipeline.progress import silent
from pipeline.store.chips import ChipStore
from pipeline.threads import side_by_side
from pipeline.workflows.monitor.fitness import check_fitness
from pipeline.workflows.monitor.record import scene_input
from pipeline.workflows.planning import known_sensors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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
    chips = ChipStore(run.settings.output / ".state" / "chips")
    sensors = known_sensors(run.settings)
    limits = Limits.from_settings(run.settings)
    polygon = site.polygon.union(site.context_ring)
    admitted: list[Admitted] = []
    failed: list[tuple[Scene, FairWitnessError]] = []
    outside: list[tuple[Scene, FairWitnessError]] = []
    for done, scene in enumerate(scenes.scenes, start=1):
        try:
            item = admit(
                scene,
                polygon=polygon,
                bands=wanted_assets(scene, sensors[scene.sensor]),
                chips=chips,
                limits=limits,
                site=site.id,
            )
            admitted.append(item)
        except OutsideRaster as error:
            outside.append((scene, error))
        except SceneError as error:
            failed.append((scene, error))
        show("scenes", done=done, total=len(scenes.scenes), text=f"{site.id} admitted")
    admitted, unfit = _fit(admitted, sensors, chips, site)
    order = {scene.id: place for place, scene in enumerate(scenes.scenes)}
    failed = sorted([*failed, *unfit], key=lambda pair: order[pair[0].id])
    if outside and not admitted and not failed:
        raise GeometryError(f"meets none of the {len(outside)} rasters found", site=site.id)
    placed = run.settings.output / ".state" / "placed" / site.id
    return AdmittedScenes(tuple(admitted), tuple(failed), tuple(outside), chips, placed)


def _fit(
    admitted: Sequence[Admitted], sensors: Mapping[str, Sensor], chips: ChipStore, site: Site
) -> tuple[list[Admitted], list[tuple[Scene, FairWitnessError]]]:
    """Split scenes into those that can be measurements and those that cannot, with the reason."""

    def refusal(item: Admitted) -> SceneError | None:
        try:
            check_fitness(item, sensors[item.scene.sensor], chips, site=site.id)
        except SceneError as error:
            return error
        return None

    refused = list(zip(admitted, side_by_side(refusal, admitted), strict=True))
    fit = [item for item, error in refused if error is None]
    return fit, [(item.scene, error) for item, error in refused if error is not None]


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
