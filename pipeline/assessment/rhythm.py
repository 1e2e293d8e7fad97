"""How often a zone is busy: occupancy fraction over a window, and change of monthly rhythm.

A look is *on* when its value lies above a level that belongs to the zone's own baseline, so
that routine has a rhythm too, and more or less of it shows below the agreed threshold. For
more, that is the level of the busiest quarter of the baseline; for less, of the idlest.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import groupby
from math import comb
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from pipeline.assessment.record import Rhythm
from pipeline.assessment.states import OBSERVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.assessment.record import Assessment

# A quarter of the baseline: often enough to be counted, rare enough to become more.
ON_QUANTILES: dict[Literal["more", "less"], float] = {"more": 0.75, "less": 0.25}
ALPHA = 0.05
FEWEST_BASELINE_LOOKS = 8
FEWEST_LOOKS = 2


@dataclass(frozen=True)
class Counts:
    """Looks that were on among those observed."""

    on: int
    observed: int

    @property
    def share(self) -> float:
        """Share that was on; NaN without looks."""
        return self.on / self.observed if self.observed else float("nan")


def share_interval(counts: Counts, *, alpha: float = ALPHA) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson 1934, doi:10.2307/2331986)."""
    on, observed = counts.on, counts.observed
    low = float(special.betaincinv(on, observed - on + 1, alpha / 2)) if on else 0.0
    high = float(special.betaincinv(on + 1, observed - on, 1 - alpha / 2)) if on < observed else 1.0
    return low, high


def exact_p(counts: Counts, baseline: Counts, direction: str) -> float:
    """Return Fisher's exact p of a share that went ``more`` or ``less``, doubled for both.

    Exact where all looks are exchangeable under no change: the looks that are on are then a
    draw without replacement.
    """
    total, busy = counts.observed + baseline.observed, counts.on + baseline.on
    most = min(busy, counts.observed)
    tail = range(counts.on, most + 1) if direction == "more" else range(counts.on + 1)
    ways = sum(comb(busy, on) * comb(total - busy, counts.observed - on) for on in tail)
    return min(1.0, 2.0 * (ways / comb(total, counts.observed)))


def months_p(counts: Counts, months: Sequence[Counts], direction: str) -> float:
    """Return (1 + baseline months at least as busy, or idle) / (baseline months + 1).

    Looks of one month share its weather and its routine: this p counts months, not looks.
    """
    sign = 1.0 if direction == "more" else -1.0
    extreme = sum(sign * month.share >= sign * counts.share for month in months)
    return (1 + extreme) / (len(months) + 1)


def rhythms(looks: Iterable[Assessment], *, window_days: float) -> list[Rhythm]:
    """Return the monthly rhythm of every zone, indicator, sensor and track.

    Parameters
    ----------
    looks
        Assessments of one site, baseline and monitoring.
    window_days
        Length of the newest window, whose occupancy fraction closes each series.

    Returns
    -------
    One per month of the monitoring period with at least two observed looks, then one for the
    window that ends with the newest look and one for the whole period, in which activity that
    comes and goes adds up. `changed` needs both tests: the exact one, at 0.05 shared by the
    months and by the two last, and a share beyond that of every month of the baseline.
    """
    series: dict[tuple[str, str, str, str], list[Assessment]] = defaultdict(list)
    for look in looks:
        if look.outcome in OBSERVED and look.value is not None:
            series[(look.zone, look.indicator, look.sensor, look.track)].append(look)
    found: list[Rhythm] = []
    for key in sorted(series):
        found += _rhythm(key, sorted(series[key], key=lambda look: look.acquired), window_days)
    return found


def _rhythm(
    key: tuple[str, str, str, str], looks: Sequence[Assessment], window_days: float
) -> list[Rhythm]:
    quiet = [look for look in looks if look.phase == "baseline"]
    later = [look for look in looks if look.phase == "monitoring"]
    if len(quiet) < FEWEST_BASELINE_LOOKS or not later:
        return []
    months = [month for month in _months(later) if len(month) >= FEWEST_LOOKS]
    newest = later[-1].acquired
    window = [look for look in later if newest - look.acquired <= timedelta(days=window_days)]
    usual = [_usual(quiet, direction) for direction in ON_QUANTILES]
    found = [_span(key, "month", month, usual, ALPHA / len(months)) for month in months]
    found.append(_span(key, "window", window, usual, ALPHA / 2))
    return [*found, _span(key, "period", later, usual, ALPHA / 2)]


def _span(
    key: tuple[str, str, str, str],
    kind: Literal["month", "window", "period"],
    span: Sequence[Assessment],
    usual: Sequence[_Usual],
    limit: float,
) -> Rhythm:
    """Return one span held against the baseline, in the direction that is rarer."""
    best = min((_test(span, each) for each in usual), key=lambda test: test.p)
    held = best.usual
    sure = best.p <= limit and best.p_months <= 1 / (len(held.months) + 1)
    return Rhythm(
        zone=key[0], indicator=key[1], sensor=key[2], track=key[3], kind=kind,
        start=span[0].acquired, end=span[-1].acquired, unit=span[0].unit, level=held.level,
        on=best.counts.on, observed=best.counts.observed, share=best.counts.share,
        share_interval=share_interval(best.counts),
        baseline_on=held.counts.on, baseline_observed=held.counts.observed,
        baseline_months=len(held.months), p=best.p, p_months=best.p_months, changed=sure,
        direction=held.direction if sure else "none",
    )  # fmt: skip


@dataclass(frozen=True)
class _Usual:
    """What the baseline says of one direction: its level, and looks above it, month by month."""

    direction: Literal["more", "less"]
    level: float
    counts: Counts
    months: tuple[Counts, ...]


@dataclass(frozen=True)
class _Test:
    usual: _Usual
    counts: Counts
    p: float
    p_months: float


def _usual(quiet: Sequence[Assessment], direction: Literal["more", "less"]) -> _Usual:
    values = [look.value for look in quiet if look.value is not None]
    level = float(np.quantile(values, ON_QUANTILES[direction]))
    months = tuple(_counts(month, level) for month in _months(quiet))
    return _Usual(direction, level, _counts(quiet, level), months)


def _test(span: Sequence[Assessment], usual: _Usual) -> _Test:
    counts = _counts(span, usual.level)
    return _Test(
        usual, counts,
        exact_p(counts, usual.counts, usual.direction),
        months_p(counts, usual.months, usual.direction),
    )  # fmt: skip


def _counts(looks: Sequence[Assessment], level: float) -> Counts:
    on = sum(look.value is not None and look.value > level for look in looks)
    return Counts(on, len(looks))


def _months(looks: Sequence[Assessment]) -> list[list[Assessment]]:
    """Group looks in time order by calendar month, UTC."""

    def month(look: Assessment) -> tuple[int, int]:
        moment = look.acquired.astimezone(UTC)
        return moment.year, moment.month

    return [list(group) for _, group in groupby(looks, key=month)]
