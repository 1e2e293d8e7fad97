"""The page as a whole: from a record and its digest to everything that is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report import formatting as f
from pipeline.report.facts import findings as found
from pipeline.report.facts import looks, sources
from pipeline.report.facts.model import Fact, Page, Table, ZoneView
from pipeline.report.facts.reliability import (
    foretold_table,
    foretold_text,
    rates,
    reliability_table,
)
from pipeline.report.facts.rhythm import kept_rhythm, rhythm_table
from pipeline.report.facts.series import charts
from pipeline.report.facts.state import OBSERVED, ordered, sentence, stamps

if TYPE_CHECKING:
    from pipeline.assessment.record import Finding, Report
    from pipeline.report.reviewing import Review
    from pipeline.report.words import Words


FIRST_REGIONS = 20  # in sight; the rest is folded away


def fact(words: Words, key: str, text: str, note: str = "") -> Fact:
    """Return a labelled line."""
    return Fact(words(f"label.{key}"), text, note, key)


def identity(report: Report, words: Words) -> tuple[Fact, ...]:
    """Return which site, agreement and period this is about."""
    lines = []
    if report.site:
        site = report.site
        lines.append(
            fact(
                words,
                "site",
                site.name or site.id,
                site.id if site.name.casefold() not in {"", site.id.casefold()} else "",
            )
        )
        lines.append(fact(words, "declared-by", site.declared_by or words("none.unknown")))
        area = words.style.with_unit(words.style.number(site.area_km2), "km2")
        lines.append(fact(words, "area", area, words.count("zones", len(site.zones))))
    if report.agreement:
        lines.append(fact(words, "agreement", report.agreement.title or report.agreement.id,
                          report.agreement.id if report.agreement.title else ""))  # fmt: skip
    else:
        lines.append(fact(words, "agreement", words("none.agreement")))
    lines.append(fact(words, "standing", words(f"standing.{report.standing}")))
    if report.period and report.kind == "monitor":
        start, end = map(words.style.minute, (report.period.start, report.period.end))
        told = words("period.told", start=start, end=end)
        lines.append(fact(words, "period", told, _baseline_text(report, words)))
    if report.as_of:
        zone = report.site.timezone if report.site else "UTC"
        lines.append(fact(words, "as-of", found.moment(report.as_of, zone, words)))
    return tuple(lines)


def _baseline_text(report: Report, words: Words) -> str:
    period = report.period
    if period is None or period.baseline_start is None or period.baseline_end is None:
        return ""
    return words(
        "period.baseline",
        start=words.style.day(period.baseline_start),
        end=words.style.day(period.baseline_end),
    )


def leading(report: Report, words: Words) -> tuple[Fact, ...]:
    """Return what page one says of the most urgent finding, or of its absence."""
    if report.kind == "compare":
        return _pair_facts(report, words)
    if not report.findings:
        text = without_finding(report, words)
        return (fact(words, "finding", text), *_match_without_finding(report, words))
    lead = ordered(report.findings)[0]
    keep = {"value", "treaty", "threshold", "onset", "quiet", "sensors", "notification"}
    facts = found.finding_facts(lead, report, words)
    return tuple(item for item in facts if item.code in keep) + _explanations(lead, words)


def without_finding(report: Report, words: Words) -> str:
    """Return what the absence of findings means here."""
    if report.status == "failed":
        return words("none.failed")
    return words("none.findings-observed" if looks.observed_zones(report) else "none.seen")


def _pair_facts(report: Report, words: Words) -> tuple[Fact, ...]:
    area = words.style.hectares(sum(region.area_m2 for region in report.regions))
    lines = [("regions", words.count("regions", len(report.regions)), area)]
    if report.period:
        lines.append(("before", words.style.minute(report.period.start), ""))
        lines.append(("after", words.style.minute(report.period.end), ""))
    if report.regions:
        top = min(report.regions, key=lambda r: (-r.peak_score, r.id))
        text = words("region.strongest", number=top.id, area=words.style.hectares(top.area_m2),
                     peak=words.style.number(top.peak_score))  # fmt: skip
        lines.append(("strongest", text, ""))
    sensors = sorted({looks.track_name(i.sensor, i.track, words) for i in report.inputs})
    lines.append(("sensors", words.listed(tuple(sensors)) or words("none.unknown"), ""))
    return tuple(fact(words, *line) for line in lines)


def _explanations(lead: Finding, words: Words) -> tuple[Fact, ...]:
    lines = []
    for kind in ("benign", "artefact"):
        item = found.best(lead.hypotheses, kind)
        if item is None:
            lines.append(fact(words, kind, words("none.hypothesis")))
            continue
        view = found.hypothesis_view(item, words)
        note = words("explanation.note", fit=view.fit_text, measured=view.measured or "–")
        lines.append(fact(words, kind, view.text, note))
    return tuple(lines)


def _match_without_finding(report: Report, words: Words) -> tuple[Fact, ...]:
    relations = [words(f"notified.{item.relation}") for item in report.notified_activity]
    names = [item.notification for item in report.notified_activity]
    said = (words.told(n, r) for n, r in zip(names, relations, strict=True))
    text = words.listed(tuple(said))
    return (fact(words, "notification", text or words("empty.notified")),)


def look_facts(report: Report, words: Words) -> tuple[Fact, ...]:
    """Return looks, gaps, alarms, what silence is worth, and the next look."""
    s = report.summary
    allowed = (
        words("none.allowance")
        if s.alarms_allowed is None
        else words.style.number(s.alarms_allowed, 2)
    )
    told = "looks.unplanned" if s.looks_planned is None else "looks.of"
    gap = (
        "–"
        if s.longest_gap_days is None
        else words(
            "looks.gap",
            days=words.style.number(s.longest_gap_days, 0 if s.longest_gap_days >= 2 else 1),
        )
    )
    hours = words.listed(
        tuple(words.told(looks.track_label(k, words), v) for k, v in sorted(s.local_hours.items()))
    )
    nexts = words.listed(
        tuple(
            words.told(looks.track_label(k, words), words.style.day(v))
            for k, v in sorted(s.next_looks.items(), key=lambda item: (item[1], item[0]))
        )
    )
    smallest, where = looks.worst_zone(report, words)
    lines = [
        ("smallest", smallest, where),
        ("alarms", words("alarms.of", used=s.alarms_used, allowed=allowed), words("alarms.why")),
        ("looks", words(told, planned=s.looks_planned, found=s.looks_found, usable=s.looks_usable),
         ""),
        ("gap", gap, ""),
        ("hours", hours or words("none.unknown"), words("hours.why")),
        ("next", nexts or words("none.next-look"), words("next.why")),
        ("reply", *reply_text(report, words)),
    ]  # fmt: skip
    if report.kind == "compare":
        lines = [line for line in lines if line[0] == "smallest"]
    return tuple(fact(words, *line) for line in lines)


def reply_text(report: Report, words: Words) -> tuple[str, str]:
    """Return the other party's reply in its own words, and who sent it when."""
    reply = report.reply
    if reply is None:
        return words("none.reply"), ""
    received = words.style.minute(reply.received)
    return reply.text, words("reply.from", party=reply.party, received=received)


