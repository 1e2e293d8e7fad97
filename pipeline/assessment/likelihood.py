"""How likely it is that an indicator's true value crossed its threshold.

The number comes from how far measured values are from true ones: quiet looks of the zone and
of its shape on quiet ground tell of the noise, injected changes of how much of a change an
area shows. Nothing is assumed of the shape of either. What an activity it was is never said.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from pipeline.assessment.record import Likelihood
from pipeline.assessment.recovery import NO_RECOVERY
from pipeline.kernels.significance import binomial_tail, clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.assessment.rarity import Rarity
    from pipeline.assessment.record import Assessment, Threshold
    from pipeline.assessment.recovery import Recovery

Scale = Literal["icd203", "phia", "ipcc"]
PRIORS = ("0.01", "0.05", "0.2")
DRAWS = 4000
SEED = 20251

# Upper ends of p and the word below them. ICD 203 (2015) has no gaps; of the Professional Head
# of Intelligence Assessment's yardstick (2018) each gap is split in its middle; of the IPCC's
# overlapping ranges (2010) the narrowest that holds p is taken.
_TERMS: dict[str, tuple[tuple[float, str], ...]] = {
    "icd203": (
        (0.05, "almost-no-chance"), (0.2, "very-unlikely"), (0.45, "unlikely"),
        (0.55, "roughly-even-chance"), (0.8, "likely"), (0.95, "very-likely"),
        (1.0, "almost-certain"),
    ),
    "phia": (
        (0.075, "remote-chance"), (0.225, "highly-unlikely"), (0.375, "unlikely"),
        (0.525, "realistic-possibility"), (0.775, "likely"), (0.925, "highly-likely"),
        (1.0, "almost-certain"),
    ),
    "ipcc": (
        (0.01, "exceptionally-unlikely"), (0.1, "very-unlikely"), (0.33, "unlikely"),
        (0.66, "about-as-likely-as-not"), (0.9, "likely"), (0.99, "very-likely"),
        (1.0, "virtually-certain"),
    ),
}  # fmt: skip


def term(p: float, scale: Scale) -> str:
    """Return the word for a probability, as a message code.

    Raises
    ------
    ValueError
        If `p` is not between 0 and 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"a probability is between 0 and 1, got {p}")
    return next(word for upper, word in _TERMS[scale] if p <= upper)


class Probability(NamedTuple):
    """A probability with its 95 % interval."""

    p: float
    low: float
    high: float


@dataclass(frozen=True)
class Errors:
    """How far one zone's measured values are from true ones, on one sensor and track.

    Attributes
    ----------
    rarity
        The zone's quiet looks.
    recovery
        What injected changes measured.
    """

    rarity: Rarity
    recovery: Recovery = NO_RECOVERY


def beyond(threshold: Threshold, baseline: float, direction: str) -> float | None:
    """Return the true value at which a threshold is crossed; None where a look cannot tell."""
    sign = 1.0 if direction == "more" else -1.0
    if threshold.kind == "absolute":
        return threshold.value
    if threshold.kind == "deviation":
        return baseline + sign * threshold.value
    return None


def crossed(looks: Sequence[Assessment], direction: str, errors: Errors) -> Probability | None:
    """Return the probability that the true value was beyond the threshold on some looks.

    Parameters
    ----------
    looks
        Of one zone, indicator, sensor and track, all with a value.
    direction
        ``more`` or ``less``.
    errors
        Of the same.

    Returns
    -------
    None where the threshold is relative or a rate, or quiet looks are missing.

    Notes
    -----
    Every draw takes one place and as many of its quiet dates as there are looks: errors of a
    place stay together, and a bad date is drawn whole. The mean of the looks counts, because
    the proposition is of one lasting crossing.
    """
    known = [look for look in looks if look.value is not None and look.threshold is not None]
    margins = [_margin(look, direction, errors.rarity) for look in known]
    if not known or any(part is None for part in margins):
        return None
    deviation, limit, spread = np.array([part for part in margins if part is not None]).T
    noise = quiet_noise(errors.rarity, len(known))
    if noise is None:
        return None
    sign = 1.0 if direction == "more" else -1.0
    signals = sign * (deviation - spread * noise).mean(axis=1)
    share = beyond_share(signals, sign * float(limit.mean()), errors.recovery)
    return _bounded(share, errors.rarity, len({look.acquired.date() for look in known}))


def beyond_share(signals: NDArray[np.float64], limit: float, recovery: Recovery) -> float:
    """Return the share of (draw,) signals whose true change is more than `limit`."""
    if not recovery.share.size:
        return float(np.mean(signals > limit))
    return recovery.beyond(signals, limit)


