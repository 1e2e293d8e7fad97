"""One rehearsal's record held against what was really there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.assessment.record import Finding, Report

Truth = dict[str, Any]
#: A finding that starts more days after the event could first be seen is late.
LATE_DAYS = 30
#: An event's traces may be looked at a little after its end.
_GRACE = timedelta(days=20)
_HIDDEN = 0.3


@dataclass(frozen=True)
class Event:
    """One scripted event.

    Attributes
    ----------
    zone, expected
        Where, and the indicators that should speak.
    start, end
        UTC; the end of the period where it lasts.
    visible
        First look on which it was above a floor and not hidden; None if on none.
    notification
        Its number; None where nobody was told.
    happens
        False where it was announced only.
    """

    id: str
    zone: str
    expected: tuple[str, ...]
    start: datetime
    end: datetime
    visible: datetime | None
    notification: str | None
    happens: bool

    def meets(self, finding: Finding) -> bool:
        """Whether a finding in the event's zone lies in its time."""
        last = finding.end[0] if finding.end else datetime.max.replace(tzinfo=UTC)
        return (
            self.happens
            and finding.zone == self.zone
            and finding.onset[1] <= self.end + _GRACE
            and last >= self.start
        )

    def explains(self, finding: Finding) -> bool:
        """Whether it meets the finding, of an indicator that should speak of it."""
        return self.meets(finding) and finding.indicator in self.expected


def scored(report: Report, truth: Truth) -> dict[str, Any]:
    """Return a rehearsal's score.

    Parameters
    ----------
    report
        Record of the rehearsed site at the end of the period.
    truth
        Content of ``truth.json``.

    Returns
    -------
    Per event found, missed or late; findings by kind; notification matches; likelihoods of
    findings, and of injected changes.
    """
    events, told = events_of(truth), report.likelihood_reliability
    years = (_day(truth["period"]["end"]) - _day(truth["period"]["baseline_end"])).days / 365.25
    zones = len(report.site.zones) if report.site else 0
    return {
        "site": truth["site"],
        "scenario": truth["scenario"]["id"],
        "seed": truth["scenario"]["seed"],
        "zone_years": zones * years,
        "events": [_event(event, report.findings) for event in events if event.happens],
        "findings": [_finding(finding, events) for finding in report.findings],
        "notifications": _notifications(report, events),
        "injected": [row.model_dump() for row in told.rows] if told else [],
    }


def events_of(truth: Truth) -> list[Event]:
    """Return the scripted events, in the order of the script."""
    return [_parsed(entry, truth) for entry in truth["events"]]


def _parsed(entry: Mapping[str, Any], truth: Truth) -> Event:
    looks = {look["scene"]: look for look in truth["looks"]}
    seen = [
        datetime.fromisoformat(looks[shown["scene"]]["acquired"])
        for shown in entry["looks"]
        if _visible(shown, truth["floors"])
    ]
    end = entry["end"] or truth["period"]["end"]
    return Event(
        id=entry["id"],
        zone=entry["zone"],
        expected=tuple(entry["expected"]),
        start=_day(entry["onset"]),
        end=_day(end) + timedelta(days=1),
        visible=min(seen, default=None),
        notification=entry["notification"],
        happens=entry["happens"],
    )


def _visible(shown: Mapping[str, Any], floors: Mapping[str, float]) -> bool:
    if "radar_excess_db" in shown:
        return bool(abs(shown["radar_excess_db"]) >= floors["radar_excess_db"])
    return bool(
        shown["footprint_m2"] >= floors["area_m2"] and shown.get("hidden_fraction", 0) < _HIDDEN
    )


def _day(text: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(text).date(), time.min, tzinfo=UTC)


def _event(event: Event, findings: Sequence[Finding]) -> dict[str, Any]:
    own = [finding for finding in findings if event.explains(finding)]
    confirmed = [finding for finding in own if finding.confirmed]
    first = min((finding.onset[1] for finding in confirmed or own), default=None)
    lag = None if first is None or event.visible is None else (first - event.visible).days
    if confirmed:
        state = "late" if lag is not None and lag > LATE_DAYS else "found"
    elif event.visible is None:
        state = "below the floor"
    else:
        state = "tentative" if own else "missed"
    return {
        "event": event.id,
        "zone": event.zone,
        "state": state,
        "days_after_visible": lag,
        "indicators": sorted({finding.indicator for finding in confirmed}),
        "expected": list(event.expected),
    }


def _finding(finding: Finding, events: Sequence[Event]) -> dict[str, Any]:
    own = [event for event in events if event.explains(finding)]
    beside = [event for event in events if event.meets(finding)]
    return {
        "zone": finding.zone,
        "indicator": finding.indicator,
        "confirmed": finding.confirmed,
        "onset": f"{finding.onset[1]:%Y-%m-%d}",
        # An event that was not expected to show in this indicator may show in it.
        "truth": "event" if own else "other-indicator" if beside else "false",
        "p": finding.likelihood.p,
        "calibrated": all(
            part.ok
            for part in (
                finding.calibrated.false_alarms, finding.calibrated.detection,
                finding.calibrated.event,
            )
        ),
        "matched": _matched(finding, own or beside),
    }  # fmt: skip


def _matched(finding: Finding, events: Sequence[Event]) -> bool | None:
    """Whether the finding's relation to notifications is right; None for false findings."""
    if not events:
        return None
    told = {event.notification for event in events if event.notification}
    if told:
        return finding.notification.notification in told
    return finding.notification.relation == "no-matching-notification"


def _notifications(report: Report, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return for each notification whether the report says rightly that it was seen."""
    said = {item.notification: item.relation for item in report.notified_activity}
    right = {True: ("consistent", "exceeds"), False: ("not-seen", "could-not-have-been-seen")}
    by_number: dict[str, bool] = defaultdict(bool)
    for event in events:
        if event.notification:
            by_number[event.notification] |= event.happens and event.visible is not None
    return [
        {
            "notification": number,
            "happened": happened,
            "said": said.get(number, "nothing"),
            "right": said.get(number) in right[happened],
        }
        for number, happened in sorted(by_number.items())
    ]
