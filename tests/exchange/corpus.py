"""Good and bad bundles with the verdict each deserves; three verifiers are held to it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zipfile
from dataclasses import dataclass, replace

from pipeline.exchange.container import ENVELOPE, members_of, packed
from pipeline.exchange.envelope import Signed
from pipeline.exchange.trust import SeenReport, Trust
from pipeline.store.atomic import canonical_json
from tests.exchange import world
from tests.exchange.world import AT, NORTH, NORTH_TWO, SOUTH, STRANGER, draft, trust, trusted


@dataclass(frozen=True)
class Case:
    """`reason` is the word of the check that refuses it; None where it is accepted."""

    name: str
    payload: bytes
    trust: Trust
    at: str = AT
    reason: str | None = None


def cases():
    return [
        *good(), *broken_files(), *broken_envelopes(), *broken_statements(), *bad_faith(),
        *releases(),
    ]  # fmt: skip


def seen(*drafts, issued=None):
    found = {}
    for each in drafts:
        for report in each.statement.reports:
            entry = SeenReport(
                report.sequence, each.statement.sha256, report.previous,
                issued or each.statement.issued, each.statement.expires, (NORTH.keyid,),
            )  # fmt: skip
            found.setdefault(f"north/{report.site}", []).append(entry)
    return {name: tuple(sorted(each, key=lambda s: s.sequence)) for name, each in found.items()}


def good():
    one = draft()
    two = draft(text="later").numbered(2, one.statement.sha256)
    three = draft(text="last").numbered(3, two.statement.sha256)
    revoked = trusted(NORTH, revoked_at="2026-02-28T00:00:00Z")
    both = trusted(NORTH, NORTH_TWO, threshold=2)
    return [
        Case("one-report", one.bundle(), trust()),
        Case("two-sites", draft("pier", "depot").bundle(), trust()),
        Case("countersigned", one.bundle(NORTH, SOUTH), trust()),
        Case("two-of-two", one.bundle(NORTH, NORTH_TWO), trust(north=both)),
        Case("a-look-to-the-microsecond", looked_at("2026-02-25T05:40:11.250000Z"), trust()),
        Case("on-a-leap-day", one.with_(expires="2028-02-29T08:00:00Z").bundle(), trust()),
        Case("no-look", without_look().bundle(), trust()),
        Case("onlooker", one.bundle(), trust(own=None)),
        Case("read-by-its-issuer", one.bundle(), trust(own="north")),
        Case("second", two.bundle(), trust(seen=seen(one))),
        Case("seen-before", one.bundle(), trust(seen=seen(one, two))),
        Case("named-by-a-later-one", one.bundle(), trust(seen=seen(two, three))),
        Case("first-contact-at-three", three.bundle(), trust()),
        Case("before-a-revocation", one.bundle(), trust(north=revoked, seen=seen(one))),
        Case("named-before-a-revocation", one.bundle(), trust(north=revoked, seen=seen(two))),
    ]  # fmt: skip


def without_look():
    found = draft(records={"pier": world.record(as_of=None)})
    return found.with_(reports=tuple(replace(r, as_of=None) for r in found.statement.reports))


def looked_at(as_of):
    found = draft(records={"pier": world.record(as_of=as_of)})
    reports = tuple(replace(each, as_of=as_of) for each in found.statement.reports)
    return found.with_(reports=reports).bundle()


def broken_files():
    whole = draft().bundle()
    files = draft().files
    sealed = draft().signed.with_signature(NORTH).serialised
    moved = {**files, "chips/00.tif": b"other pixels"}
    renamed = {("chips/01.tif" if name == "chips/00.tif" else name): raw
               for name, raw in files.items()}  # fmt: skip
    foreign = draft(text="another").files
    found = [
        ("empty", b"", "not-a-bundle"),
        ("not-a-zip", b"%PDF-1.7" + bytes(200), "not-a-bundle"),
        ("an-ordinary-zip", ordinary_zip(sealed, files), "not-a-bundle"),
        ("deflated", ordinary_zip(sealed, files, zipfile.ZIP_DEFLATED), "not-a-bundle"),
        ("rezipped-alike", rezipped(sealed, files), "not-a-bundle"),
        ("cut-in-the-envelope", whole[:200], "not-a-bundle"),
        ("cut-in-a-member", whole[: len(whole) - 500], "content"),
        ("cut-at-the-end", whole[:-1], "content"),
        ("a-byte-more", whole + b"\0", "content"),
        ("a-byte-before", b"\0" + whole, "not-a-bundle"),
        ("a-comment", with_comment(whole), "content"),
        ("another-member", packed(sealed, moved), "content"),
        ("a-renamed-member", packed(sealed, renamed), "content"),
        ("a-member-more", packed(sealed, {**files, "extra.txt": b"x"}), "content"),
        ("a-member-less", packed(sealed, {k: v for k, v in files.items() if k != "chips/00.tif"}),
         "content"),
        ("a-member-twice", twice(sealed, files), "content"),
        ("mixed-and-matched", packed(sealed, foreign), "content"),
        ("an-endless-envelope", claims_size(whole, 2**32 - 1), "not-a-bundle"),
        ("a-huge-envelope", claims_size(whole, 17 << 20), "not-a-bundle"),
        ("wrong-checksum-in-a-header", flipped_crc(whole), "content"),
        ("nobody-signed", packed(draft().signed.serialised, files), "unsigned"),
    ]  # fmt: skip
    return [Case(name, payload, trust(), reason=reason) for name, payload, reason in found]


def ordinary_zip(envelope, files, compression=zipfile.ZIP_STORED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, raw in {ENVELOPE: envelope, **files}.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 2, 27, 8, 0, 0)), raw)
    return held.getvalue()


def rezipped(envelope, files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, raw in {ENVELOPE: envelope, **files}.items():
            entry = zipfile.ZipInfo(name)
            entry.extra = b"\xff\xff\x00\x00"
            archive.writestr(entry, raw)
    return held.getvalue()


def with_comment(payload):
    return payload[:-2] + struct.pack("<H", 5) + b"hello"


def twice(envelope, files):
    raw = packed(envelope, files)
    name = b"chips/00.tif"
    place = raw.index(b"PK\3\4", raw.index(b"agreement.json"))
    entry = raw[place : raw.index(b"PK\3\4", place + 4)]
    assert name in entry
    return raw[:place] + entry + raw[place:]


def claims_size(payload, size):
    return payload[:18] + struct.pack("<II", size, size) + payload[26:]


def flipped_crc(payload):
    return payload[:14] + bytes([payload[14] ^ 1]) + payload[15:]


def enveloped(document):
    """A whole, consistent bundle around any envelope bytes."""
    raw = document if isinstance(document, bytes) else canonical_json(document)
    return packed(raw, draft().files)


def broken_envelopes():
    sealed = json.loads(draft().signed.with_signature(NORTH).serialised)
    one = sealed["signatures"][0]
    slack = spare_bits(one["sig"])
    payload = base64.b64decode(sealed["payload"])
    both = json.loads(draft().signed.with_signature(NORTH).with_signature(SOUTH).serialised)
    duplicate = canonical_json(sealed).replace(b'{"payload":', b'{"payload":"AA==","payload":', 1)
    algorithm = {**one, "alg": "none"}
    found = [
        ("spaces", json.dumps(sealed).encode(), "envelope"),
        ("a-key-twice", duplicate, "envelope"),
        ("a-key-more", {**sealed, "extra": 1}, "envelope"),
        ("no-json", b"{", "envelope"),
        ("not-utf8", canonical_json(sealed).replace(b'"sig"', b'"s\xffg"'), "envelope"),
        ("a-mark-before", b"\xef\xbb\xbf" + canonical_json(sealed), "envelope"),
        ("half-a-pair", canonical_json({**sealed, "payloadType": 0}).replace(b":0", b':"\\ud800"'),
         "envelope"),
        ("too-deep", b"[" * 13 + b"]" * 13, "envelope"),
        ("very-deep", b"[" * 100_000 + b"]" * 100_000, "envelope"),
        ("a-fraction", canonical_json({**sealed, "payload": 1.5}), "envelope"),
        ("not-a-number", b'{"payload":NaN,"payloadType":"","signatures":[]}', "envelope"),
        ("spare-base64-bits", {**sealed, "signatures": [{**one, "sig": slack}]}, "envelope"),
        ("a-line-break-in-base64", {**sealed, "payload": sealed["payload"] + "\n"}, "envelope"),
        ("a-short-signature", {**sealed, "signatures": [{**one, "sig": "AAAA"}]}, "envelope"),
        ("a-signature-twice", {**sealed, "signatures": [one, one]}, "envelope"),
        ("signatures-out-of-order", {**both, "signatures": both["signatures"][::-1]}, "envelope"),
        ("thirty-three-signatures", {**sealed, "signatures": [one] * 33}, "envelope"),
        ("another-algorithm", {**sealed, "signatures": [algorithm]}, "envelope"),
        ("a-capital-key-id", {**sealed, "signatures": [{**one, "keyid": one["keyid"].upper()}]},
         "envelope"),
        ("another-payload-type", {**sealed, "payloadType": "application/json"}, "format"),
        ("a-zero-signature", {**sealed, "signatures": [{**one, "sig": encoded(bytes(64))}]},
         "signature"),
        ("a-malleated-signature", {**sealed, "signatures": [{**one, "sig": malleated(one["sig"])}]},
         "signature"),
        ("another-payload", {**sealed, "payload": encoded(payload[:-1] + b" }")}, "signature"),
        ("a-key-under-another-id", {**sealed, "signatures": [{**one, "keyid": SOUTH.keyid}]},
         "signature"),
    ]  # fmt: skip
    return [Case(name, enveloped(raw), trust(), reason=reason) for name, raw, reason in found]


def encoded(raw):
    return base64.b64encode(raw).decode()


def spare_bits(text):
    """The same bytes in another spelling: the last digit's unused bits set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-3] + alphabet[alphabet.index(text[-3]) + 1] + "=="


