"""Who must sign before a file goes out at a level, for how long, and over which bytes."""

from __future__ import annotations

import hashlib

import pytest
from typer.testing import CliRunner

from pipeline.agreement import load_agreement
from pipeline.cli import app
from pipeline.errors import BundleError, UsageError
from pipeline.exchange import keys
from pipeline.exchange.clock import later, parsed
from pipeline.exchange.envelope import Signed, statement
from pipeline.exchange.ledger import entries
from pipeline.exchange.releaserules import LEVELS, Terms, refuse_content
from pipeline.exchange.releases import (
    PREDICATE_TYPE,
    SCHEMA,
    authorised,
    release_of,
    release_path,
)
from pipeline.report.message import product_message
from pipeline.report.words import LANGUAGES
from pipeline.store.atomic import canonical_json, parse_json
from tests.agreement import samples
from tests.exchange.world import AT, NORTH, NORTH_TWO, SOUTH, STRANGER, key, trust, trusted
from tests.report.gallery import gallery
from tests.report.products import write_record

ENVOY = key("envoy")
FILE = hashlib.sha256(b"message").hexdigest()
UNTIL = "2026-04-01T00:00:00Z"
VALID = "valid_from: 2020-01-01T00:00:00Z, valid_to: 2030-01-01T00:00:00Z"


def listed(**held):
    rows = (
        f"{{id: {name.replace('_', '-')}, public: {key.public_text}, {VALID}, roles: [{role}]}}"
        for name, (key, role) in held.items()
    )
    return f"[{', '.join(rows)}]"


NORTH_KEYS = listed(
    n_one=(NORTH, "analyst, authority"),
    n_two=(NORTH_TWO, "reviewer"),
    n_three=(key("x"), "analyst"),
)
PARTIES = f"""parties:
  - {{id: north, name: Northern Party, role: party, keys: {NORTH_KEYS}}}
  - {{id: south, name: Southern Party, role: party, keys: {listed(s_one=(SOUTH, "authority"))}}}
  - {{id: envoy, name: Envoy, role: mediator, keys: {listed(e_one=(ENVOY, "authority"))}}}
"""


def file_of(folder, release=""):
    text = samples.FULL
    start, end = text.index("parties:"), text.index("sites:")
    text = text[:start] + PARTIES + text[end:]
    start, end = text.index("release:"), text.index("permitted_use:")
    return samples.write(folder, text[:start] + release + text[end:])


@pytest.fixture
def agreement(tmp_path):
    return load_agreement(file_of(tmp_path))


def given(agreement, level, *keys, text="joint", look=None, expires=UNTIL, at=AT):
    held = None
    for each in keys:
        held = authorised(
            held, FILE, Terms(level, text, look), agreement, each, at=at, expires=expires
        )
    return held


ENOUGH = [
    ("national", "national", (NORTH, NORTH_TWO), True),
    ("national", "national", (NORTH,), False),
    ("national", "national", (NORTH, key("x")), False),  # two analysts
    ("joint", "joint", (NORTH,), True),
    ("joint", "joint", (ENVOY,), False),
    ("parties", "joint", (NORTH,), False),
    ("parties", "joint", (NORTH, SOUTH), True),
    ("parties", "joint", (NORTH, ENVOY), False),
    ("parties", "national", (SOUTH,), True),
    ("mediator", "joint", (NORTH,), False),
    ("mediator", "joint", (NORTH, SOUTH), True),
    ("mediator", "joint", (SOUTH, ENVOY), True),
    ("public", "joint", (NORTH, ENVOY), False),
    ("public", "national", (NORTH,), False),
    ("public", "joint", (NORTH, SOUTH), True),
]


@pytest.mark.parametrize(("level", "text", "signers", "enough"), ENOUGH)
def test_every_level_needs_its_own(agreement, level, text, signers, enough):
    found = release_of(given(agreement, level, *signers, text=text), FILE, agreement, at=AT)
    assert (not found.missing) == enough
    assert found.terms.level == level


def test_every_level_is_in_the_table():
    assert {level for level, *_ in ENOUGH} == set(LEVELS)


