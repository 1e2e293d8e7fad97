"""A partner's signed word on a report is verified, kept once, and counted for what it is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import BundleError
from pipeline.exchange import history
from pipeline.exchange.announcing import say_issued
from pipeline.exchange.envelope import Signed, statement
from pipeline.exchange.ledger import append, entries
from pipeline.exchange.ledgerview import current, merged
from pipeline.exchange.reproductions import (
    PREDICATE_TYPE,
    read_reproduction,
    received,
    review_of,
    standing_lines,
    standings,
)
from pipeline.store.atomic import write_json
from tests.exchange.world import AT, NORTH, SOUTH, STRANGER, draft, trust, trusted

DRAFT = draft()
BUNDLE = DRAFT.statement.sha256
REPORT = hashlib.sha256(DRAFT.files["sites/pier/report.json"]).hexdigest()
HELD = history.recorded(trust(own="north"), DRAFT.statement, (NORTH.keyid,))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(*keys, rung="R4", subjects=None, **changes):
    predicate = {
        "bundle": BUNDLE, "site": "pier", "sequence": 1, "party": "south", "signed": AT,
        "rung": rung, "recomputed": REPORT, "versions": {"numpy": "2"},
        "fields": [{"field": "findings", "rung": "R4", "note": ""}], **changes,
    }  # fmt: skip
    subjects = subjects or [{"name": "sites/pier/report.json", "digest": {"sha256": REPORT}}]
    signed = Signed(statement(PREDICATE_TYPE, subjects, predicate), {})
    for key in keys or (SOUTH,):
        signed = signed.with_signature(key)
    return signed.serialised


def test_a_signed_word_is_read_and_kept_once(tmp_path):
    ledger = tmp_path / "north.jsonl"
    found = read_reproduction(said(), HELD, at=AT)
    assert (found.party, found.issuer, found.rung, found.report) == ("south", "north", "R4", REPORT)
    assert received(ledger, found, party="north", at=AT).number == 1
    assert received(ledger, found, party="north", at=AT) is None
    (entry,) = entries(ledger)
    assert entry.about == {"site": "pier", "report": REPORT, "bundle": BUNDLE, "sequence": 1}
    assert (entry.body["by"], entry.body["rung"]) == ("south", "R4")


def test_a_word_on_another_report_than_the_bundle_holds_is_refused(tmp_path):
    """Held against what we issued or recomputed ourselves, not against another partner's word."""
    other = [{"name": "sites/pier/report.json", "digest": {"sha256": "0" * 64}}]
    word, lie = read_reproduction(said(), HELD, at=AT), read_reproduction(
        said(subjects=other), HELD, at=AT
    )  # fmt: skip
    issued, own, heard = (tmp_path / f"{name}.jsonl" for name in ("issued", "own", "heard"))
    say_issued(issued, DRAFT.bundle(), at=AT)
    received(own, word, party="south", at=AT)
    for ledger, party in ((issued, "north"), (own, "south")):
        with pytest.raises(BundleError, match="another-report: it speaks of report 0000"):
            received(ledger, lie, party=party, at=AT)
        assert len(entries(ledger)) == 1
    received(heard, lie, party="north", at=AT)
    assert received(heard, word, party="north", at=AT).number == 2


REFUSED = {
    "stranger": (said(STRANGER), HELD, "unknown-key"),
    "nobody": (Signed(Signed(b"{}", {}).payload, {}).serialised, HELD, "unsigned"),
    "another's name": (said(NORTH), HELD, "key-not-valid"),
    "a second, foreign name": (said(SOUTH, NORTH), HELD, "key-not-valid"),
    "unseen bundle": (said(bundle="0" * 64), HELD, "unseen"),
    "unseen number": (said(sequence=2), HELD, "unseen"),
    "unseen site": (said(site="quay"), HELD, "unseen"),
    "future": (said(signed="2027-01-01T00:00:00Z"), HELD, "not-yet"),
    "no rung": (said(rung="R5"), HELD, "statement"),
    "more": (said(extra=1), HELD, "statement"),
    "two": (said(subjects=[{"name": "a", "digest": {"sha256": REPORT}}] * 2), HELD, "statement"),
    "another site's report": (
        said(subjects=[{"name": "sites/quay/report.json", "digest": {"sha256": REPORT}}]),
        HELD,
        "statement",
    ),
    "field": (said(fields=[{"field": 1}]), HELD, "statement"),
    "another statement": (DRAFT.signed.with_signature(NORTH).serialised, HELD, "format"),
    "changed": (said().replace(b'"sig":"', b'"sig":"A'), HELD, "envelope"),
    "retired key": (
        said(),
        replace(HELD, parties={**HELD.parties, "south": trusted(SOUTH, valid_to=AT)}),
        "key-not-valid",
    ),
}


