"""What one site was judged from, so that it can be judged again with no catalogue at hand.

The document stands in the product as `evidence.json`: the resolved agreement, notifications,
scenes as the catalogues described them, what each file was, and which chip holds its pixels.
It names no place of this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from shapely.errors import ShapelyError
from shapely.geometry import shape

from pipeline.agreement.generic_sensors import GenericSensor
from pipeline.agreement.model import Agreement
from pipeline.agreement.notifications import Notification
from pipeline.errors import FairWitnessError, SceneError
from pipeline.imagery.admission import Admitted, Limits, OutsideRaster
from pipeline.imagery.admission.records import FileFacts
from pipeline.imagery.catalog import LeftOut, Superseded
from pipeline.imagery.scene import Asset, Scene
from pipeline.store.atomic import canonical_json, parse_json

if TYPE_CHECKING:
    from pipeline.assessment.record import Failure
    from pipeline.exchange.frozen import Frozen
    from pipeline.store.chips import ChipStore
    from pipeline.workflows.monitor.admitting import AdmittedScenes
    from pipeline.workflows.monitor.site import SiteJob

FILE = "evidence.json"
Finite = Annotated[float, Field(allow_inf_nan=False)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, Field(max_length=4000)]
# Files are named for it.
Name = Annotated[str, Field(max_length=150)]
# No satellite looked before, and dates are counted on from looks.
YEARS = range(1960, 9000)


def _number_text(text: str) -> str:
    float(text)  # a ValueError is the refusal
    return text


def _footprint(document: dict[str, Any]) -> dict[str, Any]:
    try:
        shape(document)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ShapelyError) as cause:
        raise ValueError("a footprint is no GeoJSON geometry") from cause
    return document


NumberText = Annotated[Line, AfterValidator(_number_text)]
Footprint = Annotated[dict[str, Any], AfterValidator(_footprint)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEvidence(_Part):
    """One file of a scene: how it was described, and, once admitted, what it held.

    Attributes
    ----------
    nodata
        As text, because it may be NaN; None where there is none.
    size, sha256, chip_sha256
        Of the bytes that were decoded, and of the chip; None where it was not admitted.
    """

    href: Line
    driver: Line
    index: int
    scale: Finite
    offset: Finite
    nodata: NumberText | None
    size: int | None = None
    sha256: Digest | None = None
    chip_sha256: Digest | None = None


class ErrorEvidence(_Part):
    """Why a scene was not admitted."""

    code: Line
    rule: Line
    site: Line | None
    file: Line | None
    line: int | None


class SceneEvidence(_Part):
    """One scene and what became of it."""

    id: Line
    sensor: Line
    acquired: AwareDatetime
    track: Name
    tile: Line
    datatake: Line
    provider: Line
    assets: dict[str, FileEvidence]
    published: AwareDatetime | None = None
    processing_baseline: Line | None = None
    footprint: Footprint | None = None
    cloud_cover_percent: Finite | None = None
    sun_elevation_deg: Finite | None = None
    sun_azimuth_deg: Finite | None = None
    platform: Line | None = None
    notes: tuple[Line, ...] = ()
    part: Line = ""
    status: Literal["used", "failed", "outside", "superseded", "found"]
    remarks: tuple[Line, ...] = Field((), description="what admission noted")
    error: ErrorEvidence | None = None
    superseded_by: Line | None = None
    reason: Line | None = None


class LeftOutEvidence(_Part):
    """An item that did not become a scene."""

    scene_id: Line
    acquired: AwareDatetime | None
    sensor: Line | None
    reason: Line


class FrozenEvidence(_Part):
    """The site's frozen baseline with its signatures, as they lay beside the agreement."""

    document: dict[str, Any]
    signatures: dict[str, Any] | None = None


class FailureEvidence(_Part):
    """Why a site could not be processed as a whole."""

    code: Line
    message: Line


