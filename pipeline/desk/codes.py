"""The words for codes of the record, as the reports have them; the page keeps none of its own."""

from __future__ import annotations

from string import Formatter

from pipeline.report.messages.en import MESSAGES

#: Families of codes that the page puts into words.
FAMILIES = (
    "basis", "calibration", "coverage", "direction", "evidence", "field", "fit", "headline",
    "hypothesis", "kind", "limit", "measured", "note", "notification.short", "outcome", "reason",
    "sensor", "standing", "term", "would-show",
)  # fmt: skip


def code_words() -> dict[str, str]:
    """Return ``family.code`` to its text; what follows a code's colon goes into ``{value}``."""
    return {
        key: text
        for key, text in MESSAGES.items()
        if key.rpartition(".")[0] in FAMILIES and _fields(text) <= {"value"}
    }


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
