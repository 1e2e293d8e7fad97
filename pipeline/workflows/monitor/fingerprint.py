"""Whether a site's product is already what this run would make."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ProductError
from pipeline.imagery.admission import Limits
from pipeline.imagery.admission.fetching import file_size
from pipeline.store.atomic import canonical_json, read_json, write_json
from pipeline.store.products import verify_product
from pipeline.workflows.monitor.record import versions

if TYPE_CHECKING:
    from pipeline.agreement import Site
    from pipeline.imagery.scene import Scene
    from pipeline.workflows.planning import Run, SiteScenes


def fingerprint(run: Run, site: Site, scenes: SiteScenes) -> str:
    """Return a digest of all that decides a site's product.

    "Unchanged" means the same catalogue item, file, size and declared checksum, the same
    agreement and notifications, and the same code and libraries.
    """
    limits = Limits.from_settings(run.settings)
    facts = {
        "agreement": run.agreement.sha256,
        "standing": run.standing_at(scenes.as_of),
        "site": site.id,
        "frozen": run.frozen[site.id].sha256 if site.id in run.frozen else None,
        "notifications": sorted(item.sha256 for item in run.notifications if item.site == site.id),
        "as_of": scenes.as_of.isoformat() if scenes.as_of else None,
        "scenes": [_scene_facts(scene, limits) for scene in scenes.scenes],
        "superseded": [[item.scene.id, item.by] for item in scenes.superseded],
        "left_out": [[item.scene_id, item.reason] for item in scenes.left_out],
        "failures": list(scenes.catalogue_failures),
        "sensors": {
            key: value.model_dump(mode="json")
            for key, value in sorted(run.settings.generic_sensors.items())
        },
        "versions": versions(),
        "code": code_digest(),
    }
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def _scene_facts(scene: Scene, limits: Limits) -> list[Any]:
    files = [
        [
            band,
            limits.relative(asset.href),
            asset.index,
            file_size(asset),
            asset.sha256,
            asset.scale,
            asset.offset,
        ]
        for band, asset in sorted(scene.assets.items())
    ]
    published = scene.published.isoformat() if scene.published else None
    return [scene.id, scene.sensor, scene.track, published, list(scene.notes), files]


@cache
def code_digest() -> str:
    """Return a digest of the package's own sources: an edited line is another method."""
    package = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        digest.update(str(source.relative_to(package)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def is_done(run: Run, folder: Path, mark: str) -> bool:
    """Return whether the product on disk is complete and carries this fingerprint."""
    try:
        noted = read_json(_note(run, folder))
        return bool(
            noted.get("fingerprint") == mark
            and verify_product(folder).sha256 == noted.get("manifest")
        )
    except (ProductError, AttributeError):
        return False


def remember(run: Run, folder: Path, mark: str) -> None:
    """Note, under `.state/`, what the product on disk was made from."""
    manifest = verify_product(folder).sha256
    write_json(_note(run, folder), {"fingerprint": mark, "manifest": manifest})


def _note(run: Run, folder: Path) -> Path:
    state = run.settings.output / ".state" / "done" / folder.parent.name
    return state / f"{folder.name}.json"
