"""A bundle's report computed again, from its chips, by the code at hand."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from pipeline.agreement import Settings
from pipeline.assessment.record import Failure
from pipeline.errors import BundleError, FairWitnessError
from pipeline.exchange.layout import EVIDENCE, chip_member, chips_named, site_member
from pipeline.exchange.verify import check_signers, open_bundle
from pipeline.imagery.admission import Limits, read_asset
from pipeline.imagery.scene import Asset
from pipeline.store.atomic import atomic_write, parse_json
from pipeline.store.chips import ChipStore
from pipeline.store.geotiff import decoded
from pipeline.workflows.monitor import evidence as evidences
from pipeline.workflows.monitor import product
from pipeline.workflows.monitor import record as recording
from pipeline.workflows.monitor.site import SiteJob, failed_report, judged
from pipeline.workflows.planning import Run, SiteScenes
from pipeline.workflows.reproduce.ladder import Field, Rung, layer_field, lowest, record_fields
from pipeline.workflows.reproduce.sums import sum_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.exchange.agreements import Standing
    from pipeline.exchange.statement import SignedReport
    from pipeline.exchange.trust import Trust
    from pipeline.exchange.verify import Opened
    from pipeline.workflows.monitor.evidence import Evidence


@dataclass(frozen=True)
class Reproduction:
    """One report of a bundle, computed again.

    Attributes
    ----------
    site, sequence
        Which report.
    issuer
        Whose report.
    bundle, report, ours
        Digests of the bundle's statement, of their ``report.json`` and of ours.
    rung
        What all of `fields` reach.
    fields
        Every field of the record, and every layer.
    versions
        Of the code and libraries that computed it here.
    """

    site: str
    sequence: int
    issuer: str
    bundle: str
    report: str
    ours: str
    rung: Rung
    fields: tuple[Field, ...]
    versions: Mapping[str, str]

    @property
    def reproduced(self) -> bool:
        """Whether the joint standard is met: R3 or better."""
        return self.rung in {"R3", "R4"}


def reproduce_bundle(payload: bytes, trust: Trust, *, at: str) -> tuple[Reproduction, ...]:
    """Recompute every report of a bundle and compare it field by field.

    Signatures and all bytes are verified first; expiry and numbers are not judged, for an old
    report is reproduced as well as a new one. Nothing of the bundle is written under a name of
    its own: chips lie in a temporary folder, named by the digest of their bytes, and each is
    decoded once under limits before anything else opens it.

    Parameters
    ----------
    payload
        The bundle's bytes.
    trust
        Whose keys are known.
    at
        UTC text; the moment that counts as now.

    Raises
    ------
    BundleError
        As `pipeline.exchange.verify.open_bundle`; or ``evidence`` where the bundle does not
        hold what its record was computed from.
    """
    opened = open_bundle(payload, trust)
    check_signers(opened, trust, at)
    with tempfile.TemporaryDirectory(prefix="fairwitness-") as scratch:
        done = {
            report.site: _redone(opened, report, Path(scratch))
            for report in opened.statement.reports
        }
    sums = sum_fields(opened.files, {site: (each.job, each.ours) for site, each in done.items()})
    return tuple(
        _compared(opened, report, done[report.site], sums.get(report.site, ()))
        for report in opened.statement.reports
    )


@dataclass(frozen=True)
class _Redone:
    """One site computed again: its job, our record, its layers compared, and a ceiling."""

    job: SiteJob
    ours: bytes
    layers: tuple[Field, ...]
    ceiling: Rung


def _redone(opened: Opened, report: SignedReport, scratch: Path) -> _Redone:
    evidence = _evidence(opened, report.site)
    job = _job(evidence, cast("Standing", opened.statement.standing))
    if evidence.failure is not None:
        # The failure itself is not computed again: what is left are its scenes, if any were found.
        failure = Failure(code=evidence.failure.code, message=evidence.failure.message)
        ours = product.report_bytes(failed_report(job, failure))
        return _Redone(job, ours, (), "R1" if evidence.scenes else "R0")
    chips = _chips(opened, opened.records[report.site], scratch)
    ours, layers = recomputed(job, evidence, chips)
    return _Redone(job, ours, tuple(_layer_fields(opened, report.site, layers, scratch)), "R4")


def _compared(
    opened: Opened, report: SignedReport, redone: _Redone, sums: tuple[Field, ...]
) -> Reproduction:
    theirs = opened.files[report.member]
    record, ours = opened.records[report.site], parse_json(redone.ours)
    fields = (*record_fields(record, ours), *redone.layers, *sums)
    return Reproduction(
        site=report.site,
        sequence=report.sequence,
        issuer=opened.statement.issuer,
        bundle=opened.statement.sha256,
        report=hashlib.sha256(theirs).hexdigest(),
        ours=hashlib.sha256(redone.ours).hexdigest(),
        rung=_capped(lowest(fields), redone.ceiling),
        fields=fields,
        versions=recording.versions(),
    )


def _capped(reached: Rung, ceiling: Rung) -> Rung:
    """Return the rung of a record; one that failed and is told otherwise is a narrative."""
    if ceiling == "R4":
        return reached
    return ceiling if reached in {"R3", "R4"} else "R0"


def _evidence(opened: Opened, site: str) -> Evidence:
    raw = opened.files.get(site_member(site, EVIDENCE))
    if raw is None:
        raise BundleError(f"evidence: the bundle holds none of {site}")
    try:
        evidence = evidences.Evidence.model_validate(parse_json(raw))
    except (ValidationError, ValueError) as cause:
        raise BundleError(f"evidence: that of {site} breaks a rule") from cause
    stated = (opened.statement.agreement_sha256, site)
    if (evidence.agreement.sha256, evidence.site) != stated:
        raise BundleError(f"evidence: that of {site} is of another agreement or site")
    return evidence


def _chips(opened: Opened, record: Any, scratch: Path) -> ChipStore:
    """Return the chips a record names, each decoded once in the limited process."""
    store = ChipStore(scratch / "chips")
    for sha256 in chips_named(record):
        payload = opened.files.get(chip_member(sha256))
        if payload is None or hashlib.sha256(payload).hexdigest() != sha256:
            raise BundleError(f"evidence: the bundle does not hold chip {sha256[:16]}")
        _admit(store.path(sha256), payload)
    return store


def _admit(path: Path, payload: bytes) -> None:
    """Write a partner's raster under a digest of ours, and decode it once under limits."""
    if path.exists():
        return
    atomic_write(path, payload)
    limits = Limits(folders=(path.parent,), memory_megabytes=2048)
    try:
        read_asset(Asset(href=str(path)), limits=limits)
    except FairWitnessError as cause:
        path.unlink()
        raise BundleError(f"evidence: raster {path.stem[:16]} {cause.rule}") from cause


