"""What parties said since stands in the view; the record and its digest stay."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.errors import UsageError
from pipeline.exchange.ledger import append
from pipeline.exchange.reproductions import review_of
from pipeline.report.render import product_html, read_record
from pipeline.report.reviewing import Review, reviewed
from pipeline.report.words import LANGUAGES, Words
from pipeline.workflows.rerender import rerender

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_findings_take_the_state_of_their_report_and_disputes_come_first(exhibition):
    report, _ = read_record(exhibition)
    first, second = report.findings[:2]
    seen = reviewed(report, Review("reproduced", {second.id: "disputed"}))
    states = {each.id: (each.joint_state, each.headline) for each in seen.findings}
    assert states[first.id] == ("reproduced", first.headline)
    assert states[second.id] == ("disputed", "disputed")
    assert reviewed(report, Review()) == report
    gone = report.model_copy(
        update={"findings": (first.model_copy(update={"headline": "withdrawn"}),)}
    )
    (still,) = reviewed(gone, Review(findings={first.id: "disputed"})).findings
    assert (still.joint_state, still.headline) == ("disputed", "withdrawn")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_who_recomputed_it(exhibition, language):
    words = Words(language)
    page = product_html(exhibition, language, Review("reproduced", {}, (("south", "R4"),))).decode()
    assert "south R4" in page
    assert words("ledgers.why") in page
    plain = product_html(exhibition, language).decode()
    assert words("ledgers.why") not in plain


def test_ledgers_speak_of_one_report_and_the_findings_of_its_site(tmp_path):
    ledger = tmp_path / "south.jsonl"
    about = {"site": "pier", "report": "a" * 64}
    body = {"by": "south", "issuer": "north", "rung": "R3"}
    append(ledger, kind="reproduced", about=about, body=body, made=NOON, party="south")
    for site in ("pier", "quay"):
        append(ledger, kind="dispute", about={"site": site, "finding": f"{site}:f"}, body={},
               made=NOON, party="south")  # fmt: skip
    found = review_of([ledger], "pier", "a" * 64)
    assert found == Review("reproduced", {"pier:f": "disputed"}, (("south", "R3"),))
    assert review_of([ledger], "pier", "b" * 64).state == "unreviewed"


def test_a_signed_product_stays_as_it_is(exhibition, tmp_path):
    for options in ({}, {"out": tmp_path, "form": "gpkg"}):
        with pytest.raises(UsageError, match="--out DIR"):
            rerender(exhibition, ledgers=(tmp_path / "l.jsonl",), **options)
