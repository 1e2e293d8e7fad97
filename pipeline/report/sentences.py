"""Notes and reasons that the steps before the record wrote as sentences, in other languages.

A record keeps them as they were said. Each kind of sentence is one message ``said.…`` of the
English table, which is what it is recognised by; the other tables say the same. What no message
fits is printed as it stands.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING

from pipeline.report.facts.looks import track_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.report.words import Words

FAMILY = "said."
FAILURE = re.compile(r"(FW\d{3}): .*", re.DOTALL)
OF_BANDS = re.compile(r"([A-Z][A-Z0-9]{1,3}(?:, [A-Z][A-Z0-9]{1,3})*): (.+)", re.DOTALL)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
#: Fields that are names, even where they look like numbers.
NAMES = frozenset({"baseline", "file", "id", "scene", "bands", "band"})
DAY, MOMENT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"


def coded(family: str, text: str, words: Words) -> str:
    """Return the text of a code of a family, or of a sentence of the steps before."""
    known = words.code(family, text)
    return known if known != text else told(text, words)


def told(text: str, words: Words) -> str:
    """Return a sentence of the steps before in the reader's language, or as it stands."""
    failure = FAILURE.fullmatch(text)
    if failure:
        return failed(failure.group(1), text, words)
    if words.language == "en":
        return text
    for key, pattern in patterns():
        found = pattern.fullmatch(text)
        if found:
            fields = {name: _field(name, value, words) for name, value in found.groupdict().items()}
            return words(key, **fields)
    of_bands = OF_BANDS.fullmatch(text)
    return words.told(of_bands.group(1), told(of_bands.group(2), words)) if of_bands else text


def failed(code: str, text: str, words: Words) -> str:
    """Return what an error code means, and the program's own words."""
    if f"failure.{code}" not in words:
        return text
    return words("failure.told", what=words(f"failure.{code}"), text=text)


@lru_cache(maxsize=1)
def patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return message key and pattern of every kind of sentence, the most specific first."""
    from pipeline.report.messages.en import MESSAGES  # noqa: PLC0415 - a table like any other

    known = {key: text for key, text in MESSAGES.items() if key.startswith(FAMILY)}
    ordered = sorted(known, key=lambda key: (-len(re.sub(r"\{\w+\}", "", known[key])), key))
    return tuple((key, re.compile(_pattern(known[key]), re.DOTALL)) for key in ordered)


def _pattern(text: str) -> str:
    parts = (
        re.escape(literal) + (f"(?P<{name}>.+?)" if name else "")
        for literal, name, _, _ in Formatter().parse(text)
    )
    return "".join(parts)


def _field(name: str, value: str, words: Words) -> str:
    if name == "why":
        return told(value, words)
    if name == "sensor":
        return track_name(value, "", words)
    if name in {"look", "where"}:
        return words.code(name, value)
    if name not in NAMES and NUMBER.fullmatch(value):
        return words.style.plain(float(value))
    return (
        _moment(value, DAY, words.style.day) or _moment(value, MOMENT, words.style.minute) or value
    )


def _moment(value: str, form: str, style: Callable[[datetime], str]) -> str:
    try:
        return style(datetime.strptime(value, form).replace(tzinfo=UTC))
    except ValueError:
        return ""