class Evidence(_Part):
    """All that one site's record follows from, beside the code and the chips."""

    schema_: Literal["fairwitness/evidence/1"] = Field("fairwitness/evidence/1", alias="schema")
    agreement: Agreement
    site: Line
    as_of: AwareDatetime | None
    notifications: tuple[Notification, ...]
    generic_sensors: dict[str, GenericSensor]
    scenes: tuple[SceneEvidence, ...]
    left_out: tuple[LeftOutEvidence, ...]
    catalogue_failures: tuple[Line, ...]
    frozen: FrozenEvidence | None = None
    failure: FailureEvidence | None = Field(
        None, description="why the site failed as a whole; its scenes were found, not judged"
    )

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        """Refuse a sensor that is in no table, or that takes the place of a row of ours."""
        from pipeline.imagery.sensors import SENSORS  # noqa: PLC0415

        replaced = sorted(set(self.generic_sensors) & set(SENSORS))
        if replaced:
            raise ValueError(f"sensor {replaced[0]} is described, and the table has one")
        for scene in self.scenes:
            if scene.sensor not in {*SENSORS, *self.generic_sensors}:
                raise ValueError(f"scene {scene.id} is of a sensor nobody describes")
            if scene.status == "used" and not scene.assets:
                raise ValueError(f"scene {scene.id} was used, and has no file")
            if scene.acquired.year not in YEARS:
                raise ValueError(f"scene {scene.id} was acquired in the year {scene.acquired.year}")
        return self


def evidence_bytes(job: SiteJob, admitted: AdmittedScenes) -> bytes:
    """Return the canonical bytes of a site's `evidence.json`."""
    limits = Limits.from_settings(job.run.settings)
    return _evidence(
        job,
        [
            *(_used(item, limits) for item in admitted.admitted),
            *(_refused(scene, error, "failed", limits) for scene, error in admitted.failed),
            *(_refused(scene, error, "outside", limits) for scene, error in admitted.outside),
            *(_superseded(item, limits) for item in job.scenes.superseded),
        ],
    )


def failed_bytes(job: SiteJob, failure: Failure) -> bytes:
    """Return the `evidence.json` of a site that failed as a whole: what was found, and why."""
    limits = Limits.from_settings(job.run.settings)
    scenes = [
        *(_scene(scene, _files(scene, limits), status="found") for scene in job.scenes.scenes),
        *(_superseded(item, limits) for item in job.scenes.superseded),
    ]
    return _evidence(job, scenes, FailureEvidence(code=failure.code, message=failure.message))


def _evidence(
    job: SiteJob, scenes: list[SceneEvidence], failure: FailureEvidence | None = None
) -> bytes:
    evidence = Evidence(
        agreement=job.run.agreement,
        site=job.site.id,
        as_of=job.scenes.as_of,
        notifications=tuple(n for n in job.run.notifications if n.site == job.site.id),
        generic_sensors=dict(job.run.settings.generic_sensors),
        scenes=tuple(scenes),
        left_out=tuple(
            LeftOutEvidence(
                scene_id=item.scene_id, acquired=item.acquired, sensor=item.sensor,
                reason=item.reason,
            )
            for item in job.scenes.left_out
        ),
        catalogue_failures=job.scenes.catalogue_failures,
        frozen=_frozen(job.run.frozen.get(job.site.id)),
        failure=failure,
    )  # fmt: skip
    return canonical_json(evidence.model_dump(mode="json", by_alias=True))


def _frozen(held: Frozen | None) -> FrozenEvidence | None:
    if held is None:
        return None
    signatures = None if held.signatures is None else parse_json(held.signatures)
    return FrozenEvidence(document=parse_json(held.payload), signatures=signatures)


def frozen_of(evidence: Evidence) -> dict[str, Frozen]:
    """Return the frozen baseline of the site, if it had one."""
    from pipeline.exchange.frozen import Frozen  # noqa: PLC0415

    held = evidence.frozen
    if held is None:
        return {}
    signatures = None if held.signatures is None else canonical_json(held.signatures)
    return {evidence.site: Frozen(canonical_json(held.document), signatures)}


def _used(item: Admitted, limits: Limits) -> SceneEvidence:
    assets = {
        band: _file(item.scene.assets[band], limits, item.files[band]) for band in item.files
    }  # fmt: skip
    return _scene(item.scene, assets, status="used", remarks=item.notes)


def _refused(
    scene: Scene, error: FairWitnessError, status: Literal["failed", "outside"], limits: Limits
) -> SceneEvidence:
    told = ErrorEvidence(
        code=error.code, rule=error.rule, site=error.site, file=error.file, line=error.line
    )
    return _scene(scene, _files(scene, limits), status=status, error=told)


