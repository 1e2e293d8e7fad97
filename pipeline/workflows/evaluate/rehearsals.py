"""Rehearsals: simulated where needed, monitored as any site, and held against their truth."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.assessment.reliability import reliability
from pipeline.errors import ProductError, ScenarioError, UsageError
from pipeline.store.atomic import atomic_write, read_json
from pipeline.workflows.evaluate.intervals import figure, rate_figure, share_figure
from pipeline.workflows.evaluate.scoring import LATE_DAYS, scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.progress import Show

_SEED = re.compile(r"^seed:[ \t]*(\d+)", re.MULTILINE)
_TERMS = re.compile(r"^terms:", re.MULTILINE)
_LARGEST_SCENARIO = 1 << 20


def rehearsal_scores(path: Path, out: Path, *, seeds: int = 1, show: Show) -> list[dict[str, Any]]:
    """Monitor one rehearsal, or several draws of a scenario, and score each.

    Parameters
    ----------
    path
        Scenario file, or folder of a finished rehearsal.
    out
        Folder in which rehearsals and their products are made.
    seeds
        Draws of a scenario: its own seed and the following ones.

    Raises
    ------
    FairWitnessError
        The scenario, truth or settings break a rule.
    """
    if path.is_dir():
        return [_monitored(path / "settings.yaml", out / path.name)]
    done = []
    for draw in range(seeds):
        show("rehearsals", done=draw, total=seeds, text=path.stem)
        folder = out / (path.stem if draw == 0 else f"{path.stem}-{draw}")
        done.append(_monitored(_simulated(path, draw, folder), folder / "product"))
    show("rehearsals", done=seeds, total=seeds, text=path.stem)
    return done


def over_rehearsals(scores: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return events found, false findings per zone-year and reliability over all rehearsals."""
    events = [event for score in scores for event in score["events"]]
    findings = [finding for score in scores for finding in score["findings"]]
    notified = [item for score in scores for item in score["notifications"]]
    years = sum(score["zone_years"] for score in scores)
    states = Counter(event["state"] for event in events)
    visible = len(events) - states["below the floor"]
    matched = [finding["matched"] for finding in findings if finding["matched"] is not None]
    return {
        "late_days": LATE_DAYS,
        "rehearsals": list(scores),
        "zone_years": years,
        "events": dict(states),
        "found": share_figure(states["found"] + states["late"], visible),
        "in_time": share_figure(states["found"], visible),
        "false_confirmed": rate_figure(_false(findings, confirmed=True), years),
        "false_tentative": rate_figure(_false(findings, confirmed=False), years),
        "findings_matched": share_figure(sum(matched), len(matched)),
        "notifications": share_figure(sum(item["right"] for item in notified), len(notified)),
        "by_indicator": _by_indicator(findings),
        "reliability": reliability_of(findings),
        "injected": injected_reliability([row for score in scores for row in score["injected"]]),
    }


def injected_reliability(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the calibration error over the tables of all rehearsals, in tenths of p."""
    bins: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        bins[min(int(row["stated"] * 10), 9)].append(row)
    total = sum(row["statements"] for row in rows)
    if not total:
        return {"n": 0, "error": None}
    gaps = (abs(sum(row["statements"] * (row["stated"] - row["true"]) for row in part))
            for part in bins.values())  # fmt: skip
    return {"n": total, "error": sum(gaps) / total}


def reliability_of(findings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return stated likelihood against the share that was true, in tenths of p.

    An event that shows in another indicator than expected counts as true.
    """
    told = [(f["p"], f["truth"] != "false") for f in findings if f["p"] is not None]
    found = reliability([p for p, _ in told], [true for _, true in told])
    return {
        "n": found.statements,
        "error": found.error,
        "brier": found.brier,
        "bins": [
            {
                "stated": row.predicted,
                **figure(row.observed, (row.observed_low, row.observed_high), row.statements),
            }
            for row in found.bins
        ],
    }


def _false(findings: Sequence[dict[str, Any]], *, confirmed: bool) -> int:
    return sum(f["truth"] == "false" and f["confirmed"] == confirmed for f in findings)


def _by_indicator(findings: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        weight = "confirmed" if finding["confirmed"] else "tentative"
        out[finding["indicator"]][f"{finding['truth']} {weight}"] += 1
    return {name: dict(counts) for name, counts in sorted(out.items())}


def _monitored(settings: Path, out: Path) -> dict[str, Any]:
    """Run the whole product on a rehearsal and score its record."""
    from pipeline.report.render import read_record  # noqa: PLC0415 - heavy
    from pipeline.store.products import list_products  # noqa: PLC0415
    from pipeline.workflows.monitor import run_sites  # noqa: PLC0415

    truth = read_json(settings.parent / "truth.json", error=ScenarioError)
    result = run_sites(settings, out=out, workers=0)
    if result.exit_code:
        raise ProductError(result.lines[0].text, file=settings)
    found = list_products(out / "sites" / truth["site"])
    if not found:
        raise ProductError("the rehearsed site has no product", file=settings)
    records = [read_record(folder)[0] for folder in found]
    # Of an output folder that was used before, the newest is this run's.
    newest = max(records, key=lambda record: record.as_of.timestamp() if record.as_of else 0.0)
    return scored(newest, truth)


def _simulated(path: Path, draw: int, folder: Path) -> Path:
    from pipeline.workflows.rehearse import rehearse  # noqa: PLC0415 - heavy

    if draw == 0:
        return rehearse(path, folder / "rehearsal")
    return rehearse(_reseeded(path, draw, folder), folder / "rehearsal")


def _reseeded(path: Path, draw: int, folder: Path) -> Path:
    """Write the scenario with another seed and return its path."""
    if path.stat().st_size > _LARGEST_SCENARIO:
        raise ScenarioError("is too large for a scenario", file=path)
    text = path.read_text("utf-8")
    seed = _SEED.search(text)
    if seed is None or _TERMS.search(text):
        raise UsageError("--seeds needs a scenario with a seed and without terms", file=path)
    drawn = f"{text[: seed.start(1)]}{int(seed[1]) + draw}{text[seed.end(1) :]}"
    atomic_write(folder / "scenario.yaml", drawn.encode())
    return folder / "scenario.yaml"
