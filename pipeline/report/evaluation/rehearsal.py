"""Rehearsals as tables and drawings."""

from __future__ import annotations

from typing import Any

from pipeline.report.evaluation import plots
from pipeline.report.evaluation.model import Section, Sheet
from pipeline.report.evaluation.wording import NONE, figure_text, plain, style
from pipeline.report.facts.model import Table

_KINDS = (
    "event confirmed", "event tentative", "other-indicator confirmed", "other-indicator tentative",
    "false confirmed", "false tentative",
)  # fmt: skip


def section(document: dict[str, Any]) -> Section:
    """Return the section on rehearsals."""
    count = len(document["rehearsals"])
    text = (
        f"{count} rehearsal{'s' if count != 1 else ''} with known truth, "
        f"{plain(document['zone_years'], 1)} zone-years; the whole product, from catalogue to "
        "record, held against what was really there. Intervals: 95 %, exact."
    )
    reliability = document["reliability"]
    return Section(
        name="rehearsal",
        title="Rehearsals",
        text=text,
        sheets=(_summary(document), _events(document), _indicators(document),
                _notifications(document), _reliability(reliability)),
        figures=(plots.reliability(reliability),) if reliability["n"] else (),
    )  # fmt: skip


def _summary(document: dict[str, Any]) -> Sheet:
    late = document["late_days"]
    lines = (
        ("events confirmed, of those above a floor", "found"),
        (f"confirmed within {late} days of being visible", "in_time"),
        ("false confirmed findings per zone-year", "false_confirmed"),
        ("false tentative findings per zone-year", "false_tentative"),
        ("findings matched rightly to notifications", "findings_matched"),
        ("notifications answered rightly", "notifications"),
    )
    rows = [(text, figure_text(document[key]), str(document[key]["n"])) for text, key in lines]
    error = document["reliability"]["error"]
    rows.append(
        ("calibration error of stated likelihoods", plain(error, 3),
         str(document["reliability"]["n"]))
    )  # fmt: skip
    injected = document["injected"]
    if injected["n"]:
        rows.append(("the same on injected changes", plain(injected["error"], 3),
                     str(injected["n"])))  # fmt: skip
    return Sheet(
        "In short", "n counts trials, and for rates the findings.",
        Table(("figure", "value", "n"), tuple(rows), numeric=(1, 2)),
    )  # fmt: skip


def _events(document: dict[str, Any]) -> Sheet:
    heads = ("rehearsal", "event", "zone", "state", "days after visible", "by")
    rows = tuple(
        (f"{one['scenario']} {one['seed']}", event["event"],
         event["zone"], event["state"], _days(event["days_after_visible"]),
         ", ".join(event["indicators"]) or NONE)
        for one in document["rehearsals"]
        for event in one["events"]
    )  # fmt: skip
    return Sheet("Events", "", Table(heads, rows, numeric=(4,)))


def _days(days: int | None) -> str:
    return NONE if days is None else style.number(days, 0)


def _indicators(document: dict[str, Any]) -> Sheet:
    rows = tuple(
        (name, *(str(counts.get(kind, 0)) for kind in _KINDS))
        for name, counts in document["by_indicator"].items()
    )
    return Sheet(
        "Findings by indicator",
        "Other indicator: an event was there, of which this indicator was not expected to speak.",
        Table(("indicator", *_KINDS), rows, numeric=tuple(range(1, 7)), empty="No finding."),
    )


def _notifications(document: dict[str, Any]) -> Sheet:
    rows = tuple(
        (f"{one['scenario']} {one['seed']}", item["notification"],
         "yes" if item["happened"] else "no", item["said"], "yes" if item["right"] else "no")
        for one in document["rehearsals"]
        for item in one["notifications"]
    )  # fmt: skip
    heads = ("rehearsal", "notification", "visible activity", "report says", "right")
    return Sheet("Notifications", "", Table(heads, rows, empty="None on file."))


def _reliability(reliability: dict[str, Any]) -> Sheet:
    rows = tuple(
        (plain(row["stated"], 2), figure_text(row), str(row["n"])) for row in reliability["bins"]
    )
    return Sheet(
        "Reliability of stated likelihoods", "",
        Table(("stated", "true", "findings"), rows, numeric=(0, 1, 2),
              empty="No finding states a likelihood."),
    )  # fmt: skip