def test_the_agreements_rule_stands_before_the_usual_one(tmp_path):
    rule = (
        "release:\n  public: {delay_hours: 72, authorities: [north, south, envoy], required: 2}\n"
    )
    agreement = load_agreement(file_of(tmp_path, rule))
    with pytest.raises(UsageError, match="say which"):
        given(agreement, "public", NORTH)
    with pytest.raises(UsageError, match="waits 72 hours"):
        given(agreement, "public", NORTH, look="2026-02-28T00:00:00Z")
    held = given(agreement, "public", NORTH, ENVOY, look="2026-02-26T11:00:00Z")
    assert release_of(held, FILE, agreement, at=AT).missing == ()
    half = given(agreement, "public", NORTH, look="2026-02-26T11:00:00Z")
    assert release_of(half, FILE, agreement, at=AT).missing == ("1 of 2 of north, south, envoy",)


def test_an_authorisation_ends(agreement):
    held = given(agreement, "parties", NORTH, SOUTH)
    assert release_of(held, FILE, agreement, at="2026-03-31T23:59:59Z").missing == ()
    late = release_of(held, FILE, agreement, at=UNTIL)
    assert late.missing == ("nobody has authorised it",)
    assert "expired" in late.faults[0]
    early = release_of(held, FILE, agreement, at="2026-02-01T00:00:00Z")
    assert "signed 2026-03-01" in early.faults[0]
    with pytest.raises(UsageError, match="counts for nothing"):
        given(agreement, "parties", NORTH, expires=AT)


def test_a_key_that_was_revoked_before_it_signed_does_not_count(agreement):
    held = given(agreement, "joint", NORTH)
    for since, missing in (("2026-02-01T00:00:00Z", True), ("2026-03-02T00:00:00Z", False)):
        store = trust(north=trusted(NORTH, revoked_at=since))
        found = release_of(held, FILE, agreement, at=AT, trust=store)
        assert bool(found.missing) == missing
        assert any("revoked" in fault for fault in found.faults) == missing
    assert release_of(held, FILE, agreement, at=AT, trust=trust()).missing == ()


def test_other_bytes_keys_roles_and_terms_do_not_count(agreement):
    held = given(agreement, "joint", NORTH)
    other = release_of(held, hashlib.sha256(b"other").hexdigest(), agreement, at=AT)
    assert other.missing
    assert "other bytes" in other.faults[0]
    for wrong in (STRANGER, NORTH_TWO):  # no key of the agreement; a reviewer's only
        with pytest.raises(UsageError, match="no role authority"):
            given(agreement, "joint", wrong)
    with pytest.raises(UsageError, match="no role analyst or reviewer"):
        given(agreement, "national", SOUTH)
    with pytest.raises(UsageError, match="already"):
        given(agreement, "joint", NORTH, NORTH)
    with pytest.raises(UsageError, match="other terms"):
        authorised(held, FILE, Terms("public", "joint"), agreement, SOUTH, at=AT, expires=UNTIL)
    with pytest.raises(UsageError, match="a level is one of"):
        given(agreement, "everybody", NORTH)


def test_no_bit_of_an_authorisation_can_be_changed(agreement):
    held = given(agreement, "joint", NORTH)
    for position in range(len(held)):
        changed = bytearray(held)
        changed[position] ^= 1
        try:
            assert release_of(bytes(changed), FILE, agreement, at=AT).missing
        except BundleError:
            continue


def test_one_of_another_agreement_does_not_count(agreement, tmp_path):
    (tmp_path / "other").mkdir()
    other = load_agreement(file_of(tmp_path / "other", "release: {joint: {delay_hours: 0}}\n"))
    found = release_of(given(other, "joint", NORTH), FILE, agreement, at=AT)
    assert "another agreement" in found.faults[0]
    with pytest.raises(BundleError, match="format"):
        release_of(canonical_json({"schema": "x", "envelopes": []}), FILE, agreement, at=AT)


REFUSED = [
    ("public", b"This is a violation.", "found: violat"),
    ("public", "Это нарушение.".encode(), "found: наруш"),
    ("mediator", b"%PDF-1.7 \xff\xfe", "plain texts"),
    ("parties", b"PK\3\4" + bytes(40), "plain texts"),
    ("parties", b"<p>map: <svg viewBox='0 0 1 1'></svg>", "no pictures"),
    ("mediator", b'{"type":"Point","coordinates":[1,2]}', "no pictures"),
    ("public", b"The depot at 34.0512, -118.2437 was quiet.", "no coordinates"),
]


