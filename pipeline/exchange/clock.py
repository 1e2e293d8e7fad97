"""Moments as signed texts. The clock decides expiry and validity, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.errors import UsageError

#: Clocks of two parties may differ by this much before a statement is from the future.
SKEW_S = 300


def text_of(moment: datetime) -> str:
    """Return a moment as statements hold it, ``YYYY-MM-DDTHH:MM:SSZ``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> str:
    """Return the present second."""
    return text_of(datetime.now(tz=UTC))


def later(moment: str, *, seconds: int = 0, days: int = 0) -> str:
    """Return a moment so much later; UsageError beyond the calendar."""
    try:
        return text_of(parsed(moment) + timedelta(seconds=seconds, days=days))
    except OverflowError as cause:
        raise UsageError(f"nothing comes after {moment}") from cause


def parsed(moment: str) -> datetime:
    """Return the moment a text names; UsageError unless it is UTC to the second.

    Moments are compared as texts, so one that is written shorter is refused.
    """
    try:
        found = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if text_of(found) == moment:
            return found
    except ValueError:
        pass
    raise UsageError(f"a moment is written YYYY-MM-DDTHH:MM:SSZ, got {moment!r}")
