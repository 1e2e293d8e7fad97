"""All sites of a run: what is new is computed, one bad site never stops the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import FairWitnessError, GeometryError, printable
from pipeline.parallel.tasks import Plan, run_tasks
from pipeline.progress import silent
from pipeline.store.atomic import sweep
from pipeline.store.locks import run_lock
from pipeline.workflows.monitor.aggregate import write_aggregates
from pipeline.workflows.monitor.site import SiteJob, SiteLine, failed_site, monitor_site
from pipeline.workflows.planning import (
    load_run,
    open_shelf,
    refuse_misplaced,
    site_scenes,
    with_workers,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.progress import Show
    from pipeline.workflows.planning import Run, SiteScenes


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes
    ----------
    lines
        One per site, in the agreement's order.
    index
        The page over all products.
    exit_code
        0, or 1 where a scene or a site failed.
    """

    lines: tuple[SiteLine, ...]
    index: Path
    exit_code: int


def run_sites(
    settings: Path,
    *,
    sites: tuple[str, ...] = (),
    as_of: str | None = None,
    out: Path | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    show: Show = silent,
) -> RunResult:
    """Monitor the sites of an agreement and write their products.

    Parameters
    ----------
    settings
        Run settings.
    sites
        Only these; empty is all of them.
    as_of
        Only what was acquired by this day (YYYY-MM-DD); None is each site's newest look.
    out
        Output folder in place of the settings'.
    scheduler, workers
        In place of the settings'.
    show
        Called as sites complete and, in this process, as their scenes and steps do.

    Raises
    ------
    FairWitnessError
        With exit code 2 before anything is written, or 3 where another run holds the lock.
    """
    run = with_workers(load_run(settings, sites=sites, as_of=as_of, out=out), workers, scheduler)
    plan = _plan(run)
    shelf = open_shelf(run)
    found = [site_scenes(run, site, shelf) for site in run.sites]
    refuse_misplaced(run, found)
    with run_lock(run.settings.output):
        sweep(run.settings.output)
        jobs = [SiteJob(run, site, scenes) for site, scenes in zip(run.sites, found, strict=True)]
        lines = _run_jobs(jobs, plan, show)
        write_aggregates(run, found)
        index = _index(run.settings.output)
    lines += _broken(found)
    failed = any(line.status == "failed" for line in lines)
    return RunResult(tuple(lines), index, 1 if failed else 0)


def _plan(run: Run) -> Plan:
    return Plan(workers=run.settings.workers, scheduler=run.settings.scheduler)


def _run_jobs(jobs: list[SiteJob], plan: Plan, show: Show) -> list[SiteLine]:
    outcomes: dict[int, SiteLine | Exception] = {}
    show("sites", done=0, total=len(jobs))
    # What is shown inside a site cannot be told across processes.
    apart = bool(plan.workers or plan.address)
    monitor = monitor_site if apart else partial(monitor_site, show=show)
    for index, outcome in run_tasks(monitor, jobs, plan=plan):
        outcomes[index] = outcome
        show("sites", done=len(outcomes), total=len(jobs), text=jobs[index].site.id)
    misplaced = [item for item in outcomes.values() if isinstance(item, GeometryError)]
    if len(misplaced) == len(jobs):
        raise misplaced[0]
    return [_line(job, outcomes[index]) for index, job in enumerate(jobs)]


def _line(job: SiteJob, outcome: SiteLine | Exception) -> SiteLine:
    """Return a site's line; one that failed has its product say so, if that can be written."""
    if not isinstance(outcome, Exception):
        return outcome
    error = _one_line(outcome)
    try:
        return failed_site(job, error)
    except Exception as again:  # noqa: BLE001 - the border between one site and the others
        texts = (error[1], _one_line(again)[1])
        told = f"{job.site.id}: FAILED: {texts[0]}; and no product says so: {texts[1]}"
        return SiteLine(job.site.id, "failed", told)


def _broken(found: list[SiteScenes]) -> list[SiteLine]:
    """Return a line per item that is broken, whether or not anybody knows its site."""
    damaged = {
        (item.scene_id, item.reason)
        for scenes in found
        for item in (*scenes.unplaced, *scenes.left_out)
        if item.damaged
    }
    return [
        SiteLine("-", "failed", printable(f"catalogue: left out {scene}: {reason}"))
        for scene, reason in sorted(damaged)
    ]


def _one_line(error: Exception) -> tuple[str, str]:
    if isinstance(error, FairWitnessError):
        return error.code, printable(error)
    return "FW999", printable(f"{type(error).__name__}: {error}")


def _index(output: Path) -> Path:
    from pipeline.report.index import render_index  # noqa: PLC0415 - after the sites are done

    return render_index(output)
