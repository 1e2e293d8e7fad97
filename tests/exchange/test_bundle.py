"""From products on disk to one file, and from the command line to a verdict."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import pipeline.exchange
from pipeline.agreement import load_agreement
from pipeline.cli_exchange import exchange_app
from pipeline.cli_exchange.options import passphrases
from pipeline.errors import BundleError, OutputError, ProductError, UsageError
from pipeline.exchange.bundle import CHIPS, Address, make_bundle
from pipeline.exchange.envelope import read_envelope
from pipeline.exchange.keys import generate
from pipeline.exchange.signing import sign
from pipeline.exchange.trust import Trust, load_trust, trusted_agreement
from pipeline.exchange.verify import open_bundle, verify
from tests.exchange.products import CHIP, agreement_file, loaded, product
from tests.exchange.world import AT, EXPIRES, ISSUED, NORTH, SOUTH

PROJECT = Path(pipeline.exchange.__file__).parents[2]
WORD = "a long enough phrase"
ADDRESS = Address("north", ("south",), ISSUED, EXPIRES)


@pytest.fixture
def agreement(tmp_path):
    return loaded(tmp_path)


@pytest.fixture
def desk(agreement):
    return trusted_agreement(Trust(), agreement, own="north", thresholds={})


def test_a_bundle_holds_all_that_is_needed_to_recompute(tmp_path, agreement, desk):
    out = tmp_path / "a.fwb"
    statement = make_bundle(
        [product(tmp_path / "out", agreement)], out, trust=desk, address=ADDRESS
    )
    chip = hashlib.sha256(CHIP).hexdigest()
    assert [member.name for member in statement.members] == [
        "agreement.json", f"chips/{chip}.tif", "sites/town/baseline.json",
        "sites/town/evidence.json", "sites/town/layers/zones.geojson",
        "sites/town/manifest.json", "sites/town/report.json",
    ]  # fmt: skip
    payload, desk = sign(out.read_bytes(), NORTH, desk, at=AT)
    opened = verify(payload, desk, at=AT).opened
    assert hashlib.sha256(opened.files["agreement.json"]).hexdigest() == agreement.sha256
    assert opened.files[f"chips/{chip}.tif"] == CHIP


def test_the_same_products_give_the_same_bytes(tmp_path, agreement, desk):
    made = [product(tmp_path / "out", agreement), product(tmp_path / "out", agreement, site="camp")]
    for name, products in [("a", made), ("b", made[::-1])]:
        make_bundle(products, tmp_path / name, trust=desk, address=ADDRESS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_numbers_follow_those_signed(tmp_path, agreement, desk):
    made, out = product(tmp_path / "out", agreement), tmp_path / "a.fwb"
    numbers = []
    for _ in range(3):
        statement = make_bundle([made], out, trust=desk, address=ADDRESS)
        again = make_bundle([made], out, trust=desk, address=ADDRESS)  # unsigned: nothing is spent
        assert statement == again
        numbers += [(each.sequence, each.previous is None) for each in statement.reports]
        _, desk = sign(out.read_bytes(), NORTH, desk, at=AT)
    assert numbers == [(1, True), (2, False), (3, False)]


def test_altered_and_incomplete_products_are_refused(tmp_path, agreement, desk):
    def refused(error, match, *products, **options):
        with pytest.raises(error, match=match):
            make_bundle(list(products), tmp_path / "x.fwb", trust=desk, address=ADDRESS, **options)
        assert not (tmp_path / "x.fwb").exists()

    fine = product(tmp_path / "out", agreement)
    camp = product(tmp_path / "out", agreement, site="camp")
    refused(UsageError, "one report a site", fine, fine)
    joint = product(tmp_path / "joint", agreement, site="yard", standing="joint")
    refused(UsageError, "one agreement and one standing", fine, joint)
    refused(ProductError, "chip", fine, chips=tmp_path / "nowhere")
    (chip,) = (tmp_path / "out" / CHIPS).rglob("*.tif")
    chip.write_bytes(b"other pixels")
    refused(ProductError, "chip does not have the digest", fine)
    (camp / "report.json").write_bytes(b"{}")
    refused(ProductError, "size and digest", camp)
    refused(ProductError, "no product", tmp_path)


def test_parties_are_those_of_the_agreement(tmp_path, agreement, desk):
    made = product(tmp_path / "out", agreement)
    with pytest.raises(UsageError, match="no party 'west'"):
        make_bundle(
            [made], tmp_path / "x", trust=desk, address=Address("north", ("west",), ISSUED, EXPIRES)
        )


def test_trust_takes_authorities_keys_and_never_swaps_them(agreement, desk):
    assert set(desk.parties["north"].keys) == {NORTH.keyid}
    assert set(desk.parties["south"].keys) == {SOUTH.keyid}
    assert desk.parties["watcher"].keys == {}
    assert trusted_agreement(desk, agreement, own=None, thresholds={}) == desk
    other = agreement.model_copy(
        update={"parties": tuple(
            party.model_copy(update={"keys": agreement.parties[1].keys}) if party.id == "north"
            else party for party in agreement.parties
        )}
    )  # fmt: skip
    with pytest.raises(UsageError, match="other keys"):
        trusted_agreement(desk, other, own=None, thresholds={})
    with pytest.raises(UsageError, match="no party 'west'"):
        trusted_agreement(Trust(), agreement, own="west", thresholds={})
    with pytest.raises(UsageError, match="2 of 1 keys of north"):
        trusted_agreement(Trust(), agreement, own=None, thresholds={"north": 2})


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Call a command in an empty folder; returns its lines, raises what it refuses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRWITNESS_PASSPHRASE", WORD)
    monkeypatch.delenv("FAIRWITNESS_TRUST", raising=False)

    def call(*words, code=0):
        result = CliRunner().invoke(exchange_app, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output.splitlines()

    return call


def keyed(tmp_path, run):
    """An agreement whose keys were made by `keygen`."""
    publics = {}
    for name in ("north", "south"):
        lines = run("keygen", "--out", f"{name}.pem")
        publics[name] = lines[1].removeprefix("public ")
    path = agreement_file(tmp_path)
    text = path.read_text().replace(NORTH.public_text, publics["north"])
    path.write_text(text.replace(SOUTH.public_text, publics["south"]))
    return path


def test_two_parties_from_keys_to_a_countersigned_bundle(tmp_path, run):
    path = keyed(tmp_path, run)
    made = product(tmp_path / "out", load_agreement(path))
    run("trust", "init", path, "--as", "north", "--trust", "n")
    run("trust", "init", path, "--as", "south", "--trust", "s")
    assert "not signed yet" in run(
        "bundle", made, "--out", "a.fwb", "--for", "south", "--trust", "n"
    )[1]  # fmt: skip
    with pytest.raises(BundleError, match="unsigned") as caught:
        run("verify", "a.fwb", "--trust", "s")
    assert caught.value.file == "a.fwb"
    run("sign", "a.fwb", "--key", "north.pem", "--trust", "n")
    lines = run("verify", "a.fwb", "--trust", "s")
    assert lines[-1] == "accepted"
    assert "missing: no signature of south" in lines
    assert "missing: signatures of the agreement" in lines
    with pytest.raises(BundleError, match="threshold: south has not signed"):
        run("verify", "a.fwb", "--require", "south", "--trust", "s")
    run("countersign", "a.fwb", "--key", "south.pem", "--trust", "s")
    lines = run("verify", "a.fwb", "--require", "south", "--trust", "n")
    assert [line.split(":")[0] for line in lines if line.startswith("signed")] == [
        "signed by north", "signed by south",
    ]  # fmt: skip
    assert "number 1" in run("trust", "show", "--trust", "s")[-1]


def test_what_is_signed_is_said_in_the_ledger_and_the_ledger_is_signed(tmp_path, run):
    path = keyed(tmp_path, run)
    run("trust", "init", path, "--as", "north", "--trust", "n")
    made = product(tmp_path / "out", load_agreement(path))
    run("bundle", made, "--out", "a.fwb", "--for", "south", "--trust", "n")
    lines = run("sign", "a.fwb", "--key", "north.pem", "--trust", "n", "--ledger", "l.jsonl")
    assert lines[-1] == "statement 1, issued: l.jsonl"
    run("ledger", "add", "l.jsonl", "--kind", "note", "--say", "text=quiet", "--trust", "n")
    run("ledger", "sign", "l.jsonl", "--key", "north.pem", "--trust", "n")
    run("ledger", "add", "l.jsonl", "--kind", "withdrawn", "--about", "statement=2", "--say",
        "reason=it was not", "--trust", "n")  # fmt: skip
    lines = run("ledger", "verify", "l.jsonl", "--trust", "n")
    assert lines[-1] == "missing: north has not signed statements 3 to 3"
    shown = run("ledger", "show", "l.jsonl")
    assert [line.split()[3] for line in shown] == ["issued", "note", "withdrawn"]
    assert "[superseded by 3]" in shown[1]
    assert len(run("ledger", "show", "l.jsonl", "--json")) == 3
    with pytest.raises(UsageError, match="NAME=VALUE"):
        run("ledger", "add", "l.jsonl", "--kind", "note", "--say", "quiet")
    with pytest.raises(UsageError, match="say --party"):
        run("ledger", "add", "new.jsonl", "--kind", "note", "--trust", "none")
    with pytest.raises(UsageError, match="nothing to sign"):
        run("ledger", "sign", "new.jsonl", "--key", "north.pem", "--trust", "n")
    whole = (tmp_path / "l.jsonl").read_bytes()
    (tmp_path / "l.jsonl").write_bytes(whole.replace(b"quiet", b"QUIET"))
    before = (tmp_path / "a.fwb").read_bytes()
    with pytest.raises(BundleError, match="ledger"):
        run("sign", "a.fwb", "--key", "north.pem", "--trust", "n", "--ledger", "l.jsonl")
    assert (tmp_path / "a.fwb").read_bytes() == before


def test_keys_change_hands_by_file(tmp_path, run):
    path = keyed(tmp_path, run)
    run("trust", "init", path, "--as", "south", "--trust", "s")
    run("keygen", "--out", "new.pem")
    run("rotate", "--party", "north", "--old", "north.pem", "--new", "new.pem", "--out", "r.json",
        "--trust", "s")  # fmt: skip
    assert run("trust", "update", "r.json", "--trust", "s")[0].startswith(
        "north: 1 retired, 1 added"
    )
    with pytest.raises(BundleError, match="rollback"):
        run("trust", "update", "r.json", "--trust", "s")
    keyid = newest_key(tmp_path / "s")
    run("revoke", "--party", "north", "--key-id", keyid, "--key", "new.pem", "--out", "v.json",
        "--reason", "lost", "--trust", "s")  # fmt: skip
    assert "revoked from" in run("trust", "update", "v.json", "--trust", "s")[0]


def newest_key(folder):
    keys = load_trust(folder).parties["north"].keys
    return max(keys, key=lambda keyid: keys[keyid].valid_from)


def test_agreement_and_baseline_from_the_command_line(tmp_path, run):
    path = keyed(tmp_path, run)
    assert "standing none" in run("agreement", "verify", path, code=2)
    run("agreement", "sign", path, "--key", "north.pem")
    assert "standing national" in run("agreement", "verify", path, code=2)
    run("agreement", "sign", path, "--key", "south.pem")
    assert "standing joint" in run("agreement", "verify", path)
    made = product(tmp_path / "out", load_agreement(path))
    known = ("--agreement", path, "--key")
    with pytest.raises(OutputError, match="could not be written"):
        run("baseline", "propose", made, *known, "north.pem", "--out", "b" * 245 + ".json")
    assert not list(tmp_path.glob("b*"))
    run("baseline", "propose", made, *known, "north.pem", "--out", "b.json")
    run("baseline", "validate", "b.json", made, *known, "south.pem")
    run("baseline", "ratify", "b.json", *known, "south.pem")
    assert run("baseline", "ratify", "b.json", *known, "north.pem") == [
        "Baseline: b.json, ratified"
    ]
    assert run("baseline", "drift", "b.json", made) == ["no drift"]


def test_passphrases_come_from_a_file_a_line_each(tmp_path, run, monkeypatch):
    monkeypatch.delenv("FAIRWITNESS_PASSPHRASE")
    generate(tmp_path / "one.pem", b"the first long phrase")
    (tmp_path / "words").write_text("the first long phrase\n")
    path = agreement_file(tmp_path)
    run("trust", "init", path, "--as", "south")
    for words, match in [("words", "1 passphrases for 2 keys"), ("none", "cannot be read")]:
        with pytest.raises(UsageError, match=match):
            run("rotate", "--party", "north", "--old", "one.pem", "--new", "one.pem",
                "--out", "r.json", "--passphrase-file", words)  # fmt: skip


def test_a_passphrase_is_bytes_of_any_kind(tmp_path, monkeypatch):
    (tmp_path / "words").write_bytes(b"\xffand more\r\n")
    assert passphrases([tmp_path], tmp_path / "words") == [b"\xffand more"]
    monkeypatch.setenv("FAIRWITNESS_PASSPHRASE", "\udcffand more")
    assert passphrases([tmp_path], None) == [b"\xffand more"]


def test_no_number_is_spent_where_the_ledger_is_anothers(tmp_path, run):
    path = keyed(tmp_path, run)
    run("trust", "init", path, "--as", "north", "--trust", "n")
    made = product(tmp_path / "out", load_agreement(path))
    run("bundle", made, "--out", "a.fwb", "--for", "south", "--trust", "n")
    run("ledger", "add", "s.jsonl", "--kind", "note", "--party", "south", "--trust", "n")
    before = (tmp_path / "a.fwb").read_bytes()
    with pytest.raises(UsageError, match="is south's"):
        run("sign", "a.fwb", "--key", "north.pem", "--trust", "n", "--ledger", "s.jsonl")
    assert (tmp_path / "a.fwb").read_bytes() == before
    assert load_trust(tmp_path / "n").seen == {}


def test_the_verifiers_are_handed_out(tmp_path, run):
    assert len(run("verifier", "--out", "given")) == 2
    for name in ("verify.py", "verify.html"):
        given = (tmp_path / "given" / name).read_bytes()
        assert given == (Path(pipeline.exchange.__file__).parent / "standalone" / name).read_bytes()


def test_onlookers_issue_nothing(tmp_path, run):
    path = agreement_file(tmp_path)
    run("trust", "init", path)
    with pytest.raises(UsageError, match="does not say who we are"):
        run("bundle", "out", "--out", "a.fwb", "--for", "south")
    with pytest.raises(UsageError, match="PARTY=N"):
        run("trust", "init", path, "--threshold", "north")
    with pytest.raises(UsageError, match="YYYY"):
        run("trust", "show", "--at", "yesterday")


VERIFY = """
import sys
import pipeline.exchange
from pipeline.agreement import load_agreement
from pipeline.cli_exchange import exchange_app
from pipeline.cli_exchange.options import passphrases
sys.argv = ["fairwitness", "verify", "a.fwb"]
try:
    exchange_app()
