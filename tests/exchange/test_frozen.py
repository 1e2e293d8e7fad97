"""A run is held against the baseline that every party has ratified, and no other."""

from __future__ import annotations

import pytest

from pipeline.agreement import load_agreement
from pipeline.assessment.record import BaselineDrift
from pipeline.errors import BundleError
from pipeline.exchange.agreements import signatures_path
from pipeline.exchange.baselines import baseline_of
from pipeline.exchange.frozen import (
    MOST_LISTED,
    Frozen,
    agreed_drift_of,
    baselines_folder,
    drift_of,
    load_frozen,
)
from pipeline.exchange.ratification import proposed, ratified, validated
from pipeline.store.atomic import canonical_json
from tests.exchange.products import agreement_file
from tests.exchange.test_agreements import record
from tests.exchange.world import AT, NORTH, SOUTH


@pytest.fixture
def path(tmp_path):
    return agreement_file(tmp_path)


@pytest.fixture
def agreement(path):
    return load_agreement(path)


def signed(agreement, document, *, by=(SOUTH, NORTH)):
    payload = canonical_json(document)
    held = proposed(payload, agreement, NORTH, at=AT)
    held = validated(payload, held, agreement, SOUTH, own=document, at=AT)
    for key in by:
        held = ratified(payload, held, agreement, key, at=AT)
    return Frozen(payload, held)


def test_what_differs_from_the_ratified_baseline_is_a_part_of_the_record(agreement):
    frozen = signed(agreement, baseline_of(record(agreement)))
    same = drift_of(frozen, record(agreement), agreement)
    assert (same["count"], same["ratified"], same["parties"]) == (0, AT, ("north", "south"))
    moved = drift_of(frozen, record(agreement, (1.0, 2.0)), agreement)
    assert {"code": "scene-missing", "subject": "S3", "ratified": "", "here": ""} in (
        moved["differences"]
    )
    BaselineDrift.model_validate(moved)


def test_every_kind_of_difference_can_stand_in_the_record(agreement):
    frozen = signed(agreement, baseline_of(record(agreement)))
    other = {**record(agreement, (9.0, 8.0), digest="b"), "site": {"id": "camp"}}
    other["agreement"] = {"sha256": "0" * 64}
    other["assessments"][0]["zone"] = "pier"
    found = BaselineDrift.model_validate(drift_of(frozen, other, agreement))
    assert {each.code for each in found.differences} >= {
        "agreement", "site", "scene-missing", "scene-changed", "row-added", "looks", "mean",
    }  # fmt: skip


def test_scenes_that_the_agreement_lists_count_where_no_file_does(agreement):
    listed = {"S1": "a" * 64, "S2": "b" * 64, "S7": "a" * 64}
    found = BaselineDrift.model_validate(agreed_drift_of(listed, record(agreement), agreement))
    told = [(each.code, each.subject) for each in found.differences]
    assert told == [("scene-changed", "S2"), ("scene-added", "S3")]  # S7 may be another site's
    assert (found.count, found.ratified, found.parties) == (2, None, ("north", "south"))
    assert found.sha256 == agreement.sha256


def test_long_lists_are_cut_and_counted(agreement):
    frozen = signed(agreement, baseline_of(record(agreement)))
    many = record(agreement)
    for number in range(300):
        many["assessments"].append({**many["assessments"][0], "zone": f"z{number}"})
    found = drift_of(frozen, many, agreement)
    assert found["count"] > len(found["differences"]) == MOST_LISTED


def test_only_what_every_party_ratified_counts(agreement):
    document = baseline_of(record(agreement))
    assert drift_of(None, record(agreement), agreement) is None
    assert drift_of(Frozen(canonical_json(document), None), record(agreement), agreement) is None
    assert drift_of(signed(agreement, document, by=(SOUTH,)), record(agreement), agreement) is None


def test_files_beside_the_agreement_are_found_by_site(path, agreement):
    assert load_frozen(path, agreement, ["town", "camp"]) == {}
    frozen = signed(agreement, baseline_of(record(agreement)))
    folder = baselines_folder(path)
    assert folder.name == "agreement.baselines"
    folder.mkdir()
    (folder / "town.json").write_bytes(frozen.payload)
    unsigned = load_frozen(path, agreement, ["town"])["town"]
    assert unsigned == Frozen(frozen.payload, None)
    signatures_path(folder / "town.json").write_bytes(frozen.signatures)
    assert load_frozen(path, agreement, ["town", "camp"]) == {"town": frozen}
    assert unsigned.sha256 != frozen.sha256


@pytest.mark.parametrize(
    ("name", "payload", "rule"),
    [
        ("town.json", b"{}", "no baseline document"),
        ("town.json", None, "not one of site town"),
        ("town.signatures.json", b"[]", "statement"),
    ],
)
def test_a_broken_file_is_named_before_anything_runs(path, agreement, name, payload, rule):
    folder = baselines_folder(path)
    folder.mkdir()
    document = baseline_of(record(agreement))
    other = canonical_json({**document, "site": "camp"})
    (folder / "town.json").write_bytes(canonical_json(document))
    (folder / name).write_bytes(other if payload is None else payload)
    with pytest.raises(BundleError, match=rule) as caught:
        load_frozen(path, agreement, ["town"])
    assert str(folder / "town.json") in str(caught.value)