def _margin(look: Assessment, direction: str, rarity: Rarity) -> tuple[float, float, float] | None:
    """Return deviation from the baseline, that of the threshold, and the spread of the look."""
    threshold, value = look.threshold, look.value
    baseline = look.baseline or 0.0
    if threshold is None or value is None:
        return None
    limit = beyond(threshold, baseline, direction)
    spread = rarity.spread(rarity.acquired.index(look.acquired))
    if limit is None or not np.isfinite(spread):
        return None
    return value - baseline, limit - baseline, spread


def quiet_noise(rarity: Rarity, looks: int, *, draws: int = DRAWS) -> NDArray[np.float64] | None:
    """Return (draw, look) quiet deviations in standard deviations, each draw of one place.

    None without any.
    """
    pool = rarity.pool
    scores = pool.deviations.score[:, pool.quiet]
    finite = [row[np.isfinite(row)] for row in scores]
    places = [row for row in finite if row.size]
    if not places:
        return None
    rng = np.random.default_rng(SEED)
    chosen = rng.integers(0, len(places), draws)
    sizes = np.array([row.size for row in places])
    table = np.full((len(places), int(sizes.max())), np.nan)
    for index, row in enumerate(places):
        table[index, : row.size] = row
    dates = (rng.random((draws, looks)) * sizes[chosen][:, None]).astype(np.int64)
    return np.asarray(table[chosen[:, None], dates])


def _bounded(share: float, rarity: Rarity, days: int) -> Probability:
    """Return a share with the interval of as many independent quiet looks as there were.

    Errors come as whole dates: where none of n quiet dates was so bad, the next may be with
    1 in n + 1, and as many as there are looks with the power of that. Nothing is claimed
    beyond, nor beyond one in all quiet looks.
    """
    size = rarity.pool.sample().size
    dates = int(rarity.pool.quiet.sum())
    factor = rarity.rates[1].spread.factor
    alone = size / max(1.0, factor) if np.isfinite(factor) else float(dates)
    trials = max(1, round(alone))
    least = max(1.0 / (size + 1.0), (1.0 / (dates + 1.0)) ** days)
    p = min(max(share, least), 1.0 - least)
    low, high = clopper_pearson(round(p * trials), trials)
    return Probability(p, min(low, p), max(high, p))


def fused(parts: Iterable[Probability]) -> Probability | None:
    """Return several independent probabilities of one proposition as one, by their odds.

    Only for kinds of sensors that share no nuisance: radar and optical looks do not, two
    tracks of one radar do.
    """
    odds = np.array([[_odds(value) for value in part] for part in parts])
    if not odds.size:
        return None
    p, low, high = (float(total / (1.0 + total)) for total in odds.prod(axis=0))
    return Probability(p, low, high)


def _odds(p: float) -> float:
    bounded = min(max(p, 1e-6), 1.0 - 1e-6)
    return bounded / (1.0 - bounded)


def false_alarm_p(looks: Sequence[Assessment], rarity: Rarity, k: int, n: int) -> float:
    """Return how often a quiet place shows what was seen, by the agreed k-of-n rule.

    The share of windows of n quiet looks in which k are at least as rare as the k rarest
    looks were; with fewer than k looks, the p of the rarest.
    """
    rare = sorted(look.p for look in looks if look.p is not None)
    if len(rare) < k or k == 1:
        return rare[0] if rare else 1.0
    windows = rarity.confirming
    at_least = int(np.count_nonzero(windows <= rare[k - 1]))
    counted = (1.0 + at_least) / (windows.size + 1.0)
    return min(1.0, max(counted, comb(n, k) * rare[k - 1] ** k))


def posteriors(detection_p: float, alarm_p: float) -> dict[str, float]:
    """Return the probability of a crossing after what was seen, under each stated prior.

    Parameters
    ----------
    detection_p
        Probability of seeing this if it was crossed.
    alarm_p
        Probability of seeing this if it was not.
    """
    found = {}
    for text in PRIORS:
        prior = float(text)
        yes, no = prior * detection_p, (1.0 - prior) * alarm_p
        found[text] = yes / (yes + no) if yes + no > 0 else prior
    return found


def stated(
    proposition: str,
    found: Probability | None,
    *,
    scale: Scale,
    calibrated: bool,
    posterior: Mapping[str, float],
) -> Likelihood:
    """Return the likelihood as the record has it; a term only where it is calibrated."""
    if found is None:
        return Likelihood(proposition=proposition)
    return Likelihood(
        proposition=proposition,
        p=found.p,
        p_interval=(found.low, found.high),
        term=term(found.p, scale) if calibrated else None,
        term_scale=scale if calibrated else None,
        posteriors=dict(posterior),
    )


def seen_k_of_n(detection_p: float, k: int, n: int) -> float:
    """Return the probability that k of n looks see a change each sees with `detection_p`."""
    return float(binomial_tail(k, n, detection_p))