@pytest.mark.parametrize(("level", "payload", "rule"), REFUSED)
def test_what_may_not_leave_the_teams_is_refused(level, payload, rule):
    with pytest.raises(UsageError, match=rule):
        refuse_content(payload, level)
    refuse_content(payload, "joint")
    refuse_content(payload, "national")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_message_of_a_report_may_go_out(language, tmp_path):
    write_record(tmp_path, gallery())
    refuse_content(product_message(tmp_path, language), "public")


def test_the_commands_sign_show_and_refuse(tmp_path, monkeypatch):
    agreement = file_of(tmp_path)
    file, ledger = tmp_path / "message.txt", tmp_path / "n.jsonl"
    file.write_text("quiet")
    monkeypatch.setenv("FAIRWITNESS_PASSPHRASE", "x")
    monkeypatch.setattr(keys, "load", lambda path, _: {"n": NORTH, "s": SOUTH}[path.stem])

    def run(*words):
        return CliRunner().invoke(app, [*words, "--agreement", str(agreement)])

    signing = ("release", "sign", str(file), "--level", "public")
    shown = run(*signing, "--key", "n.pem", "--ledger", str(ledger))
    assert shown.exit_code == 0, shown.exception
    assert "missing: an authority of south" in shown.output
    assert "not authorised" in shown.output
    assert run("release", "verify", str(file)).exit_code == 2
    assert run(*signing, "--key", "s.pem").exit_code == 0
    shown = run("release", "verify", str(file))
    assert (shown.exit_code, "TLP:CLEAR" in shown.output) == (0, True)
    assert [(entry.kind, entry.body["level"]) for entry in entries(ledger)] == [
        ("authorised", "public")
    ]
    south = ("--ledger", str(ledger), "--key", "s.pem")
    file.write_text("other")
    release_path(file).unlink()
    assert "is north's" in str(run(*signing, *south).exception)
    assert not release_path(file).exists()  # what cannot be said is not signed either
    assert run(*signing, "--key", "s.pem").exit_code == 0
    file.write_text("louder")
    assert run("release", "verify", str(file)).exit_code == 2
    file.write_text("a breach")
    assert isinstance(run(*signing, "--key", "n.pem").exception, UsageError)
    assert release_path(file).exists()


@pytest.mark.parametrize("level", ["joint", "public"])
@pytest.mark.parametrize("field", ["look", "signed", "expires"])
def test_a_day_that_never_was_does_not_count(tmp_path, level, field):
    waiting = f"release: {{{level}: {{delay_hours: 72, authorities: [north], required: 1}}}}\n"
    agreement = load_agreement(file_of(tmp_path, waiting))
    predicate = {
        "agreement": agreement.sha256, "party": "north", "signed": AT, "expires": UNTIL,
        "level": level, "text": "joint", "look": "2026-02-01T00:00:00Z",
    }  # fmt: skip
    subject = {"name": "file", "digest": {"sha256": FILE}}

    def found(**changes):
        payload = statement(PREDICATE_TYPE, [subject], {**predicate, **changes})
        envelope = parse_json(Signed(payload, {}).with_signature(NORTH).serialised)
        held = canonical_json({"schema": SCHEMA, "envelopes": [envelope]})
        return release_of(held, FILE, agreement, at=AT)

    assert found().missing == ()
    never = found(**{field: "2026-02-30T00:00:00Z"})
    assert never.missing == ("nobody has authorised it",)
    assert "never was" in never.faults[0]


@pytest.mark.parametrize(
    "text", ["2026-1-1T0:0:0Z", "0001-01-01T00:00:00Z", "\u0662\u0660\u0662\u0666-01-01T00:00:00Z"]
)
def test_moments_that_would_not_compare_as_texts_are_refused(text):
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        parsed(text)


def test_nothing_comes_after_the_last_day():
    with pytest.raises(UsageError, match="nothing comes after"):
        later("9999-12-31T23:59:59Z", seconds=300)
