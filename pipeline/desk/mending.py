"""Chips of a product that are gone or damaged: admitted again, or shown as looks that failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.errors import FairWitnessError, RunLocked, SceneError, printable
from pipeline.store.locks import run_lock
from pipeline.workflows.monitor.admitting import admit_scenes
from pipeline.workflows.planning import site_scenes

if TYPE_CHECKING:
    from pipeline.agreement import Site
    from pipeline.desk.opening import Opened
    from pipeline.imagery.admission import Admitted
    from pipeline.imagery.scene import Scene
    from pipeline.progress import Show
    from pipeline.workflows.monitor.admitting import AdmittedScenes
    from pipeline.workflows.planning import Run, SiteScenes

WAITED_FOR = "another run holds this output's lock: scenes are admitted when it is done"
NO_SOURCE = "its pixels are gone or damaged here, and no catalogue has the scene any more"
OTHER_PIXELS = "its pixels are gone or damaged here, and its source gives others now"


def admitted_scenes(run: Run, site: Site, scenes: SiteScenes) -> AdmittedScenes:
    """Admit scenes while no run does; RunLocked where one is at it."""
    try:
        with run_lock(run.settings.output):
            return admit_scenes(run, site, scenes)
    except RunLocked as cause:
        raise RunLocked(WAITED_FOR, file=run.settings.output) from cause


def with_whole_chips(opened: Opened, notes: list[str], show: Show) -> Opened:
    """Return a product's site with all its pixels: what is gone or damaged is admitted again.

    Where that cannot be, the looks concerned have failed, and the record is not shown: its
    findings cannot be seen in the pixels that are left. `notes` gains a line for each step.
    """
    broken = [item for item in opened.admitted.admitted if not _whole(item, opened)]
    if not broken or opened.folder is None:
        return opened
    name = opened.folder.name
    looks = "1 scene" if len(broken) == 1 else f"{len(broken)} scenes"
    notes.append(f"pixels of {looks} of product {name} were gone or damaged and admitted again")
    show("opening", text=f"admitting {looks} again")
    told = _admitted_again(opened, {item.scene.id for item in broken})
    lost = [
        (item.scene, told.get(item.scene.id) or SceneError(OTHER_PIXELS, file=item.scene.id))
        for item in broken
        if not _whole(item, opened)
    ]
    return _without(opened, lost, notes) if lost else opened


def _whole(item: Admitted, opened: Opened) -> bool:
    return all(opened.admitted.chips.holds(digest) for digest in item.chips.values())


def _admitted_again(opened: Opened, wanted: set[str]) -> dict[str, FairWitnessError]:
    """Admit some scenes from their sources, and return why each of those that failed did."""
    try:
        found = site_scenes(opened.run, opened.site)
        chosen = tuple(scene for scene in found.scenes if scene.id in wanted)
        done = admitted_scenes(opened.run, opened.site, replace(found, scenes=chosen))
    except RunLocked:
        raise
    except FairWitnessError as error:
        return dict.fromkeys(wanted, error)
    told: dict[str, FairWitnessError] = {
        id_: SceneError(NO_SOURCE, file=id_) for id_ in wanted - {scene.id for scene in chosen}
    }
    return told | {scene.id: error for scene, error in (*done.failed, *done.outside)}


def _without(
    opened: Opened, lost: list[tuple[Scene, FairWitnessError]], notes: list[str]
) -> Opened:
    """Return the site with some looks failed, and no record."""
    gone = {scene.id for scene, _ in lost}
    kept = tuple(item for item in opened.admitted.admitted if item.scene.id not in gone)
    admitted = replace(opened.admitted, admitted=kept, failed=(*opened.admitted.failed, *lost))
    scene, error = lost[0]
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    notes[-1] = (
        f"product {opened.folder.name if opened.folder else ''} is not shown and findings are "
        f"exploratory: no pixels of {scene.id} ({printable(error)[:300]}){more}"
    )
    return replace(opened, admitted=admitted, report=None, folder=None)
