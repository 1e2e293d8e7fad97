"""A series as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


def series_table(document: Mapping[str, Any]) -> str:
    """Return a series as CSV, one line a look."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    heads = ["look", "acquired", "value", "low", "high", "expected", "expected_low",
             "expected_high", "observed", "reason", "in_baseline", "alarm", "p"]  # fmt: skip
    writer.writerow([*heads, "unit"])
    baseline = document["baseline"]
    for index, look in enumerate(document["looks"]):
        band = [baseline[name][index] for name in ("expected", "low", "high")]
        cells = [look["look"], look["acquired"], look["value"], look["low"], look["high"], *band,
                 look["observed"], look["reason"], look["in_baseline"], look["alarm"],
                 look["p"]]  # fmt: skip
        writer.writerow([_cell(cell) for cell in (*cells, document["unit"])])
    return out.getvalue()


def _cell(value: Any) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    text = value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)
    if isinstance(value, str) and text[:1] in "=+-@\t\r":
        return f"'{text}"
    return text
