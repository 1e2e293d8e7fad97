"""Render a finished product again, from disk alone: any view of its record, in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.store.atomic import atomic_write, make_folder, read_json, write_json
from pipeline.store.products import Manifest, read_product_file, verify_product, write_product

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.report.reviewing import Review

FORMATS = ("html", "pdf", "gpkg", "stac", "message")


def rerender(
    product: Path,
    *,
    language: str = "en",
    form: str = "html",
    out: Path | None = None,
    ledgers: Sequence[Path] = (),
) -> list[Path]:
    """Write views of a product and return their paths.

    Parameters
    ----------
    product
        A finished product; it is verified first, so that no view is made of altered files.
    language
        One of `pipeline.report.words.LANGUAGES`.
    form
        One of `FORMATS`, or ``all``.
    out
        Where the views go; None is the product itself, whose manifest then lists them.
    ledgers
        Of the parties, one each: page and PDF say what they hold of the report by now.

    Raises
    ------
    UsageError
        An unknown language or format; ledgers without `out`, because a product stays as it was
        signed.
    ProductError
        No product there, or one that does not verify or cannot be read.
    OutputError
        The disk refused.
    """
    from pipeline.report.words import LANGUAGES  # noqa: PLC0415

    if language not in LANGUAGES:
        raise UsageError(f"no language {language!r}: use {', '.join(LANGUAGES)}")
    if form not in {*FORMATS, "all"}:
        raise UsageError(f"no format {form!r}: use {', '.join(FORMATS)} or all")
    if ledgers and (out is None or form not in {"html", "pdf"}):
        raise UsageError("what ledgers say goes into a page or PDF elsewhere: --out DIR")
    manifest = verify_product(product)
    review = _review(product, manifest, ledgers) if ledgers else None
    target = product if out is None else out
    files: dict[str, bytes] = {}
    for name in FORMATS if form == "all" else (form,):
        files |= view(name, product, language, target, review)
    if out is None:
        add_to_product(product, manifest, files)
    else:
        for path, payload in files.items():
            make_folder((out / path).parent)
            atomic_write(out / path, payload)
    shown = [path for path in files if not path.startswith("stac/")]
    return [target / path for path in (*shown, *(p for p in files if p == "stac/catalog.json"))]


def _review(product: Path, manifest: Manifest, ledgers: Sequence[Path]) -> Review:
    from pipeline.exchange.reproductions import review_of  # noqa: PLC0415

    digests = {entry.path: entry.sha256 for entry in manifest.files}
    return review_of(ledgers, product.resolve().parent.name, digests["report.json"])


def view(
    form: str, product: Path, language: str, target: Path, review: Review | None = None
) -> dict[str, bytes]:
    """Return one view: path under `target` → bytes; views for tools know no language."""
    suffix = "" if language == "en" else f".{language}"
    if form == "html":
        from pipeline.report.render import product_html  # noqa: PLC0415 - brings in matplotlib

        return {f"report{suffix}.html": product_html(product, language, review)}
    if form == "pdf":
        from pipeline.report.pdf import product_pdf  # noqa: PLC0415 - the same

        return {f"report{suffix}.pdf": product_pdf(product, language, review)}
    if form == "message":
        from pipeline.report.message import product_message  # noqa: PLC0415 - the same

        return {f"message{suffix}.txt": product_message(product, language)}
    if form == "gpkg":
        from pipeline.report.geopackage import product_geopackage  # noqa: PLC0415 - the same

        return {"report.gpkg": product_geopackage(product)}
    from pipeline.report.stac import product_stac  # noqa: PLC0415 - the same

    made = product_stac(product, target / "stac")
    return {f"stac/{name}": payload for name, payload in made.items()}


def add_to_product(product: Path, manifest: Manifest, files: dict[str, bytes]) -> None:
    """Make the views part of the product: its manifest lists them and is written last."""
    kept = {
        entry.path: read_product_file(product, entry.path)
        for entry in manifest.files
        if entry.path not in files
    }
    written = write_product(product, {**kept, **files}, failures=manifest.failures)
    # The run that made the product noted its manifest; with the views added it is still the
    # one that run would make, and the next run must find it so.
    note = product.parents[2] / ".state" / "done" / product.parent.name / f"{product.name}.json"
    if note.is_file():
        noted = read_json(note)
        if noted.get("manifest") == manifest.sha256:
            write_json(note, {**noted, "manifest": written.sha256})