def malleated(text):
    """S + L in place of S: the same equation, refused by RFC 8032 (5.1.7)."""
    order = 2**252 + 27742317777372353535851937790883648493
    raw = base64.b64decode(text)
    return encoded(raw[:32] + (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little"))


def restated(change):
    """A bundle whose statement was changed by `change` and signed as it then was."""
    document = json.loads(draft().statement.payload)
    change(document)
    return sealed_payload(canonical_json(document))


def sealed_payload(payload):
    return packed(Signed(payload, {}).with_signature(NORTH).serialised, draft().files)


def broken_statements():
    plain = draft().statement.payload
    found = [
        ("statement-with-spaces", sealed_payload(json.dumps(json.loads(plain)).encode()),
         "statement"),
        ("statement-is-no-json", sealed_payload(b"hello"), "statement"),
        ("statement-is-a-list", sealed_payload(b"[]"), "statement"),
        ("a-statement-key-twice", sealed_payload(plain.replace(b'"issued":', b'"expires":', 1)),
         "statement"),
        ("of-the-future", restated(lambda d: d.update(predicateType="urn:fairwitness:bundle:2")),
         "format"),
        ("in-toto-of-old", restated(lambda d: d.update(_type="https://in-toto.io/Statement/v0.1")),
         "format"),
        ("a-field-more", restated(lambda d: d["predicate"].update(level="public")), "statement"),
        ("a-field-less", restated(lambda d: d["predicate"].pop("expires")), "statement"),
        ("a-fraction-of-a-number", restated(lambda d: report(d).update(sequence=1.5)), "statement"),
        ("true-for-a-number", restated(lambda d: report(d).update(sequence=True)), "statement"),
        ("number-zero", restated(lambda d: report(d).update(sequence=0)), "statement"),
        ("number-two-after-nothing", restated(lambda d: report(d).update(sequence=2)), "statement"),
        ("a-date-of-zeros",
         restated(lambda d: d["predicate"].update(issued="0000-00-00T00:00:00Z")), "statement"),
        ("a-thirteenth-month",
         restated(lambda d: d["predicate"].update(issued="2026-13-27T08:00:00Z")), "statement"),
        ("an-hour-25",
         restated(lambda d: d["predicate"].update(expires="2026-05-27T25:00:00Z")), "statement"),
        ("a-thirtieth-of-february",
         restated(lambda d: d["predicate"].update(issued="2026-02-30T08:00:00Z")), "statement"),
        ("a-leap-day-of-no-leap-year",
         restated(lambda d: d["predicate"].update(expires="2027-02-29T08:00:00Z")), "statement"),
        ("a-leap-second",
         restated(lambda d: d["predicate"].update(expires="2026-12-31T23:59:60Z")), "statement"),
        ("midnight-as-hour-24",
         restated(lambda d: d["predicate"].update(expires="2026-05-27T24:00:00Z")), "statement"),
        ("a-look-on-a-day-that-never-was",
         restated(lambda d: report(d).update(as_of="2026-02-30T05:40:11Z")), "statement"),
        ("a-look-in-local-time",
         restated(lambda d: report(d).update(as_of="2026-02-25T05:40:11+01:00")), "statement"),
        ("a-local-time", restated(lambda d: d["predicate"].update(issued="2026-02-27T08:00:00+01")),
         "statement"),
        ("a-time-with-a-line-break",
         restated(lambda d: d["predicate"].update(issued=world.ISSUED + "\n")), "statement"),
        ("an-unknown-standing", restated(lambda d: d["predicate"].update(standing="final")),
         "statement"),
        ("for-nobody", restated(lambda d: d["predicate"].update(recipients=[])), "statement"),
        ("no-report", restated(lambda d: d["predicate"].update(reports=[])), "statement"),
        ("one-site-twice", restated(lambda d: d["predicate"].update(reports=[report(d)] * 2)),
         "statement"),
        ("a-name-that-leads-out", restated(lambda d: d["subject"][1].update(name="../../up")),
         "statement"),
        ("an-absolute-name", restated(lambda d: d["subject"][1].update(name="/etc/passwd")),
         "statement"),
        ("the-envelope-as-a-member", restated(lambda d: d["subject"][1].update(name=ENVELOPE)),
         "statement"),
        ("a-negative-size",
         restated(lambda d: d["subject"][1].update(annotations={"size": -1})), "statement"),
        ("a-size-beyond-the-file",
         restated(lambda d: d["subject"][-1].update(annotations={"size": 2**32 - 1})), "content"),
        ("members-out-of-order", restated(lambda d: d["subject"].reverse()), "statement"),
        ("without-its-record", restated(lambda d: d["subject"].pop()), "statement"),
        ("a-member-left-out", restated(lambda d: d["subject"].pop(1)), "content"),
    ]  # fmt: skip
    return [Case(name, payload, trust(), reason=reason) for name, payload, reason in found]


def report(document):
    return document["predicate"]["reports"][0]


def of_record(found):
    return draft(records={"pier": found}).bundle()


def noted(value):
    return canonical_json(world.record(note=7)).replace(b":7", b":" + value)


def bad_faith():
    one, other = draft(), draft(text="other")
    two = draft(text="later").numbered(2, one.statement.sha256)
    three = draft(text="last").numbered(3, two.statement.sha256)
    strange = draft(text="strange").numbered(2, other.statement.sha256)
    far = draft(text="far").numbered(1003, "0" * 64)
    late = draft(text="late").with_(issued="2026-02-26T08:00:00Z")
    late = late.numbered(2, one.statement.sha256)
    half = draft("pier", "depot")
    revoked = trusted(NORTH, revoked_at="2026-02-28T00:00:00Z")
    earlier = trusted(NORTH, revoked_at="2026-02-20T00:00:00Z")
    retired = trusted(NORTH, valid_to="2026-02-20T00:00:00Z")
    both = trusted(NORTH, NORTH_TWO, threshold=2)
    other_agreement = trust(agreements=("0" * 64,))
    east = draft(recipients=("east",)).bundle()
    found = [
        ("signed-by-a-stranger", one.bundle(STRANGER), trust(), "unknown-key"),
        ("a-stranger-beside", one.bundle(NORTH, STRANGER), trust(), "unknown-key"),
        ("issued-by-nobody", draft(issuer="west").bundle(), trust(), "unknown-issuer"),
        ("signed-by-the-reader-only", one.bundle(SOUTH), trust(), "threshold"),
        ("one-of-two", one.bundle(NORTH), trust(north=both), "threshold"),
        ("one-of-two-and-the-reader", one.bundle(NORTH, SOUTH), trust(north=both), "threshold"),
        ("another-recipient", east, trust(), "recipient"),
        ("another-agreement", one.bundle(), other_agreement, "agreement"),
        ("a-retired-key", one.bundle(), trust(north=retired), "key-not-valid"),
        ("a-revoked-key", one.bundle(), trust(north=earlier), "key-revoked"),
        ("backdated-with-a-revoked-key", one.bundle(), trust(north=revoked), "key-revoked"),
        ("rollback", one.bundle(), trust(seen=seen(three)), "rollback"),
        ("rollback-to-another", other.bundle(), trust(seen=seen(two)), "rollback"),
        ("equivocation", other.bundle(), trust(seen=seen(one)), "equivocation"),
        ("equivocation-on-one-site", half.bundle(), trust(seen=seen(one)), "equivocation"),
        ("fork", strange.bundle(), trust(seen=seen(one)), "fork"),
        ("gap", three.bundle(), trust(seen=seen(one)), "gap"),
        ("fast-forward", far.bundle(), trust(seen=seen(one)), "fast-forward"),
        ("backdated", late.bundle(), trust(seen=seen(one)), "backdated"),
        ("record-of-another-site", of_record(world.record("depot")), trust(), "inconsistent"),
        ("record-of-another-day", of_record(world.record(as_of="2026-02-24T05:40:11Z")), trust(),
         "inconsistent"),
        ("record-of-another-kind", of_record(world.record(kind="compare")), trust(),
         "inconsistent"),
        ("record-of-another-standing", of_record(world.record(standing="none")), trust(),
         "inconsistent"),
        ("record-under-another-agreement",
         of_record(world.record(agreement={"sha256": "0" * 64})), trust(), "inconsistent"),
        ("record-without-agreement", of_record(world.record(agreement=None)), trust(),
         "inconsistent"),
        ("record-is-no-json", of_record(b"quiet"), trust(), "inconsistent"),
        ("record-key-twice",
         of_record(canonical_json(world.record()).replace(b'{"agr', b'{"kind":"compare","agr', 1)),
         trust(), "inconsistent"),
        ("record-beyond-numbers", of_record(noted(b"1e999")),
         trust(), "inconsistent"),
        ("record-too-deep",
         of_record(noted(b"[" * 70 + b"]" * 70)),
         trust(), "inconsistent"),
        ("another-agreement-inside", swapped_agreement(), trust(), "inconsistent"),
    ]  # fmt: skip
    timed = [
        ("expired", "2026-03-29T08:00:00Z", "expired"),
        ("frozen-for-a-year", "2027-03-01T12:00:00Z", "expired"),
        ("from-the-future", "2026-02-27T07:54:59Z", "not-yet"),
    ]
    return [
        *(Case(name, payload, held, reason=reason) for name, payload, held, reason in found),
        *(Case(name, one.bundle(), trust(), at, reason) for name, at, reason in timed),
        Case("a-clock-five-minutes-behind", one.bundle(), trust(), "2026-02-27T07:55:00Z"),
        Case("the-last-second", one.bundle(), trust(), "2026-03-29T07:59:59Z"),
    ]


def swapped_agreement():
    found = draft()
    files = {**found.files, "agreement.json": b"{}"}
    return replace(found.with_(members=members_of(files)), files=files).bundle()


def ruled(*keys, **rule):
    """A bundle under an agreement with a rule for what both teams see, and a store with it."""
    rule = {"authorities": [], "delay_hours": 0, "required": None, **rule}
    document = json.loads(world.AGREEMENT) | {"release": {"joint": rule}}
    agreement = canonical_json(document)
    sha256 = hashlib.sha256(agreement).hexdigest()
    made = draft(records={"pier": world.record(agreement={"sha256": sha256})})
    files = {**made.files, "agreement.json": agreement}
    made = replace(made, files=files).with_(agreement_sha256=sha256, members=members_of(files))
    return made.bundle(*keys), trust(agreements=(sha256,))


def releases():
    both = ["north", "south"]
    found = [
        ("ruled-by-default", ruled(NORTH), None),
        ("authorised-by-both", ruled(NORTH, SOUTH, authorities=both), None),
        ("authorised-by-one-of-two", ruled(NORTH, authorities=both, required=1), None),
        ("one-authority-short", ruled(NORTH, authorities=both), "threshold"),
        ("another-authority", ruled(NORTH, authorities=["south"]), "threshold"),
        ("one-authority-twice", ruled(NORTH, authorities=["north", "north"]), "threshold"),
        ("after-the-delay", ruled(NORTH, delay_hours=50), None),
        ("before-the-delay", ruled(NORTH, delay_hours=51), "not-yet"),
        ("no-rule-to-read", ruled(NORTH, authorities=None), "inconsistent"),
    ]
    return [Case(name, payload, held, reason=reason) for name, (payload, held), reason in found]
