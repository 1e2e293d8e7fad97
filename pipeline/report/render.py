"""From a product folder to `report.html`: read, state, draw, write.

The page stands alone: pictures are data addresses, drawings are inline, style and
script are allowed by their digests only, and nothing is fetched. It is a pure
function of the bytes of the product.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape
from pydantic import ValidationError

from pipeline.assessment.record import Report
from pipeline.errors import ProductError
from pipeline.report import layers as product_layers
from pipeline.report.compiled import CompiledTemplates
from pipeline.report.facts.page import page_facts
from pipeline.report.facts.state import ordered
from pipeline.report.figures import (
    coverage,
    keys,
    maps,
    pictures,
    reliability,
    scores,
    series,
)
from pipeline.report.figures.canvas import Canvas, Figure
from pipeline.report.formatting import readable, reads_plainly, spoken
from pipeline.report.reviewing import Review, reviewed
from pipeline.report.rows import table_rows
from pipeline.report.words import Words
from pipeline.store.atomic import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.report.facts.model import Page

RECORD, PAGE = "report.json", "report.html"
WHEN = re.compile(
    r"(?:\d{4}-\d{2}-\d{2}|\d{2}[./]\d{2}[./]\d{4})(?: \d{2}:\d{2}(?: UTC)?)?"
)  # as any language writes it


@dataclass(frozen=True)
class Drawings:
    """All figures of a page, images once as symbols."""

    symbols: tuple[Markup, ...]
    map: Figure | None
    pairs: tuple[pictures.Pair, ...]
    closeups: tuple[tuple[pictures.Closeup, ...], ...]
    scores: tuple[scores.Score, ...]
    coverage: tuple[Markup, ...]
    series: tuple[Markup, ...]
    reliability: Markup | None
    coverage_key: keys.Key
    series_key: keys.Key
    zone_swatches: dict[str, Markup]
    patterns: Markup


def read_record(folder: Path) -> tuple[Report, str]:
    """Return the record of a product, its texts made readable, and the digest of its bytes.

    Raises ProductError where it is missing or does not follow the schema.
    """
    path = folder / RECORD
    try:
        payload = path.read_bytes()
    except OSError as error:
        raise ProductError(f"cannot be read: {error.strerror}", file=path) from error
    try:
        return _readable_record(payload), hashlib.sha256(payload).hexdigest()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ProductError(f"{where}: {first['msg']}", file=path) from error


@lru_cache(maxsize=4)
def _readable_record(payload: bytes) -> Report:
    """Return a record with readable texts; kept, since the index lists what was just rendered."""
    report = Report.model_validate_json(payload)
    if reads_plainly(payload.decode()):
        return report
    return Report.model_validate(readable(report.model_dump(mode="json", by_alias=True)))


def draw(report: Report, page: Page, folder: Path, words: Words) -> Drawings:
    """Return every figure of a page."""
    known = tuple(sorted({(a.sensor, a.track) for a in report.assessments}))
    layers = product_layers.load(folder, known)
    canvas = Canvas(words, layers, page)
    shown_pairs, shown_scores = pictures.pairs(canvas), scores.scores(canvas)
    preferred = tuple(s for item in ordered(report.findings)[:1] for s in item.sensors)
    return Drawings(
        symbols=tuple(canvas.symbols.values()),
        map=maps.site_map(canvas, report.regions, preferred),
        pairs=shown_pairs,
        closeups=tuple(pictures.closeups(finding, canvas) for finding in page.findings),
        scores=shown_scores,
        coverage=tuple(coverage.draw(grid, words) for grid in page.grids),
        series=tuple(series.draw(chart, words) for chart in page.charts),
        reliability=reliability.draw(page.rates, words),
        coverage_key=keys.coverage_key(words),
        series_key=keys.series_key(words),
        zone_swatches={zone.state: keys.zone(zone.state) for zone in page.zones},
        patterns=keys.patterns(),
    )


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the template environment: autoescape on, an unknown name is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("pipeline.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.bytecode_cache = CompiledTemplates(made)
    made.filters["kept"] = kept
    made.filters["address"] = quote
    made.filters["rows"] = table_rows
    return made


def kept(text: str) -> Markup:
    """Return `text`, escaped, with dates and times kept on one line."""
    whole = WHEN.sub(r'<span class="when">\g<0></span>', str(escape(text)))
    return Markup(whole)  # noqa: S704 - escaped above


def asset(name: str) -> str:
    """Return the text of a style sheet or script of the package."""
    return resources.files("pipeline.report").joinpath("templates", name).read_text("utf-8")


def source_hash(text: str) -> str:
    """Return the CSP source of an inline style sheet or script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def content_policy(style: str, script: str) -> str:
    """Return the policy of a page: nothing but its own style, script and data pictures."""
    return (
        f"default-src 'none'; img-src data:; style-src {source_hash(style)}; "
        f"script-src {source_hash(script)}; base-uri 'none'; form-action 'none'"
    )


def filled(template: str, words: Words, **values: Any) -> bytes:
    """Return a page from its template, with style, script and policy."""
    style, script = asset("style.css") + asset("figures.css"), asset("swipe.js")
    text = (
        environment()
        .get_template(template)
        .render(
            words=words,
            policy=content_policy(style, script),
            # Our own package data, never a text from outside.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            **values,
        )
    )
    return text.encode()


def product_html(folder: Path, language: str = "en", review: Review | None = None) -> bytes:
    """Return the report page of the product in `folder`.

    Parameters
    ----------
    folder
        Product folder with ``report.json`` and its layers.
    language
        One of `pipeline.report.words.LANGUAGES`.
    review
        What ledgers say of the record by now; None is the record alone.
    """
    words = Words(language)
    report, sha256 = read_record(folder)
    report = reviewed(report, review) if review else report
    page = page_facts(report, sha256, words, review)
    drawings = draw(report, page, folder, words)
    return filled(
        "report.html.j2", words, page=page, drawings=drawings, spoken=spoken(sha256),
        contents=contents(page, drawings),
    )  # fmt: skip


def contents(page: Page, drawings: Drawings) -> tuple[tuple[str, str], ...]:
    """Return place and message key of the sections a page has, in order."""
    monitor = page.kind == "monitor"
    there = {
        "map": True, "pictures": bool(drawings.pairs), "scores": bool(drawings.scores),
        "regions": not monitor, "findings": monitor, "coverage": True, "silence": monitor,
        "reliability": monitor, "series": monitor, "steps": monitor, "drift": bool(page.drift),
        "checks": True,
        "limits": True, "inputs": True, "method": True,
    }  # fmt: skip
    keys = {"scores": "scores" if monitor else "score-pair"}
    return tuple((name, keys.get(name, name)) for name, present in there.items() if present)


def rendered(folder: Path) -> dict[str, bytes]:
    """Return what is rendered from a product on disk: path inside it → bytes."""
    return {PAGE: product_html(folder)}


def render_product(folder: Path) -> Path:
    """Write ``report.html`` beside ``report.json`` and return its path.

    Atomic, and byte-identical for the same product. Raises ProductError where the record
    cannot be read.
    """
    path = folder / PAGE
    atomic_write(path, product_html(folder))
    return path
