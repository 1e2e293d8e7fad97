"""Statements: appended to the ledger, chained, superseded, never changed."""

from __future__ import annotations

import shutil

import pytest

from pipeline.desk.state import open_desk
from pipeline.errors import BundleError
from pipeline.exchange.ledger import entries, ledger_path
from tests.desk.conftest import DEMO, browser_of, loaded

pytestmark = pytest.mark.slow  # findings to speak of are those of the garrison


@pytest.fixture(scope="module")
def desk(garrison_out, tmp_path_factory):
    """The garrison with a ledger of its own."""
    out = tmp_path_factory.mktemp("desk-said") / "out"
    shutil.copytree(garrison_out, out)
    return loaded(open_desk(DEMO, site="garrison", out=out))


@pytest.fixture
def browser(desk):
    path = ledger_path(desk.opened.run.settings)
    path.unlink(missing_ok=True)
    return browser_of(desk)


@pytest.fixture
def finding(desk):
    return desk.findings[0]


def say(browser, kind, about, body):
    answer = browser.post("/api/statements", {"kind": kind, "about": about, "body": body})
    assert answer.status == 200, answer.json
    return answer.json


def test_a_statement_goes_to_the_ledger_and_nowhere_else(browser, desk, finding):
    out = desk.opened.run.settings.output
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and ".state" not in p.parts}
    entry = say(browser, "note", {"finding": finding.id}, {"text": "Seen from the road, too."})
    (kept,) = entries(ledger_path(desk.opened.run.settings))
    assert (kept.number, kept.sha256, kept.kind) == (1, entry["sha256"], "note")
    assert kept.about["finding"] == finding.id
    assert kept.about["site"] == "garrison"
    assert kept.about["report"] == desk.opened.digest
    assert kept.body == {"text": "Seen from the road, too."}
    assert not kept.signed
    after = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and ".state" not in p.parts}
    assert after == before


def test_every_kind_a_desk_says(browser, finding):
    code = finding.hypotheses[0].code
    about = {"finding": finding.id}
    say(browser, "opinion", {**about, "field": "value"}, {"stance": "agree", "text": ""})
    say(browser, "hypothesis", {**about, "field": code}, {"fit": "inconsistent"})
    say(browser, "link", about, {"notification": "N-2025-001"})
    say(browser, "explain", about, {"text": "A fair."})
    say(browser, "dispute", {**about, "field": "onset"}, {"text": "Later.", "proposed_test": "x"})
    say(browser, "note", about, {"text": "A note."})
    told = browser.get("/api/statements").json
    assert [entry["number"] for entry in told] == [1, 2, 3, 4, 5, 6]
    assert [entry["previous"] for entry in told[1:]] == [entry["sha256"] for entry in told[:-1]]
    view = browser.get(f"/api/findings/{finding.id}").json
    assert len(view["opinions"]) == 6


def test_a_later_opinion_of_the_same_field_takes_the_place_of_the_earlier(browser, finding):
    about = {"finding": finding.id, "field": "value"}
    say(browser, "opinion", about, {"stance": "agree"})
    say(browser, "opinion", {**about, "field": "onset"}, {"stance": "agree"})
    say(browser, "opinion", about, {"stance": "disagree"})
    told = browser.get("/api/statements").json
    assert [entry["superseded_by"] for entry in told] == [3, None, None]


def test_undo_is_a_statement_that_supersedes(browser, finding):
    about = {"finding": finding.id, "field": "value"}
    say(browser, "opinion", about, {"stance": "agree"})
    say(browser, "opinion", about, {"stance": "disagree"})
    undone = say(browser, "withdrawn", {"statement": 2}, {})
    assert undone["body"]["reason"]
    told = browser.get("/api/statements").json
    assert [entry["superseded_by"] for entry in told] == [None, 3, None]
    (current,) = browser.get(f"/api/findings/{finding.id}").json["opinions"]
    assert current["body"] == {"stance": "agree"}


@pytest.mark.parametrize(
    ("kind", "about", "body"),
    [
        ("issued", {}, {}), ("note", {}, {"text": "x"}), ("note", {"finding": "no"}, {"text": "x"}),
        ("note", {"finding": "F"}, {"text": "  "}), ("note", {"finding": "F"}, []),
        ("opinion", {"finding": "F"}, {"stance": "agree"}), ("note", {"finding": "F", "x": 1}, {}),
        ("hypothesis", {"finding": "F", "field": "ghosts"}, {"fit": "consistent"}),
        ("hypothesis", {"finding": "F", "field": "C"}, {"fit": "maybe"}),
        ("link", {"finding": "F"}, {"notification": "N-none"}), ("withdrawn", {}, {}),
        ("withdrawn", {"statement": 7}, {}), ("withdrawn", {"statement": True}, {}),
        ("note", {"finding": "F"}, {"text": "x" * 9000}), (None, {}, {}), (7, {}, {}),
    ],
)  # fmt: skip
def test_what_says_nothing_or_speaks_of_nothing_is_refused(
    browser, desk, finding, kind, about, body
):
    code = finding.hypotheses[0].code
    about = {k: {"F": finding.id, "C": code}.get(v, v) for k, v in about.items()}
    answer = browser.post("/api/statements", {"kind": kind, "about": about, "body": body})
    assert answer.status == 400
    assert "\n" not in answer.json["error"]["message"]
    assert entries(ledger_path(desk.opened.run.settings)) == ()


def test_a_ledger_that_was_changed_is_said_and_not_built_upon(browser, desk, finding):
    say(browser, "note", {"finding": finding.id}, {"text": "first"})
    path = ledger_path(desk.opened.run.settings)
    path.write_bytes(path.read_bytes().replace(b"first", b"other") + b"{}\n")
    with pytest.raises(BundleError):
        entries(path)
    assert browser.get("/api/statements").status == 409
    answer = browser.post(
        "/api/statements",
        {"kind": "note", "about": {"finding": finding.id}, "body": {"text": "second"}},
    )
    assert answer.status == 409


def test_a_finding_names_the_looks_to_hold_side_by_side(browser, desk):
    for item in browser.get("/api/findings").json["findings"]:
        shown = item["evidence"]
        names = [look["id"] for look in browser.get(f"/api/looks/{shown['after']['track']}").json]
        before, after = (names.index(shown[side]["look"]) for side in ("before", "after"))
        assert before < after
        assert shown["before"]["track"] == shown["after"]["track"]
        assert shown["layer"] in desk.tracks[shown["after"]["track"]].gallery.layers


def test_one_finding_has_its_looks_detectability_and_candidates(browser, finding):
    told = browser.get(f"/api/findings/{finding.id}").json
    assert [look["id"] for look in told["looks"]] == list(finding.assessments)
    assert told["detectability"]
    assert told["candidates"][0]["id"] == "N-2025-001"
    assert told["hypotheses"]
    assert browser.get("/api/findings/nothing").status == 404