def earlier_text(report: Report, words: Words) -> str:
    """Return the earlier reports and messages this one follows, or that there are none."""
    told = (
        words(
            f"earlier.{item.relation}",
            reference=item.reference,
            spoken=f.spoken(item.sha256) if item.sha256 else "–",
        )
        for item in report.earlier
    )
    return words.listed(tuple(told)) or words("none.earlier")


def digests(report: Report, sha256: str, words: Words) -> tuple[Fact, ...]:
    """Return the digests that bind this page, in full and short enough to read aloud."""
    lines = [
        fact(words, "digest-record", sha256),
        fact(words, "digest-spoken", f.spoken(sha256), words("digest.spoken.why")),
    ]
    if report.agreement:
        lines.append(fact(words, "digest-agreement", report.agreement.sha256))
    if report.earlier:
        lines.append(fact(words, "earlier", earlier_text(report, words)))
    return tuple(lines)


def zone_views(report: Report, words: Words) -> tuple[ZoneView, ...]:
    """Return the state of each declared zone as drawn on the map."""
    if report.site is None:
        return ()
    return tuple(_zone_view(*item, report, words) for item in sorted(report.site.zones.items()))


def _zone_view(zone: str, kind: str, report: Report, words: Words) -> ZoneView:
    state = zone_state(zone, report)
    numbers = [str(n) for n, x in enumerate(ordered(report.findings), 1) if x.zone == zone]
    kind_text = words.code("zone-kind", kind)
    named = words.listed(tuple(numbers[:3])) + (" …" if len(numbers) > 3 else "")
    return ZoneView(zone, kind_text, state, words(f"map.{state}"), named)


