#!/usr/bin/env python3
"""Verify a Fair Witness bundle without Fair Witness.

    python verify.py BUNDLE --trust trust.json [--at 2026-01-31T12:00:00Z]

Needs Python 3.11 and the package `cryptography`; nothing else, no network. `trust.json` is the
file in a team's trust store: its keys, agreements, and the reports seen so far. It is only
read: what is accepted here is not remembered here.

Exit 0 and "accepted", or exit 2 and one line whose first word names the check that failed.

A bundle is a zip without compression. Its first member, envelope.json, is a DSSE envelope
(https://github.com/secure-systems-lab/dsse) around an in-toto Statement
(https://github.com/in-toto/attestation) that lists every other member with size and SHA-256.
Everything else in the file follows from that list, so the whole file is rebuilt here and
compared byte for byte.
"""

# ruff: noqa: D103, T201, N818 - a script to be read whole: names and sections say what is done

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import math
import re
import struct
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BYTE_LIMIT = 1 << 30
ENVELOPE_LIMIT = 16 << 20
MEMBER_LIMIT = 20_000
DEPTH_LIMIT = 12
LONGEST_GAP = 1000
SKEW = timedelta(seconds=300)
CLOCK = "%Y-%m-%dT%H:%M:%SZ"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:fairwitness:bundle:1"

Member = tuple[str, int, str]  # name, size, SHA-256

ID = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?"
DIGEST = r"[0-9a-f]{64}"
SECOND = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
TIME = SECOND + "Z"
AS_OF = SECOND + r"(\.[0-9]{1,9})?Z"
NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,7}"


class Refused(Exception):
    """A bundle that is not accepted; `reason` is the word for the check."""

    def __init__(self, reason: str, rule: str) -> None:
        super().__init__(f"{reason}: {rule}")
        self.reason = reason


def need(condition: Any, reason: str, rule: str) -> None:
    if not condition:
        raise Refused(reason, rule)


# --- Canonical documents: sorted keys, no spaces, no fractions (RFC 8785 without numbers' trouble)


def canonical(document: Any) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def read_document(raw: bytes, reason: str) -> Any:
    """Return the JSON in `raw`, refused unless `raw` is exactly its canonical form."""
    need(depth_of(raw) <= DEPTH_LIMIT, reason, "is nested too deep")
    try:
        document = json.loads(raw.decode("utf-8"))
        need(only_plain(document), reason, "holds a fraction or too large a number")
        same = canonical(document) == raw
    except (ValueError, RecursionError) as error:
        raise Refused(reason, "is not JSON in UTF-8") from error
    need(same, reason, "is not in its canonical form")
    return document


def depth_of(raw: bytes) -> int:
    depth = deepest = 0
    for mark in re.findall(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', raw, re.DOTALL):
        depth += (mark in b"[{") - (mark in b"]}")
        deepest = max(deepest, depth)
    return deepest


def only_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(only_plain, value.values()))
    if isinstance(value, list):
        return all(map(only_plain, value))
    return not isinstance(value, float) and not (isinstance(value, int) and abs(value) >= 2**53)


# --- 1. The envelope, and the signatures over its payload


def envelope_bytes(bundle: bytes) -> bytes:
    need(len(bundle) <= BYTE_LIMIT, "too-large", f"{len(bundle)} bytes")
    start = 30 + len("envelope.json")
    need(len(bundle) >= start, "not-a-bundle", "too short")
    crc, size = struct.unpack_from("<II", bundle, 14)
    need(bundle[:start] == local_header("envelope.json", crc, size), "not-a-bundle", "no envelope")
    need(size <= ENVELOPE_LIMIT and start + size <= len(bundle), "not-a-bundle", "envelope's size")
    return bundle[start : start + size]


