"""The desk's memory: one site, its tracks and judgements, built in the background."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from pipeline.desk.judging import Bench, TrackBench
from pipeline.desk.layers import Gallery
from pipeline.desk.opening import chosen_site, open_site
from pipeline.desk.scores import ScoreMaps, main_features, scored_track
from pipeline.desk.warm import warm_pixels
from pipeline.desk.whatif import WhatIf
from pipeline.errors import FairWitnessError, UsageError, printable
from pipeline.progress import silent
from pipeline.workflows.monitor import calibrating
from pipeline.workflows.monitor.tracks import track_outcomes
from pipeline.workflows.planning import in_force

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from pipeline.assessment.record import (
        Assessment,
        Detectability,
        Finding,
        NotifiedActivity,
    )
    from pipeline.desk.opening import Opened
    from pipeline.progress import Show
    from pipeline.workflows.monitor.record import TrackOutcome
    from pipeline.workflows.planning import Run


class NotReady(Exception):  # noqa: N818 - says what the caller met
    """What was asked for is still being built, or could not be."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


@dataclass(frozen=True)
class Progress:
    """What the desk is doing."""

    phase: str = "starting"
    done: int = 0
    total: int = 0
    text: str = ""


@dataclass(frozen=True)
class DeskTrack:
    """One sensor and track as the desk shows it.

    Attributes
    ----------
    key
        Its name in addresses.
    outcome, gallery
        Its pixels over time, and its pictures.
    """

    key: str
    outcome: TrackOutcome
    gallery: Gallery

    @cached_property
    def looks(self) -> tuple[str, ...]:
        """A name for every look that an address can carry, in time order."""
        found: list[str] = []
        for moment in self.outcome.series.acquired:
            name = f"{moment:%Y%m%dT%H%M%SZ}"
            again = sum(item.split("-")[0] == name for item in found)
            found.append(f"{name}-{again}" if again else name)
        return tuple(found)


