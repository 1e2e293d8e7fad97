"""What the analyst says: appended to the party's own ledger, and never changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError
from pipeline.exchange import ledger, ledgerview

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.agreement import Settings
    from pipeline.assessment.record import Finding
    from pipeline.exchange.ledger import Entry

KINDS = ("opinion", "hypothesis", "link", "explain", "dispute", "note", "withdrawn")
ABOUT = frozenset({"finding", "field", "statement"})
FITS = ("consistent", "inconsistent", "unknown")
UNNAMED = "own"
UNDONE = "undone at the desk"


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Return every statement of the ledger, what was superseded marked; none without a ledger.

    A later opinion of the same field, or tick of the same hypothesis, takes the place of the
    earlier one.

    Raises BundleError where the ledger's chain is broken.
    """
    found = ledgerview.current(ledger.entries(ledger.ledger_path(settings)))
    taken_back = {item.entry.number: item.superseded_by for item in found}
    latest: dict[tuple[Any, ...], int] = {}
    for item in found:
        entry = item.entry
        if entry.kind not in {"opinion", "hypothesis"} or item.superseded_by is not None:
            continue
        key = (entry.party, entry.kind, entry.about.get("finding"), entry.about.get("field"))
        if key in latest:
            taken_back[latest[key]] = entry.number
        latest[key] = entry.number
    return [told(item.entry, taken_back[item.entry.number]) for item in found]


def told(entry: Entry, superseded_by: int | None = None) -> dict[str, Any]:
    """Return a statement as the page reads it."""
    return {
        "number": entry.number,
        "sha256": entry.sha256,
        "previous": entry.previous,
        "made": entry.made,
        "party": entry.party,
        "kind": str(entry.kind),
        "about": dict(entry.about),
        "body": dict(entry.body),
        "signed": entry.signed,
        "superseded_by": superseded_by,
    }


def add(
    settings: Settings,
    document: Mapping[str, Any],
    *,
    site: str,
    findings: Sequence[Finding],
    notifications: Sequence[str],
    report: str | None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Append one statement to the ledger and return it.

    Parameters
    ----------
    document
        ``kind``, ``about`` and ``body`` as the page sends them.
    findings
        The agreed ones of the site.
    notifications
        Ids on file.
    report
        Digest of the record they stand in, where there is one.
    now
        When it is said; None is now. The clock decides nothing: it is what the author says.

    Raises
    ------
    UsageError
        It is none of the statements a desk makes; nothing is written.
    BundleError
        The ledger is broken.
    OutputError
        The disk refused.
    """
    kind, about, body = _parts(document)
    by_id = {item.id: item for item in findings}
    if kind == "withdrawn":
        body = {"reason": UNDONE, **{key: value for key, value in body.items() if value}}
    elif about.get("finding") not in by_id:
        raise UsageError(
            f"no finding {str(about.get('finding'))[:120]!r} at site {site}", site=site
        )
    else:
        _check(kind, about, body, by_id[str(about["finding"])], notifications)
    about = {**about, "site": site} | ({"report": report} if report else {})
    path = ledger.ledger_path(settings)
    said = ledger.entries(path)
    if kind == "withdrawn":
        _check_target(about.get("statement"), said)
    party = said[0].party if said else settings.operator.party or UNNAMED
    made = now or datetime.now(UTC)
    entry = ledger.append(path, kind=kind, about=about, body=body, made=made, party=party)
    return told(entry)


def _parts(document: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    unknown = sorted(set(document) - {"kind", "about", "body"})
    if unknown:
        raise UsageError(f"no field {unknown[0]!r} in a statement: kind, about, body")
    kind, about, body = (document.get(name) for name in ("kind", "about", "body"))
    if kind not in KINDS:
        raise UsageError(f"a desk says {', '.join(KINDS)}; not {str(kind)[:40]!r}")
    if not isinstance(about, dict) or not set(about) <= ABOUT:
        raise UsageError("'about' names a finding, a field of it, or a statement's number")
    if not isinstance(body, dict):
        raise UsageError("'body' is a mapping")
    return str(kind), {key: value for key, value in about.items() if value is not None}, dict(body)


def _check(
    kind: str,
    about: Mapping[str, Any],
    body: Mapping[str, Any],
    finding: Finding,
    notifications: Sequence[str],
) -> None:
    """Refuse what says nothing, or speaks of what is not there."""
    if kind == "hypothesis":
        codes = {item.code for item in finding.hypotheses}
        if about.get("field") not in codes:
            raise UsageError(f"finding {finding.id} has no hypothesis {about.get('field')!r}")
        if body.get("fit") not in FITS:
            raise UsageError(f"a hypothesis is {', '.join(FITS)}; not {body.get('fit')!r}")
    elif kind == "link":
        if body.get("notification") not in notifications:
            raise UsageError(f"no notification {str(body.get('notification'))[:80]!r} on file")
    elif kind == "opinion":
        if not about.get("field") or not body:
            raise UsageError("an opinion is of a field and says something")
    elif not str(body.get("text") or "").strip():
        raise UsageError(f"'{kind}' needs a text")


def _check_target(number: Any, said: Sequence[Entry]) -> None:
    """Refuse to take back what nobody said, or what a desk does not say."""
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(said):
        raise UsageError("'withdrawn' needs about.statement, the number of an earlier statement")
    if said[number - 1].kind not in KINDS:
        raise UsageError(f"statement {number} was not made at a desk: take it back where it was")
