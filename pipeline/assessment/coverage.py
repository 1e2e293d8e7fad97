"""The coverage ledger: of each zone on each look, what was seen and why the rest was not."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assessment.record import Coverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.assessment.record import CoverageReason


def zone_shares(
    codes: NDArray[np.uint8], weight: NDArray[np.floating], names: Mapping[int, CoverageReason]
) -> list[dict[CoverageReason, float]]:
    """Return the share of a zone under each coverage code, look by look.

    Parameters
    ----------
    codes
        (time, pixel) uint8 coverage codes.
    weight
        (pixel,) share of each pixel that lies in the zone, 0 to 1.
    names
        Code to reason.

    Returns
    -------
    Shares above zero; they sum to 1.
    """
    place = np.flatnonzero(weight > 0)
    inside, bins, found = weight[place].astype(np.float64), max(names) + 1, []
    for look in codes[:, place]:
        sums = np.bincount(look, weights=inside, minlength=bins)
        total = float(sums.sum())
        found.append({name: float(sums[c]) / total for c, name in names.items() if sums[c] > 0})
    return found


def longest_gap_days(looks: Sequence[datetime], start: datetime, end: datetime) -> float:
    """Return the longest time without a usable look in the period, days."""
    edges = [start, *sorted(moment for moment in looks if start < moment < end), end]
    gaps = [(b - a).total_seconds() / 86400.0 for a, b in pairwise(edges)]
    return max(gaps, default=0.0)


def missing_look(zone: str, sensor: str, track: str, acquired: datetime, reason: str) -> Coverage:
    """Return the ledger line of a look whose scene is missing or could not be loaded."""
    code: CoverageReason = "load-failed" if reason == "load-failed" else "missing"
    return Coverage(
        zone=zone, sensor=sensor, track=track, acquired=acquired, scene=None, fractions={code: 1.0}
    )
