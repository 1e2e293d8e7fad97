"""A partner's report computed again from its bundle alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.agreement import load_agreement
from pipeline.cli import app
from pipeline.errors import BundleError
from pipeline.exchange.bundle import CHIPS, Address, make_bundle
from pipeline.exchange.container import members_of, packed
from pipeline.exchange.envelope import Signed, read_envelope, read_statement
from pipeline.exchange.layout import chip_member, chips_named
from pipeline.exchange.ledger import entries
from pipeline.exchange.reproductions import review_of
from pipeline.exchange.signing import sign
from pipeline.exchange.statement import read_bundle_statement
from pipeline.exchange.trust import Trust, trusted_agreement
from pipeline.exchange.verify import open_bundle
from pipeline.store.atomic import canonical_json, parse_json, write_json
from pipeline.workflows.monitor import run_sites
from pipeline.workflows.reproduce import reproduce_bundle, reproduction_statement
from pipeline.workflows.reproduce.ladder import (
    TOLERANCE,
    layer_field,
    lowest,
    record_fields,
)
from pipeline.workflows.reproduce.statement import PREDICATE_TYPE, told
from tests.exchange.world import AT, EXPIRES, ISSUED, NORTH, SOUTH
from tests.workflows.runs import PROJECT, Trial, with_keys


def rungs(theirs, ours):
    return {field.name: field.rung for field in record_fields(theirs, ours)}


def test_fields_are_equal_near_or_apart():
    theirs = {"same": [1, "a", None], "near": {"x": 100.0}, "far": [1.0, 2.0], "text": "a"}
    ours = {"same": [1, "a", None], "near": {"x": 100.001}, "far": [1.0, 2.1], "text": "b"}
    assert rungs(theirs, ours) == {"same": "R4", "near": "R3", "far": "R2a", "text": "R2a"}


@pytest.mark.parametrize(
    ("one", "other", "rung"),
    [
        (1.5, 1.5 + 0.9 * TOLERANCE, "R3"),
        (1.5, 1.5 + 2 * TOLERANCE, "R2a"),  # relative to 1.5: 1.3 times the tolerance
        (1e6 + 0.5, 1e6 + 10.5, "R3"),  # relative to a million
        (0.0, 1.5e-5, "R3"),  # near zero: absolute
        (3, 4, "R2a"),
        (3, 3.0, "R4"),  # canonical JSON writes them alike
        (True, 1, "R2a"),
        (None, 0.0, "R2a"),
        ([1, 2], [1, 2, 3], "R2a"),
        ({"a": 1}, {"b": 1}, "R2a"),
    ],
)
def test_tolerance_is_for_fractions_only(one, other, rung):
    assert rungs({"field": one}, {"field": other}) == {"field": rung}


def test_a_missing_field_is_a_difference_and_another_environment_is_none():
    assert rungs({"findings": []}, {}) == {"findings": "R2a"}
    assert rungs({"versions": {"numpy": "1"}}, {"versions": {"numpy": "2"}}) == {"versions": "R3"}


def test_the_first_difference_is_named():
    (field,) = record_fields({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}, {"x": 5}]})
    assert field.note == "a[1].x: 2 there, 5 here"


def test_layers():
    score = np.array([[[0.0, np.nan], [1.0, 100.0]]], np.float32)
    rows = [
        (score, score + np.float32(1e-5), "R3"),
        (score, score + np.float32(1e-2), "R2a"),
        (score, np.nan_to_num(score), "R2a"),
        (score, score.astype(np.float64), "R2a"),
        (score, score[:, :1], "R2a"),
        (score, None, "R2a"),
        (np.array([[[1, 2]]], np.uint8), np.array([[[1, 2]]], np.uint8), "R3"),
        (np.array([[[1, 2]]], np.uint8), np.array([[[1, 3]]], np.uint8), "R2a"),
        (np.array([[[np.inf]]]), np.array([[[np.inf]]]), "R3"),
        (np.array([[[np.inf]]]), np.array([[[1.0]]]), "R2a"),
    ]
    assert [layer_field("l", one, other).rung for one, other, _ in rows] == [r for *_, r in rows]


def test_the_whole_reaches_what_its_lowest_part_reaches():
    fields = record_fields({"a": 1, "b": 1.5}, {"a": 1, "b": 1.500001})
    assert lowest(fields) == "R3"
    assert lowest([]) == "R2a"


class Exchange:
    """A trial whose hill has one broken scene, and the bundle north made of it."""

    def __init__(self, folder):
        self.trial = with_keys(Trial(folder))
        broken = next(self.trial.items("hill")[-2].glob("*.tif"))
        broken.write_bytes(broken.read_bytes()[:2000])
        run_sites(self.trial.settings)
        agreement = load_agreement(self.trial.folder / "agreement.yaml")
        self.trust = trusted_agreement(Trust(), agreement, own="north", thresholds={})
        out = folder / "a.fwb"
        chips = self.trial.out / CHIPS
        make_bundle(
            [self.trial.product("town"), self.trial.product("hill")], out, trust=self.trust,
            address=Address("north", ("south",), ISSUED, EXPIRES),
            chips=chips if chips.is_dir() else self.trial.out / ".state" / "chips",
        )  # fmt: skip
        self.payload, self.trust = sign(out.read_bytes(), NORTH, self.trust, at=AT)

    def changed(self, **files):
        """The bundle with files replaced (None: taken out), signed as it then is."""
        opened = open_bundle(self.payload, self.trust)
        held = {**opened.files, **{name: raw for name, raw in files.items() if raw is not None}}
        held = {name: raw for name, raw in held.items() if files.get(name, b"") is not None}
        statement = replace(opened.statement, members=members_of(held))
        return packed(Signed(statement.payload, {}).with_signature(NORTH).serialised, held)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory):
    return Exchange(tmp_path_factory.mktemp("exchange"))


@pytest.mark.slow
def test_a_bundle_reproduces_to_the_byte(exchange, tmp_path, monkeypatch):
    """In one environment; also the site whose scene could not be loaded."""
    monkeypatch.chdir(tmp_path)
    hill, town = reproduce_bundle(exchange.payload, exchange.trust, at=AT)
    for found in (hill, town):
        assert [field for field in found.fields if field.rung != "R4"] == []
        assert (found.rung, found.report) == ("R4", found.ours)
        assert {"assessments", "inputs", "failures"} <= {field.name for field in found.fields}
        assert any(field.name.startswith("layers/") for field in found.fields)
    assert exchange.trial.report("hill")["failures"]
    assert list(tmp_path.iterdir()) == []
    signed = reproduction_statement(town, party="south", at=AT).with_signature(SOUTH)
    again = read_envelope(signed.serialised)
    again.verify({SOUTH.keyid: SOUTH.public})
    (subject,), said = read_statement(again.payload, PREDICATE_TYPE)
    assert (subject["digest"]["sha256"], said["rung"]) == (town.report, "R4")
    assert said["bundle"] == read_bundle_statement(read_envelope_payload(exchange)).sha256
    assert told(town)[0] == "town, number 1: reproduced, rung R4"


def read_envelope_payload(exchange):
    return open_bundle(exchange.payload, exchange.trust).signed.payload


@pytest.mark.slow
def test_the_command_says_in_the_ledger_what_the_partner_reads_back(
    exchange, tmp_path, monkeypatch
):
    monkeypatch.setattr("pipeline.exchange.keys.load", lambda *_: SOUTH)
    monkeypatch.setenv("FAIRWITNESS_PASSPHRASE", "x")
    (tmp_path / "a.fwb").write_bytes(exchange.payload)
    for own in ("north", "south"):
        store = replace(exchange.trust, own=own).as_document()
        write_json(tmp_path / own / "trust.json", store)

    def run(*words, trust):
        words = [*map(str, words), "--trust", str(tmp_path / trust)]
        return CliRunner().invoke(app, words)

    ledgers = {own: tmp_path / f"{own}.jsonl" for own in ("north", "south")}
    done = run("reproduce", tmp_path / "a.fwb", "--key", "s.pem", "--out", tmp_path / "r",
               "--ledger", ledgers["south"], trust="south")  # fmt: skip
    assert done.exit_code == 0, done.exception
    assert [entry.body["rung"] for entry in entries(ledgers["south"])] == ["R4", "R4"]
    statements = sorted((tmp_path / "r").iterdir())
    read = run("ledger", "receive", ledgers["north"], *statements, trust="north")
    assert read.exit_code == 0, read.exception
    review = review_of([ledgers["north"]], "town", digest_of(exchange, "town"))
    assert (review.state, review.said) == ("reproduced", (("south", "R4"),))


def digest_of(exchange, site):
    files = open_bundle(exchange.payload, exchange.trust).files
    return hashlib.sha256(files[f"sites/{site}/report.json"]).hexdigest()


ELSEWHERE = """
import json, sys
from pathlib import Path
from pipeline.exchange.trust import load_trust
from pipeline.workflows.reproduce import reproduce_bundle
payload = Path("a.fwb").read_bytes()
for each in reproduce_bundle(payload, load_trust(Path("trust")), at=sys.argv[1]):
    print(json.dumps([each.site, each.rung, each.ours]))
