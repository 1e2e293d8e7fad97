"""Numbers, dates and digests as printed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import formatting as f

STYLE = f.Style()
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize(
    ("value", "places", "said"),
    [
        (1234567.0, 0, "1\u202f234\u202f567"),
        (-0.5, 2, "\u22120.50"),
        (-0.001, 2, "0.00"),  # no negative zero
        (0.0, None, "0"),
        (0.5604, None, "0.560"),
        (1.234e-9, None, "1.23×10⁻⁹"),
        (-9.994e-5, None, "\u22129.99×10⁻⁵"),
        (1e-4, None, "0.000100"),
        (8165.0, -2, "8\u202f200"),
    ],
)
def test_number(value, places, said):
    assert STYLE.number(value, places) == said


def test_an_interval_decides_the_digits_of_its_value():
    # Half interval 1008: two significant digits of it are hundreds.
    assert (
        STYLE.quantity(8165.4, "m2", (7157.0, 9173.0))
        == "8\u202f200\u202fm² (7\u202f200 to 9\u202f200)"
    )
    assert STYLE.quantity(2.9213, "dB", (2.5, 3.34)) == "2.92\u202fdB (2.50 to 3.34)"
    assert STYLE.quantity(3.0, "1") == "3.00"


def test_a_tiny_quantity_is_no_row_of_zeros():
    assert STYLE.quantity(2.5e-9, "m2") == "2.50×10⁻⁹\u202fm²"
    assert STYLE.quantity(0.0, "m2") == "0\u202fm²"
    assert STYLE.quantity(2.5e-9, "m2", (0.0, 4.4e-9)) == "2.5×10⁻⁹\u202fm² (0 to 4.4×10⁻⁹)"
    assert STYLE.quantity(2.5e-9, "dB", (-0.5, 0.5)) == "0.00\u202fdB (\u22120.50 to 0.50)"
    assert STYLE.agreed(1e-7, "m2") == "1.00×10⁻⁷\u202fm²"
    assert STYLE.span(0.001, 0.002, 2) == "0.00 to 0.00"  # whoever asks for decimals gets them


def test_an_agreed_value_keeps_the_digits_it_was_agreed_with():
    assert STYLE.agreed(1.5, "dB") == "1.5\u202fdB"
    assert STYLE.agreed(3600.0, "m2") == "3\u202f600\u202fm²"
    assert STYLE.agreed(10.0, "percent") == "10\u202f%"


@given(FINITE, st.tuples(FINITE, FINITE) | st.none())
def test_any_finite_number_can_be_printed_without_hyphen_or_exponent(value, interval):
    said = STYLE.quantity(value, "dB", tuple(sorted(interval)) if interval else None)
    assert "-" not in said
    assert "e" not in said
    assert "nan" not in said


@given(st.text())
def test_readable_leaves_one_printable_line(text):
    assert f.readable(text).isprintable()


def test_readable_escapes_controls_and_directions_in_keys_too():
    assert f.readable({"a\u202eb": ["x\ny"]}) == {"a\\u202eb": ["x\\ny"]}


def test_times_are_utc_whatever_the_offset():
    there = datetime(2024, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert STYLE.minute(there) == "2023-12-31 23:30 UTC"
    assert STYLE.day(there) == "2023-12-31"
    assert STYLE.day(date(2024, 1, 1)) == "2024-01-01"


def test_local_time_names_the_day_only_when_it_differs():
    late = datetime(2024, 7, 1, 23, 0, tzinfo=UTC)
    assert STYLE.local_minute(late, "Europe/Kyiv") == "2024-07-02 02:00"
    assert STYLE.local_minute(late, "America/New_York") == "19:00"
    assert STYLE.local_minute(late, "No/Such") == ""
    assert STYLE.local_minute(late, "../../etc/passwd") == ""


def test_the_spoken_digest_is_the_first_16_hex_digits_as_a_decimal_number():
    sha256 = hashlib.sha256(b"").hexdigest()
    assert int(f.spoken(sha256).replace(" ", "")) == int(sha256[:16], 16)
    assert f.spoken("0" * 64) == "00000 00000 00000 00000"


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a", True), ("a\\u0000", False), ("a\u202e", False), ("b" * 2000, True), ("b" * 2001, False)],
)
def test_a_record_reads_plainly_where_no_text_of_it_would_be_changed(text, plain):
    assert f.reads_plainly(f'{{"x":"{text}","y":1}}') == plain