def zone_state(zone: str, report: Report) -> str:
    """Return how a zone stands: a live finding first, else its newest look."""
    live = {"persistent", "tentative", "disputed", "open"}
    mine = [item for item in report.findings if item.zone == zone]
    if any(item.headline in live for item in mine):
        return "change"
    if report.status == "failed":
        return "failed"
    period = [a for a in report.assessments if a.zone == zone and a.phase == "monitoring"]
    seen = [a for a in period if a.outcome in OBSERVED]
    if mine and seen:
        return "resolved"
    if not seen:
        outcomes = {a.outcome for a in period}
        only = outcomes.pop() if len(outcomes) == 1 else "not-observed"
        return only if only in {"failed", "not-observable"} else "not-observed"
    last = max(f.utc(a.acquired) for a in seen)
    newest = {a.outcome for a in seen if f.utc(a.acquired) == last}
    return next(o for o in ("change", "at-threshold", "no-change") if o in newest)


def handling(report: Report, words: Words) -> tuple[Fact, ...]:
    """Return who may see this, and for what."""
    h = report.handling
    return (
        fact(words, "tlp", h.tlp),
        fact(words, "audience", words.code("audience", h.audience)),
        fact(words, "permitted-use", h.permitted_use or words("none.said")),
    )


def title(report: Report, words: Words) -> str:
    """Return the title of the document."""
    if report.site:
        return report.site.name or report.site.id
    return words("title.compare")


def review_facts(review: Review | None, words: Words) -> tuple[Fact, ...]:
    """Return who has recomputed this record and how far they agree, where ledgers were asked."""
    if review is None:
        return ()
    said = words.listed(tuple(f"{party} {rung}" for party, rung in review.said))
    return (fact(words, "ledgers", said or words("joint.unreviewed"), words("ledgers.why")),)


def page_facts(report: Report, sha256: str, words: Words, review: Review | None = None) -> Page:
    """Return everything a page says.

    Parameters
    ----------
    report
        A record whose texts are already `pipeline.report.formatting.readable`.
    sha256
        Digest of the bytes of ``report.json``.
    words
        The message table of the reader's language.
    review
        What ledgers say of the record by now.
    """
    monitor = report.kind == "monitor"
    nothing = Table((), ())
    return Page(
        title=title(report, words),
        subtitle=words(f"kind.{report.kind}"),
        kind=report.kind,
        failed=report.status == "failed",
        sentence=sentence(report, words),
        stamps=stamps(report, words),
        identity=identity(report, words),
        leading=leading(report, words),
        looks=look_facts(report, words),
        digests=(*digests(report, sha256, words), *review_facts(review, words)),
        findings=found.finding_views(report, words),
        overview=found.overview(report, words) if monitor else nothing,
        closest=looks.closest_table(report, words),
        silence=looks.silence_table(report, words),
        reliability=reliability_table(report, words),
        foretold=foretold_table(report, words),
        foretold_told=foretold_text(report, words),
        rates=rates(report),
        coverage=looks.coverage_table(report, words),
        grids=looks.grids(report, words),
        charts=charts(report, words),
        zones=zone_views(report, words),
        regions=nothing if monitor else sources.regions_table(report, words, 0, FIRST_REGIONS),
        more_regions=sources.regions_table(report, words, FIRST_REGIONS),
        notified=sources.notified_table(report, words),
        rhythm=rhythm_table(report, words),
        rhythm_kept=kept_rhythm(report, words),
        steps=sources.steps_table(report, words, alarm=True),
        quiet_steps=sources.steps_table(report, words, alarm=False),
        drift=sources.drift_table(report, words),
        drift_told=sources.drift_text(report, words),
        checks=sources.checks_table(report, words),
        scenes=sources.scene_views(report, words),
        scene_list=sources.scene_list(report, words),
        unused=sources.unused_table(report, words),
        failures=sources.failures_table(report, words),
        limits=tuple(words.code("limit", item) for item in report.limits),
        method=sources.parameters_table(report.method, words),
        versions=sources.parameters_table(dict(report.versions), words),
        handling=handling(report, words),
        site_id=report.site.id if report.site else "",
        as_of=words.style.minute(report.as_of) if report.as_of else "",
    )