def read_envelope(raw: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Return payload and {key id: signature}."""
    envelope = read_document(raw, "envelope")
    keys = {"payload", "payloadType", "signatures"}
    need(isinstance(envelope, dict) and set(envelope) == keys, "envelope", "other keys")
    need(envelope["payloadType"] == PAYLOAD_TYPE, "format", "another type of payload")
    found = envelope["signatures"]
    need(isinstance(found, list) and len(found) <= 32, "envelope", "signatures")
    signatures = {}
    for entry in found:
        need(isinstance(entry, dict) and set(entry) == {"keyid", "sig"}, "envelope", "signature")
        need(matches(entry["keyid"], DIGEST), "envelope", "key id")
        signatures[entry["keyid"]] = from_base64(entry["sig"])
        need(len(signatures[entry["keyid"]]) == 64, "envelope", "signature's size")
    payload = from_base64(envelope["payload"])
    rebuilt = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [
            {"keyid": keyid, "sig": base64.b64encode(signatures[keyid]).decode()}
            for keyid in sorted(signatures)
        ],
    }
    need(canonical(rebuilt) == raw, "envelope", "is not in its canonical form")
    return payload, signatures


def from_base64(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise Refused("envelope", "is not base64") from error


def check_signatures(payload: bytes, signatures: dict[str, bytes], trust: Any) -> None:
    """Every signature must be of a known key and fit; none may stand there for decoration."""
    need(signatures, "unsigned", "nobody has signed it")
    kind = PAYLOAD_TYPE.encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    known = {k["keyid"]: k for party in trust["parties"].values() for k in party["keys"]}
    for keyid in sorted(signatures):
        need(keyid in known, "unknown-key", keyid[:16])
    for keyid in sorted(signatures):
        public = base64.b64decode(known[keyid]["public"])
        need(hashlib.sha256(public).hexdigest() == keyid, "trust", "a key id is not its key's")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signatures[keyid], signed)
        except InvalidSignature as error:
            raise Refused("signature", "a signature does not fit") from error


# --- 2. The statement: who to whom, which agreement, which numbers, which bytes


def read_statement(payload: bytes) -> tuple[Any, list[Member]]:
    statement = read_document(payload, "statement")
    exactly(statement, "_type", "subject", "predicateType", "predicate")
    kinds = (statement["_type"], statement["predicateType"])
    need(kinds == (STATEMENT_TYPE, PREDICATE_TYPE), "format", "another type of statement")
    said = statement["predicate"]
    exactly(said, "issuer", "recipients", "issued", "expires", "agreement", "standing", "reports")
    exactly(said["agreement"], "id", "sha256")
    listed(said["recipients"], 1, 20)
    listed(said["reports"], 1, 200)
    listed(statement["subject"], 1, MEMBER_LIMIT)
    for value in (said["issuer"], said["agreement"]["id"], *said["recipients"]):
        form(value, ID)
    form(said["agreement"]["sha256"], DIGEST)
    need(is_moment(said["issued"], TIME), "statement", "a time")
    need(is_moment(said["expires"], TIME), "statement", "a time")
    known = ("joint", "national", "rehearsal", "none")
    need(said["standing"] in known, "statement", "standing")
    for report in said["reports"]:
        check_report(report)
    members = [read_member(entry) for entry in statement["subject"]]
    ascending(said["recipients"])
    ascending([report["site"] for report in said["reports"]])
    ascending([name for name, _, _ in members])
    names = {name for name, _, _ in members}
    for name in ("agreement.json", *map(report_name, said["reports"])):
        need(name in names, "statement", f"{name} is not among its subjects")
    return said, members


def check_report(report: Any) -> None:
    exactly(report, "site", "as_of", "sequence", "previous")
    form(report["site"], ID)
    need(whole(report["sequence"], 1, 10**9), "statement", "number")
    if report["as_of"] is not None:
        need(is_moment(report["as_of"], AS_OF), "statement", "as_of")
    if report["previous"] is not None:
        form(report["previous"], DIGEST)
    first = report["sequence"] == 1
    need(first == (report["previous"] is None), "statement", "number and previous")


def read_member(entry: Any) -> Member:
    exactly(entry, "name", "digest", "annotations")
    exactly(entry["digest"], "sha256")
    exactly(entry["annotations"], "size")
    name, size = entry["name"], entry["annotations"]["size"]
    form(name, NAME)
    need(len(name) <= 200 and name != "envelope.json", "statement", "a member's name")
    need(whole(size, 0, 2**32 - 1), "statement", "size")
    form(entry["digest"]["sha256"], DIGEST)
    return name, size, entry["digest"]["sha256"]


def exactly(value: Any, *keys: str) -> None:
    need(isinstance(value, dict) and set(value) == set(keys), "statement", "keys of a part")


def listed(value: Any, least: int, most: int) -> None:
    need(isinstance(value, list) and least <= len(value) <= most, "statement", "a list's length")


def matches(value: Any, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def form(value: Any, pattern: str) -> None:
    need(matches(value, pattern), "statement", "a text is not in its form")


def is_moment(value: Any, pattern: str) -> bool:
    """Return whether it has the form, and is of a day and an hour that exist."""
    try:
        return matches(value, pattern) and bool(moment_of(value[:19] + "Z"))
    except ValueError:
        return False


def whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def ascending(names: list[str]) -> None:
    same = all(a < b for a, b in itertools.pairwise(names))
    need(same, "statement", "a list is not sorted, or holds something twice")


def report_name(report: Any) -> str:
    return f"sites/{report['site']}/report.json"


# --- 3. The file: every byte that is not a member's own follows from the statement (APPNOTE 6.3)


def local_header(name: str, crc: int, size: int) -> bytes:
    fixed = (b"PK\3\4", 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0)
    return struct.pack("<4sHHHHHIIIHH", *fixed) + name.encode()


def central_header(name: str, crc: int, size: int, offset: int) -> bytes:
    fixed = (b"PK\1\2", 20, 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return struct.pack("<4sHHHHHHIIIHHHHHII", *fixed) + name.encode()


def check_file(bundle: bytes, envelope: bytes, members: list[Member]) -> dict[str, bytes]:
    """Return {name: bytes}; refused where any byte of the file has another than its only value."""
    crc = zlib.crc32(envelope)
    head = local_header("envelope.json", crc, len(envelope))
    need(bundle.startswith(head), "content", "the envelope's header differs")
    central = [central_header("envelope.json", crc, len(envelope), 0)]
    place = len(head) + len(envelope)
    files = {}
    for name, size, digest in members:
        start = place + 30 + len(name)
        content = bundle[start : start + size]
        need(hashlib.sha256(content).hexdigest() == digest, "content", f"{name} was not signed")
        crc = zlib.crc32(content)
        header = bundle[place:start]
        need(header == local_header(name, crc, size), "content", f"the header of {name} differs")
        central.append(central_header(name, crc, size, place))
        files[name] = content
        place = start + size
    count, size = len(central), sum(map(len, central))
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, place, 0)
    need(bundle[place:] == b"".join(central) + end, "content", "the directory at the end differs")
    return files


def check_records(said: Any, files: dict[str, bytes], trust: Any) -> None:
    """Hold what the records say of themselves against what the statement says of them."""
    agreement = said["agreement"]["sha256"]
    inside = hashlib.sha256(files["agreement.json"]).hexdigest()
    need(inside == agreement, "inconsistent", "agreement.json is another agreement")
    need(agreement in trust["agreements"], "agreement", "it is not one that is held here")
    for report in said["reports"]:
        name = report_name(report)
        try:
            need(depth_of(files[name]) <= 64, "inconsistent", f"{name} is nested too deep")
            record = json.loads(
                files[name].decode("utf-8"),
                object_pairs_hook=unique,
                parse_constant=finite,
                parse_float=finite,
            )
            found = [record["kind"], record["site"]["id"], record["as_of"]]
            found += [record["agreement"]["sha256"], record["standing"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Refused("inconsistent", f"{name} is no record") from error
        stated = ["monitor", report["site"], report["as_of"], agreement, said["standing"]]
        need(found == stated, "inconsistent", f"{name} is another report")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"{text} is no number")
    return float(text)


# --- 4. Keys, recipient, time, number


def signs_at(key: Any, moment: str) -> bool:
    ends = [end for end in (key["valid_to"], key["revoked_at"]) if end is not None]
    return key["valid_from"] <= moment and all(moment < end for end in ends)


def check_signers(
    said: Any, signatures: dict[str, bytes], trust: Any, at: str, anchored: bool
) -> dict[str, list[str]]:
    """Return {party: [key ids that count]}."""
    issuer = said["issuer"]
    need(issuer in trust["parties"], "unknown-issuer", issuer)
    signers: dict[str, list[str]] = {}
    idle = []
    for party, held in sorted(trust["parties"].items()):
        for key in held["keys"]:
            if key["keyid"] not in signatures:
                continue
            counts = signs_at(key, said["issued"]) or (party != issuer and signs_at(key, at))
            if counts and (key["revoked_at"] is None or anchored):
                signers.setdefault(party, []).append(key["keyid"])
            elif party == issuer:
                idle.append(key)
    if len(signers.get(issuer, [])) < trust["parties"][issuer]["threshold"]:
        need(all(key["revoked_at"] is None for key in idle), "key-revoked", "the issuer's key")
        need(not idle, "key-not-valid", "the issuer's key was not valid at that time")
        raise Refused("threshold", "too few keys of the issuer signed")
    return signers


def moment_of(text: str) -> datetime:
    return datetime.strptime(text, CLOCK).replace(tzinfo=UTC)


def check_release(said: Any, files: dict[str, bytes], signers: dict[str, list[str]]) -> None:
    """Hold it against the agreement's rule for what both teams see: who, and how soon."""
    rule = json.loads(files["agreement.json"]).get("release", {}).get("joint")
    if rule is None:
        return
    try:
        named, delay = [str(name) for name in rule["authorities"]], int(rule["delay_hours"])
        needed = len(named) if rule["required"] is None else int(rule["required"])
        looks = [report["as_of"][:19] + "Z" for report in said["reports"] if report["as_of"]]
        waits = timedelta(hours=delay)
        soonest = [(moment_of(look) + waits).strftime(CLOCK) for look in looks]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Refused("inconsistent", "the agreement's release rule cannot be read") from error
    have = len(set(named) & set(signers))
    need(have >= needed, "threshold", f"{have} of {needed} of {', '.join(named)} authorised it")
    late = not delay or all(moment <= said["issued"] for moment in soonest)
    need(late, "not-yet", f"issued sooner than {delay} hours after its newest look")


def place_of(seen: list[Any], report: Any, digest: str, issued: str) -> str:
    """Return where a report stands among those seen; refused where it cannot be in its turn."""
    for each in seen:
        if each["sequence"] == report["sequence"]:
            need(each["statement"] == digest, "equivocation", "another report had this number")
            return "seen"
    if not seen:
        return "first"
    newest, number = seen[-1], report["sequence"]
    if number < newest["sequence"]:
        later = [each["previous"] for each in seen if each["sequence"] == number + 1]
        need(later == [digest], "rollback", "older than the newest one seen")
        return "earlier"
    need(number <= newest["sequence"] + LONGEST_GAP, "fast-forward", "a number too far ahead")
    need(issued >= newest["issued"], "backdated", "issued before its predecessor")
    if number > newest["sequence"] + 1:
        return "after-a-gap"
    need(report["previous"] == newest["statement"], "fork", "it follows another report")
    return "next"


def places_of(said: Any, digest: str, trust: Any) -> dict[str, str]:
    return {
        report["site"]: place_of(
            trust["seen"].get(f"{said['issuer']}/{report['site']}", []),
            report,
            digest,
            said["issued"],
        )
        for report in said["reports"]
    }


def is_anchored(said: Any, digest: str, trust: Any) -> bool:
    try:
        return set(places_of(said, digest, trust).values()) <= {"seen", "earlier"}
    except Refused:
        return False


def verify(
    bundle: bytes, trust: Any, at: str
) -> tuple[str, Any, dict[str, list[str]], dict[str, str]]:
    """Return what the statement says, who signed, and the places of its reports."""
    need(is_moment(at, TIME), "usage", "a moment is written YYYY-MM-DDTHH:MM:SSZ")
    raw = envelope_bytes(bundle)
    payload, signatures = read_envelope(raw)
    check_signatures(payload, signatures, trust)
    said, members = read_statement(payload)
    files = check_file(bundle, raw, members)
    check_records(said, files, trust)
    digest = hashlib.sha256(payload).hexdigest()
    signers = check_signers(said, signatures, trust, at, is_anchored(said, digest, trust))
    check_release(said, files, signers)
    ours = trust["own"] is None or trust["own"] in {said["issuer"], *said["recipients"]}
    need(ours, "recipient", f"it is not made for {trust['own']}")
    soon = (moment_of(at) + SKEW).strftime(CLOCK)
    need(said["issued"] <= soon, "not-yet", f"issued {said['issued']}")
    need(at < said["expires"], "expired", f"it counted until {said['expires']}")
    places = places_of(said, digest, trust)
    need("after-a-gap" not in places.values(), "gap", "reports in between were not seen")
    return digest, said, signers, places


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify a Fair Witness bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--trust", type=Path, required=True, help="trust.json")
    parser.add_argument("--at", help="judge as of YYYY-MM-DDTHH:MM:SSZ; default: now")
    options = parser.parse_args()
    at = options.at or datetime.now(UTC).strftime(CLOCK)
    try:
        trust = read_document(options.trust.read_bytes(), "trust")
        need(trust.get("schema") == "fairwitness/trust/1", "trust", "is of another version")
        with options.bundle.open("rb") as file:
            bundle = file.read(BYTE_LIMIT + 1)
        digest, said, signers, places = verify(bundle, trust, at)
    except (Refused, OSError) as error:
        print(f"refused: {error}")
        return 2
    print(f"bundle {digest}\nfrom {said['issuer']} to {', '.join(said['recipients'])}")
    print(f"issued {said['issued']}, counts until {said['expires']}")
    print(f"agreement {said['agreement']['id']} {said['agreement']['sha256']}")
    for report in said["reports"]:
        print(f"report on {report['site']}, number {report['sequence']}: {places[report['site']]}")
    for party, keyids in sorted(signers.items()):
        print(f"signed by {party}: {', '.join(keyid[:16] for keyid in keyids)}")
    print("accepted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
