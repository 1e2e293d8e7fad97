"""The record of a compared pair: kind compare, standing none, no agreement."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assessment.record import (
    Check,
    Coverage,
    InputFile,
    Period,
    Region,
    Registration,
    Report,
    SceneInput,
    Summary,
)
from pipeline.imagery.grid import pixel_metres
from pipeline.imagery.pair.opening import finest_grid
from pipeline.kernels.change.cva import fit_change_vector
from pipeline.kernels.masking import COVERAGE_NAMES
from pipeline.workflows.compare.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pipeline.imagery.pair import Date, Pair
    from pipeline.workflows.compare.scoring import Judged

_LIBRARIES = ("fairwitness", "numpy", "scipy", "rasterio", "pyproj", "shapely")
_ZONE = "compared area"
_MIN_VALID = 0.5
_MAX_CHANGED = 0.3
_MOST_COARSER = 3.5  # 10 m beside 30 m


def report_of(pair: Pair, judged: Judged, regions: tuple[Region, ...]) -> Report:
    """Return the record of a compared pair."""
    times = sorted(date.source.scene.acquired for date in (pair.before, pair.after))
    valid = float(np.isfinite(judged.scores.smooth).mean())
    return Report(
        kind="compare",
        standing="none",
        agreement=None,
        site=None,
        as_of=times[1],
        period=Period(start=times[0], end=times[1]),
        summary=Summary(
            sentence_code="pair-changed" if regions else "pair-empty",
            sentence_facts={"regions": len(regions), "observed_fraction": valid},
            looks_found=2,
            looks_usable=2 if valid > 0 else 0,
        ),
        regions=regions,
        coverage=tuple(
            _coverage(date, counts)
            for date, counts in zip((pair.before, pair.after), judged.seen.codes, strict=True)
        ),
        checks=tuple(_checks(pair, judged, valid)),
        inputs=tuple(_inputs(pair, judged)),
        limits=(
            "for evaluation, outside any agreement",
            "a score orders pixels; it is no evidence of what changed",
            "one pair cannot tell a season, a crop or a lasting change apart",
        ),
        method=_method(pair, judged),
        versions=_versions(),
    )


def _method(pair: Pair, judged: Judged) -> dict[str, Any]:
    recipe = asdict(judged.recipe)
    recipe["extra"] = [pair.bands[i] for i in judged.recipe.extra]
    sensors = [date.source.sensor for date in (pair.before, pair.after)]
    return {
        "score": METHODS[judged.recipe.method],
        "recipe": recipe,
        "outline": asdict(judged.outline) if np.isfinite(judged.outline.value) else {},
        "find": asdict(judged.find) if np.isfinite(judged.find.value) else {},
        "effect_unit": judged.scores.effect_unit,
        "sensor": sensors[0].key if sensors[0] == sensors[1] else [s.key for s in sensors],
        "bands": list(pair.bands),
        "pixel_m": pixel_metres(pair.geobox),
        "unit": "dB" if sensors[0].physical == "gamma0" else sensors[0].physical,
    }


def _coverage(date: Date, counts: NDArray[np.int64]) -> Coverage:
    shares = counts / max(1, counts.sum())
    scene = date.source.scene
    return Coverage(
        zone=_ZONE, sensor=scene.sensor, track=scene.track, acquired=scene.acquired,
        scene=scene.id,
        fractions={name: float(shares[c]) for c, name in COVERAGE_NAMES.items() if shares[c] > 0},
    )  # fmt: skip


def _inputs(pair: Pair, judged: Judged) -> Iterable[SceneInput]:
    for date, registration, normalization in (
        (pair.before, None, {}),
        (pair.after, _registration(pair), _normalization(pair.bands, judged.sample)),
    ):
        scene = date.source.scene
        yield SceneInput(
            scene=scene.id, sensor=scene.sensor, track=scene.track, tile=scene.tile,
            acquired=scene.acquired, provider=scene.provider, status="used",
            processing_baseline=scene.processing_baseline, files=tuple(_files(date)),
            registration=registration, normalization=normalization,
            notes=(*scene.notes, *date.notes),
        )  # fmt: skip


def _files(date: Date) -> Iterable[InputFile]:
    for name, raster in sorted(date.rasters.items()):
        asset = date.source.scene.assets[name]
        yield InputFile(
            band=name, href=date.source.limits.relative(asset.href), size=raster.size,
            sha256=raster.sha256, scale=asset.scale, offset=asset.offset,
        )  # fmt: skip


def _registration(pair: Pair) -> Registration:
    shift = pair.shift
    return Registration(
        dx_px=shift.dx, dy_px=shift.dy, residual_px=shift.residual_px, tiles=shift.tiles_used,
        corrected=shift.tiles_used > 0, note=shift.note,
    )  # fmt: skip


def _normalization(bands: tuple[str, ...], sample: NDArray[np.float32]) -> dict[str, float]:
    """Return gain and offset that bring AFTER to BEFORE on invariant pixels, for the reader."""
    if not sample.shape[2]:
        return {}
    line = fit_change_vector(*sample.transpose(0, 2, 1))
    facts: dict[str, float] = {}
    for name, gain, offset in zip(bands, line.gain, line.offset, strict=True):
        facts |= {f"{name} gain": float(gain), f"{name} offset": float(offset)}
    return facts


def _checks(pair: Pair, judged: Judged, valid: float) -> Iterable[Check]:
    shift = pair.shift
    pixels = judged.regions.label.size
    changed = float(judged.regions.pixels.sum() / pixels)
    both = judged.seen.both / pixels
    yield Check(
        code="pair-observed", description="share of the area seen on both dates",
        threshold=f">= {_MIN_VALID:g}", actual=f"{both:.3f}",
        result="pass" if valid >= _MIN_VALID else "warn",
    )  # fmt: skip
    yield Check(
        code="pair-registered", description="shift between the dates estimated and removed",
        threshold="standard error <= 0.15 px",
        actual=f"dx {shift.dx:.2f}, dy {shift.dy:.2f}, error {shift.residual_px:.3f} px"
        if shift.tiles_used
        else shift.note,
        result="pass" if shift.tiles_used else "warn",
    )  # fmt: skip
    yield Check(
        code="pair-mostly-unchanged", description="share of the area in regions of change: the "
        "lower half of the scores must be unchanged ground",
        threshold=f"<= {_MAX_CHANGED:g}", actual=f"{changed:.3f}",
        result="pass" if changed <= _MAX_CHANGED else "warn",
    )  # fmt: skip
    ratio = _coarser(pair)
    yield Check(
        code="pair-resolution", description="finest pixel of the coarser date over that of the "
        "finer: what a coarse date cannot show has no counterpart",
        threshold=f"<= {_MOST_COARSER:g}", actual=f"{ratio:.3g}",
        result="pass" if ratio <= _MOST_COARSER else "warn",
    )  # fmt: skip
    order = pair.before.source.scene.acquired <= pair.after.source.scene.acquired
    yield Check(
        code="pair-order", description="BEFORE is the earlier date", threshold="before <= after",
        actual=f"{pair.before.source.scene.acquired:%Y-%m-%d}, "
        f"{pair.after.source.scene.acquired:%Y-%m-%d}",
        result="pass" if order else "warn",
    )  # fmt: skip
    same = _same_bytes(pair)
    yield Check(
        code="pair-distinct", description="files whose bytes are the same on both dates",
        threshold="0", actual=str(same), result="warn" if same else "pass",
    )  # fmt: skip


def _coarser(pair: Pair) -> float:
    """Return how many times the finest pixel of one date is that of the other, at least 1."""
    edges = [pixel_metres(finest_grid(d.rasters.values())) for d in (pair.before, pair.after)]
    return max(edges) / min(edges)


def _same_bytes(pair: Pair) -> int:
    digests = [{raster.sha256 for raster in d.rasters.values()} for d in (pair.before, pair.after)]
    return len(digests[0] & digests[1])


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "source"
    return found
