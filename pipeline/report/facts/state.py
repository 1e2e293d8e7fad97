"""What state a record is in: the one sentence, the stamps, the order of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report import formatting as f
from pipeline.report.facts.model import Stamp

if TYPE_CHECKING:
    from pipeline.assessment.record import Assessment, Finding, Report, Threshold
    from pipeline.report.words import Words

OBSERVED = frozenset({"change", "no-change", "at-threshold"})
# What a reader should meet first; resolved matters come last.
URGENCY = (
    "persistent", "disputed", "tentative", "open", "notified", "explained", "ended",
    "superseded", "withdrawn",
)  # fmt: skip


def ordered(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return findings by urgency of their headline, newest onset first, then id."""
    return tuple(
        sorted(
            findings,
            key=lambda item: (
                URGENCY.index(item.headline), -f.utc(item.onset[1]).timestamp(), item.id,
            ),
        )
    )  # fmt: skip


def usable(report: Report) -> tuple[Assessment, ...]:
    """Return the assessments of the period in which the zone was observed."""
    return tuple(a for a in report.assessments if a.phase == "monitoring" and a.outcome in OBSERVED)


def unseen_zones(report: Report) -> tuple[str, ...]:
    """Return the declared zones that no look of the period observed."""
    seen = {item.zone for item in usable(report)}
    return tuple(sorted(set(report.site.zones if report.site else ()) - seen))


def state_code(report: Report) -> str:
    """Return the state of the whole record as a message code.

    It is read from the looks themselves, so that "nothing crossed" can never be said
    where nothing was seen, whatever code the record carries.
    """
    if report.status == "failed":
        return "failed"
    if report.kind == "compare" and not report.regions:
        return "pair-empty" if report.summary.looks_usable else "pair-unseen"
    if report.kind == "compare":
        return "pair-changed"
    if report.findings:
        ended = all(item.headline == "ended" for item in report.findings)
        return "ended-only" if ended else "findings"
    if usable(report):
        return "quiet"
    return "not-observed" if report.summary.looks_found else "no-scenes"


def sentence(report: Report, words: Words) -> str:
    """Return the one sentence on the state, what leads it, and which zones were not seen."""
    code = state_code(report)
    said = words(f"sentence.{code}", **_fields(report, words))
    unseen = unseen_zones(report)
    undecided = sum(a.outcome == "at-threshold" for a in usable(report))
    if code == "quiet" and undecided:
        said = (
            f"{said} {words('sentence.undecided', judgements=words.count('judgements', undecided))}"
        )
    if code in {"quiet", "findings", "ended-only"} and unseen:
        said = f"{said} {words('sentence.unseen', zones=words.listed(unseen))}"
    return said


def _fields(report: Report, words: Words) -> dict[str, str]:
    lead = ordered(report.findings)[:1]
    period = report.period
    return {
        "site": (report.site.name or report.site.id) if report.site else "",
        "as_of": words.style.minute(report.as_of) if report.as_of else words("none.unknown"),
        "start": words.style.day(period.start) if period else words("none.unknown"),
        "end": words.style.day(period.end) if period else words("none.unknown"),
        "looks": words.count("usable", report.summary.looks_usable),
        "found": words.count("looks", report.summary.looks_found),
        "findings": words.count("findings", len(report.findings)),
        "regions": words.count("regions", len(report.regions)),
        "area": words.style.hectares(sum(region.area_m2 for region in report.regions)),
        "lead": finding_sentence(lead[0], words) if lead else "",
        "counts": headline_counts(report, words),
        "failures": words.count("failures", len(report.failures)),
    }


def headline_counts(report: Report, words: Words) -> str:
    """Return how many findings there are of each headline, most urgent first."""
    found: dict[str, int] = {}
    for item in ordered(report.findings):
        found[item.headline] = found.get(item.headline, 0) + 1
    named = (
        words("headline.counted", n=n, word=words(f"headline.{word}").lower())
        for word, n in found.items()
    )
    return words.listed(tuple(named))


def finding_sentence(finding: Finding, words: Words) -> str:
    """Return where, what, how far and between which looks, without any probability."""
    ended = finding.end is not None
    return words(
        "finding.ended-sentence" if ended else "finding.sentence",
        indicator=finding.indicator,
        zone=finding.zone,
        value=words.style.quantity(finding.peak, finding.unit, finding.peak_interval),
        threshold=threshold_text(finding.threshold, words),
        start=words.style.day(finding.onset[0]),
        stop=words.style.day(finding.onset[1]),
        end=f"{words.style.day(finding.end[0])} – {words.style.day(finding.end[1])}"
        if finding.end
        else "",
    )


def threshold_text(threshold: Threshold, words: Words) -> str:
    """Return the agreed threshold with its comparator and kind."""
    return words(f"threshold.{threshold.kind}", value=threshold_short(threshold, words))


def threshold_short(threshold: Threshold, words: Words) -> str:
    """Return the agreed threshold for a table cell."""
    unit = "percent" if threshold.kind == "relative" else threshold.unit
    return (
        f"{f.comparison(threshold.comparator)}{f.THIN}{words.style.agreed(threshold.value, unit)}"
    )


def uncalibrated(report: Report) -> tuple[str, ...]:
    """Return which parts that a number rests on are not calibrated.

    Of the findings; without one, ("unknown",) where no quiet look was counted either.
    """
    parts: dict[str, None] = {}
    for finding in report.findings:
        for name in ("false_alarms", "detection"):
            if not getattr(finding.calibrated, name).ok:
                parts[name] = None
    if not report.findings and not report.quiet_rates:
        return ("unknown",)
    return tuple(parts)


def stamps(report: Report, words: Words) -> tuple[Stamp, ...]:
    """Return the stamps of this record, most severe first."""
    codes = []
    if report.status == "failed":
        codes.append("failed")
    if report.kind == "compare":
        codes.append("evaluation")
    elif report.standing == "rehearsal":
        codes.append("rehearsal")
    elif report.agreement is None or not report.agreement.signed:
        codes.append("unsigned")
    drifted = report.baseline_drift.count if report.baseline_drift else 0
    if drifted:
        codes.append("drift")
    if report.kind == "monitor" and uncalibrated(report):
        codes.append("not-calibrated")
    told = words.count("differences", drifted)
    return tuple(
        Stamp(c, words(f"stamp.{c}"), words(f"stamp.{c}.why", differences=told)) for c in codes
    )
