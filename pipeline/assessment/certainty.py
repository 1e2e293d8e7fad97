"""What may be said of one finding: its likelihood, and whether that is calibrated."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assessment.confidence import false_alarms_part, not_calibrated, weakest
from pipeline.assessment.detectability import detection_part, recovery
from pipeline.assessment.likelihood import (
    Errors,
    Probability,
    crossed,
    false_alarm_p,
    fused,
    posteriors,
    seen_k_of_n,
    stated,
)
from pipeline.assessment.record import Calibrated, CalibrationPart, Likelihood
from pipeline.kernels.injection import found_probability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.assessment.detectability import Detection
    from pipeline.assessment.rarity import Rarity
    from pipeline.assessment.record import Assessment
    from pipeline.assessment.states import Episode

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Known:
    """What quiet looks and injections say of a site.

    Attributes
    ----------
    rarities
        (zone, indicator, sensor, track) to how rare its looks are.
    detections
        The same to what injection found.
    kinds
        Sensor to the kind of its values: sensors of one kind share nuisances.
    term_scale
        The agreement's scale of likelihood words.
    """

    rarities: Mapping[Key, Rarity] = field(default_factory=dict)
    detections: Mapping[Key, tuple[Detection, ...]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    term_scale: Any = "icd203"


@dataclass(frozen=True)
class Certainty:
    """What may be said of one finding.

    Attributes
    ----------
    likelihood, calibrated
        As the record has them.
    baseline_looks
        Fewest quiet looks of the zone itself behind any track used.
    detection_p
        Probability that one look finds a change as large as the largest seen; None where it
        was not measured.
    """

    likelihood: Likelihood
    calibrated: Calibrated
    baseline_looks: int
    detection_p: float | None


def certainty(
    indicator: Any,
    episode: Episode,
    side: str,
    proposition: str,
    known: Known,
    *,
    stale: bool,
) -> Certainty:
    """Return what may be said of an episode.

    Parameters
    ----------
    side
        ``more`` or ``less``.
    proposition
        What the likelihood is of.
    stale
        Whether the baseline is older than agreed on some look over.
    """
    groups = _by_track(episode.over)
    if any(key not in known.rarities for key in groups):
        parts = not_calibrated("no-quiet-history")
        return Certainty(Likelihood(proposition=proposition), parts, 0, None)
    calibrated = _calibrated(groups, known, confirmed=episode.confirmed, stale=stale)
    seen = _detection_p(groups, known)
    rule = indicator.confirmation
    k, n = (rule.k, rule.n) if episode.confirmed else (1, 1)
    alarm = min(false_alarm_p(looks, known.rarities[key], k, n) for key, looks in groups.items())
    posterior = {} if seen is None else posteriors(seen_k_of_n(seen, k, n), alarm)
    likelihood = stated(
        proposition,
        _crossed(groups, side, known),
        scale=known.term_scale,
        calibrated=calibrated.false_alarms.ok and calibrated.detection.ok,
        posterior=posterior,
    )
    looks = [_own_looks(known.rarities[key]) for key in groups]
    return Certainty(likelihood, calibrated, min(looks), seen)


def _by_track(looks: Sequence[Assessment]) -> dict[Key, list[Assessment]]:
    groups: dict[Key, list[Assessment]] = defaultdict(list)
    for look in looks:
        groups[(look.zone, look.indicator, look.sensor, look.track)].append(look)
    return dict(sorted(groups.items()))


def _own_looks(rarity: Rarity) -> int:
    residual = rarity.pool.deviations.residual[rarity.row, rarity.pool.quiet]
    return int(np.isfinite(residual).sum())


def _calibrated(
    groups: Mapping[Key, Any], known: Known, *, confirmed: bool, stale: bool
) -> Calibrated:
    """Return the weakest of every part over the tracks used."""
    alarms, found = [], []
    for key in groups:
        rarity = known.rarities[key]
        as_of = max(
            moment.date()
            for moment, quiet in zip(rarity.acquired, rarity.pool.quiet, strict=True)
            if quiet
        )
        alarms.append(false_alarms_part(rarity, as_of, confirmed=confirmed, stale=stale))
        found.append(detection_part(_alike(key, known.detections), max(rarity.acquired).date()))
    event = CalibrationPart(ok=False, reason="no-resolved-cases")
    return Calibrated(false_alarms=weakest(alarms), detection=weakest(found), event=event)


def _alike(key: Key, detections: Mapping[Key, tuple[Detection, ...]]) -> list[Detection]:
    """Return what injection found for the same indicator and track in all zones."""
    return [item for other, items in detections.items() if other[1:] == key[1:] for item in items]


def _crossed(
    groups: Mapping[Key, Sequence[Assessment]], side: str, known: Known
) -> Probability | None:
    """Return the fused probability; of sensors of one kind, that of the one with most looks."""
    by_kind: dict[str, tuple[int, Probability]] = {}
    for key, looks in groups.items():
        errors = Errors(known.rarities[key], recovery(_alike(key, known.detections)))
        found = crossed(looks, side, errors)
        if found is None:
            return None
        kind = known.kinds.get(key[2], key[2])
        if kind not in by_kind or len(looks) > by_kind[kind][0]:
            by_kind[kind] = (len(looks), found)
    return fused(found for _, found in by_kind.values())


def _detection_p(groups: Mapping[Key, Sequence[Assessment]], known: Known) -> float | None:
    """Return how likely one look finds a change as large as the largest seen, least of tracks."""
    found = []
    for key, looks in groups.items():
        detections = known.detections.get(key, ())
        if not detections:
            return None
        rise = max(abs((look.value or 0.0) - (look.baseline or 0.0)) for look in looks)
        found.append(_probability(detections, rise))
    known_p = [p for p in found if p is not None]
    return min(known_p) if len(known_p) == len(found) else None


def _probability(detections: Sequence[Detection], rise: float) -> float | None:
    """Return the mean over contrasts of the probability of finding what gives such a rise."""
    chances = []
    for item in detections:
        if not item.curve.weight.size or not (item.added > 0).any():
            continue
        nearest = item.sizes_m2[np.argmin(np.abs(item.added - rise))]
        chances.append(float(found_probability(item.curve, nearest)[0][0]))
    return float(np.mean(chances)) if chances else None
