"""The rows of a table: escaped, classed by column, led to where they lead."""

from __future__ import annotations

from pipeline.report.facts.model import Table
from pipeline.report.rows import table_rows
from pipeline.report.words import ISOLATE, Words


def test_a_row_names_its_columns_and_escapes_its_texts():
    table = Table(("a", "b", "c"), (("<x>", "y" * 25, "1"),), mono=(1,), numeric=(2,), status=0)
    assert table_rows(table, Words()) == (
        '<tr><td class="short status">&lt;x&gt;</td>'
        f'<td class=" mono">{"y" * 25}</td><td class="short num">1</td></tr>\n'
    )


def test_the_first_cell_of_a_row_leads_where_the_row_leads():
    table = Table(("a", "b"), (("1", "2"), ("3", "4")), links=('f"1', ""))
    first, second = table_rows(table, Words()).splitlines()
    assert '<td class="short"><a href="#f&#34;1">1</a></td>' in first
    assert "<a" not in second


def test_a_latin_text_keeps_its_direction_among_arabic():
    assert f">{ISOLATE}T001" in table_rows(Table(("a",), (("T001",),)), Words("ar"))
