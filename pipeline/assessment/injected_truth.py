"""Stated likelihoods held against injected truth, on quiet ground after the baseline.

Changes of known size are added to what quiet ground measured on looks that no baseline has
seen, and the product states how likely each is beyond a threshold. A threshold is agreed before
anything happens: it is drawn from the sizes tried, each doubling as likely as the next, whatever
the size of the change. The injected changes it learns from are never those it is asked about.
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
# What is said of one part is learnt from the others.
PARTS = 5
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
    rest = [_joined([_without(item, part) for item in learnt.values()]) for part in range(PARTS)]
    for key, own in learnt.items():
        noise = quiet_noise(rarities[key], 1, draws=DRAWS)
        errors = _errors(rarities[key])
        if noise is None or not errors.size:
            continue
        smallest, largest = _doublings_tried(found[key])
        for part, others in enumerate(rest):
            if others.share.size < FEWEST:
                continue
            for measured, share in zip(
                own.measured[part::PARTS], own.share[part::PARTS], strict=True
            ):
                spread, error = errors[rng.integers(len(errors))]
                limit = 2.0 ** rng.uniform(smallest, largest)
                signals = measured + error - spread * noise[:, 0]
                yield beyond_share(signals, limit, others), bool(measured / share > limit)


def _doublings_tried(found: Sequence[Detection]) -> tuple[float, float]:
    """Return the binary logarithm of the smallest and largest size injected."""
    sizes = np.concatenate([item.sizes_m2 for item in found])
    return float(np.log2(sizes.min())), float(np.log2(sizes.max()))


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


def _without(item: Recovery, part: int) -> Recovery:
    kept = np.arange(item.share.size) % PARTS != part
    return Recovery(item.measured[kept], item.share[kept])


def _joined(items: Sequence[Recovery]) -> Recovery:
    return Recovery(
        np.concatenate([item.measured for item in items]),
        np.concatenate([item.share for item in items]),
    )
