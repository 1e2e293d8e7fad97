"""Findings as a reader meets them: facts, likelihood, confidence, explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report.facts.looks import track_label
from pipeline.report.facts.model import Fact, FindingView, HypothesisView, Table
from pipeline.report.facts.state import (
    finding_sentence,
    ordered,
    threshold_short,
    threshold_text,
)

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.assessment.record import (
        Assessment,
        Finding,
        Hypothesis,
        Likelihood,
        NotificationMatch,
        Report,
    )
    from pipeline.report.words import Words

PARTS = ("false_alarms", "detection", "event")
FITS = ("consistent", "unknown", "inconsistent")


def between(pair: tuple[datetime, datetime], timezone: str, words: Words) -> str:
    """Return an interval between two looks, in UTC and site-local time."""
    days = (pair[1] - pair[0]).total_seconds() / 86400
    return words(
        "time.between",
        start=moment(pair[0], timezone, words),
        end=moment(pair[1], timezone, words),
        days=words.style.number(days, 0 if days >= 2 else 1),
    )


def moment(when: datetime, timezone: str, words: Words) -> str:
    """Return UTC, with site-local time where it differs."""
    local = words.style.local_minute(when, timezone)
    if not local or timezone == "UTC":
        return words.style.minute(when)
    return words("time.local", utc=words.style.minute(when), local=local)


def quiet_count(p: float, sample: int) -> int:
    """Return how many of `sample` quiet looks were at least as extreme.

    The share counts the look itself, (k + 1) / (n + 1), so that it is never zero; a plain
    k / n is understood too. Each is recognised by giving a whole number.
    """
    ranked, plain = p * (sample + 1) - 1, p * sample
    near = max(1e-3, sample * 2e-6)  # shares are rounded to six digits
    return round(ranked) if ranked > -near and abs(ranked - round(ranked)) < near else round(plain)


def quiet_looks(assessment: Assessment | None, words: Words) -> str:
    """Return "this high on k of n quiet looks", or that it is not known."""
    if assessment is None or assessment.p is None or not assessment.p_sample:
        return words("none.quiet-looks")
    k = quiet_count(assessment.p, assessment.p_sample)
    return words(
        "finding.quiet" if k else "finding.quiet-none", k=k,
        looks=words.count("quiet", assessment.p_sample),
    )  # fmt: skip


def peak_assessment(finding: Finding, report: Report) -> Assessment | None:
    """Return the assessment of the finding that is farthest from its baseline."""
    ids = set(finding.assessments)
    mine = [a for a in report.assessments if a.id in ids and a.value is not None]
    if not mine:
        return None
    return min(mine, key=lambda a: (abs((a.value or 0.0) - finding.peak), a.acquired, a.id))


def notification_text(match: NotificationMatch, words: Words) -> str:
    """Return how a finding stands to declared activity, with the time of the file."""
    return words(
        f"notification.{match.relation}",
        notification=match.notification or "",
        fields=words.listed(tuple(words.code("field", name) for name in match.exceeds_in)),
        on_file=words.style.minute(match.on_file_as_of),
    )


def best(hypotheses: tuple[Hypothesis, ...], kind: str) -> Hypothesis | None:
    """Return the explanation of one kind that fits best, in the record's order."""
    mine = [item for item in hypotheses if item.kind == kind]
    return min(mine, key=lambda item: FITS.index(item.fit)) if mine else None


def hypothesis_view(item: Hypothesis, words: Words) -> HypothesisView:
    """Return an explanation as printed in the checklist."""
    return HypothesisView(
        kind=item.kind,
        kind_text=words(f"kind.{item.kind}"),
        text=words.code("hypothesis", item.code),
        fit=item.fit,
        fit_text=words(f"fit.{item.fit}"),
        measured=words.code("measured", item.measured) if item.measured else "",
    )


def proposition(finding: Finding, words: Words) -> str:
    """Return what is claimed of the finding, from its facts and not its prose."""
    return words(
        "proposition",
        indicator=finding.indicator,
        zone=finding.zone,
        threshold=threshold_text(finding.threshold, words),
        direction=words(f"direction.{finding.direction}"),
        start=words.style.minute(finding.onset[0]),
        end=words.style.minute(finding.onset[1]),
    )