def recomputed(
    job: SiteJob, evidence: Evidence, chips: ChipStore
) -> tuple[bytes, dict[str, bytes]]:
    """Return ``report.json`` and layers that the code at hand makes of the evidence."""
    try:
        outcome, files = judged(job, evidences.admitted_of(evidence, chips))
    except ValueError as cause:
        raise BundleError(f"evidence: {cause}") from cause
    report = recording.report_of(job.run, job.site, job.scenes, outcome)
    return product.report_bytes(report), files


def _job(evidence: Evidence, stated: Standing) -> SiteJob:
    agreement = evidence.agreement
    site = agreement.site(evidence.site)
    admitted = [evidences.scene_of(item) for item in evidence.scenes if item.status != "superseded"]
    scenes = SiteScenes(
        scenes=tuple(sorted(admitted, key=lambda scene: (scene.acquired, scene.id))),
        superseded=evidences.superseded_of(evidence),
        left_out=evidences.left_out_of(evidence),
        unplaced=(),
        catalogue_failures=evidence.catalogue_failures,
        elsewhere=0,
        as_of=evidence.as_of,
    )
    run = Run(
        settings=_settings(evidence),
        agreement=agreement,
        notifications=evidence.notifications,
        sites=(site,),
        as_of=evidence.as_of,
        stated=stated,
        frozen=evidences.frozen_of(evidence),
    )
    return SiteJob(run, site, scenes)


def _settings(evidence: Evidence) -> Settings:
    """Return settings that name no place: nothing is looked for, and nothing is written."""
    nowhere = {"kind": "folder", "path": "nowhere"}
    return Settings.model_validate(
        {
            "schema": "fairwitness/settings/1",
            "agreement": "nowhere.yaml",
            "catalogues": [nowhere],
            "output": "nothing",
            "generic_sensors": evidence.generic_sensors,
        }
    )


def _layer_fields(
    opened: Opened, site: str, ours: Mapping[str, bytes], scratch: Path
) -> list[Field]:
    prefix = site_member(site, "layers/")
    theirs = {
        name.removeprefix(site_member(site, "")): raw
        for name, raw in opened.files.items()
        if name.startswith(prefix) and name.endswith(".tif")
    }
    names = sorted(set(theirs) | {name for name in ours if name.endswith(".tif")})
    return [_layer(name, theirs.get(name), ours.get(name), scratch) for name in names]


def _layer(name: str, theirs: bytes | None, ours: bytes | None, scratch: Path) -> Field:
    if theirs is not None and theirs == ours:
        return Field(name, "R4")
    return layer_field(
        name, _pixels(theirs, scratch), None if ours is None else decoded(ours).values
    )


def _pixels(payload: bytes | None, scratch: Path) -> NDArray[Any] | None:
    if payload is None:
        return None
    try:
        _admit(scratch / "layers" / f"{hashlib.sha256(payload).hexdigest()}.tif", payload)
        return decoded(payload).values
    except (BundleError, ValueError):
        return None
