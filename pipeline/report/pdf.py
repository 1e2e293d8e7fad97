"""The report on paper: PDF/A, A4, equal bytes for the same product.

The document's date is the record's `as_of`; fonts are those of the package and of the
typesetter, never the system's.
"""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.report.facts.page import page_facts
from pipeline.report.figures import keys
from pipeline.report.formatting import spoken, utc
from pipeline.report.render import asset, draw, read_record
from pipeline.report.reviewing import Review, reviewed
from pipeline.report.sheet import Sheet, blocks
from pipeline.report.words import Words
from pipeline.store.atomic import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

    from pipeline.assessment.record import Report

STANDARD: Final = "a-2b"
USED = re.compile(r'href="#([\w-]+)"')
FAMILIES = '"Noto Sans", "Noto Sans Arabic", "Noto Sans Math"'


def product_pdf(folder: Path, language: str = "en", review: Review | None = None) -> bytes:
    """Return the report of the product in `folder` as PDF/A-2b.

    Parameters
    ----------
    folder
        Product folder with ``report.json`` and its layers.
    language
        One of `pipeline.report.words.LANGUAGES`.
    review
        What ledgers say of the record by now; None is the record alone.

    Raises
    ------
    ProductError
        The record cannot be read.
    """
    words = Words(language)
    report, sha256 = read_record(folder)
    report = reviewed(report, review) if review else report
    page = page_facts(report, sha256, words, review)
    drawings = draw(report, page, folder, words)
    sheet = Sheet(words)
    document = {
        **heading(report, sha256, words),
        "title": page.title,
        "kicker": page.subtitle,
        "footer": words("footer", title=page.title, as_of=page.as_of or "–", spoken=spoken(sha256)),
        "blocks": blocks(page, drawings, sheet),
    }
    symbols = {
        name: text for text in drawings.symbols for name in re.findall(r' id="([\w-]+)"', text)
    }
    return typeset(document, {n: alone(svg, symbols) for n, svg in sheet.drawings.items()})


def heading(report: Report, sha256: str, words: Words) -> dict[str, Any]:
    """Return what the document says of itself."""
    # An archive needs a date and the clock decides nothing: without a look it is the epoch.
    when = utc(report.as_of) if report.as_of else datetime(1970, 1, 1, tzinfo=UTC)
    moment = [when.year, when.month, when.day, when.hour, when.minute, when.second]
    return {
        "language": words.language, "direction": words.direction, "date": moment,
        "page_of": words("page.of", n="<n>", m="<m>"), "record": sha256,
    }  # fmt: skip


@lru_cache(maxsize=1)
def drawing_style() -> str:
    """Return the style of drawings on paper, fonts included."""
    return f"{asset('figures.css')}text {{ font-family: {FAMILIES}; fill: #14181c; }}"


def alone(svg: str, symbols: Mapping[str, Markup]) -> bytes:
    """Return a drawing of a page as a file of its own: styles, hatchings, its images."""
    used = "".join(str(symbols[name]) for name in USED.findall(svg) if name in symbols)
    inside = f"<style>{drawing_style()}</style><defs>{keys.patterns()}{used}</defs>"
    start, end = svg.split(">", 1)
    root = start.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{root}>{inside}{end}".encode()


def typeset(document: Mapping[str, Any], drawings: Mapping[str, bytes]) -> bytes:
    """Return the PDF of a document's blocks; texts are data and never read as markup."""
    import typst  # noqa: PLC0415 - heavy, and only for paper

    package = resources.files("pipeline.report")
    with tempfile.TemporaryDirectory() as name, resources.as_file(package / "fonts") as fonts:
        root = Path(name)
        (root / "report.typ").write_text(asset("report.typ"), "utf-8")
        (root / "sheet.json").write_bytes(canonical_json(document))
        for file, svg in drawings.items():
            (root / file).write_bytes(svg)
        made = typst.compile(
            root / "report.typ", root=root, font_paths=[fonts], format="pdf",
            ignore_system_fonts=True, pdf_standards=STANDARD, timestamp=0,
        )  # fmt: skip
    return bytes(made)
