"""The queue: each agreed finding with its evidence, its looks and what was said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from shapely.geometry import mapping

from pipeline.desk import outlines, series, statements
from pipeline.workflows.monitor.variants import assessor_for

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.assessment.record import Assessment, Finding
    from pipeline.desk.state import Desk, DeskTrack

LEAST_SEEN = 0.7
FIRST_LAYERS = ("true-colour", "vv")


def queue_view(desk: Desk) -> dict[str, Any]:
    """Return all findings, and the notifications on file."""
    said = statements.listed(desk.opened.run.settings)
    return {
        "findings": [finding_entry(desk, item, said) for item in desk.findings],
        "notifications": series.notifications_of(desk, None, None),
        "notified_activity": [item.model_dump(mode="json") for item in desk.notified],
        "exploratory_only": desk.opened.report is None,
    }


def finding_entry(desk: Desk, item: Finding, said: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one finding with where to look at it, and the statements about it."""
    own = [entry for entry in said if entry["about"].get("finding") == item.id]
    return {
        **item.model_dump(mode="json", by_alias=True),
        "evidence": evidence_of(desk, item),
        "opinions": [
            entry
            for entry in own
            if entry["superseded_by"] is None and entry["kind"] != "withdrawn"
        ],
        "statements": len(own),
    }


def finding_view(desk: Desk, item: Finding) -> dict[str, Any]:
    """Return one finding with its looks, outline, detectability and what notifications may fit."""
    said = statements.listed(desk.opened.run.settings)
    entry = finding_entry(desk, item, said)
    looks = _looks_of(desk, item)
    entry["looks"] = [
        {**look.model_dump(mode="json"), "track_key": _track_key(desk, look)} for look in looks
    ]
    entry["detectability"] = [
        line.model_dump(mode="json", exclude={"curve"})
        for line in desk.detectability
        if line.zone == item.zone and line.indicator in {item.indicator, None}
    ]
    entry["candidates"] = candidates_of(desk, item)
    entry["outline"] = outline_entry(desk, item)
    entry["history"] = [e for e in said if e["about"].get("finding") == item.id]
    return entry


def candidates_of(desk: Desk, item: Finding) -> list[dict[str, Any]]:
    """Return the notifications of the site, each with what of it fits a finding."""
    first, last = item.onset[0].date(), (item.end[1].date() if item.end else None)
    found = []
    for note in desk.notifications:
        entry = {
            "id": note.id,
            "from": note.start,
            "to": note.end,
            "zone": not note.zones or item.zone in note.zones,
            "indicator": not note.indicators or item.indicator in note.indicators,
            "time": note.end >= first and (last is None or note.start <= last),
        }
        found.append(entry)
    return sorted(found, key=lambda e: (-(e["zone"] + e["indicator"] + e["time"]), e["id"]))


def evidence_of(desk: Desk, item: Finding) -> dict[str, Any] | None:
    """Return the two looks to hold side by side: the last before onset, and the strongest."""
    strongest = _strongest(desk, item)
    if strongest is None:
        return None
    track, after = strongest
    names = track.looks
    before = _look_before(track, item.zone, item.onset[0], after)
    layer = next((name for name in FIRST_LAYERS if name in track.gallery.layers), "coverage")
    return {
        "before": {"track": track.key, "look": names[before]},
        "after": {"track": track.key, "look": names[after]},
        "layer": layer,
    }


def _strongest(desk: Desk, item: Finding) -> tuple[DeskTrack, int] | None:
    """Return the track and place of the look farthest from what was expected; None without one."""
    over = [look for look in _looks_of(desk, item) if look.outcome == "change"]
    if not over:
        return None
    peak = max(over, key=lambda look: abs((look.value or 0.0) - (look.baseline or 0.0)))
    track = _track_of(desk, peak)
    if track is None:
        return None
    return track, track.outcome.series.acquired.index(peak.acquired)


def outline_entry(desk: Desk, item: Finding) -> dict[str, Any] | None:
    """Return what changed on the evidence's look in the track's own map; None without evidence.

    `geometry` is None where the value is of the zone as a whole.
    """
    strongest = _strongest(desk, item)
    if strongest is None:
        return None
    track, look = strongest
    run, site = desk.opened.run, desk.opened.site
    indicator = run.agreement.indicator(item.indicator)
    assessor = assessor_for(track.outcome, site, indicator, run.baseline_for(indicator))
    found = outlines.outline_of(track.outcome, assessor, site, indicator, item.zone, look)
    entry = {"track": track.key, "look": track.looks[look], "geometry": None}
    if found is None:
        return entry
    return entry | {
        "geometry": mapping(found.geometry),
        "regions": found.regions,
        "left_out": found.left_out,
        "area_m2": found.area_m2,
        "coarser": found.coarser,
    }


def _look_before(track: DeskTrack, zone: str, moment: datetime, after: int) -> int:
    """Return the newest look up to a moment that saw the zone; failing that the first of all."""
    outcome = track.outcome.series
    weight = outcome.zones[zone].astype(np.float64)
    seen = (outcome.codes == 0) @ weight / max(float(weight.sum()), 1e-9)
    fit = [
        index
        for index, (at, share) in enumerate(zip(outcome.acquired, seen, strict=True))
        if at <= moment and share >= LEAST_SEEN and index != after
    ]
    return fit[-1] if fit else 0


def _looks_of(desk: Desk, item: Finding) -> list[Assessment]:
    wanted = set(item.assessments)
    return [look for look in desk.assessments if look.id in wanted]


def _track_of(desk: Desk, look: Assessment) -> DeskTrack | None:
    for track in desk.tracks.values():
        own = track.outcome.series
        if (own.sensor, own.track) == (look.sensor, look.track) and look.acquired in own.acquired:
            return track
    return None


def _track_key(desk: Desk, look: Assessment) -> str | None:
    track = _track_of(desk, look)
    return None if track is None else track.key
