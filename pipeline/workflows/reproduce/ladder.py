"""The reproduction ladder, field by field.

R0 narrative, R1 same scene ids, R2a same decoded pixels, R2b same input bytes, R3 outputs
within tolerance, R4 the same bytes. R3 is the joint standard across environments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeline.store.atomic import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

Rung = Literal["R0", "R1", "R2a", "R3", "R4"]
#: Of fractions, relative to the larger of 1 and their magnitude; whole numbers and texts: none.
TOLERANCE = 2e-5
#: Which code and libraries computed: it says why bytes differ, and is no output.
ENVIRONMENT = ("versions",)


@dataclass(frozen=True)
class Field:
    """One field of a record, or one layer, compared.

    Attributes
    ----------
    name
        Top-level field of ``report.json``, path of a layer, or of a sum over sites.
    rung
        ``R4``: same bytes. ``R3``: within tolerance. ``R2a``: further apart.
    note
        The largest difference, or where the first one beyond tolerance is.
    """

    name: str
    rung: Rung
    note: str = ""


def record_fields(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[Field]:
    """Return every top-level field of two records, compared."""
    names = sorted(set(theirs) | set(ours))
    return [_record_field(name, theirs.get(name), ours.get(name)) for name in names]


def _record_field(name: str, theirs: Any, ours: Any) -> Field:
    if canonical_json(theirs) == canonical_json(ours):
        return Field(name, "R4")
    if name in ENVIRONMENT:
        return Field(name, "R3", "another environment; no output")
    largest = 0.0
    for path, one, other in _leaves(theirs, ours, name):
        gap = _gap(one, other)
        if gap > TOLERANCE:
            return Field(name, "R2a", f"{path}: {_shown(one)} there, {_shown(other)} here")
        largest = max(largest, gap)
    return Field(name, "R3", f"largest difference {largest:.1g}")


def _leaves(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield every pair of values that are not both mappings, or lists of one length."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _leaves(one.get(key, ...), other.get(key, ...), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _leaves(left, right, f"{path}[{index}]")
    else:
        yield path, one, other


def _gap(one: Any, other: Any) -> float:
    """Return the difference of two values by the rule of `TOLERANCE`; inf where none is allowed."""
    if one == other and type(one) is type(other):
        return 0.0
    if not all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other)
    ):
        return math.inf
    if float(one) != int(one) or float(other) != int(other):
        return float(abs(one - other) / max(1.0, abs(one), abs(other)))
    return 0.0 if one == other else math.inf


def _shown(value: Any) -> str:
    text = "nothing" if value is ... else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def layer_field(name: str, theirs: NDArray[Any] | None, ours: NDArray[Any] | None) -> Field:
    """Return one layer (band, y, x) compared; None where a side has none, or cannot be read.

    NaN equals NaN. Whole numbers must be equal.
    """
    if theirs is None or ours is None:
        return Field(name, "R2a", "one side has none that can be read")
    if theirs.shape != ours.shape or theirs.dtype != ours.dtype:
        return Field(name, "R2a", f"{theirs.dtype} {theirs.shape} there, {ours.dtype} {ours.shape}")
    if theirs.dtype.kind != "f":
        apart = int((theirs != ours).sum())
        return Field(name, "R2a", f"{apart} pixels differ") if apart else Field(name, "R3", "0")
    one, other = theirs.astype(np.float64), ours.astype(np.float64)
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return Field(name, "R2a", "other pixels are missing")
    same = (one == other) | np.isnan(one)
    with np.errstate(invalid="ignore"):  # Inf against Inf is equal, against a number is not
        scale = np.maximum(1.0, np.maximum(np.abs(one), np.abs(other)))
        gaps = np.where(same, 0.0, np.abs(one - other) / scale)
    largest = float(np.nan_to_num(gaps, nan=np.inf).max(initial=0.0))
    rung: Rung = "R3" if largest <= TOLERANCE else "R2a"
    return Field(name, rung, f"largest difference {largest:.1g}")


def lowest(fields: Iterable[Field]) -> Rung:
    """Return the rung that all fields reach."""
    return min((field.rung for field in fields), default="R2a")