@dataclass
class Desk:
    """One site at a desk.

    Parameters
    ----------
    run
        Settings and agreement, with one site chosen.
    sites
        Ids of all sites of the agreement.
    show
        Called as loading goes on, beside `progress`.

    Attributes
    ----------
    tracks
        By key; complete once `pictures` is true.
    assessments, findings, detectability, notified
        Of the product, or, without one, of the agreed rules in memory; once `ready`.
    notifications
        On file at the end of the period.
    """

    run: Run
    sites: tuple[str, ...]
    show: Show = silent
    progress: Progress = field(default_factory=Progress, init=False)
    tracks: dict[str, DeskTrack] = field(default_factory=dict, init=False)
    assessments: tuple[Assessment, ...] = field(default=(), init=False)
    findings: tuple[Finding, ...] = field(default=(), init=False)
    detectability: tuple[Detectability, ...] = field(default=(), init=False)
    notified: tuple[NotifiedActivity, ...] = field(default=(), init=False)
    notifications: tuple[Any, ...] = field(default=(), init=False)
    _whatif: WhatIf | None = field(default=None, init=False)
    _opened: Opened | None = field(default=None, init=False)
    _alarms: dict[tuple[str, datetime], list[dict[str, str]]] = field(
        default_factory=dict, init=False
    )
    _others: dict[str, Desk] = field(default_factory=dict, init=False)
    _failure: FairWitnessError | Exception | None = field(default=None, init=False)
    _pictures: Event = field(default_factory=Event, init=False)
    _ended: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    @property
    def opened(self) -> Opened:
        """What the desk was opened on; NotReady until it is known."""
        if self._opened is None:
            raise self.unready()
        return self._opened

    def unready(self) -> NotReady:
        """Return why something is not there yet."""
        if self._failure is not None:
            code = getattr(self._failure, "code", "FW999")
            return NotReady(code, _told(self._failure))
        now = self.progress
        return NotReady("loading", f"{now.phase} {now.text}".strip())

    def of_site(self, site: str) -> Desk:
        """Return the desk of another site of the same agreement, loading; KeyError: no such."""
        if site in {"", self.run.sites[0].id}:
            return self
        with self._lock:
            if site not in self._others:
                if site not in self.sites:
                    raise KeyError(site)
                run = replace(self.run, sites=(self.run.agreement.site(site),))
                self._others[site] = Desk(run, self.sites, self.show)
        other = self._others[site]
        other.start()
        return other

    def start(self) -> None:
        """Begin loading in the background; once."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._load, name="desk", daemon=True)
                self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until loading has ended, well or badly, and return whether it is ready."""
        self._ended.wait(seconds)
        return self.ready

    @property
    def ready(self) -> bool:
        """Whether everything is at hand."""
        return self._ended.is_set() and self._failure is None

    @property
    def failure(self) -> Exception | None:
        """Why loading ended badly; None where it did not."""
        return self._failure

    @property
    def pictures(self) -> bool:
        """Whether tiles can be drawn."""
        return self._pictures.is_set()

    def track(self, key: str) -> DeskTrack:
        """Return a track; KeyError where there is none, NotReady while loading."""
        if not self._pictures.is_set():
            raise self.unready()
        return self.tracks[key]

    @property
    def whatif(self) -> WhatIf:
        """What judges by other rules; NotReady until all is loaded."""
        if not self.ready:
            raise self.unready()
        if self._whatif is None:
            raise UsageError("there is no look to judge", site=self.run.sites[0].id)
        return self._whatif

    def alarms(self, key: str, acquired: datetime) -> list[dict[str, str]]:
        """Return the zones and indicators that alarmed on a look of a track."""
        return self._alarms.get((key, acquired), [])

    def _tell(self, event: str, *, done: int = 0, total: int = 0, text: str = "") -> None:
        self.progress = Progress(event, done, total, text)
        self.show(event, done=done, total=total, text=text)

    def _load(self) -> None:
        try:
            self._build()
            self._tell("ready", done=1, total=1)
            self._ended.set()
            self._score_ahead()
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must be able to say it
            self._failure = error
            self.progress = Progress("failed", text=_told(error))
        finally:
            self._ended.set()

    def _score_ahead(self) -> None:
        """Score what nobody has looked at yet, so that later tiles are warm."""
        with suppress(OSError):  # a full disk is told to who asks for the tile
            for track in self.tracks.values():
                if track.gallery.scores is not None:
                    track.gallery.scores.make_all()

    def _build(self) -> None:
        opened = open_site(self.run, self._tell)
        self._opened = opened
        self._tell("stacks", text="measuring shifts and reading pixels")
        outcomes = track_outcomes(opened.run, opened.site, opened.admitted)
        state = opened.run.settings.output / ".state" / "desk" / opened.site.id
        for outcome in outcomes:
            track = self._desk_track(outcome, opened, state)
            self.tracks[track.key] = track
        self._pictures.set()
        if opened.scenes.as_of is not None:
            self._judge(opened, opened.scenes.as_of)

    def _judge(self, opened: Opened, as_of: datetime) -> None:
        """Judge the site by the agreed rules, and take what a product says where there is one."""
        self._tell("judging", text="holding every look against the agreed rules")
        site, run = opened.site, opened.run
        benches = tuple(TrackBench(track.outcome, site) for track in self.tracks.values())
        whatif = WhatIf(opened, Bench(opened, benches))
        judged = whatif.agreed()
        self.notifications = in_force(run.notifications, site.id, as_of)
        report = opened.report
        if report is None:
            self._tell("detectability", text="putting changes into the newest look")
            outcomes = tuple(track.outcome for track in self.tracks.values())
            known = calibrating.calibrated(run, site, outcomes, judged.rarities, judged.assessments)
            judged = whatif.agreed(calibration=known)
            self.detectability = tuple(calibrating.detectability_lines(known, outcomes))
            self.assessments, self.findings = judged.assessments, judged.findings
        else:
            self.assessments, self.findings = report.assessments, report.findings
            self.detectability, self.notified = report.detectability, report.notified_activity
        self._note_alarms()
        self._whatif = whatif

    def _note_alarms(self) -> None:
        keys = {
            (track.outcome.series.sensor, track.outcome.series.track): key
            for key, track in self.tracks.items()
        }
        for look in self.assessments:
            key = keys.get((look.sensor, look.track))
            if key is not None and look.outcome == "change" and look.phase == "monitoring":
                alarm = {"zone": look.zone, "indicator": look.indicator}
                self._alarms.setdefault((key, look.acquired), []).append(alarm)

    def _desk_track(self, outcome: TrackOutcome, opened: Opened, state: Path) -> DeskTrack:
        pixels = warm_pixels(outcome, opened.site.polygon, state, self._tell)
        self._tell("scores", text=outcome.series.sensor)
        scored = scored_track(outcome, opened.site)
        scores = None
        if scored is not None and scored.series.in_baseline.any():
            scores = ScoreMaps(scored, pixels, main_features(scored))
        gallery = Gallery(outcome, pixels, scores)
        self._tell("stretches", text=f"{outcome.series.sensor}: {len(gallery.layers)} layers")
        return DeskTrack(self._key(outcome), outcome, gallery)

    def _key(self, outcome: TrackOutcome) -> str:
        """Return a name of a track that an address can carry, unlike all others."""
        words = f"{outcome.series.sensor}_{outcome.series.track}"
        key = re.sub(r"[^A-Za-z0-9._-]+", "-", words) or "track"
        while key in self.tracks:
            key += "-x"
        return key


def _told(error: Exception) -> str:
    """Return an error in one line; of one that nobody foresaw also the kind, which says more."""
    known = isinstance(error, FairWitnessError)
    return printable(error if known else f"{type(error).__name__}: {error}")


def open_desk(
    settings: Path,
    *,
    site: str | None = None,
    as_of: str | None = None,
    out: Path | None = None,
    show: Callable[..., Any] = silent,
) -> Desk:
    """Return the desk of one site; nothing is loaded before `start`.

    Raises FairWitnessError in one line for settings, agreement or site that break a rule.
    """
    run = chosen_site(settings, site=site, as_of=as_of, out=out)
    return Desk(run, tuple(item.id for item in run.agreement.sites), show)
