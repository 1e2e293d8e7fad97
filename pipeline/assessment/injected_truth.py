"""Stated likelihoods held against injected truth, on quiet ground after the baseline.

Changes of known size are added to what quiet ground measured on looks that no baseline has
seen, and the product states how likely each is beyond a threshold near its size. The injected
changes it learns from are never those it is asked about.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assessment.detectability import recovery
from pipeline.assessment.likelihood import beyond_share, quiet_noise
from pipeline.assessment.record import LikelihoodReliability, ReliabilityRow
from pipeline.assessment.recovery import Recovery
from pipeline.assessment.reliability import reliability

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.assessment.detectability import Detection
    from pipeline.assessment.rarity import Rarity
    from pipeline.assessment.reliability import Reliability

    Key = tuple[str, str, str, str]

SEED = 20263
DRAWS = 256
# Thresholds are put around the truth, as many doublings off as a normal number.
DOUBLINGS = 1.0
FEWEST = 5


def likelihood_reliability(
    rarities: Mapping[Key, Rarity], detections: Mapping[Key, Sequence[Detection]]
) -> LikelihoodReliability | None:
    """Return how the likelihoods of one site hold on injected changes; None without any.

    Parameters
    ----------
    rarities
        (zone, indicator, sensor, track) to the quiet looks.
    detections
        The same to what injection found.
    """
    stated: list[float] = []
    truth: list[bool] = []
    for group in _alike(detections):
        for p, true in _statements({key: rarities[key] for key in group}, group):
            stated.append(p)
            truth.append(true)
    return _recorded(reliability(stated, truth)) if stated else None


def _recorded(found: Reliability) -> LikelihoodReliability:
    rows = tuple(
        ReliabilityRow(
            statements=row.statements,
            stated=row.predicted,
            true=row.observed,
            true_interval=(row.observed_low, row.observed_high),
        )
        for row in found.bins
    )
    return LikelihoodReliability(
        statements=found.statements, error=found.error, brier=found.brier, rows=rows
    )


def _alike(
    detections: Mapping[Key, Sequence[Detection]],
) -> Iterator[dict[Key, Sequence[Detection]]]:
    """Yield the zones of each indicator and track together: they learn from one another."""
    groups: dict[tuple[str, ...], dict[Key, Sequence[Detection]]] = defaultdict(dict)
    for key in sorted(detections):
        groups[key[1:]][key] = detections[key]
    yield from groups.values()


def _statements(
    rarities: Mapping[Key, Rarity], found: Mapping[Key, Sequence[Detection]]
) -> Iterator[tuple[float, bool]]:
    rng = np.random.default_rng(SEED)
    learnt = {key: recovery(items) for key, items in found.items()}
    halves = [_joined([_half(item, part) for item in learnt.values()]) for part in (0, 1)]
    for key, own in learnt.items():
        noise = quiet_noise(rarities[key], 1, draws=DRAWS)
        errors = _errors(rarities[key])
        if noise is None or not errors.size:
            continue
        for part in (0, 1):
            others = halves[1 - part]
            if others.share.size < FEWEST:
                continue
            asked = _half(own, part)
            for measured, share in zip(asked.measured, asked.share, strict=True):
                spread, error = errors[rng.integers(len(errors))]
                true = measured / share
                limit = true * 2.0 ** (DOUBLINGS * rng.standard_normal())
                signals = measured + error - spread * noise[:, 0]
                yield beyond_share(signals, limit, others), bool(true > limit)


def _errors(rarity: Rarity) -> NDArray[np.float64]:
    """Return (n, 2) spread of the zone, and the error of quiet ground of its shape on a look.

    On looks after the baseline; where there are none, on those of the baseline.
    """
    pool = rarity.pool
    later = ~pool.quiet if (~pool.quiet).any() else pool.quiet
    spread = np.broadcast_to(pool.deviations.spread[rarity.row], pool.deviations.score.shape)
    ground = pool.deviations.score[pool.zones :, later]
    spreads = spread[pool.zones :, later]
    known = np.isfinite(ground) & np.isfinite(spreads)
    return np.stack([spreads[known], (spreads * ground)[known]], axis=1)


def _half(item: Recovery, part: int) -> Recovery:
    return Recovery(item.measured[part::2], item.share[part::2])


def _joined(items: Sequence[Recovery]) -> Recovery:
    return Recovery(
        np.concatenate([item.measured for item in items]),
        np.concatenate([item.share for item in items]),
    )
