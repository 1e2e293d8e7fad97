"""Rules that an analyst tries out: read strictly, and written as a text to propose.

They are laid over the agreed ones in memory. The agreement itself is never changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipeline.agreement.indicators import Indicator
from pipeline.errors import UsageError, printable
from pipeline.workflows.planning import end_of_day, site_indicators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.agreement import Site
    from pipeline.workflows.planning import Run

FIELDS = ("threshold", "confirmation", "minimum_area_m2", "dilation_m", "baseline", "period_end")
MOST_DILATION_M = 1000.0


@dataclass(frozen=True)
class Proposal:
    """What differs from the agreed rules.

    Attributes
    ----------
    threshold, minimum_area_m2
        Indicator id to value.
    confirmation
        Indicator id to ``k``, ``n``, ``window_days``, any of them.
    dilation_m
        Growth of cloud and shadow masks, metres; None as agreed.
    baseline
        First and last day of the quiet history of all indicators; None as agreed.
    period_end
        Last moment that counts, UTC; None as agreed.
    """

    threshold: Mapping[str, float] = field(default_factory=dict)
    confirmation: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    minimum_area_m2: Mapping[str, float] = field(default_factory=dict)
    dilation_m: float | None = None
    baseline: tuple[date, date] | None = None
    period_end: datetime | None = None


def read_proposal(document: Mapping[str, Any]) -> Proposal:
    """Return what was asked for.

    Raises
    ------
    UsageError
        An unknown field, or a value of another kind.
    """
    unknown = sorted(set(document) - set(FIELDS))
    if unknown:
        raise UsageError(f"no field {unknown[0]!r} in a proposal: {', '.join(FIELDS)}")
    dilation = document.get("dilation_m")
    if dilation is not None and not 0 <= _number(dilation, "dilation_m") <= MOST_DILATION_M:
        raise UsageError(f"dilation_m is 0 to {MOST_DILATION_M:g} m, got {dilation}")
    return Proposal(
        threshold=_numbers(document, "threshold"),
        confirmation=_confirmations(document.get("confirmation") or {}),
        minimum_area_m2=_numbers(document, "minimum_area_m2"),
        dilation_m=None if dilation is None else float(dilation),
        baseline=_window(document.get("baseline")),
        period_end=end_of_day(_text(document.get("period_end"), "period_end")),
    )


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} maps names to values")
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{name} is a number, got {printable(value)[:60]!r}")
    return float(value)


def _numbers(document: Mapping[str, Any], name: str) -> dict[str, float]:
    items = _mapping(document.get(name) or {}, name).items()
    return {key: _number(value, f"{name}.{key}") for key, value in items}


def _confirmations(document: Any) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for key, rule in _mapping(document, "confirmation").items():
        fields = _mapping(rule, f"confirmation.{key}")
        for name, value in fields.items():
            if name not in {"k", "n", "window_days"}:
                raise UsageError(f"no field {name!r} in a confirmation: k, n, window_days")
            if isinstance(value, bool) or not isinstance(value, int):
                raise UsageError(f"confirmation.{key}.{name} is a whole number, got {value!r}")
        found[key] = dict(fields)
    return found


def _text(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} is a day, YYYY-MM-DD, got {value!r}")
    return value or None


def _window(document: Any) -> tuple[date, date] | None:
    """Return a window of days; one end alone keeps nothing."""
    if document is None:
        return None
    fields = _mapping(document, "baseline")
    unknown = sorted(set(fields) - {"start", "end"})
    if unknown:
        raise UsageError(f"no field {unknown[0]!r} in a baseline: start, end")
    days = [end_of_day(_text(fields.get(name), f"baseline.{name}")) for name in ("start", "end")]
    if days[0] is None or days[1] is None:
        if any(day is not None for day in days):
            raise UsageError("a baseline has a start and an end")
        return None
    if days[1] < days[0]:
        raise UsageError(f"baseline.end lies before baseline.start {days[0].date()}")
    return days[0].date(), days[1].date()


def proposed_run(run: Run, site: Site, asked: Proposal, mask_pixel_m: Mapping[str, float]) -> Run:
    """Return the run under proposed rules.

    Parameters
    ----------
    mask_pixel_m
        Sensor to the edge of a pixel of its cloud mask, metres: agreements count in those.

    Raises
    ------
    UsageError
        An indicator the site has not, or a rule no agreement could have.
    """
    known = {item.id for item in site_indicators(run, site)}
    for name in (*asked.threshold, *asked.confirmation, *asked.minimum_area_m2):
        if name not in known:
            raise UsageError(f"no indicator {name!r} at site {site.id}: {', '.join(sorted(known))}")
    changed = tuple(
        _proposed(run, item, asked, mask_pixel_m) if item.id in known else item
        for item in run.agreement.indicators
    )
    agreement = run.agreement.model_copy(update={"indicators": changed})
    agreement.__dict__.pop("sha256", None)  # what was kept of the agreed one is not its digest
    return replace(run, agreement=agreement)


def _proposed(
    run: Run, item: Indicator, asked: Proposal, mask_pixel_m: Mapping[str, float]
) -> Indicator:
    document = item.model_dump(by_alias=True)
    if item.id in asked.threshold:
        document["threshold"]["value"] = asked.threshold[item.id]
    document["confirmation"] |= asked.confirmation.get(item.id, {})
    if item.id in asked.minimum_area_m2:
        document["method"]["minimum_area_m2"] = asked.minimum_area_m2[item.id]
    metres = [mask_pixel_m[sensor] for sensor in item.sensors if sensor in mask_pixel_m]
    if asked.dilation_m is not None and metres:
        document["method"]["mask_dilation_px"] = math.ceil(asked.dilation_m / min(metres) - 1e-6)
    if asked.baseline is not None:
        start, end = asked.baseline
        document["baseline"] = run.agreement.baseline_for(item).model_dump(by_alias=True)
        document["baseline"] |= {"from": start, "to": end, "refit_dates": (), "scenes": ()}
    try:
        found = Indicator.model_validate(document)
    except ValidationError as cause:
        fault = cause.errors()[0]
        where = ".".join(str(step) for step in fault["loc"])
        raise UsageError(f"indicator {item.id}: {where}: {printable(fault['msg'])}") from cause
    return item if found == item else found


def proposal_yaml(run: Run, proposed: Run, stamp: str) -> str:
    """Return the parts of indicators that would be amended, to be copied into a proposal."""
    agreed = {item.id: item for item in run.agreement.indicators}
    lines = [
        f"# {stamp}: a proposal to amend agreement {run.agreement.id}",
        f"# agreed digest: {run.agreement.sha256}",
    ]
    amended = [
        (item, agreed[item.id]) for item in proposed.agreement.indicators if item != agreed[item.id]
    ]
    if not amended:
        return "\n".join([*lines, "# nothing differs from the agreed rules", ""])
    lines.append("indicators:")
    for item, before in amended:
        lines.append(f"  - id: {item.id}")
        lines += _differences(item.model_dump(mode="json", by_alias=True),
                              before.model_dump(mode="json", by_alias=True), "    ")  # fmt: skip
    return "\n".join([*lines, ""])


def _differences(new: Mapping[str, Any], old: Mapping[str, Any] | None, indent: str) -> list[str]:
    """Return the fields that differ, each with what was agreed."""
    lines = []
    for key, value in new.items():
        before = (old or {}).get(key)
        if value == before:
            continue
        if isinstance(value, dict):
            inner = _differences(value, before if isinstance(before, dict) else None, indent + "  ")
            lines += [f"{indent}{key}:", *inner]
        elif value not in ([], None):
            was = "" if before is None else f"  # agreed: {before}"
            lines.append(f"{indent}{key}: {value}{was}")
    return lines