def _superseded(item: Superseded, limits: Limits) -> SceneEvidence:
    return _scene(
        item.scene,
        _files(item.scene, limits),
        status="superseded",
        superseded_by=item.by,
        reason=item.reason,
    )


def _files(scene: Scene, limits: Limits) -> dict[str, FileEvidence]:
    return {band: _file(asset, limits) for band, asset in scene.assets.items()}


def _file(asset: Asset, limits: Limits, facts: FileFacts | None = None) -> FileEvidence:
    return FileEvidence(
        href=limits.relative(asset.href),
        driver=asset.driver,
        index=asset.index,
        scale=asset.scale,
        offset=asset.offset,
        nodata=None if asset.nodata is None else repr(float(asset.nodata)),
        size=facts.size if facts else None,
        sha256=facts.sha256 if facts else None,
        chip_sha256=facts.chip_sha256 if facts else None,
    )


_COPIED = (
    "id", "sensor", "acquired", "track", "tile", "datatake", "provider", "published",
    "processing_baseline", "cloud_cover_percent", "sun_elevation_deg", "sun_azimuth_deg",
    "platform", "notes", "part",
)  # fmt: skip


def _scene(scene: Scene, assets: dict[str, FileEvidence], **outcome: Any) -> SceneEvidence:
    footprint = None if scene.footprint is None else dict(scene.footprint)
    copied = {name: getattr(scene, name) for name in _COPIED}
    return SceneEvidence(**copied, footprint=footprint, assets=assets, **outcome)


def scene_of(item: SceneEvidence) -> Scene:
    """Return the scene as the catalogue described it; its files are named, not placed."""
    assets = {
        band: Asset(
            href=file.href, driver=file.driver, index=file.index, scale=file.scale,
            offset=file.offset, nodata=None if file.nodata is None else float(file.nodata),
        )
        for band, file in item.assets.items()
    }  # fmt: skip
    copied = {name: getattr(item, name) for name in _COPIED}
    return Scene(**copied, assets=assets, footprint=item.footprint)


def admitted_of(evidence: Evidence, chips: ChipStore) -> AdmittedScenes:
    """Return what admission gave, its pixels in `chips`."""
    from pipeline.workflows.monitor.admitting import AdmittedScenes  # noqa: PLC0415

    chosen = {
        status: [item for item in evidence.scenes if item.status == status]
        for status in ("used", "failed", "outside")
    }
    return AdmittedScenes(
        admitted=tuple(map(_admitted, chosen["used"])),
        failed=tuple((scene_of(item), _error(item, SceneError)) for item in chosen["failed"]),
        outside=tuple((scene_of(item), _error(item, OutsideRaster)) for item in chosen["outside"]),
        chips=chips,
    )


def _admitted(item: SceneEvidence) -> Admitted:
    files = {}
    for band, file in sorted(item.assets.items()):
        if file.size is None or file.sha256 is None or file.chip_sha256 is None:
            raise ValueError(f"scene {item.id} was used, and {band} has no digests")
        files[band] = FileFacts(
            band, file.href, file.size, file.sha256, file.chip_sha256, file.scale, file.offset
        )  # fmt: skip
    chips = {band: facts.chip_sha256 for band, facts in files.items()}
    return Admitted(scene_of(item), chips, files, item.remarks)


def _error(item: SceneEvidence, kind: type[FairWitnessError]) -> FairWitnessError:
    """Return the recorded error with the code it had, whatever class raised it."""
    told = item.error
    if told is None:
        raise ValueError(f"scene {item.id} is {item.status} without an error")
    recorded = type("RecordedError", (kind,), {"code": told.code})
    error: FairWitnessError = recorded(
        told.rule, site=told.site, file=told.file, line=told.line
    )  # fmt: skip
    return error


def left_out_of(evidence: Evidence) -> tuple[LeftOut, ...]:
    """Return the items that did not become scenes."""
    return tuple(
        LeftOut(item.scene_id, item.acquired, item.sensor, item.reason)
        for item in evidence.left_out
    )


def superseded_of(evidence: Evidence) -> tuple[Superseded, ...]:
    """Return the versions that did not count."""
    return tuple(
        Superseded(scene_of(item), item.superseded_by or "", item.reason or "")
        for item in evidence.scenes
        if item.status == "superseded"
    )
