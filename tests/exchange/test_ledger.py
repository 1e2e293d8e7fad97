"""A ledger keeps what was said, shows what was changed, and loses nothing."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import BundleError, OutputError, UsageError
from pipeline.exchange.heads import heads_path, load_heads, with_head
from pipeline.exchange.ledger import LINE_LIMIT, Kind, append, entries
from pipeline.exchange.ledgerview import checked, current, entry_lines, merged
from tests.exchange.world import AGREEMENT_SHA256, AT, NORTH, SOUTH, STRANGER, trust

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def say(path, text="seen", *, kind="note", about=None, party="north", made=NOON, **body):
    return append(
        path, kind=kind, about=about or {}, body={"text": text, **body}, made=made, party=party
    )


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "north.ledger.jsonl"
    for number in range(1, 4):
        say(path, f"number {number}", about={"site": "pier", "finding": f"f{number}"})
    return path


def test_statements_come_back_in_order_each_naming_the_one_before(ledger):
    found = entries(ledger)
    assert [each.number for each in found] == [1, 2, 3]
    assert [each.previous for each in found] == [None, found[0].sha256, found[1].sha256]
    assert found[1].about == {"site": "pier", "finding": "f2"}
    assert found[1].body == {"text": "number 2"}
    assert (found[1].made, found[1].party, found[1].kind) == (
        "2026-03-01T12:00:00Z",
        "north",
        "note",
    )
    assert not any(each.signed for each in found)
    assert entries(ledger.with_name("none.jsonl")) == ()


def test_no_single_bit_of_a_signed_ledger_can_be_changed(ledger):
    whole = ledger.read_bytes()
    sign(ledger, NORTH)
    for position in range(len(whole)):
        for bit in range(8):
            changed = bytearray(whole)
            changed[position] ^= 1 << bit
            ledger.write_bytes(bytes(changed))
            with pytest.raises(BundleError):
                entries(ledger)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0], lines[2], lines[1]],
        lambda lines: [lines[0], lines[1], lines[1], lines[2]],
        lambda lines: [lines[0].replace(b"number 1", b"number 9"), *lines[1:]],
        lambda lines: [lines[0].replace(b":", b": ", 1), *lines[1:]],
        lambda lines: [*lines, b""],
        lambda lines: [*lines, lines[0].replace(b"ledger/1", b"ledger/2")],
        lambda lines: [*lines[:2], lines[2].replace(b"2026-03-01T", b"2026-02-30T")],
    ],
)
def test_a_line_left_out_moved_repeated_or_respelt_breaks_the_chain(ledger, change):
    lines = ledger.read_bytes().splitlines()
    ledger.write_bytes(b"".join(line + b"\n" for line in change(lines)))
    with pytest.raises(BundleError, match=r"ledger|format|statement"):
        entries(ledger)
    with pytest.raises(BundleError):
        say(ledger, "built on sand")


@pytest.mark.parametrize("cut", [1, 5, 100])
def test_an_interrupted_append_is_set_aside_by_the_next(ledger, cut):
    kept = ledger.read_bytes()
    say(ledger, "torn")
    torn = ledger.read_bytes()[: len(kept) + cut]
    ledger.write_bytes(torn)
    assert len(entries(ledger)) == 3
    assert any("interrupted" in fault for fault in checked(ledger, trust()).faults)
    say(ledger, "after the crash")
    assert [each.body["text"] for each in entries(ledger)][2:] == ["number 3", "after the crash"]
    assert ledger.with_name(f"{ledger.name}.torn-4").read_bytes() == torn[len(kept) :]


def test_a_line_that_lost_only_its_end_is_kept(ledger):
    ledger.write_bytes(ledger.read_bytes()[:-1])
    assert len(entries(ledger)) == 3
    say(ledger, "next")
    assert [each.number for each in entries(ledger)] == [1, 2, 3, 4]
    assert not list(ledger.parent.glob("*.torn-*"))


BAD = {
    "kind": {"kind": "accusation"},
    "party": {"party": "no such id!"},
    "another party": {"party": "south"},
    "later statement": {"about": {"statement": 9}},
    "itself": {"about": {"statement": 4}},
    "true": {"about": {"statement": True}},
    "about name": {"about": {"Site": "x"}},
    "about value": {"about": {"site": ["x"]}},
    "long about": {"about": {"site": "x" * 301}},
    "long text": {"text": "x" * 8001},
    "long line": {"text": "x" * 8000, **{f"more{n}": "é" * 4000 for n in range(9)}},
    "not a number": {"value": float("nan")},
    "no JSON": {"value": object()},
    "deep": {"value": [[[[[[[[1]]]]]]]]},
    "no reason": {"kind": "withdrawn", "about": {"statement": 1}},
    "no target": {"kind": "withdrawn", "reason": "mistaken"},
    "no zone": {"made": datetime(2026, 3, 1, 12)},  # noqa: DTZ001 - the point of the case
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_what_breaks_a_rule_is_refused_and_nothing_is_written(ledger, changes):
    before = ledger.read_bytes()
    with pytest.raises(UsageError):
        say(ledger, **changes)
    assert ledger.read_bytes() == before


def test_a_long_line_from_elsewhere_is_refused(ledger):
    with ledger.open("ab") as file:
        file.write(b"x" * (LINE_LIMIT + 1) + b"\n")
    with pytest.raises(BundleError, match="longer than"):
        entries(ledger)


def _say_many(path, name):
    for number in range(10):
        say(Path(path), f"{name} {number}")


def test_several_processes_lose_nothing(tmp_path):
    path = tmp_path / "north.ledger.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_say_many, args=(str(path), name)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    texts = [each.body["text"] for each in entries(path)]
    assert sorted(texts) == sorted(f"{name} {n}" for name in "ab" for n in range(10))


def sign(ledger, key, *, at=AT, held=None):
    newest = entries(ledger)[-1]
    payload = with_head(
        load_heads(ledger), head=(newest.number, newest.sha256), ledger=newest.party,
        agreement=AGREEMENT_SHA256, key=key, trust=held or trust(), at=at,
    )  # fmt: skip
    heads_path(ledger).write_bytes(payload)


def test_signatures_say_up_to_where_and_by_whom(ledger):
    sign(ledger, NORTH)
    say(ledger, "one more")
    sign(ledger, SOUTH)
    assert [each.signed for each in entries(ledger)] == [True] * 4
    found = checked(ledger, trust())
    assert found.covered == 3
    assert not found.faults
    assert "signed by north up to 3" in "\n".join(found.lines)
    assert "signed by south up to 4" in "\n".join(found.lines)
    assert "north has not signed statements 4 to 4" in found.lines[-1]


def test_a_strangers_signature_is_neither_made_nor_counted(ledger):
    with pytest.raises(UsageError, match="no trusted key"):
        sign(ledger, STRANGER)
    sign(ledger, NORTH)
    with pytest.raises(UsageError, match="already"):
        sign(ledger, NORTH)
    held = trust(north=trust().parties["south"])
    found = checked(ledger, held)
    assert found.covered == 0
    assert "unknown-key" in found.faults[0]
    assert "which is not held" in checked(ledger, trust(agreements=())).faults[0]


def test_a_ledger_cut_or_rewritten_below_a_signed_line_is_refused(ledger):
    sign(ledger, NORTH)
    first, second, third = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(first + second)
    with pytest.raises(BundleError, match="is cut: line 3"):
        entries(ledger)
    with pytest.raises(BundleError, match="is cut"):
        say(ledger, "over the cut")
    say(other := ledger.with_name("other.jsonl"), "another story")
    say(other, "number 2")
    say(other, "number 3")
    ledger.write_bytes(other.read_bytes())
    with pytest.raises(BundleError, match="is rewritten: line 3"):
        entries(ledger)
    assert third


def test_a_withdrawal_supersedes_and_its_own_withdrawal_restores(ledger):
    def standing():
        return {each.entry.number: each.superseded_by for each in current(entries(ledger))}

    say(ledger, kind="withdrawn", about={"statement": 2}, reason="mistaken")
    assert standing() == {1: None, 2: 4, 3: None, 4: None}
    say(ledger, kind="withdrawn", about={"statement": 4}, reason="it was right")
    assert standing() == {1: None, 2: None, 3: None, 4: 5, 5: None}
    assert "superseded by 5" in entry_lines(current(entries(ledger)))[3]


def test_several_parties_ledgers_make_one_view(tmp_path, ledger):
    south = tmp_path / "south.ledger.jsonl"
    say(south, "before", party="south", made=NOON - timedelta(hours=1))
    say(
        south, kind="withdrawn", about={"statement": 1}, party="south", reason="no",
        made=NOON + timedelta(hours=1),
    )  # fmt: skip
    view = current(merged([ledger, south]))
    assert view == current(merged([south, ledger]))
    assert [(each.entry.party, each.entry.number) for each in view] == [
        ("south", 1), ("north", 1), ("north", 2), ("north", 3), ("south", 2),
    ]  # fmt: skip
    assert [each.superseded_by for each in view] == [2, None, None, None, None]
    with pytest.raises(UsageError, match="a party has one"):
        merged([ledger, ledger])
    with pytest.raises(UsageError, match="no ledger"):
        merged([tmp_path / "none"])


def test_printed_lines_hold_no_control_characters(ledger):
    say(ledger, "\x1b[31mred\nand two lines")
    assert all(line.isprintable() for line in entry_lines(current(entries(ledger))))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in {"withdrawn", "corrected"}])
def test_every_kind_can_be_said(tmp_path, kind):
    assert say(tmp_path / "l.jsonl", kind=kind).kind == kind


def test_a_line_is_what_any_json_reader_reads(ledger):
    line = ledger.read_text().splitlines()[0]
    assert json.loads(line)["schema"] == "fairwitness/ledger/1"
    assert json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")) == line


def test_reading_a_ledger_needs_no_heavy_library():
    code = (
        "import sys, pipeline.exchange.ledger, pipeline.exchange.ledgerview;"
        "print(sorted({'xarray', 'dask', 'numpy', 'rasterio', 'scipy'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("payload", [b'{"agreement":{},"assessments":[]}', b"notes", b"\xff" * 9])
def test_a_file_that_is_no_ledger_is_left_alone(tmp_path, payload):
    path = tmp_path / "report.json"
    path.write_bytes(payload)
    with pytest.raises(BundleError, match="no ledger"):
        say(path)
    assert path.read_bytes() == payload
    assert [each.name for each in tmp_path.iterdir() if "torn" in each.name] == []


def test_the_view_as_json_tells_a_terminal_nothing(tmp_path):
    path, text = tmp_path / "s.jsonl", "\x9b31m \u202ered\u2028\U000e0001"
    say(path, text, party="south", about={"site": text, "finding": "f"}, kind="dispute")
    for words in ([], ["--json"]):
        shown = CliRunner().invoke(app, ["ledger", "show", str(path), *words]).output
        assert all(line.isprintable() for line in shown.split("\n"))
    assert json.loads(shown)["body"] == {"text": text}


@pytest.mark.parametrize("room", [0, 40, -1])
def test_a_statement_the_disk_refuses_is_not_said(ledger, room):
    resource = pytest.importorskip("resource")
    before = ledger.read_bytes()
    say(ledger, "x")
    length = len(ledger.read_bytes()) - len(before)
    ledger.write_bytes(before)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    most = len(before) + (room if room >= 0 else length + room)  # -1: all but the line end
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        with pytest.raises(OutputError):
            say(ledger, "x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ledger.read_bytes() == before
    assert say(ledger, "x").number == 4