def likelihood_sentences(finding: Finding, words: Words) -> tuple[str, ...]:
    """Return what is said of the proposition: a number, and a term only if calibrated."""
    item = finding.likelihood
    every = all(getattr(finding.calibrated, part).ok for part in ("false_alarms", "detection"))
    stated = dict.fromkeys((finding.proposition, item.proposition))
    said = [words("likelihood.proposition", proposition=proposition(finding, words))]
    said += [words("likelihood.stated", proposition=text) for text in stated]
    if item.p is None:
        said.append(words("likelihood.none"))
    else:
        interval = words("none.interval")
        places = probability_places(item.p)
        if item.p_interval:
            interval = words.style.span(*item.p_interval, places)
        key = "likelihood.number" if every else "likelihood.number-uncalibrated"
        said.append(words(key, p=words.style.number(item.p, places), interval=interval))
    if item.term and every:
        said.append(_term(item, words))
    else:
        said.append(words("likelihood.no-term"))
    return tuple(said)


def probability_places(p: float) -> int:
    """Return the decimals, two to five, with which a probability is not printed as 0 or 1."""
    return next((n for n in range(2, 5) if 0 < round(p, n) < 1), 5)


def _term(item: Likelihood, words: Words) -> str:
    term = words.code("term", item.term or "")
    return words("likelihood.term", term=term, scale=words.code("scale", item.term_scale or ""))


def calibration_table(finding: Finding, words: Words) -> Table:
    """Return the three parts of `calibrated`, with sample size, date and reason."""
    rows = []
    for part in PARTS:
        item = getattr(finding.calibrated, part)
        ratio = (
            words.style.quantity(item.ratio, "", item.ratio_interval)
            if item.ratio is not None
            else "–"
        )
        rows.append(
            (
                words(f"calibration.{part}"), words("yes" if item.ok else "no"),
                str(item.sample_size), words.style.day(item.as_of) if item.as_of else "–", ratio,
                words.code("reason", item.reason) if item.reason else "–",
            )
        )  # fmt: skip
    heads = tuple(words(f"head.{h}") for h in ("part", "calibrated", "n", "as-of", "ratio", "why"))
    return Table(heads, tuple(rows), numeric=(2,))


def prior(name: str) -> float:
    """Return a prior by its name ("0.05"), or 2 for a name that is no number."""
    try:
        return float(name)
    except ValueError:
        return 2.0


def posterior_table(finding: Finding, words: Words) -> Table | None:
    """Return what different priors would make of the evidence, or None."""
    if not finding.likelihood.posteriors:
        return None
    rows = sorted(finding.likelihood.posteriors.items(), key=lambda item: (prior(item[0]), item[0]))
    heads = (words("head.prior"), words("head.posterior"))
    told = ((prior_text(name, words), probability(value, words)) for name, value in rows)
    return Table(heads, tuple(told))


def prior_text(name: str, words: Words) -> str:
    """Return a prior in the reader's digits, or as it stands where it is no number."""
    known = prior(name)
    return words.style.plain(known) if known <= 1 else name


def probability(p: float, words: Words) -> str:
    """Return a probability with the decimals it needs."""
    return words.style.number(p, probability_places(p))


def finding_facts(finding: Finding, report: Report, words: Words) -> tuple[Fact, ...]:
    """Return value, threshold, time, persistence, sensors and notification of a finding."""
    zone = report.site.timezone if report.site else "UTC"
    peak = peak_assessment(finding, report)
    lines = [
        ("value", words.style.quantity(finding.peak, finding.unit, finding.peak_interval),
         words(f"direction.{finding.direction}")),
        ("threshold", threshold_text(finding.threshold, words), ""),
        ("onset", between(finding.onset, zone, words), ""),
        ("end", between(finding.end, zone, words) if finding.end else words("none.not-ended"), ""),
        ("quiet", quiet_looks(peak, words), words("finding.quiet.why")),
        ("persistence", words("finding.looks", over=finding.looks_over,
                              observed=words.count("observed", finding.looks_observed)),
         words("evidence.ended-confirmed" if finding.confirmed
               and finding.evidence_state == "ended"
               else f"evidence.{finding.evidence_state}")),
        ("sensors", sensors_text(finding, words), ""),
        ("joint", words(f"joint.{finding.joint_state}"),
         words(f"disposition.{finding.disposition}")),
        ("notification", notification_text(finding.notification, words),
         words.code("note", finding.notification.note) if finding.notification.note else ""),
    ]  # fmt: skip
    lines[1:1] = treaty_lines(finding.indicator, report, words)
    return tuple(Fact(words(f"label.{key}"), text, note, key) for key, text, note in lines)


