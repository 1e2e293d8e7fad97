"""The PDF by what ISO 19005-2 (PDF/A-2b) demands of its structure, read by another's library.

Not the whole standard: fonts' glyph widths and colour spaces inside page content need a
validator such as veraPDF.
"""

from __future__ import annotations

import io

import pytest

from pipeline.report.pdf import product_pdf
from pipeline.report.words import LANGUAGES

pikepdf = pytest.importorskip("pikepdf")
FORBIDDEN_ACTIONS = {
    "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState",
    "/Rendition", "/Trans", "/GoTo3DView", "/JavaScript",
}  # fmt: skip
FORBIDDEN_FILTERS = {"/LZWDecode", "/Crypt"}
FORBIDDEN_NAMES = {"/EmbeddedFiles", "/JavaScript", "/AlternatePresentations"}
HARMLESS_NOTES = {"/Link", "/Widget", "/Popup"}


@pytest.fixture(scope="module", params=LANGUAGES)
def archive(request, exhibition):
    with pikepdf.open(io.BytesIO(product_pdf(exhibition, request.param))) as opened:
        yield opened


def dictionaries(archive):
    return [o for o in archive.objects if isinstance(o, pikepdf.Dictionary | pikepdf.Stream)]


def names(value):
    if value is None:
        return set()
    return {str(each) for each in value} if isinstance(value, pikepdf.Array) else {str(value)}


def test_it_is_whole_open_and_says_what_it_is(archive):
    assert archive.check_pdf_syntax() == []
    assert not archive.is_encrypted
    assert "/ID" in archive.trailer
    assert "/Encrypt" not in archive.trailer
    metadata = archive.Root.Metadata
    assert "/Filter" not in metadata  # 6.6.2.1: a plain stream, found without a PDF reader
    with archive.open_metadata() as xmp:
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("2", "B")
        assert xmp["xmp:CreateDate"] == "2023-07-13T08:31:00Z"


def test_its_colours_are_tied_to_one_profile(archive):
    (intent,) = archive.Root.OutputIntents
    assert str(intent.S) == "/GTS_PDFA1"
    profile = intent.DestOutputProfile
    assert int(profile.N) == 3
    assert profile.read_bytes()[36:40] == b"acsp"  # the signature of an ICC profile


def test_every_font_is_inside_and_maps_to_text(archive):
    fonts = [each for each in dictionaries(archive) if str(each.get("/Type")) == "/Font"]
    assert fonts
    for font in fonts:
        if str(font.Subtype) == "/Type0":
            assert "/ToUnicode" in font
            continue
        held = {"/FontFile", "/FontFile2", "/FontFile3"} & set(font.FontDescriptor.keys())
        assert held, font.BaseFont


def test_it_holds_nothing_that_runs_hides_or_is_elsewhere(archive):
    root = archive.Root
    assert not {"/AA", "/OpenAction", "/AcroForm", "/Requirements"} & set(root.keys())
    assert not FORBIDDEN_NAMES & set(root.get("/Names", {}).keys())
    for each in dictionaries(archive):
        assert "/JS" not in each
        assert "/AA" not in each
        assert str(each.get("/S")) not in FORBIDDEN_ACTIONS
        assert str(each.get("/Type")) != "/Filespec"
        if isinstance(each, pikepdf.Stream):
            assert not {"/F", "/FFilter"} & set(each.keys())  # no content in other files
            assert not names(each.get("/Filter")) & FORBIDDEN_FILTERS
            assert each.get("/Interpolate") is not True
            assert str(each.get("/Subtype")) != "/PS"
        if str(each.get("/Type")) == "/Annot":
            assert str(each.Subtype) in HARMLESS_NOTES
            assert int(each.get("/F", 0)) & 4 or str(each.Subtype) == "/Popup"  # it prints
