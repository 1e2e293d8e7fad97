"""What each release level needs: whose signatures, how long after a look, which words.

The usual table, and where the agreement has a rule of its own, that one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from pipeline.errors import UsageError
from pipeline.exchange.clock import later

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.agreement import Agreement

Level = Literal["national", "joint", "parties", "mediator", "public"]
Text = Literal["joint", "national"]
LEVELS: tuple[str, ...] = get_args(Level)
TEXTS: tuple[str, ...] = get_args(Text)
#: Traffic Light Protocol 2.0 of each level.
TLP = {
    "national": "TLP:RED",
    "joint": "TLP:AMBER+STRICT",
    "parties": "TLP:AMBER",
    "mediator": "TLP:GREEN",
    "public": "TLP:CLEAR",
}
#: Levels that are seen beyond the two assessment teams.
_BEYOND = frozenset({"parties", "mediator", "public"})
#: Longest text that is searched.
_TEXT_LIMIT = 64 << 20
_DRAWN = re.compile(r"<(?:img|svg|image|canvas|picture)\b|\"(?:coordinates|bbox)\"", re.IGNORECASE)
#: Two numbers that may be degrees, to a hundred metres or finer.
_PLACE = re.compile(r"-?\d{1,3}[.,]\d{3,}\s*°?[NSEW]?\s*[,;/ ]\s*-?\d{1,3}[.,]\d{3,}")


def refuse_content(payload: bytes, level: str) -> None:
    """Refuse what may not be in a file at a level, as far as a machine can tell.

    Beyond both teams, zones, pictures and coordinates stay inside: only plain texts go there,
    such as the numbered message. What all may see accuses nobody.

    Parameters
    ----------
    payload
        The file.
    level
        One of `LEVELS`.

    Raises
    ------
    UsageError
        What was found, in one line.
    """
    if level not in _BEYOND:
        return
    text = _text(payload, level)
    if _DRAWN.search(text):
        raise UsageError(f"level {level} takes no pictures, drawings or geometry: give the message")
    place = _PLACE.search(text)
    if place:
        raise UsageError(f"level {level} takes no coordinates; found: {place.group()[:40]}")
    if level == "public":
        _refuse_words(text)


def _text(payload: bytes, level: str) -> str:
    if len(payload) > _TEXT_LIMIT:
        raise UsageError(f"a text is longer than {_TEXT_LIMIT} bytes")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise UsageError(f"level {level} is for plain texts, such as the message") from cause
    if "\0" in text:
        raise UsageError(f"level {level} is for plain texts, such as the message")
    return text


def _refuse_words(text: str) -> None:
    from pipeline.report.vocabulary import accusing_words  # noqa: PLC0415

    found = accusing_words(text)
    if found:
        raise UsageError(f"level public states and does not accuse; found: {', '.join(found)}")


@dataclass(frozen=True)
class Terms:
    """What is authorised, the same in every signature of one file.

    Attributes
    ----------
    level
        Who may see it.
    text
        ``joint`` where it speaks for all parties, ``national`` for one.
    look
        The newest look it tells of, UTC text; None where none is said.
    """

    level: str
    text: str
    look: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return its JSON form."""
        return {"level": self.level, "text": self.text, "look": self.look}


@dataclass(frozen=True)
class Authorisation:
    """One person's word: this file may go out on these terms until then."""

    terms: Terms
    party: str
    roles: tuple[str, ...]
    keyid: str
    signed: str
    expires: str
    sha256: str


def roles_for(level: str) -> set[str]:
    """Return the roles whose signatures count at a level."""
    return {"analyst", "reviewer"} if level == "national" else {"authority"}


def check_terms(terms: Terms, agreement: Agreement, at: str) -> None:
    """Raise UsageError for an unknown level or text, or one that must wait longer."""
    if terms.level not in LEVELS or terms.text not in TEXTS:
        raise UsageError(f"a level is one of {', '.join(LEVELS)}; a text {' or '.join(TEXTS)}")
    delay = delay_of(agreement, terms.level)
    if delay and terms.look is None:
        raise UsageError(f"level {terms.level} waits {delay} hours from the look: say which")
    if terms.look is not None and later(terms.look, seconds=3600 * delay) > at:
        raise UsageError(f"level {terms.level} waits {delay} hours from the look of {terms.look}")


def delay_of(agreement: Agreement, level: str) -> int:
    """Return the hours from the look that a level waits."""
    rule = _rules(agreement).get(level)
    return 0 if rule is None else int(rule.delay_hours)


def _rules(agreement: Agreement) -> Mapping[str, Any]:
    return {str(level): rule for level, rule in agreement.release.items()}


def missing_for(
    terms: Terms, agreement: Agreement, given: Sequence[Authorisation]
) -> Iterable[str]:
    """Yield what a level still needs; see the release table of the agreement, or the usual one.

    National: an analyst and a reviewer of one party, two keys. Joint: one authority of a party.
    Parties: every party for a joint text, one for a national one. Mediator: every party, or
    two of parties and mediator. Public: every party.
    """
    if terms.level == "national":
        if not _two_of_one_party(given):
            yield "an analyst and a reviewer of one party, with a key each"
        return
    rule = _rules(agreement).get(terms.level)
    signed = {each.party for each in given}
    if rule is not None and rule.authorities:
        needed = rule.required or len(rule.authorities)
        have = len(signed & set(rule.authorities))
        if have < needed:
            yield f"{have} of {needed} of {', '.join(rule.authorities)}"
        return
    parties = {party.id for party in agreement.parties if party.role == "party"}
    mediators = {party.id for party in agreement.parties if party.role == "mediator"}
    alone = terms.level == "joint" or (terms.level, terms.text) == ("parties", "national")
    if alone and signed & parties:
        return
    if terms.level == "mediator" and signed & parties and len(signed & (parties | mediators)) > 1:
        return
    if alone:
        yield "an authority of a party"
    else:
        yield from (f"an authority of {name}" for name in sorted(parties - signed))


def _two_of_one_party(given: Sequence[Authorisation]) -> bool:
    return any(
        one.party == other.party
        and one.keyid != other.keyid
        and "analyst" in one.roles
        and "reviewer" in other.roles
        for one in given
        for other in given
    )
