"""The site judged from what is in memory, by the agreed rules or by proposed ones.

The steps are those of a run; what one indicator comes to is kept, so that moving one threshold
judges that indicator alone.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipeline.assessment.quiet_ground import quiet_assessor
from pipeline.assessment.rarity import rarities
from pipeline.store.atomic import canonical_json
from pipeline.workflows.monitor import calibrating
from pipeline.workflows.monitor.record import scene_steps
from pipeline.workflows.monitor.site import (
    declared_values,
    rebased,
    site_findings,
    surroundings,
)
from pipeline.workflows.monitor.variants import assessor_for
from pipeline.workflows.planning import in_force, site_indicators

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pipeline.agreement import Site
    from pipeline.assessment.findings import Surroundings
    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.rarity import Rarity
    from pipeline.assessment.record import Assessment, Finding
    from pipeline.desk.opening import Opened
    from pipeline.workflows.monitor.calibrating import Calibration
    from pipeline.workflows.monitor.record import TrackOutcome
    from pipeline.workflows.planning import Run

Key = tuple[str, str, str, str]
KEPT = 200  # indicators judged under one rule or another


@dataclass(frozen=True)
class Judged:
    """What a site comes to under some rules.

    Attributes
    ----------
    assessments
        Of all zones, indicators, tracks and looks, with their calibrated p.
    findings
        What they add up to.
    rarities
        How rare each look is, by zone, indicator, sensor and track.
    """

    assessments: tuple[Assessment, ...]
    findings: tuple[Finding, ...]
    rarities: Mapping[Key, Rarity]


@dataclass
class TrackBench:
    """One track under one set of masks and quiet looks, and what was judged on it.

    Attributes
    ----------
    outcome
        The track.
    site
        The declared site.
    """

    outcome: TrackOutcome
    site: Site
    _kept: OrderedDict[bytes, tuple[list[Assessment], dict[Key, Rarity]]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
    _rare: OrderedDict[bytes, dict[Key, Rarity]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
    _placed: dict[int, tuple[TrackAssessor, TrackAssessor]] = field(
        default_factory=dict, init=False, repr=False
    )

    def judged(
        self, indicator: Any, zones: tuple[str, ...], baseline: Any, budget: Any
    ) -> tuple[list[Assessment], dict[Key, Rarity]]:
        """Return looks and rarities of one indicator, judged anew where its rules are new."""
        if self.outcome.series.sensor not in indicator.sensors:
            return [], {}
        told = [item.model_dump(mode="json", by_alias=True) for item in (indicator, baseline)]
        key = canonical_json([*told, list(zones), repr(budget)])
        if key not in self._kept:
            self._kept[key] = self._judged_anew(indicator, zones, baseline, budget)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _judged_anew(
        self, indicator: Any, zones: tuple[str, ...], baseline: Any, budget: Any
    ) -> tuple[list[Assessment], dict[Key, Rarity]]:
        assessor = assessor_for(self.outcome, self.site, indicator, baseline)
        rare = {}
        if budget is not None:
            rare = self._rarities(assessor, indicator, zones, baseline, budget)
        looks: list[Assessment] = []
        for zone in zones:
            declared = declared_values(self.site, indicator.id, zone)
            looks += assessor.assess(indicator, zone, baseline=baseline, declared=declared)
        return calibrating.ranked_looks(looks, rare), rare

    def _rarities(
        self,
        assessor: TrackAssessor,
        indicator: Any,
        zones: tuple[str, ...],
        baseline: Any,
        budget: Any,
    ) -> dict[Key, Rarity]:
        """Return how rare the looks of the zones are; the threshold has no part in it."""
        series = self.outcome.series
        told = [indicator.model_dump(mode="json", exclude={"threshold"}), repr(baseline)]
        key = canonical_json([*told, list(zones), repr(budget)])
        if key not in self._rare:
            found = rarities(assessor, self._quiet(assessor), indicator, zones, budget)
            names = (indicator.id, series.sensor, series.track)
            self._rare[key] = {(zone, *names): found[zone] for zone in zones if zone in found}
            while len(self._rare) > KEPT:
                self._rare.popitem(last=False)
        return self._rare[key]

    def _quiet(self, assessor: TrackAssessor) -> TrackAssessor:
        """Return the assessor of the track's quiet ground, made once an assessor."""
        kept = self._placed.get(id(assessor))
        if kept is None or kept[0] is not assessor:
            kept = (assessor, quiet_assessor(assessor, self.outcome.ground))
            self._placed[id(assessor)] = kept
        return kept[1]


@dataclass
class Bench:
    """Tracks of one site, of one set of masks and quiet looks, ready to be judged.

    Attributes
    ----------
    opened
        The site.
    benches
        One a track.
    like
        A bench of the same looks under the same masks, from which what the quiet looks have no
        part in is taken; None measures it.
    around
        What the tracks alone decide of what findings are held against; None before it is asked.
    """

    opened: Opened
    benches: tuple[TrackBench, ...]
    like: Bench | None = None
    around: Surroundings | None = field(default=None, init=False, repr=False)

    @property
    def site(self) -> Site:
        """The declared site."""
        return self.opened.site

    @property
    def outcomes(self) -> tuple[TrackOutcome, ...]:
        """The tracks."""
        return tuple(bench.outcome for bench in self.benches)

    def judged(
        self, run: Run, *, as_of: datetime, calibration: Calibration | None = None
    ) -> Judged:
        """Return what the rules of a run make of the looks up to a moment.

        Parameters
        ----------
        run
            Its agreement holds the rules; only thresholds, confirmation, smallest areas and
            baselines of indicators may differ from those the tracks were read by.
        calibration
            What injections found, where it was measured under these rules.
        """
        budgets = calibrating.site_budgets(run, self.site)
        looks: list[Assessment] = []
        rare: dict[Key, Rarity] = {}
        for indicator in site_indicators(run, self.site):
            applies = run.agreement.indicators_for
            zones = tuple(z.id for z in self.site.zones if indicator in applies(self.site, z))
            baseline = run.baseline_for(indicator)
            for bench in self.benches:
                own, found = bench.judged(indicator, zones, baseline, budgets.get(indicator.id))
                looks += [look for look in own if look.acquired <= as_of]
                rare |= found
        looks.sort(key=lambda look: (look.zone, look.indicator, look.acquired, look.id))
        around = self._surroundings(run, as_of, rare, calibration)
        return Judged(tuple(looks), tuple(site_findings(run, self.site, looks, around)), rare)

    def _surroundings(
        self,
        run: Run,
        as_of: datetime,
        rare: Mapping[Key, Rarity],
        calibration: Calibration | None,
    ) -> Surroundings:
        """Return what findings are held against; what the tracks alone decide is found once."""
        if self.around is None:
            self.around = self._measured_around(run)
        known = calibrating.Calibration(rare, {}, (), {}) if calibration is None else calibration
        return replace(
            self.around,
            as_of=as_of,
            notifications=in_force(run.notifications, self.site.id, as_of),
            known=calibrating.known_of(run, known),
        )

    def _measured_around(self, run: Run) -> Surroundings:
        steps = tuple(scene_steps(self.outcomes))
        if self.like is not None and self.like.around is not None:
            return rebased(self.like.around, self.outcomes, steps)
        return surroundings(run, self.site, self.opened.scenes, self.outcomes, steps)
