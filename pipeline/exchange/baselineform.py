"""The form of a baseline document: a partner's file is held against it before anything reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import BundleError
from pipeline.exchange.baselines import NUMBERS, ROW, SCHEMA, row_name, row_order, scene_order
from pipeline.exchange.statement import exactly
from pipeline.store.atomic import canonical_json, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCENE = ("id", "sensor", "track", "acquired", "files")


def read_baseline(payload: bytes) -> dict[str, Any]:
    """Return a baseline document; BundleError unless it is one, in canonical form.

    Every part has its kind and its place, and no scene or row stands twice: what is compared
    with one's own is all that it says.
    """
    try:
        document = parse_json(payload)
        canonical = canonical_json(document)
        known = document["schema"] == SCHEMA and set(document) == {
            "schema", "agreement", "site", "scenes", "statistics",
        }  # fmt: skip
    except (ValueError, KeyError, TypeError) as cause:
        raise BundleError("baseline: is no baseline document") from cause
    if not known or canonical != payload:
        raise BundleError("baseline: is no baseline document in canonical form")
    _check(document)
    return dict(document)


def _check(document: dict[str, Any]) -> None:
    _texts(document, ("agreement", "site"))
    scenes, rows = document["scenes"], document["statistics"]
    if not isinstance(scenes, list) or not isinstance(rows, list):
        raise BundleError("baseline: scenes and statistics are lists")
    for scene in scenes:
        _check_scene(exactly(scene, *_SCENE))
    for row in rows:
        _check_row(exactly(row, *ROW, "looks", *NUMBERS))
    _refuse_twice(scene["id"] for scene in scenes)
    _refuse_twice(map(row_name, rows))
    if rows != sorted(rows, key=row_order) or scenes != sorted(scenes, key=scene_order):
        raise BundleError("baseline: scenes or statistics are not in their order")


def _check_scene(scene: dict[str, Any]) -> None:
    _texts(scene, ("id", "sensor", "track"))
    files = scene["files"]
    if not isinstance(files, dict) or not all(_is_text_or_none(each) for each in files.values()):
        raise BundleError("baseline: a scene's files have a digest a band")
    if not _is_text_or_none(scene["acquired"]):
        raise BundleError("baseline: 'acquired' is a text")


def _check_row(row: dict[str, Any]) -> None:
    _texts(row, ROW)
    if type(row["looks"]) is not int or any(
        type(row[name]) not in {int, float} for name in NUMBERS
    ):
        raise BundleError("baseline: 'looks' and what was measured are numbers")


def _texts(part: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if not isinstance(part[name], str):
            raise BundleError(f"baseline: '{name}' is a text")


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _refuse_twice(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BundleError(f"baseline: {name[:80]} stands twice")
        seen.add(name)
