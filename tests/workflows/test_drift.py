"""A run under a ratified baseline says where it drifts, and reproduces so."""

from __future__ import annotations

import json

import pytest

from pipeline.agreement import load_agreement
from pipeline.exchange.agreements import signatures_path
from pipeline.exchange.baselines import baseline_of
from pipeline.exchange.bundle import Address, make_bundle
from pipeline.exchange.ratification import proposed, ratified, validated
from pipeline.exchange.signing import sign
from pipeline.exchange.trust import Trust, trusted_agreement
from pipeline.store.atomic import canonical_json
from pipeline.workflows.monitor import run_sites
from pipeline.workflows.reproduce import reproduce_bundle
from tests.exchange.world import AT, EXPIRES, ISSUED, NORTH, SOUTH
from tests.workflows.runs import Trial, with_keys


def checked(report):
    (check,) = [check for check in report["checks"] if check["code"] == "baseline-ratified"]
    return check["actual"], check["result"]


@pytest.mark.slow
def test_drift_from_a_ratified_baseline_is_recorded_printed_and_reproduced(tmp_path, monkeypatch):
    trial = with_keys(Trial(tmp_path))
    agreement = load_agreement(tmp_path / "agreement.yaml")
    run_sites(trial.settings, sites=("town",))
    first = trial.report("town")
    assert first["baseline_drift"] is None
    assert checked(first) == ("no ratified baseline", "not-applicable")

    document = baseline_of(first)
    payload = canonical_json(document)
    held = proposed(payload, agreement, NORTH, at=AT)
    held = validated(payload, held, agreement, SOUTH, own=document, at=AT)
    for key in (SOUTH, NORTH):
        held = ratified(payload, held, agreement, key, at=AT)
    folder = tmp_path / "agreement.baselines"
    folder.mkdir()
    (folder / "town.json").write_bytes(payload)
    signatures_path(folder / "town.json").write_bytes(held)
    run_sites(trial.settings, sites=("town",))
    assert checked(trial.report("town")) == ("0 differences", "pass")
    assert "BASELINE NOT AS RATIFIED" not in (trial.product("town") / "report.html").read_text()

    gone = trial.items("town")[2]
    collection = trial.tiles / "town" / "collection.json"
    listed = json.loads(collection.read_text())
    listed["links"] = [link for link in listed["links"] if gone.name not in link["href"]]
    collection.write_text(json.dumps(listed))
    run_sites(trial.settings, sites=("town",))
    report = trial.report("town")
    codes = [each["code"] for each in report["baseline_drift"]["differences"]]
    assert codes[0] == "scene-missing"
    assert "looks" in codes
    assert checked(report)[1] == "warn"
    assert "BASELINE NOT AS RATIFIED" in (trial.product("town") / "report.html").read_text()

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.workflows.monitor.site.judged", None)
        run_sites(trial.settings, sites=("town",), out=tmp_path / "broken")
    (failed,) = (tmp_path / "broken" / "sites" / "town").iterdir()
    failed = json.loads((failed / "report.json").read_text())
    assert (failed["status"], failed["baseline_drift"]) == ("failed", None)
    assert checked(failed) == ("not measured", "not-applicable")
    assert failed["summary"]["looks_found"] == report["summary"]["looks_found"]

    trust = trusted_agreement(Trust(), agreement, own="north", thresholds={})
    address = Address("north", ("south",), ISSUED, EXPIRES)
    make_bundle([trial.product("town")], tmp_path / "a.fwb", trust=trust, address=address)
    bundle, trust = sign((tmp_path / "a.fwb").read_bytes(), NORTH, trust, at=AT)
    (found,) = reproduce_bundle(bundle, trust, at=AT)
    assert found.rung == "R4"
