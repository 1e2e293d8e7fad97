"""Inputs, checks, method and limits: what another team needs to do it again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipeline.report import formatting as f
from pipeline.report.facts.looks import track_label, track_name
from pipeline.report.facts.model import Fact, SceneView, Table
from pipeline.report.sentences import coded, failed

if TYPE_CHECKING:
    from pipeline.assessment.record import BaselineDifference, Check, Report, SceneInput
    from pipeline.report.words import Words

NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")
VALUE = re.compile(r"(?:(>=|<=|>|<) )?(-?\d+(?:\.\d+)?)(?: (\w+))?")


def heads(words: Words, *keys: str) -> tuple[str, ...]:
    """Return column heads."""
    return tuple(words(f"head.{key}") for key in keys)


def scene_order(item: SceneInput) -> tuple[float, str, str]:
    """Return the order of scenes on the page."""
    when = f.utc(item.acquired).timestamp() if item.acquired else 0.0
    return (when, item.sensor, item.scene)


def scene_moment(item: SceneInput, words: Words) -> str:
    """Return when a scene was acquired, or that nobody knows."""
    return words.style.minute(item.acquired) if item.acquired else words("none.unknown")


def files_table(item: SceneInput, words: Words) -> Table:
    """Return each file with size, digest, and the scale and offset applied."""
    rows = tuple(
        (
            file.band, file.href, "–" if file.size is None else words.style.number(file.size, 0),
            file.sha256 or "–", file.chip_sha256 or "–",
            "–" if file.scale is None else words.style.plain(file.scale),
            "–" if file.offset is None else words.style.plain(file.offset),
        )
        for file in item.files
    )  # fmt: skip
    columns = heads(words, "band", "file", "bytes", "sha256", "chip", "scale", "offset")
    return Table(columns, rows, words("empty.files"), mono=(1, 3, 4), numeric=(2, 5, 6))


def registration_text(item: SceneInput, words: Words) -> str:
    """Return the estimated shift, its residual and whether it was corrected."""
    shift = item.registration
    if shift is None:
        return words("none.registration")
    residual = "–" if shift.residual_px is None else words.style.number(shift.residual_px, 3)
    return words(
        "registration.corrected" if shift.corrected else "registration.estimated",
        dx=words.style.number(shift.dx_px, 3), dy=words.style.number(shift.dy_px, 3),
        residual=residual, tiles=shift.tiles,
    )  # fmt: skip


def normalization_text(item: SceneInput, words: Words) -> str:
    """Return the radiometric normalisation as named numbers."""
    parts = [
        f"{key} {words.style.number(value)}" for key, value in sorted(item.normalization.items())
    ]
    return ", ".join(parts) or "–"


def scene_view(item: SceneInput, words: Words) -> SceneView:
    """Return one scene with its files."""
    lines = [
        ("provider", item.provider or "–"),
        ("tile", item.tile or "–"),
        ("processing-baseline", item.processing_baseline or "–"),
        ("registration", registration_text(item, words)),
        ("normalization", normalization_text(item, words)),
    ]
    if item.registration and item.registration.note:
        lines.append(("note", coded("note", item.registration.note, words)))
    return SceneView(
        heading=words.joined(
            scene_moment(item, words), track_name(item.sensor, item.track, words), item.scene
        ),
        facts=tuple(Fact(words(f"label.{key}"), text) for key, text in lines),
        files=files_table(item, words),
        notes=tuple(coded("note", note, words) for note in item.notes),
    )


def scene_views(report: Report, words: Words) -> tuple[SceneView, ...]:
    """Return every scene that was used."""
    used = sorted((i for i in report.inputs if i.status == "used"), key=scene_order)
    return tuple(scene_view(item, words) for item in used)


def scene_list(report: Report, words: Words) -> Table:
    """Return one line a used scene."""
    used = sorted((i for i in report.inputs if i.status == "used"), key=scene_order)
    rows = tuple(
        (
            scene_moment(i, words), track_name(i.sensor, i.track, words), i.scene,
            i.provider or "–", i.processing_baseline or "–",
            "–" if i.registration is None or i.registration.residual_px is None
            else words.style.number(i.registration.residual_px, 3),
            str(len(i.files)),
        )
        for i in used
    )  # fmt: skip
    columns = heads(words, "look", "sensor", "scene", "provider", "baseline", "residual", "files")
    return Table(columns, rows, words("empty.inputs"), mono=(2,), numeric=(5, 6))


def unused_table(report: Report, words: Words) -> Table:
    """Return scenes that were superseded, left out or failed, and why."""
    rest = sorted((i for i in report.inputs if i.status != "used"), key=scene_order)
    rows = tuple(
        (
            scene_moment(i, words), track_name(i.sensor, i.track, words), i.scene,
            words(f"status.{i.status}"),
            words.listed(tuple(x for x in (i.tile, i.provider, i.processing_baseline) if x)) or "–",
            words.listed(
                tuple(coded("reason", r, words) for r in (i.reason, *i.notes) if r)
            ) or "–",
        )
        for i in rest
    )  # fmt: skip
    columns = heads(words, "look", "sensor", "scene", "status", "delivery", "why")
    return Table(columns, rows, words("empty.unused"), mono=(2,))


def check_text(item: Check, words: Words) -> str:
    """Return what was checked, and of which sensor and track."""
    if f"check.{item.code}" not in words:
        return item.description
    subject = item.description.partition(", ")[2]
    told = words(f"check.{item.code}")
    return words.told(told, track_label(subject, words)) if subject else told


def check_value(text: str, words: Words) -> str:
    """Return ``<= 0.2 px`` or ``not signed`` as printed."""
    if f"value.{text.replace(' ', '-')}" in words:
        return words(f"value.{text.replace(' ', '-')}")
    said = VALUE.fullmatch(text)
    if said is None:
        return text
    comparator, number, unit = said.groups()
    if unit == "differences":
        return words.count(unit, int(number))
    places = len(number.partition(".")[2])
    told = words.code("value", unit) if unit else ""
    value = words.style.with_unit(words.style.number(float(number), places), told)
    return f"{f.comparison(comparator)}{f.THIN}{value}" if comparator else value


def checks_table(report: Report, words: Words) -> Table:
    """Return the checks: description, threshold, actual, result."""
    rows = tuple(
        (c.code, check_text(c, words), check_value(c.threshold, words),
         check_value(c.actual, words), words(f"result.{c.result}"))
        for c in report.checks
    )  # fmt: skip
    columns = heads(words, "check", "description", "threshold", "actual", "result")
    return Table(columns, rows, words("empty.checks"), mono=(0,), status=4)


def drift_table(report: Report, words: Words) -> Table | None:
    """Return how the baseline differs from the ratified one; None where none is ratified."""
    drift = report.baseline_drift
    if drift is None:
        return None
    rows = tuple(
        (words(f"drift.{d.code}"), drift_subject(d, words), drift_value(d.ratified, words),
         drift_value(d.here, words))
        for d in drift.differences
    )  # fmt: skip
    columns = heads(words, "difference", "subject", "ratified", "here")
    return Table(columns, rows, words("drift.none"), numeric=(2, 3))


def drift_subject(item: BaselineDifference, words: Words) -> str:
    """Return the scene and band, or zone, indicator, sensor and track."""
    parts = item.subject.split(" ", 2)
    if len(parts) < 3:
        return item.subject or "–"
    return words.joined(parts[0], parts[1], track_label(parts[2], words))


def drift_value(text: str, words: Words) -> str:
    """Return a number as printed, or a digest or id as it is."""
    return words.style.plain(float(text)) if NUMBER.fullmatch(text) else text[:16] or "–"


def drift_text(report: Report, words: Words) -> str:
    """Return who ratified the baseline and when, and whether the table lists all."""
    drift = report.baseline_drift
    if drift is None:
        return ""
    spoken = f.spoken(drift.sha256)
    if drift.ratified is None:
        told = words("drift.agreed", spoken=spoken)
    else:
        day, parties = words.style.day(drift.ratified), words.listed(drift.parties)
        told = words("drift.told", parties=parties, day=day, spoken=spoken)
    if drift.count > len(drift.differences):
        told = f"{told} {words('drift.more', shown=len(drift.differences))}"
    return told


def steps_table(report: Report, words: Words, *, alarm: bool) -> Table:
    """Return whole-scene steps removed before zones were judged: the alarms, or the rest."""
    rows = tuple(
        (
            words.style.minute(s.acquired), track_name(s.sensor, s.track, words), s.band,
            words.style.quantity(s.offset, s.unit),
            step_expected(s.expected, s.offset, s.unit, words),
            words("step.alarm" if s.alarm else "step.none"),
        )
        for s in sorted(
            report.scene_steps,
            key=lambda s: (f.utc(s.acquired).timestamp(), s.sensor, s.track, s.band),
        )
        if s.alarm == alarm
    )  # fmt: skip
    columns = heads(words, "look", "sensor", "band", "removed", "expected-step", "alarm")
    empty = words("empty.steps-alarm" if alarm else "empty.steps")
    return Table(columns, rows, empty, numeric=(3, 4), status=5)


def step_expected(expected: float, offset: float, unit: str, words: Words) -> str:
    """Return the expected step with the digits of the one that was removed."""
    text = words.style.number(expected, max(f.decimals(offset), 0))
    return words.style.with_unit(text, unit)


def failures_table(report: Report, words: Words) -> Table:
    """Return what could not be loaded or processed."""
    rows = tuple(
        (x.code, x.scene or "–", failed(x.code, x.message, words)) for x in report.failures
    )
    return Table(heads(words, "code", "scene", "why"), rows, words("empty.failures"), mono=(0, 1))


def notified_table(report: Report, words: Words) -> Table:
    """Return each notified activity and whether it was visible."""
    rows = tuple(
        (
            n.notification, words.listed(n.zones) or words("none.zones"),
            words(f"notified.{n.relation}"), coded("note", n.note, words) if n.note else "–",
        )
        for n in report.notified_activity
    )  # fmt: skip
    columns = heads(words, "notification", "zones", "relation", "note")
    return Table(columns, rows, words("empty.notified"))


def regions_table(report: Report, words: Words, first: int, last: int | None = None) -> Table:
    """Return the changed regions of a pair by rank, largest peak first, from `first` on."""
    rows = tuple(
        (
            str(r.id), words.style.hectares(r.area_m2), words.style.number(r.peak_score),
            words.style.number(r.mean_score),
            f"{r.centroid[1]:.5f}, {r.centroid[0]:.5f}".replace("-", f.MINUS),
            words.listed(tuple(f"{b} {words.style.share(v)}" for b, v in sorted(
                r.bands.items(), key=lambda item: (-item[1], item[0]))[:4])) or "–",
        )
        for r in sorted(report.regions, key=lambda r: (-r.peak_score, r.id))[first:last]
    )  # fmt: skip
    columns = heads(words, "number", "area", "peak", "mean", "centroid", "bands")
    return Table(columns, rows, words("empty.regions"), numeric=(0, 1, 2, 3))


def flattened(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Return nested parameters as dotted names and texts, sorted."""
    if isinstance(value, dict):
        pairs = [flattened(v, f"{prefix}.{k}" if prefix else k) for k, v in sorted(value.items())]
        return [pair for group in pairs for pair in group]
    if isinstance(value, list | tuple):
        if any(isinstance(item, dict) for item in value):
            return flattened({_key(i, item): item for i, item in enumerate(value)}, prefix)
        return [(prefix, ", ".join(str(item) for item in value) or "–")]
    return [(prefix, "–" if value is None else str(value))]


def _key(position: int, item: Any) -> str:
    return str(item["id"]) if isinstance(item, dict) and "id" in item else str(position)


def parameters_table(values: dict[str, Any], words: Words) -> Table:
    """Return parameters or versions by name."""
    return Table(
        heads(words, "name", "setting"),
        tuple(flattened(values)),
        words("empty.method"),
        mono=(0, 1),
    )
