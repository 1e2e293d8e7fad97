"""Who has signed an agreement decides what its reports may call themselves."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime

import pytest

from pipeline.agreement import load_agreement
from pipeline.errors import BundleError, UsageError
from pipeline.exchange import agreements as signing
from pipeline.exchange.baselineform import read_baseline
from pipeline.exchange.baselines import baseline_of, drift
from pipeline.exchange.ratification import (
    proposed,
    ratification,
    ratified,
    validated,
)
from pipeline.store.atomic import canonical_json, parse_json
from tests.agreement import samples
from tests.exchange.world import NORTH, NORTH_TWO, SOUTH, STRANGER

AT = "2026-03-01T12:00:00Z"


def text(roles="[authority]"):
    found = samples.FULL.replace(samples.KEYS[0], NORTH.public_text)
    found = found.replace(samples.KEYS[1], SOUTH.public_text)
    return found.replace(
        "valid_to: 2027-01-01T00:00:00Z}", f"valid_to: 2027-01-01T00:00:00Z, roles: {roles}}}"
    )


@pytest.fixture
def path(tmp_path):
    return samples.write(tmp_path, text())


@pytest.fixture
def agreement(path):
    return load_agreement(path)


def signed(agreement, *keys, at=AT):
    held = None
    for each in keys:
        held = signing.sign_agreement(agreement, held, each, at=at)
    return held


def test_standing_follows_the_signatures(agreement):
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    for keys, standing in [((), "none"), ((NORTH,), "national"), ((NORTH, SOUTH), "joint")]:
        assert signing.agreement_standing(agreement, signed(agreement, *keys), moment) == standing
    rehearsal = agreement.model_copy(update={"rehearsal": True})
    assert signing.agreement_standing(rehearsal, None, moment) == "rehearsal"


def test_what_was_signed_later_does_not_count_yet(agreement):
    held = signing.sign_agreement(
        agreement, signed(agreement, NORTH), SOUTH, at="2026-05-01T00:00:00Z"
    )
    assert signing.agreement_standing(agreement, held, "2026-04-30T23:59:59Z") == "national"
    assert signing.agreement_standing(agreement, held, "2026-05-01T00:00:00Z") == "joint"
    assert signing.agreement_standing(agreement, held, "2026-02-01T00:00:00Z") == "none"


def test_a_changed_agreement_is_unsigned_and_says_so(tmp_path, agreement):
    held = signed(agreement, NORTH, SOUTH)
    other = text().replace("value: 1.5", "value: 1.4")
    changed = load_agreement(samples.write(tmp_path / "other", other))
    found = signing.agreement_signatures(changed, held, AT)
    assert found.standing == "none"
    assert found.absent == ("north", "south")
    assert [fault.split(", of")[0] for fault in found.faults] == [
        "north agreed another text", "south agreed another text",
    ]  # fmt: skip


def test_only_an_authoritys_key_signs_and_once(tmp_path, agreement):
    analyst = load_agreement(samples.write(tmp_path / "b", text("[analyst, reviewer]")))
    for held, key in [(analyst, SOUTH), (agreement, STRANGER), (agreement, NORTH_TWO)]:
        with pytest.raises(UsageError, match="no authority's key"):
            signed(held, key)
    with pytest.raises(UsageError, match="no authority's key"):
        signed(agreement, NORTH, at="2027-01-01T00:00:00Z")  # no longer valid
    with pytest.raises(UsageError, match="north has agreed this already"):
        signed(agreement, NORTH, NORTH)


@pytest.mark.parametrize(
    "harm",
    [
        lambda d: d["envelopes"][0]["signatures"][0].update(sig="A" * 86 + "=="),
        lambda d: d["envelopes"][0]["signatures"][0].update(keyid="0" * 64),
        lambda d: d["envelopes"][0].update(signatures=d["envelopes"][1]["signatures"]),
        lambda d: d["envelopes"][0].update(payload=d["envelopes"][1]["payload"]),
        lambda d: d["envelopes"][0].update(signatures=[]),
        lambda d: d["envelopes"].__setitem__(0, 7),
    ],
)
def test_a_signature_that_does_not_fit_is_a_fault_and_the_other_counts(agreement, harm):
    document = parse_json(signed(agreement, NORTH, SOUTH))
    harm(document)
    found = signing.agreement_signatures(agreement, canonical_json(document), AT)
    assert (found.standing, found.absent, len(found.faults)) == ("national", ("north",), 1)


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[]", b'{"envelopes":[],"schema":"fairwitness/signatures/2"}', b"\xff"]
)
def test_what_is_no_signatures_file_is_refused(agreement, payload):
    with pytest.raises(BundleError):
        signing.agreement_standing(agreement, payload, AT)


def test_signatures_lie_beside_the_agreement(path, agreement):
    assert signing.load_agreement_signatures(path) is None
    beside = signing.signatures_path(path)
    assert beside == path.parent / "agreement.signatures.json"
    beside.write_bytes(signed(agreement, NORTH))
    assert signing.load_agreement_signatures(path) == signed(agreement, NORTH)
    beside.unlink()
    beside.mkdir()
    with pytest.raises(BundleError, match="not a regular file"):
        signing.load_agreement_signatures(path)


def look(scene, value, **changes):
    return {
        "phase": "baseline", "scene": scene, "zone": "pool", "indicator": "radar-excess",
        "sensor": "sentinel-1-rtc", "track": "T1", "unit": "dB", "value": value, **changes,
    }  # fmt: skip


def used(scene, digest="a"):
    return {
        "scene": scene, "sensor": "sentinel-1-rtc", "track": "T1", "status": "used",
        "acquired": f"2022-01-0{scene[-1]}T00:00:00Z",
        "files": [{"band": "VV", "sha256": digest * 64}],
    }  # fmt: skip


def record(agreement, values=(1.0, 2.0, 4.0), digest="a"):
    scenes = [f"S{number}" for number in range(1, len(values) + 1)]
    return {
        "agreement": {"sha256": agreement.sha256},
        "site": {"id": "town"},
        "assessments": [look(*pair) for pair in zip(scenes, values, strict=True)]
        + [look("S9", 99.0, phase="monitoring")],
        "inputs": [used(scene, digest) for scene in [*scenes, "S9"]],
    }


def test_a_baseline_is_its_scenes_and_what_they_measured(agreement):
    """1, 2 and 4: mean 7/3, median 2, variance (16 + 1 + 25)/9/2 = 7/3."""
    found = baseline_of(record(agreement))
    assert [scene["id"] for scene in found["scenes"]] == ["S1", "S2", "S3"]
    (row,) = found["statistics"]
    assert (row["looks"], row["median"], row["minimum"], row["maximum"]) == (3, 2, 1, 4)
    assert row["mean"] == 2.33333
    assert row["deviation"] == pytest.approx((7 / 3) ** 0.5, rel=1e-5)  # six digits are kept
    assert baseline_of(record(agreement, (1.0, None, 4.0)))["statistics"][0]["looks"] == 2
    assert baseline_of(record(agreement, (5.0,)))["statistics"][0]["deviation"] == 0


def test_drift_names_every_difference(agreement):
    ratified_one = baseline_of(record(agreement))

    def told(present, frozen=ratified_one):
        return [str(each) for each in drift(frozen, present)]

    assert told(deepcopy(ratified_one)) == []
    tiny = baseline_of(record(agreement, (1.0, 2.0, 4.0 + 1e-6)))
    assert told(tiny) == []  # below the last digit that is kept
    other = drift(ratified_one, baseline_of(record(agreement, (1.0, 2.0, 4.1))))
    assert [each.code for each in other] == ["mean", "deviation", "maximum"]
    assert (other[2].ratified, other[2].here) == ("4", "4.1")
    fewer = baseline_of(record(agreement, (1.0, 2.0)))
    assert "scene S3: ratified, not here" in told(fewer)
    assert any("looks 3 ratified, 2 here" in line for line in told(fewer))
    assert "scene S3: here, not ratified" in told(ratified_one, fewer)
    redone = baseline_of(record(agreement, digest="b"))
    assert told(redone) == [f"scene S{n} VV: other bytes" for n in (1, 2, 3)]
    assert told({**ratified_one, "site": "camp"}) == ["site: ratified town, here camp"]
    assert told({**ratified_one, "statistics": []}) == [
        "pool radar-excess sentinel-1-rtc T1: ratified, not here"
    ]


def test_a_baseline_is_proposed_validated_and_ratified(agreement):
    document = baseline_of(record(agreement))
    payload = canonical_json(document)

    def state(held):
        return ratification(payload, held, agreement, at=AT).state

    assert state(None) == "unsigned"
    held = proposed(payload, agreement, NORTH, at=AT)
    assert state(held) == "proposed"
    with pytest.raises(BundleError, match="must be validated"):
        ratified(payload, held, agreement, SOUTH, at=AT)
    with pytest.raises(UsageError, match="cannot validate"):
        validated(payload, held, agreement, NORTH, own=document, at=AT)
    own = baseline_of(record(agreement, (1.0, 2.0, 4.1)))
    with pytest.raises(BundleError, match="differs from our own: "):
        validated(payload, held, agreement, SOUTH, own=own, at=AT)
    held = validated(payload, held, agreement, SOUTH, own=document, at=AT)
    assert state(held) == "validated"
    held = ratified(payload, held, agreement, SOUTH, at=AT)
    assert state(held) == "validated"
    held = ratified(payload, held, agreement, NORTH, at=AT)
    assert state(held) == "ratified"
    other = canonical_json(baseline_of(record(agreement, (1.0, 2.0, 4.1))))
    assert ratification(other, held, agreement, at=AT).state == "unsigned"


def test_nobody_validates_what_nobody_proposed(agreement):
    document = baseline_of(record(agreement))
    empty = canonical_json({"schema": "fairwitness/signatures/1", "envelopes": []})
    with pytest.raises(BundleError, match="nobody has proposed"):
        validated(canonical_json(document), empty, agreement, SOUTH, own=document, at=AT)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"schema":"fairwitness/baseline/2"}'])
def test_what_is_no_baseline_is_refused(payload):
    with pytest.raises(BundleError, match="no baseline"):
        read_baseline(payload)


def twice(part):
    return lambda document: {**document, part: [document[part][0], *document[part]]}


def within(part, **changes):
    return lambda document: {
        **document, part: [{**document[part][0], **changes}, *document[part][1:]],
    }  # fmt: skip


NO_BASELINE = {
    **{f"{part} {value!r}": (lambda d, part=part, value=value: {**d, part: value})
       for part in ("scenes", "statistics")
       for value in (5, None, {}, [1], [None], [[]], [{}], ["text"])},
    **{f"site {value!r}": (lambda d, value=value: {**d, "site": value}) for value in (5, [], None)},
    "scene without a name": within("scenes", id=[]),
    "scene with more": within("scenes", remark="agreed"),
    "files of a list": within("scenes", files=[]),
    "digest of a number": within("scenes", files={"VV": 1}),
    "row of another kind": within("statistics", mean="2"),
    "truth for a number": within("statistics", looks=True),
    "scene twice": twice("scenes"),
    "row twice": twice("statistics"),
    "scenes in another order": lambda d: {**d, "scenes": d["scenes"][::-1]},
    "rows in another order": lambda d: {
        **d, "statistics": [{**d["statistics"][0], "zone": "shed"}, *d["statistics"]],
    },
}  # fmt: skip


@pytest.mark.parametrize("change", NO_BASELINE.values(), ids=NO_BASELINE)
def test_a_baseline_of_another_form_is_refused(agreement, change):
    own = baseline_of(record(agreement))
    with pytest.raises(BundleError):
        read_baseline(canonical_json(change(own)))


OTHER = {
    "sensor": within("scenes", sensor="landsat-8-l2"),
    "track": within("scenes", track="T999"),
    "acquired": within("scenes", acquired="2020-01-01T00:00:00Z"),
    "unit": within("statistics", unit="km"),
    "a band without a digest": within("scenes", files={"VV": "a", "VH": None}),
}


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_nobody_validates_what_says_anything_else(agreement, change):
    own = baseline_of(record(agreement))
    payload = canonical_json(change(own))
    held = proposed(payload, agreement, NORTH, at=AT)
    with pytest.raises(BundleError, match="differs from our own"):
        validated(payload, held, agreement, SOUTH, own=own, at=AT)


def test_a_baseline_of_another_agreement_is_refused(agreement):
    payload = canonical_json({**baseline_of(record(agreement)), "agreement": "0" * 64})
    with pytest.raises(BundleError, match="another agreement"):
        proposed(payload, agreement, NORTH, at=AT)
