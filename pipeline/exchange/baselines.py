"""The quiet history a report was compared with: scenes with digests, and what they measured."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SCHEMA = "fairwitness/baseline/1"
#: Records agree across environments to 2e-5; what differs by more was measured differently.
RELATIVE_TOLERANCE = 2e-5
_DIGITS = 6
#: What tells one row from another, and what it measured.
ROW = ("zone", "indicator", "sensor", "track", "unit")
NUMBERS = ("mean", "median", "deviation", "minimum", "maximum")


def baseline_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the baseline of one record as a document of its own.

    Parameters
    ----------
    record
        A ``report.json``, parsed.

    Returns
    -------
    dict
        scenes (id, sensor, track, acquired, SHA-256 per band) and statistics per zone,
        indicator, sensor and track: number of looks, and mean, median, standard deviation,
        minimum and maximum of the indicator in its unit, six significant digits.
    """
    quiet = [look for look in record["assessments"] if look["phase"] == "baseline"]
    used = {scene for look in quiet for scene in look["scene"].split("+")}
    return {
        "schema": SCHEMA,
        "agreement": record["agreement"]["sha256"],
        "site": record["site"]["id"],
        "scenes": sorted(map(_scene, _used(record, used)), key=scene_order),
        "statistics": [_statistics(key, values) for key, values in sorted(_values(quiet).items())],
    }


def _used(record: Mapping[str, Any], scenes: set[str]) -> Iterable[Mapping[str, Any]]:
    return (s for s in record["inputs"] if s["status"] == "used" and s["scene"] in scenes)


def _scene(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": line["scene"],
        "sensor": line["sensor"],
        "track": line["track"],
        "acquired": line["acquired"],
        "files": {file["band"]: file["sha256"] for file in line["files"]},
    }


def _values(quiet: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], list[float]]:
    found: dict[tuple[str, ...], list[float]] = {}
    for look in quiet:
        if look["value"] is not None:
            found.setdefault(row_order(look), []).append(float(look["value"]))
    return found


def _statistics(key: tuple[str, ...], values: list[float]) -> dict[str, Any]:
    numbers = {
        "mean": statistics.fmean(values),
        "median": statistics.median(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else 0.0,
        "minimum": min(values),
        "maximum": max(values),
    }
    return {
        **dict(zip(ROW, key, strict=True)),
        "looks": len(values),
        **{name: float(f"{value:.{_DIGITS}g}") for name, value in numbers.items()},
    }


@dataclass(frozen=True)
class Difference:
    """One way in which a baseline is not the ratified one.

    Attributes
    ----------
    code
        ``agreement``, ``site``, ``scene-missing``, ``scene-added``, ``scene-changed``,
        ``row-missing``, ``row-added``, ``looks``, or the name of a statistic.
    subject
        Scene id (and band), or zone, indicator, sensor and track.
    ratified, here
        The two values, empty where the code says all.
    """

    code: str
    subject: str = ""
    ratified: str = ""
    here: str = ""

    def __str__(self) -> str:
        if self.code in {"agreement", "site"}:
            return f"{self.code}: ratified {self.ratified}, here {self.here}"
        told = _TOLD.get(self.code) or f"{self.code} {self.ratified} ratified, {self.here} here"
        kind = "scene " if self.code.startswith("scene") else ""
        return f"{kind}{self.subject}: {told}"


_TOLD = {
    "scene-missing": "ratified, not here",
    "scene-added": "here, not ratified",
    "scene-changed": "other bytes",
    "row-missing": "ratified, not here",
    "row-added": "here, not ratified",
}


def drift(ratified: Mapping[str, Any], present: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return every way in which a baseline differs from the ratified one; empty where none.

    Parameters
    ----------
    ratified, present
        Documents as `baseline_of` returns them.

    Returns
    -------
    tuple of Difference
        Agreement, site, scenes missing, added or with other bytes, and statistics beyond
        `RELATIVE_TOLERANCE` of the largest magnitude of their row.
    """
    names = [name for name in ("agreement", "site") if ratified[name] != present[name]]
    return (
        *(Difference(name, "", ratified[name], present[name]) for name in names),
        *_scene_drift(ratified["scenes"], present["scenes"]),
        *_statistics_drift(ratified["statistics"], present["statistics"]),
    )


def unlisted(agreed: Mapping[str, str], present: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return the scenes of a baseline that an agreed list does not hold, or not with these bytes.

    Parameters
    ----------
    agreed
        Scene id → digest of one of its files, of all sites together; what another site's
        report would use is not missed here.
    present
        A document as `baseline_of` returns it.
    """
    found = []
    for scene in present["scenes"]:
        if scene["id"] not in agreed:
            found.append(Difference("scene-added", scene["id"]))
        elif agreed[scene["id"]] not in scene["files"].values():
            found.append(Difference("scene-changed", scene["id"]))
    return tuple(found)


def _scene_drift(ratified: list[Any], present: list[Any]) -> Iterator[Difference]:
    before, after = ({_look(each): each for each in scenes} for scenes in (ratified, present))
    yield from _missing(before, after, "scene")
    for name in sorted(before.keys() & after.keys()):
        bands = before[name]["files"].keys() | after[name]["files"].keys()
        for band in sorted(bands):
            if before[name]["files"].get(band, "") != after[name]["files"].get(band, ""):
                yield Difference("scene-changed", f"{name[0]} {band}")


def _statistics_drift(ratified: list[Any], present: list[Any]) -> Iterator[Difference]:
    before, after = ({_row(each): each for each in rows} for rows in (ratified, present))
    yield from _missing(before, after, "row")
    for key in sorted(before.keys() & after.keys()):
        row, one, other = key[0], before[key], after[key]
        if one["looks"] != other["looks"]:
            yield Difference("looks", row, str(one["looks"]), str(other["looks"]))
        scale = max(abs(one[name]) for name in NUMBERS)
        for name in NUMBERS:
            if abs(one[name] - other[name]) > RELATIVE_TOLERANCE * scale:
                yield Difference(name, row, f"{one[name]:g}", f"{other[name]:g}")


def _missing(
    before: Mapping[tuple[str, ...], Any], after: Mapping[tuple[str, ...], Any], of: str
) -> Iterator[Difference]:
    for key in sorted(before.keys() - after.keys()):
        yield Difference(f"{of}-missing", key[0])
    for key in sorted(after.keys() - before.keys()):
        yield Difference(f"{of}-added", key[0])


def _look(scene: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a scene is: its id first, then which look it says it was."""
    return tuple(str(scene[name]) for name in ("id", "sensor", "track", "acquired"))


def scene_order(scene: Mapping[str, Any]) -> tuple[str, str]:
    """Return what scenes are sorted by: when they were acquired, then their id."""
    return scene["acquired"] or "", scene["id"]


def row_order(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what rows are sorted by: zone, indicator, sensor, track, unit."""
    return tuple(str(row[name]) for name in ROW)


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    return row_name(each), str(each["unit"])


def row_name(each: Mapping[str, Any]) -> str:
    """Return which row it is: zone, indicator, sensor and track."""
    return " ".join(str(each[name]) for name in ("zone", "indicator", "sensor", "track"))