@pytest.mark.parametrize(("payload", "held", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_count_is_refused(payload, held, reason):
    with pytest.raises(BundleError) as caught:
        read_reproduction(payload, held, at=AT)
    assert caught.value.reason == reason


def states(*ledgers):
    return {(each.site, each.report or each.finding): each.state
            for each in standings(current(merged(ledgers)))}  # fmt: skip


def test_a_report_is_reproduced_by_another_party_at_r3_only(tmp_path):
    ledger = tmp_path / "south.jsonl"

    def reach(rung, **changes):
        found = replace(read_reproduction(said(rung=rung), HELD, at=AT), **changes)
        return received(ledger, replace(found, sha256=rung * 32), party="south", at=AT)

    reach("R1")
    assert states(ledger) == {("pier", REPORT): "unreviewed"}
    entry = reach("R3")
    assert states(ledger) == {("pier", REPORT): "reproduced"}
    append(ledger, kind="withdrawn", about={"statement": entry.number}, body={"reason": "slip"},
           made=NOON, party="south")  # fmt: skip
    assert states(ledger) == {("pier", REPORT): "unreviewed"}


def test_ones_own_recomputation_reproduces_nothing(tmp_path):
    ledger, liars = tmp_path / "north.jsonl", tmp_path / "liar.jsonl"
    found = read_reproduction(said(NORTH, party="north"), HELD, at=AT)
    received(ledger, found, party="north", at=AT)
    assert states(ledger) == {("pier", REPORT): "unreviewed"}
    append(liars, kind="issued", about={"report": REPORT}, body={}, made=NOON, party="north")
    received(liars, replace(found, issuer="south"), party="north", at=AT)
    assert states(liars) == {("pier", REPORT): "unreviewed"}


def test_hearsay_says_whose_it_is(tmp_path):
    ledger = tmp_path / "north.jsonl"
    received(ledger, read_reproduction(said(), HELD, at=AT), party="north", at=AT)
    (line,) = standing_lines(standings(current(merged([ledger]))))
    assert line.endswith("reproduced (south R4, as north received it)")


def test_a_partys_own_ledger_comes_before_what_another_received(tmp_path):
    north, south = tmp_path / "north.jsonl", tmp_path / "south.jsonl"
    found = read_reproduction(said(), HELD, at=AT)
    received(south, found, party="south", at=AT)
    received(north, found, party="north", at="2026-03-02T00:00:00Z")
    for order in ([north, south], [south, north]):
        (line,) = standing_lines(standings(current(merged(order))))
        assert line.endswith("reproduced (south R4)")


def test_a_dispute_stands_until_it_is_withdrawn(tmp_path):
    ledger = tmp_path / "south.jsonl"
    about = {"site": "pier", "finding": "f1"}
    append(ledger, kind="dispute", about=about, body={"text": "no"}, made=NOON, party="south")
    assert states(ledger) == {("pier", "f1"): "disputed"}
    append(ledger, kind="withdrawn", about={"statement": 1}, body={"reason": "seen"}, made=NOON,
           party="south")  # fmt: skip
    assert states(ledger) == {}


def test_issued_reports_are_announced(tmp_path):
    ledger = tmp_path / "north.jsonl"
    (entry,) = say_issued(ledger, DRAFT.bundle(), at=AT)
    assert entry.about == {"site": "pier", "report": REPORT, "bundle": BUNDLE, "sequence": 1}
    assert (entry.kind, entry.party, entry.body["recipients"]) == ("issued", "north", ["south"])


def test_the_command_reads_verifies_and_shows(tmp_path):
    write_json(tmp_path / "trust" / "trust.json", HELD.as_document())
    (tmp_path / "r.json").write_bytes(said())
    ledger, store = tmp_path / "n.jsonl", ["--trust", str(tmp_path / "trust"), "--at", AT]
    command = ["ledger", "receive", str(ledger), str(tmp_path / "r.json"), *store]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    assert "south reached R4; statement 1" in shown.output
    assert "known already" in CliRunner().invoke(app, command).output
    shown = CliRunner().invoke(app, ["ledger", "show", str(ledger)]).output
    assert "reproduced (south R4, as north received it)" in shown
    assert REPORT[:16] in shown
    assert REPORT not in shown


@pytest.mark.parametrize(
    "body",
    [
        {"by": "x\u202e\x9b", "rung": "R4"},
        {"by": ["east"], "rung": "R4"},
        {"by": "east", "rung": "R4\u2028"},
        {"by": "east", "rung": {}},
        {"by": "east"},
    ],
)
def test_a_word_that_names_no_party_or_rung_does_not_count(tmp_path, body):
    ledger = tmp_path / "south.jsonl"
    about = {"site": "pier", "report": REPORT}
    append(ledger, kind="reproduced", about=about, body=body, made=NOON, party="south")
    assert states(ledger) == {}
    assert review_of([ledger], "pier", REPORT).said == ()
