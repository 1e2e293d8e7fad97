"""The rows of a page's tables as HTML: a template takes ten times as long for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from pipeline.report.facts.model import Table
    from pipeline.report.words import Words

# Texts up to so many characters stay on one line.
SHORT = 24


def table_rows(table: Table, words: Words) -> Markup:
    """Return the rows of a table, a line each."""
    links = table.links or ("",) * len(table.rows)
    lines = (_row(row, link, table, words) for row, link in zip(table.rows, links, strict=True))
    return Markup("".join(lines))  # noqa: S704 - every text of a cell is escaped


def _row(row: tuple[str, ...], link: str, table: Table, words: Words) -> str:
    cells = []
    for column, text in enumerate(row):
        shown = str(escape(words.isolated(text)))
        if link and not column:
            shown = f'<a href="#{escape(link)}">{shown}</a>'
        short = "short" if len(text) <= SHORT else ""
        cells.append(f'<td class="{short}{_kind(column, table)}">{shown}</td>')
    return f"<tr>{''.join(cells)}</tr>\n"


def _kind(column: int, table: Table) -> str:
    numeric = " num" if column in table.numeric else ""
    mono = " mono" if column in table.mono else ""
    return f"{numeric}{mono}{' status' if column == table.status else ''}"