"""


@pytest.mark.slow
def test_time_zone_locale_hash_seed_and_threads_change_no_byte(exchange, tmp_path):
    (tmp_path / "a.fwb").write_bytes(exchange.payload)
    write_json(tmp_path / "trust" / "trust.json", exchange.trust.as_document())
    settings = {"PYTHONPATH": str(PROJECT),
                "TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONHASHSEED": "4711",
                "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, AT], cwd=tmp_path, env={**os.environ, **settings},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(site, rung) for site, rung, _ in found] == [("hill", "R4"), ("town", "R4")]


@pytest.mark.slow
def test_a_report_that_its_evidence_does_not_bear_out_is_not_reproduced(exchange):
    """Signed, whole, and still wrong: one value moved by a tenth of a decibel."""
    record = exchange.trial.report("town")
    look = next(look for look in record["assessments"] if look["value"] is not None)
    look["value"] += 0.1
    payload = exchange.changed(**{"sites/town/report.json": canonical_json(record)})
    hill, town = reproduce_bundle(payload, exchange.trust, at=AT)
    assert hill.rung == "R4"
    assert not town.reproduced
    assert [field.name for field in town.fields if field.rung == "R2a"] == ["assessments"]
    assert told(town)[0] == "town, number 1: NOT reproduced, rung R2a"


@pytest.mark.slow
def test_a_layer_that_is_no_raster_is_a_difference(exchange):
    names = [name for name in open_bundle(exchange.payload, exchange.trust).files
             if name.startswith("sites/town/layers/") and name.endswith(".tif")]  # fmt: skip
    payload = exchange.changed(**{names[0]: b"II*\0 nothing"})
    _, town = reproduce_bundle(payload, exchange.trust, at=AT)
    (field,) = [field for field in town.fields if field.rung == "R2a"]
    assert field.note == "one side has none that can be read"


@pytest.mark.slow
def test_evidence_that_is_missing_or_hostile_is_refused(exchange):
    record = exchange.trial.report("hill")
    chip = chip_member(chips_named(record)[0])
    evidence = parse_json(
        open_bundle(exchange.payload, exchange.trust).files["sites/hill/evidence.json"]
    )
    first = next(scene for scene in evidence["scenes"] if scene["status"] == "used")
    ours = {
        "title": "Another", "physical": "gamma0", "resolution_m": 30, "scale": 3.0,
        "bands": [{"name": "VV", "index": 1}],
    }  # fmt: skip
    noise = b"II*\0" + bytes(500)
    other = json.dumps(record).replace(chips_named(record)[0], hashlib.sha256(noise).hexdigest())
    harmed = [
        {"sites/hill/evidence.json": None},
        {"sites/hill/evidence.json": b"[]"},
        {"sites/hill/evidence.json": canonical_json({**evidence, "site": "town"})},
        {"sites/hill/evidence.json": canonical_json({**evidence, "scenes": [{}]})},
        {"sites/hill/evidence.json": canonical_json({**evidence, "extra": 1})},
        {"sites/hill/evidence.json":
         canonical_json({**evidence, "generic_sensors": {"sentinel-1-rtc": ours}})},
        *(
            {"sites/hill/evidence.json":
             canonical_json({**evidence, "scenes": [{**first, **each}]})}
            for each in (
                {"acquired": "2023-01-01T00:00:00"}, {"sensor": "nobody-knows"}, {"assets": {}},
                {"footprint": {"type": "x"}}, {"footprint": {}}, {"track": "T" * 2000},
                {"acquired": "9999-12-31T23:59:59Z"},
            )
        ),
        {chip: None},
        {chip: b"other pixels"},
        {"sites/hill/report.json": other.encode(),
         chip_member(hashlib.sha256(noise).hexdigest()): noise},
    ]  # fmt: skip
    for files in harmed:
        with pytest.raises(BundleError) as caught:
            reproduce_bundle(exchange.changed(**files), exchange.trust, at=AT)
        assert caught.value.reason == "evidence"


@pytest.mark.slow
def test_a_harmed_bundle_is_refused_before_anything_is_computed(exchange, monkeypatch):
    monkeypatch.setattr("pipeline.workflows.reproduce.recompute.judged", None)
    with pytest.raises(BundleError, match="content"):
        reproduce_bundle(exchange.payload[:-1], exchange.trust, at=AT)


@pytest.mark.slow
def test_a_site_that_failed_as_a_whole_travels_and_is_no_reproduction(tmp_path, monkeypatch):
    """Its record follows from its evidence; what failed was not computed again."""

    def broken(*_):
        raise MemoryError("no room")

    trial = with_keys(Trial(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.workflows.monitor.site.judged", broken)
        assert run_sites(trial.settings, sites=("hill",)).exit_code == 1
    assert trial.report("hill")["status"] == "failed"
    agreement = load_agreement(tmp_path / "agreement.yaml")
    trust = trusted_agreement(Trust(), agreement, own="north", thresholds={})
    address = Address("north", ("south",), ISSUED, EXPIRES)
    make_bundle([trial.product("hill")], tmp_path / "a.fwb", trust=trust, address=address)
    payload, trust = sign((tmp_path / "a.fwb").read_bytes(), NORTH, trust, at=AT)
    (found,) = reproduce_bundle(payload, trust, at=AT)
    assert (found.rung, found.reproduced) == ("R1", False)
    assert found.report == found.ours
    assert told(found)[1].startswith("  R1 same scene ids: it reads FAILED as a whole")

    opened = open_bundle(payload, trust)
    record = parse_json(opened.files["sites/hill/report.json"])
    record["failures"][0]["message"] = "it was the weather"
    files = {**opened.files, "sites/hill/report.json": canonical_json(record)}
    statement = replace(opened.statement, members=members_of(files))
    other = packed(Signed(statement.payload, {}).with_signature(NORTH).serialised, files)
    (found,) = reproduce_bundle(other, trust, at=AT)
    assert found.rung == "R0"

    run_sites(trial.settings, sites=("hill",))  # the next run completes
    assert trial.report("hill")["status"] == "complete"
