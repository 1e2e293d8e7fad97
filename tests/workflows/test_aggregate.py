"""Sums over sites come after the sites, from their records, and a second run changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.agreement import load_agreement
from pipeline.errors import BundleError
from pipeline.exchange.bundle import Address, make_bundle
from pipeline.exchange.container import members_of, packed
from pipeline.exchange.envelope import Signed
from pipeline.exchange.signing import sign
from pipeline.exchange.trust import Trust, trusted_agreement
from pipeline.exchange.verify import open_bundle
from pipeline.store.atomic import canonical_json
from pipeline.workflows.monitor import run_sites
from pipeline.workflows.reproduce import reproduce_bundle
from tests.exchange.world import AT, EXPIRES, ISSUED, NORTH
from tests.workflows.runs import Trial, tree, with_keys

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    trial = with_keys(Trial(tmp_path_factory.mktemp("sums")))
    trial.edit(
        "agreement.yaml",
        "    confirmation: {k: 2, n: 3, window_days: 45}\n",
        "    confirmation: {k: 2, n: 3, window_days: 45}\n"
        "    aggregate_over: {sites: [town, hill], days: 12}\n",
    )
    run_sites(trial.settings)
    return trial


def record(trial):
    (path,) = (trial.out / "aggregates").rglob("report.json")
    return path, json.loads(path.read_text())


def test_the_named_sites_are_summed_from_their_records(done):
    path, found = record(done)
    assert path.parts[-4:-2] == ("radar-excess", "_together")
    assert (found["sites"], found["days"]) == (["hill", "town"], 12)
    digests = {source["site"]: source["record_sha256"] for source in found["sources"]}
    assert set(digests) == {"hill", "town"}
    sums = [item for item in found["sums"] if item["value"] is not None]
    assert sums
    newest = sums[-1]
    looks = [
        look
        for site in ("town", "hill")
        for look in done.report(site)["assessments"]
        if look["acquired"][:10] == newest["acquired"][:10] and look["value"] is not None
    ]
    alone = [look["value"] - look["baseline"] for look in looks if look["outcome"] != "change"]
    assert len(alone) == int(newest["scene"].split()[0])
    assert newest["value"] == pytest.approx(sum(alone), abs=1e-4)


def test_the_index_lists_the_sums(done):
    index = json.loads((done.out / "index.json").read_text())
    (listed,) = index["aggregates"]
    assert listed["indicator"] == "radar-excess"
    assert listed["folder"] in (done.out / "index.html").read_text()


def test_running_again_changes_nothing(done):
    before = tree(done.out)
    run_sites(done.settings)
    assert tree(done.out) == before


def test_half_of_the_sites_make_no_sum(done, tmp_path):
    run_sites(done.settings, sites=("town",), out=tmp_path / "half")
    assert not (tmp_path / "half" / "aggregates").exists()


def bundled(done, path, *sites):
    agreement = load_agreement(done.folder / "agreement.yaml")
    trust = trusted_agreement(Trust(), agreement, own="north", thresholds={})
    address = Address("north", ("south",), ISSUED, EXPIRES)
    make_bundle([done.product(site) for site in sites], path, trust=trust, address=address)
    return sign(path.read_bytes(), NORTH, trust, at=AT)


def test_sums_travel_with_all_their_records_and_are_reproduced(done, tmp_path):
    name = "aggregates/radar-excess/_together/report.json"
    payload, trust = bundled(done, tmp_path / "half.fwb", "town")
    assert not any(file.startswith("aggregates/") for file in open_bundle(payload, trust).files)
    payload, trust = bundled(done, tmp_path / "whole.fwb", "town", "hill")
    opened = open_bundle(payload, trust)
    assert name in opened.files
    for found in reproduce_bundle(payload, trust, at=AT):
        assert [field.rung for field in found.fields if field.name == name] == ["R4"]
        assert found.rung == "R4"

    def changed(document):
        files = {**opened.files, name: canonical_json(document)}
        statement = replace(opened.statement, members=members_of(files))
        return packed(Signed(statement.payload, {}).with_signature(NORTH).serialised, files)

    _, document = record(done)
    other = json.loads(json.dumps(document))
    next(item for item in other["sums"] if item["value"] is not None)["value"] += 0.1
    for found in reproduce_bundle(changed(other), trust, at=AT):
        (field,) = [field for field in found.fields if field.rung == "R2a"]
        assert (field.name, field.note.startswith("sums[")) == (name, True)
    other = {**document, "sources": [{**document["sources"][0], "site": "elsewhere"}]}
    with pytest.raises(BundleError, match="no sum over reports of this bundle"):
        reproduce_bundle(changed(other), trust, at=AT)
