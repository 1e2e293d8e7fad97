"""What a desk is opened on: a site, its admitted scenes, and its newest product if there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.assessment.record import Report
from pipeline.desk.mending import admitted_scenes, with_whole_chips
from pipeline.errors import FairWitnessError, UsageError, printable
from pipeline.progress import silent
from pipeline.store.atomic import parse_json
from pipeline.store.chips import ChipStore
from pipeline.store.products import MANIFEST, verify_product
from pipeline.store.reading import UnreadableFile, read_bytes
from pipeline.workflows.monitor import evidence
from pipeline.workflows.monitor.admitting import AdmittedScenes
from pipeline.workflows.monitor.evidence import FILE, Evidence
from pipeline.workflows.monitor.product import folder_of
from pipeline.workflows.planning import SiteScenes, load_run, site_scenes

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.agreement import Site
    from pipeline.progress import Show
    from pipeline.workflows.planning import Run

REPORT_BYTES = 256 << 20


@dataclass(frozen=True)
class Opened:
    """One site with everything its pictures and judgements follow from.

    Attributes
    ----------
    run, site
        As asked for.
    scenes
        What counts, and what was left out.
    admitted
        The scenes whose chips are at hand, and those that failed.
    report
        The agreed record; None where no product of these rules is on disk.
    folder
        Of that product; None without one.
    notes
        What the analyst should know of how it was opened, in words.
    """

    run: Run
    site: Site
    scenes: SiteScenes
    admitted: AdmittedScenes
    report: Report | None = None
    folder: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str | None:
        """Digest of the product; None without one."""
        return None if self.folder is None else verify_product(self.folder).sha256


def chosen_site(settings: Path, *, site: str | None, as_of: str | None, out: Path | None) -> Run:
    """Return the run of one site: the one named, or the agreement's first.

    Raises FairWitnessError in one line for what breaks a rule.
    """
    run = load_run(settings, sites=(site,) if site else (), as_of=as_of, out=out)
    if not run.sites:
        raise UsageError("the agreement declares no site")
    return replace(run, sites=run.sites[:1])


def open_site(run: Run, show: Show = silent) -> Opened:
    """Return the site of a run: from its product's evidence, else from the catalogues.

    Chips that are gone or damaged are made again from their sources where those still are.

    Raises
    ------
    FairWitnessError
        No raster meets the site, or the output cannot be written.
    """
    site = run.sites[0]
    show("opening", text=f"looking for the product of {site.id}")
    notes: list[str] = []
    for folder in _products(run, site):
        opened = _from_product(run, site, folder, notes)
        if opened is not None:
            return replace(with_whole_chips(opened, notes, show), notes=tuple(notes))
    notes.append("no product yet: findings are exploratory")
    return _from_scenes(run, site, tuple(notes), show)


def _products(run: Run, site: Site) -> list[Path]:
    """Return the product folders that may be shown, newest first."""
    if run.as_of is not None:
        found = [folder_of(run, site, run.as_of)]
    else:
        parent = folder_of(run, site, None).parent
        found = sorted(parent.glob("[0-9]*T*Z"), reverse=True) if parent.is_dir() else []
    return [folder for folder in found if (folder / MANIFEST).is_file()]


def newest_product(run: Run, site: Site) -> tuple[Path, Report] | None:
    """Return the newest whole product of a site under the run's rules; None without one."""
    for folder in _products(run, site):
        try:
            verify_product(folder)
            report = Report.model_validate_json(_read(folder / "report.json"))
        except (FairWitnessError, UnreadableFile, ValueError):
            continue
        if report.agreement is not None and report.agreement.sha256 == run.agreement.sha256:
            return folder, report
    return None


def _from_product(run: Run, site: Site, folder: Path, notes: list[str]) -> Opened | None:
    """Return the site as its product had it; None, with a note, where that cannot be shown."""
    try:
        verify_product(folder)
        report = Report.model_validate_json(_read(folder / "report.json"))
        known = Evidence.model_validate(parse_json(_read(folder / FILE)))
        admitted = evidence.admitted_of(known, ChipStore(run.settings.output / ".state" / "chips"))
    except (FairWitnessError, UnreadableFile, ValueError) as error:
        notes.append(f"product {folder.name} cannot be shown: {printable(error)[:300]}")
        return None
    if report.agreement is None or report.agreement.sha256 != run.agreement.sha256:
        notes.append(f"product {folder.name} was made under other rules and is not shown")
        return None
    scenes = SiteScenes(
        scenes=tuple(sorted(_scenes_of(admitted), key=lambda scene: (scene.acquired, scene.id))),
        superseded=evidence.superseded_of(known),
        left_out=evidence.left_out_of(known),
        unplaced=(),
        catalogue_failures=known.catalogue_failures,
        elsewhere=0,
        as_of=known.as_of,
    )
    return Opened(run, site, scenes, admitted, report, folder)


def _read(path: Path) -> bytes:
    return read_bytes(path, byte_limit=REPORT_BYTES)


def _scenes_of(admitted: AdmittedScenes) -> list[Any]:
    lost = [scene for scene, _ in (*admitted.failed, *admitted.outside)]
    return [item.scene for item in admitted.admitted] + lost


def _from_scenes(run: Run, site: Site, notes: tuple[str, ...], show: Show) -> Opened:
    show("opening", text="finding scenes")
    scenes = site_scenes(run, site)
    show("opening", text=f"admitting {len(scenes.scenes)} scenes")
    return Opened(run, site, scenes, admitted_scenes(run, site, scenes), notes=notes)
