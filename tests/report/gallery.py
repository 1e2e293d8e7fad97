"""One record that holds an example of every state, outcome and reason a report can print."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from typing import get_args

import numpy as np

from pipeline.assessment import record
from pipeline.assessment.states import headline
from pipeline.kernels.masking import COVERAGE_CODES
from pipeline.store.cog import write_cog
from tests.report import products
from tests.report.products import OPTICAL, RADAR, START

ZONES = tuple(products.KINDS)
THRESHOLD = {"kind": "deviation", "value": 1.5, "comparator": ">=", "unit": "dB"}


def choices(model, field):
    """Return the values a field of the record may take."""
    return get_args(model.model_fields[field].annotation)


def looks():
    """Each outcome in each zone, monitoring after six quiet looks."""
    for zone in ZONES:
        for i in range(6):
            yield look(zone, START + timedelta(days=12 * i), "no-change", baseline=True)
        for i, outcome in enumerate(get_args(record.Outcome)):
            yield look(zone, START + timedelta(days=100 + 12 * i), outcome)


def look(zone, when, outcome, *, baseline=False):
    return products.assessment(
        zone, "radar-excess", "dB", RADAR, when, 2.4 if outcome == "change" else 0.3,
        built=outcome == "change", baseline=baseline, outcome=outcome, threshold=1.5,
    )  # fmt: skip


def findings():
    """Each evidence state, joint state and disposition at least once, with its headline."""
    states = get_args(record.EvidenceState)
    dispositions, joints = get_args(record.Disposition), get_args(record.JointState)
    relations = cycle(choices(record.NotificationMatch, "relation"))
    kinds = cycle(choices(record.Threshold, "kind"))
    shown = [(state, "unreviewed", "unexplained") for state in states]
    shown += [("persistent", "reproduced", disposition) for disposition in dispositions]
    shown += [("tentative", joint, "unexplained") for joint in joints]
    return [
        finding(i, ZONES[i % len(ZONES)], *item, next(relations), next(kinds))
        for i, item in enumerate(shown)
    ]


def finding(number, zone, evidence, joint, disposition, relation, kind):
    first = START + timedelta(days=100 + number)
    ended = evidence == "ended"
    confirmed = evidence in {"persistent", "ended"}
    return {
        "id": f"{zone}:radar-excess:more:{number}",
        "zone": zone,
        "indicator": "radar-excess",
        "evidence_state": evidence,
        "joint_state": joint,
        "disposition": disposition,
        "headline": headline(evidence, joint, disposition),
        "direction": "less" if number % 2 else "more",
        "proposition": f"crossed at look {number}",
        "onset": [(first - timedelta(days=12)).isoformat(), first.isoformat()],
        "end": [
            (first + timedelta(days=12)).isoformat(), (first + timedelta(days=24)).isoformat(),
        ] if ended else None,
        "peak": 2.4,
        "peak_interval": [1.9, 2.9],
        "unit": "dB",
        "threshold": THRESHOLD | {"kind": kind},
        "confirmed": confirmed,
        "looks_over": 3 if confirmed else 1,
        "looks_observed": 4,
        "assessments": [f"{zone}/radar-excess/{RADAR[0]}/{RADAR[1]}/1"],
        "sensors": [RADAR[0]] if number % 2 else [OPTICAL[0], RADAR[0]],
        "likelihood": {
            "proposition": f"crossed at look {number}", "p": 0.9, "p_interval": [0.8, 0.96],
            "posteriors": {"0.01": 0.2, "0.2": 0.86, "0.05": 0.57},
        },
        "calibrated": {
            "false_alarms": {"ok": True, "sample_size": 480, "as_of": "2023-06-01", "ratio": 1.04,
                             "ratio_interval": [0.8, 1.3]},
            "detection": {"ok": False, "reason": "calibration-not-measured"},
            "event": {"ok": False, "reason": "no-resolved-cases"},
        },
        "analytic_confidence": {
            "level": choices(record.AnalyticConfidence, "level")[number % 3],
            "basis": ["looks-over:1", "sensors:1", "registration-residual-px:0.21"],
        },
        "hypotheses": [
            {"code": "vehicles-or-structures-present", "kind": "activity", "fit": "unknown"},
            {"code": "wet-soil-or-rain", "kind": "benign", "fit": "consistent"},
            {"code": "misregistration", "kind": "artefact", "fit": "inconsistent",
             "measured": "residual-px:0.012"},
        ],
        "notification": {
            "relation": relation, "notification": "N-7", "exceeds_in": ["from", "to", "quantity"],
            "note": "quantity-not-comparable", "on_file_as_of": first.isoformat(),
        },
        "would_change_our_mind": {
            "next_look": "2023-09-03", "sensor": " ".join(RADAR),
            "would_show": "inside-quiet-band",
        },
        "limits": ["not-proof-of-intent", "proxy-measure"],
        "dissent": ["Party south reads the same series as harvest."] if number == 0 else [],
    }  # fmt: skip


def coverage():
    """Each reason, alone and mixed."""
    for i, reason in enumerate(get_args(record.CoverageReason)):
        for zone in ZONES:
            share = {"observed": 1.0} if reason == "observed" else {"observed": 0.4, reason: 0.6}
            yield {
                "zone": zone, "sensor": RADAR[0], "track": RADAR[1], "scene": f"S{i}",
                "acquired": (START + timedelta(days=100 + 12 * i)).isoformat(),
                "fractions": share,
            }  # fmt: skip


def notified():
    """Each relation of a notified activity."""
    for i, relation in enumerate(choices(record.NotifiedActivity, "relation")):
        yield {
            "notification": f"N-{i}", "relation": relation, "zones": [ZONES[i]],
            "note": f"observed-looks:{i}", "text": "Exercise Autumn",
            "start": (START + timedelta(days=100)).isoformat(),
            "end": (START + timedelta(days=130)).isoformat(),
        }  # fmt: skip


def gallery():
    """The record as plain JSON values."""
    as_of = START + timedelta(days=190)
    made = products.monitor(found=False, looks_each=12)
    checks = [
        {"code": f"c-{result}", "description": "a check", "threshold": ">= 8", "actual": "6",
         "result": result}
        for result in choices(record.Check, "result")
    ]  # fmt: skip
    checks.append(
        {"code": "baseline-age", "description": f"age, {' '.join(RADAR)}", "result": "pass",
         "threshold": "<= 400 days", "actual": "361 days"}
    )  # fmt: skip
    inputs = [
        products.scene(RADAR, START + timedelta(days=i), status=status)
        for i, status in enumerate(choices(record.SceneInput, "status"))
    ]
    drift = [
        {"code": code, "subject": "motor-pool radar-excess sentinel-1-rtc T137-ascending",
         "ratified": "0.125", "here": "-0.5"}
        for code in choices(record.BaselineDifference, "code")
    ]  # fmt: skip
    reply = {"party": "south", "received": as_of.isoformat(), "text": "Under review."}
    earlier = [
        {"reference": f"FW/1/{i}", "relation": relation, "sha256": products.DIGEST}
        for i, relation in enumerate(choices(record.EarlierReport, "relation"))
    ]
    return made | {
        "as_of": as_of.isoformat(),
        "period": made["period"] | {
            "start": (START + timedelta(days=99)).isoformat(), "end": as_of.isoformat(),
        },
        "agreement": made["agreement"] | {"parties": ["north", "south"]},
        "assessments": list(looks()),
        "findings": findings(),
        "coverage": list(coverage()),
        "notified_activity": list(notified()),
        "checks": checks,
        "baseline_drift": {
            "sha256": products.DIGEST, "ratified": "2023-06-01T00:00:00Z",
            "parties": ["north", "south"], "count": 240, "differences": drift,
        },
        "inputs": inputs,
        "reply": reply,
        "earlier": earlier,
    }  # fmt: skip


def write_valid(folder, pixel_m=20.0):
    """Clouds, their shadow and ground nobody scored, under the optical anomaly."""
    size = round(products.EXTENT_M / pixel_m)
    codes = np.zeros((size, size), np.uint8)
    codes[size // 3 : size // 2, : size // 2] = COVERAGE_CODES["cloud"]
    codes[size // 2 : size * 3 // 5, : size // 2] = COVERAGE_CODES["shadow"]
    codes[: size // 5, size * 3 // 4 :] = COVERAGE_CODES["missing"]
    values = products.anomaly(pixel_m, 5, built=True)
    scored = np.zeros_like(codes, bool)
    for _, (left, top, right, bottom) in products.boxes(size):
        scored[top:bottom, left:right] = True
    values[(codes > 0) | ~scored] = np.nan
    stem, grid = "_".join(OPTICAL), products.geobox(pixel_m)
    tags = {"acquired": "2023-07-01T08:31:00+00:00"}
    write_cog(folder / "layers" / f"{stem}_anomaly.tif", values, grid, nodata=np.nan, tags=tags)
    write_cog(folder / "layers" / f"{stem}_valid.tif", codes, grid, nodata=255, tags=tags)