finally:
    heavy = {"xarray", "dask", "rasterio", "shapely", "numpy", "scipy"} & set(sys.modules)
    print("imported", sorted(heavy))
"""


def test_verify_imports_nothing_heavy(tmp_path, agreement, desk, run):
    out = tmp_path / "a.fwb"
    make_bundle([product(tmp_path / "out", agreement)], out, trust=desk, address=ADDRESS)
    payload, _ = sign(out.read_bytes(), NORTH, desk, at=AT)
    out.write_bytes(payload)
    run("trust", "init", tmp_path / "agreement.yaml", "--as", "south")
    done = subprocess.run(
        [sys.executable, "-c", VERIFY.replace('"a.fwb"', f'"a.fwb", "--at", "{AT}"')],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert done.stdout.splitlines()[-2:] == ["accepted", "imported []"], done.stderr
    assert load_trust(tmp_path / "trust").seen == {}  # a look at another time is not remembered


def test_an_envelope_without_signatures_opens_for_signing_only(tmp_path, agreement, desk):
    out = tmp_path / "a.fwb"
    make_bundle([product(tmp_path / "out", agreement)], out, trust=desk, address=ADDRESS)
    opened = open_bundle(out.read_bytes(), desk, signed=False)
    assert read_envelope(opened.signed.serialised).signatures == {}
    with pytest.raises(BundleError, match="unsigned"):
        open_bundle(out.read_bytes(), desk)
