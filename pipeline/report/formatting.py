"""Numbers, dates and digests as a reader should meet them.

Every function is total on what a record can hold and independent of locale, time
zone of the machine and clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipeline.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

MINUS = "\u2212"
THIN = "\u202f"  # narrow no-break space: between thousands, and before a unit
UNITS = {"m2": "m²", "percent": "%", "km2": "km²", "deg": "°", "px": "px"}
COMPARATORS = {">=": "≥", "<=": "≤"}
LONGEST = 2000  # characters of one text on the page; the whole stands in report.json
MOST_DECIMALS = 6
#: Below this three significant digits do not fit into six decimals, and a power of ten is printed.
SMALLEST_PLAIN = 1e-4
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def readable(value: Any) -> Any:
    """Return `value` with every string on one line, control and bidi characters escaped.

    Applied once to the whole record before anything is drawn or written, keys
    included. A text above `LONGEST` characters is cut and says how long it was.
    """
    if isinstance(value, str):
        text = value if value.isprintable() else printable(value)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text)})"
    if isinstance(value, dict):
        return {readable(key): readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    return value


def reads_plainly(document: str) -> bool:
    """Say whether `readable` would leave every string of a JSON text as it is.

    Without escapes each string stands between two quotes as it will be read. May say no where
    nothing would change, never yes where something would.
    """
    if "\\" in document or not document.isprintable():
        return False
    return max(map(len, document.split('"'))) <= LONGEST


def decimals(value: float, spread: float | None = None) -> int:
    """Return how many decimals to print.

    Two significant digits of the half interval `spread`, where there is one, and
    three of the value otherwise; never more than six. Negative: round to tens, hundreds.
    """
    size, digits = (spread, 2) if spread else (abs(value), 3)
    if not size or not math.isfinite(size):
        return 0
    return min(MOST_DECIMALS, digits - 1 - math.floor(math.log10(abs(size))))


def is_tiny(*values: float) -> bool:
    """Say whether these numbers, not all zero, are too small for decimals."""
    return 0 < max(map(abs, values)) < SMALLEST_PLAIN


def comparison(comparator: str) -> str:
    """Return ``≥`` for ``>=``."""
    return COMPARATORS.get(comparator, comparator)


def utc(moment: datetime) -> datetime:
    """Return `moment` in UTC; a record without an offset means UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
        return None


@dataclass(frozen=True)
class Style:
    """How one language writes numbers, units and dates.

    Attributes
    ----------
    decimal
        Between whole and decimal digits; thousands are always parted by a thin space.
    date_format, month_format
        As `datetime.strftime` takes them; months are those of a chart's axis.
    interval
        Two numbers, with the fields ``low`` and ``high``.
    units
        Unit of the record → as printed, where the two differ.
    """

    decimal: str = "."
    date_format: str = "%Y-%m-%d"
    month_format: str = "%Y-%m"
    interval: str = "{low} to {high}"
    units: Mapping[str, str] = field(default_factory=lambda: dict(UNITS))

    def unit(self, unit: str) -> str:
        """Return a unit as printed (``m2`` → m²)."""
        return self.units.get(unit, unit)

    def with_unit(self, text: str, unit: str) -> str:
        """Return a number's text with its unit, if it has one."""
        return f"{text}{THIN}{self.unit(unit)}" if unit and unit != "1" else text

    def _digits(self, text: str) -> str:
        return text.replace(",", THIN).replace(".", self.decimal).replace("-", MINUS)

    def number(self, value: float, places: int | None = None) -> str:
        """Return `value` with a true minus sign and thin spaces between thousands.

        Without `places` it has three significant digits, a tiny one with a power of ten.
        """
        if places is None and is_tiny(value):
            return self._power(value, 3)
        places = decimals(value) if places is None else places
        text = f"{round(value, places):,.{max(places, 0)}f}"
        if not any(c in "123456789" for c in text):
            text = text.lstrip("-")  # no "−0.00"
        return self._digits(text)

    def _power(self, value: float, digits: int) -> str:
        """Return ``1.23×10⁻⁹``."""
        if not value:
            return "0"
        figures, power = f"{value:.{digits - 1}e}".split("e")
        return f"{self._digits(figures)}×10{str(int(power)).translate(_RAISED)}"

    def plain(self, value: float) -> str:
        """Return `value` in its shortest form, as scale factors are written."""
        return self._digits(f"{value:g}")

    def agreed(self, value: float, unit: str = "") -> str:
        """Return an agreed value with exactly the digits it was agreed with."""
        text = f"{value:,.{MOST_DECIMALS}f}".rstrip("0").rstrip(".")
        if is_tiny(value) and not any(digit in text for digit in "123456789"):
            return self.with_unit(self._power(value, 3), unit)
        return self.with_unit(self._digits(text), unit)

    def span(self, low: float, high: float, places: int | None = None) -> str:
        """Return two numbers as an interval."""
        if places is None and is_tiny(low, high):
            return self.interval.format(low=self._power(low, 2), high=self._power(high, 2))
        return self.interval.format(low=self.number(low, places), high=self.number(high, places))

    def quantity(self, value: float, unit: str, interval: tuple[float, float] | None = None) -> str:
        """Return ``value unit`` or ``value unit (low to high)``."""
        if is_tiny(value, *(interval or ())):
            head = self.with_unit(self._power(value, 2 if interval else 3), unit)
            return f"{head} ({self.span(*interval)})" if interval else head
        spread = (interval[1] - interval[0]) / 2 if interval else None
        places = decimals(value, spread)
        head = self.with_unit(self.number(value, places), unit)
        return f"{head} ({self.span(*interval, places)})" if interval else head

    def hectares(self, square_metres: float) -> str:
        """Return an area in hectares."""
        return self.with_unit(self.number(square_metres / 1e4), "ha")

    def share(self, value: float) -> str:
        """Return a share as a percentage."""
        percent = 100 * value
        places = 0 if percent >= 1 or percent == 0 else 1
        return self.with_unit(self.number(percent, places), "percent")

    def day(self, moment: date) -> str:
        """Return the day, of UTC where `moment` has a time."""
        return (utc(moment) if isinstance(moment, datetime) else moment).strftime(self.date_format)

    def minute(self, moment: datetime) -> str:
        """Return day and time of day, UTC."""
        return utc(moment).strftime(f"{self.date_format} %H:%M UTC")

    def local_minute(self, moment: datetime, timezone: str) -> str:
        """Return site-local ``hh:mm``, with the day when it differs, or "" where unknown."""
        zone = _zone(timezone)
        if zone is None:
            return ""
        there, here = utc(moment).astimezone(zone), utc(moment)
        return there.strftime(
            "%H:%M" if there.date() == here.date() else f"{self.date_format} %H:%M"
        )


def spoken(sha256: str) -> str:
    """Return the first 64 bits of a digest as four groups of five decimal digits.

    For comparing two digests by voice; the full digest decides.
    """
    digits = f"{int(sha256[:16], 16):020d}"
    return " ".join(digits[i : i + 5] for i in range(0, 20, 5))