def treaty_lines(indicator: str, report: Report, words: Words) -> list[tuple[str, str, str]]:
    """Return the agreed quantity that an indicator stands for; none where no record says."""
    for item in report.method.get("indicators", ()):
        if item.get("id") == indicator and item.get("treaty_quantity"):
            how = item["observability"]
            told = words(f"treaty.{how}", quantity=item["treaty_quantity"])
            signed = "relation" if item.get("proxy_relation") else "no-relation"
            return [("treaty", told, words(f"treaty.{signed}") if how == "proxy" else "")]
    return []


def sensors_text(finding: Finding, words: Words) -> str:
    """Return which sensors agree, or that one stands alone."""
    names = words.listed(tuple(words.code("sensor", name) for name in finding.sensors))
    return words("sensors.one" if len(finding.sensors) == 1 else "sensors.many", sensors=names)


def would_change(finding: Finding, words: Words) -> str:
    """Return the next look and what it would show."""
    item = finding.would_change_our_mind
    return words(
        "would-change",
        next=words.style.day(item.next_look) if item.next_look else words("none.next-look"),
        sensor=track_label(item.sensor, words) if item.sensor else words("none.sensor"),
        show=words.code("would-show", item.would_show) if item.would_show else words("none.said"),
    )


def finding_view(position: int, finding: Finding, report: Report, words: Words) -> FindingView:
    """Return one finding ready to print; `position` counts from one."""
    confidence = finding.analytic_confidence
    return FindingView(
        anchor=f"finding-{position}",
        id=finding.id,
        zone=finding.zone,
        indicator=finding.indicator,
        headline=finding.headline,
        headline_text=words(f"headline.{finding.headline}"),
        sentence=finding_sentence(finding, words),
        facts=finding_facts(finding, report, words),
        likelihood=likelihood_sentences(finding, words),
        confidence=words(
            "confidence",
            level=words(f"confidence.{confidence.level}"),
            basis=words.listed(tuple(words.code("basis", item) for item in confidence.basis)),
        ),
        calibration=calibration_table(finding, words),
        posteriors=posterior_table(finding, words),
        hypotheses=tuple(hypothesis_view(item, words) for item in finding.hypotheses),
        would_change=would_change(finding, words),
        limits=tuple(words.code("limit", item) for item in finding.limits),
        dissent=finding.dissent,
        assessments=finding.assessments,
        sensors=finding.sensors,
    )


def finding_views(report: Report, words: Words) -> tuple[FindingView, ...]:
    """Return all findings, most urgent first."""
    found = enumerate(ordered(report.findings), start=1)
    return tuple(finding_view(position, item, report, words) for position, item in found)


def overview(report: Report, words: Words) -> Table:
    """Return one line a finding for page one."""
    rows = tuple(
        (
            f"{position}", words(f"headline.{item.headline}"), item.zone, item.indicator,
            words.style.quantity(item.peak, item.unit, item.peak_interval),
            threshold_short(item.threshold, words),
            f"{words.style.day(item.onset[0])} – {words.style.day(item.onset[1])}",
            words("finding.of", k=item.looks_over, n=item.looks_observed),
            words(f"notification.short.{item.notification.relation}"),
        )
        for position, item in enumerate(ordered(report.findings), start=1)
    )  # fmt: skip
    heads = ("number", "state", "zone", "indicator", "value", "threshold", "onset", "looks-over",
             "notification")  # fmt: skip
    links = tuple(f"finding-{position}" for position in range(1, len(rows) + 1))
    return Table(tuple(words(f"head.{h}") for h in heads), rows, status=1, links=links)
