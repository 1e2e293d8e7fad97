"""What other rules would have found: judged in memory, stamped, and never written anywhere."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from odc.geo.geobox import GeoBox

from pipeline.assessment.indicators import TrackAssessor
from pipeline.assessment.nuisances import HEAVY_HAZE, hazy_looks
from pipeline.desk.growing import regrown
from pipeline.desk.judging import Bench, Judged, TrackBench
from pipeline.desk.proposal import Proposal, proposal_yaml, proposed_run
from pipeline.errors import UsageError
from pipeline.imagery.grid import pixel_metres
from pipeline.workflows.monitor.masks import agreed_dilation
from pipeline.workflows.monitor.tracks import baseline_mask
from pipeline.workflows.planning import baseline_of, start_of_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from pipeline.assessment.record import Finding
    from pipeline.desk.opening import Opened
    from pipeline.workflows.monitor.record import TrackOutcome
    from pipeline.workflows.planning import Run

STAMP = "exploratory, not the agreed rules"
KEPT_BENCHES = 4


@dataclass
class WhatIf:
    """Judges one site by proposed rules.

    Attributes
    ----------
    opened
        The site.
    bench
        Its tracks as agreed, with what was judged on them.
    """

    opened: Opened
    bench: Bench
    _benches: OrderedDict[Any, Bench] = field(default_factory=OrderedDict, init=False, repr=False)
    _series: OrderedDict[Any, Any] = field(default_factory=OrderedDict, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @property
    def as_of(self) -> datetime:
        """End of the agreed period; UsageError where there is no look at all."""
        if self.opened.scenes.as_of is None:
            raise UsageError("there is no look to judge", site=self.opened.site.id)
        return self.opened.scenes.as_of

    def agreed(self, **options: Any) -> Judged:
        """Return what the agreed rules come to in memory."""
        with self._lock:
            return self.bench.judged(self.opened.run, as_of=self.as_of, **options)

    def answer(self, asked: Proposal, agreed: Sequence[Finding]) -> dict[str, Any]:
        """Return the findings of proposed rules, held against the agreed ones.

        Raises UsageError for rules no agreement could have.
        """
        start = time.perf_counter()
        run, site = self.opened.run, self.opened.site
        proposed = proposed_run(run, site, asked, self._mask_pixels())
        as_of = min(asked.period_end or self.as_of, self.as_of)
        with self._lock:
            judged = self._bench(proposed).judged(proposed, as_of=as_of)
        findings = [_told(item) for item in compared(judged.findings, agreed)]
        begin = start_of_day(baseline_of(proposed, site).end)
        years = max(0.0, (as_of - begin).days / 365.25)
        allowance = run.agreement.false_alarm_allowance.alarms_per_site_year
        return {
            "exploratory": True,
            "stamp": STAMP,
            "findings": findings,
            "agreed_findings": len(agreed),
            "alarms_used": sum(item.confirmed for item in judged.findings),
            "alarms_allowed": allowance * years,
            "as_of": as_of,
            "looks": _alarms(judged),
            "seconds": time.perf_counter() - start,
            "proposal_yaml": proposal_yaml(run, proposed, STAMP),
        }

    def _mask_pixels(self) -> dict[str, float]:
        """Return sensor to the edge of a pixel of its cloud mask, metres."""
        found: dict[str, float] = {}
        for track in self.bench.outcomes:
            asset = track.plan.sensor.mask.asset
            for look in track.plan.looks:
                held = [t.chips[asset] for t in look.look.tiles if asset and asset in t.chips]
                if held and track.series.sensor not in found:
                    chip = track.chips.open(held[0])
                    grid = GeoBox(chip.values.shape[1:], chip.transform, chip.crs)
                    found[track.series.sensor] = pixel_metres(grid)
        return found

    def _bench(self, proposed: Run) -> Bench:
        """Return the tracks as proposed rules ask for them: their masks, their quiet history."""
        site = self.opened.site
        wanted = tuple(self._wanted(proposed, track) for track in self.bench.outcomes)
        own = tuple(self._wanted(self.opened.run, track) for track in self.bench.outcomes)
        if wanted == own:
            return self.bench
        if wanted not in self._benches:
            baseline = baseline_of(proposed, site)
            benches = tuple(
                bench if want == has else self._track_bench(bench, want, baseline)
                for bench, want, has in zip(self.bench.benches, wanted, own, strict=True)
            )
            same_masks = all(want[0] == has[0] for want, has in zip(wanted, own, strict=True))
            self._benches[wanted] = Bench(self.opened, benches, self.bench if same_masks else None)
            while len(self._benches) > KEPT_BENCHES:
                self._benches.popitem(last=False)
        self._benches.move_to_end(wanted)
        return self._benches[wanted]

    def _wanted(self, run: Run, track: TrackOutcome) -> tuple[Any, ...]:
        """Return the growth of masks and the quiet looks that rules ask of a track."""
        scenes = [tile for look in track.plan.looks for tile in look.look.tiles]
        grown = agreed_dilation(run, self.opened.site, track.plan.sensor, scenes, track.chips)  # type: ignore[arg-type]
        quiet = baseline_mask(track.series.acquired, baseline_of(run, self.opened.site))
        return (tuple(grown), quiet.tobytes())

    def _track_bench(self, bench: TrackBench, want: tuple[Any, ...], baseline: Any) -> TrackBench:
        return TrackBench(self._outcome(bench.outcome, want, baseline), self.opened.site)

    def _outcome(self, track: TrackOutcome, want: tuple[Any, ...], baseline: Any) -> TrackOutcome:
        """Return a track under other masks or another baseline; shifts stay as measured."""
        grown, plan, series = want[0], track.plan, track.series
        if tuple(plan.options.dilation_m) != grown:
            plan = replace(plan, options=replace(plan.options, dilation_m=grown))
            key = (series.sensor, series.track, grown)
            if key not in self._series:
                self._series[key] = regrown(track, plan, self.opened.site)
                while len(self._series) > KEPT_BENCHES:
                    self._series.popitem(last=False)
            series = self._series[key]
        series = replace(series, in_baseline=baseline_mask(series.acquired, baseline))
        aside = {**track.series.set_aside, "haze": hazy_looks(series, HEAVY_HAZE)}
        series = replace(series, set_aside=aside)
        assessor = TrackAssessor(series)
        if series.codes is track.series.codes:  # no baseline has a part in what masks always hide
            assessor.never_seen = track.assessor.never_seen
        return replace(track, series=series, assessor=assessor, plan=plan, variants={})


def _alarms(judged: Judged) -> dict[str, int]:
    """Return how many looks of the period came to each outcome."""
    counts: dict[str, int] = {}
    for look in judged.assessments:
        if look.phase == "monitoring":
            counts[look.outcome] = counts.get(look.outcome, 0) + 1
    return counts


@dataclass(frozen=True)
class Compared:
    """A finding of proposed rules, or an agreed one that they lose, and which it is."""

    finding: Finding
    change: str
    agreed: str | None


def compared(found: Iterable[Finding], agreed: Sequence[Finding]) -> list[Compared]:
    """Pair findings with agreed ones of the same zone, indicator, side and time.

    ``same``: onset, end and states are those of the agreed one; ``changed``: they differ;
    ``new``: there is no such agreed finding; ``gone``: an agreed one has no counterpart.
    """
    left = list(agreed)
    out: list[Compared] = []
    for item in found:
        match = next((other for other in left if _belongs(item, other)), None)
        if match is None:
            out.append(Compared(item, "new", None))
            continue
        left.remove(match)
        word = "same" if _state(item) == _state(match) else "changed"
        out.append(Compared(item, word, match.id))
    return out + [Compared(item, "gone", item.id) for item in left]


def _state(item: Finding) -> tuple[Any, ...]:
    return (item.id, item.evidence_state, item.headline, item.onset, item.end, item.confirmed)


def _belongs(one: Finding, other: Finding) -> bool:
    """Return whether two findings are of the same place and kind and share a time."""
    same = (one.zone, one.indicator, one.direction) == (
        other.zone,
        other.indicator,
        other.direction,
    )
    if not same:
        return False
    ends = [item.end[1] if item.end else None for item in (one, other)]
    starts = [item.onset[1] for item in (one, other)]
    return (ends[0] is None or starts[1] <= ends[0]) and (ends[1] is None or starts[0] <= ends[1])


def _told(item: Compared) -> dict[str, Any]:
    document: Mapping[str, Any] = item.finding.model_dump(mode="json", by_alias=True)
    return {**document, "change": item.change, "agreed": item.agreed}
