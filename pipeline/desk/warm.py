"""Pixels of a track on disk, look after look, mapped into memory: what tiles are cut from.

They are the pixels that were judged, read once through the stack. The folder lies under
``OUT/.state/desk/`` and is named for the plan of the stack, so another plan never reads it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from pipeline.assessment.features import SMOOTHING_HALO_PX
from pipeline.desk.arrays import begin_array, write_rows
from pipeline.desk.tiling import commonest_of, mean_of
from pipeline.errors import OutputError
from pipeline.imagery.grid import pixel_metres
from pipeline.kernels.masking import OBSERVED
from pipeline.progress import silent
from pipeline.store.atomic import canonical_json, make_folder, move_into_place
from pipeline.workflows.monitor.fingerprint import code_digest
from pipeline.workflows.monitor.layers import Cut, look_pixels, site_cut
from pipeline.workflows.monitor.tracks import track_stem

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from pipeline.imagery.stack import StackPixels, StackPlan
    from pipeline.progress import Show
    from pipeline.workflows.monitor.record import TrackOutcome

VALUES, REASONS = "value.npy", "reason.npy"
# Larger sites are kept a second time with blocks of so many pixels a side as one.
COARSE, COARSE_FROM = 4, 512
LOCK_SECONDS = 3600.0


@dataclass(frozen=True)
class Pixels:
    """The looks of one track over the box of the site.

    Attributes
    ----------
    value
        (time, band, y, x) float32, physical, mapped from disk; NaN is not observed.
    reason
        (time, y, x) uint8 coverage codes, mapped from disk.
    bands
        Names, in the order of `value`.
    rows, columns
        Where the box lies in the track's grid; it is the site's box and a margin of
        `SMOOTHING_HALO_PX`, so that smoothed features at the site's edge have their neighbours.
    cut
        The site's own box, without the margin, and what of it lies beyond the site.
    margin
        (rows, columns) that the site's box is inside the stored one.
    folder
        Where the arrays lie.
    coarse
        Value and reason of blocks of `COARSE` pixels a side of the site's box; None where the
        site is small.
    """

    value: NDArray[np.float32]
    reason: NDArray[np.uint8]
    bands: tuple[str, ...]
    rows: slice
    columns: slice
    cut: Cut
    margin: tuple[int, int]
    folder: Path
    coarse: tuple[NDArray[np.float32], NDArray[np.uint8]] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the site's box, pixels."""
        return int(self.cut.geobox.shape[0]), int(self.cut.geobox.shape[1])

    @property
    def geobox(self) -> GeoBox:
        """Grid of the site's box."""
        return self.cut.geobox

    @property
    def pixel_m(self) -> float:
        """Edge of a pixel, metres."""
        return pixel_metres(self.cut.geobox)

    def window(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """Return where rows and columns of the site's box lie in the arrays."""
        down, right = self.margin
        return (
            slice(rows.start + down, rows.stop + down),
            slice(columns.start + right, columns.stop + right),
        )


def warm_pixels(
    track: TrackOutcome, polygon: BaseGeometry, state: Path, show: Show = silent
) -> Pixels:
    """Return a track's pixels on disk, written now where they are not there.

    Memory: one look of the whole grid at a time.

    Parameters
    ----------
    polygon
        The declared site, WGS 84.
    state
        Folder for the tracks of this site.

    Raises
    ------
    OutputError
        The disk refused.
    """
    cut = site_cut(polygon, track.plan.geobox)
    box = _grown(cut, track.plan.geobox)
    stem = track_stem(track.series.sensor, track.series.track)
    folder = state / f"{stem}-{plan_digest(track.plan, box)[:32]}"
    if not (folder / REASONS).is_file():
        try:
            _make(track, box, cut, folder, show)
        except (OSError, Timeout) as cause:
            rule = f"could not be written: {getattr(cause, 'strerror', None) or cause}"
            raise OutputError(rule, file=getattr(cause, "filename", None) or folder) from cause
    top, left = (part.start for part in box)
    coarse = None
    if (folder / f"coarse-{VALUES}").is_file():
        kept = [np.load(folder / f"coarse-{name}", mmap_mode="r") for name in (VALUES, REASONS)]
        coarse = (kept[0], kept[1])
    inner_top, inner_left = (part.indices(1 << 30)[0] for part in cut.window)
    return Pixels(
        value=np.load(folder / VALUES, mmap_mode="r"),
        reason=np.load(folder / REASONS, mmap_mode="r"),
        bands=track.plan.bands,
        rows=box[0],
        columns=box[1],
        cut=cut,
        margin=(inner_top - top, inner_left - left),
        folder=folder,
        coarse=coarse,
    )


def _grown(cut: Cut, geobox: GeoBox) -> tuple[slice, slice]:
    """Return the site's box with a margin, within the grid."""
    sides = []
    for part, size in zip(cut.window, geobox.shape, strict=True):
        start, stop, _ = part.indices(int(size))
        sides.append(
            slice(max(0, start - SMOOTHING_HALO_PX), min(int(size), stop + SMOOTHING_HALO_PX))
        )
    return sides[0], sides[1]


def plan_digest(plan: StackPlan, box: tuple[slice, slice]) -> str:
    """Return a digest of all that decides the pixels of a stack inside a box."""
    affine = plan.geobox.affine
    facts = {
        "grid": [str(plan.geobox.crs), list(affine)[:6], list(map(int, plan.geobox.shape))],
        "box": [[part.start, part.stop] for part in box],
        "sensor": plan.sensor.key,
        "bands": list(plan.bands),
        "dilation": [list(pair) for pair in plan.options.dilation_m],
        "looks": [_look_facts(look) for look in plan.looks],
        "code": code_digest(),
    }
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def _look_facts(look: Any) -> list[Any]:
    stripes = None if look.stripes is None else hashlib.sha256(look.stripes.tobytes()).hexdigest()
    chips = [[tile.scene.id, sorted(tile.chips.items())] for tile in look.look.tiles]
    return [look.look.id, chips, list(map(float, look.undo)), stripes]


def _make(
    track: TrackOutcome, box: tuple[slice, slice], cut: Cut, folder: Path, show: Show
) -> None:
    """Write the arrays of a plan in place of those of others; one desk at a time."""
    stem = folder.name[:-33]
    make_folder(folder.parent)
    with FileLock(folder.parent / f"{stem}.lock", timeout=LOCK_SECONDS):
        if not (folder / REASONS).is_file():
            _drop_others(folder.parent, stem)
            _write(track, box, cut, folder, show)


def _write(
    track: TrackOutcome, box: tuple[slice, slice], cut: Cut, folder: Path, show: Show
) -> None:
    """Write the arrays beside their place, and give them their name when they are whole."""
    # Not a name that a run sweeps away: it may work beside the desk.
    staged = folder.with_name(f"building-{folder.name}")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    try:
        with ExitStack() as open_files:
            files = _begun(track, box, cut, staged, open_files)
            for index in range(len(track.plan.looks)):
                show("pixels", done=index, total=len(track.plan.looks), text=track.series.sensor)
                rows = _rows(look_pixels(track, index), box, cut)
                for name, file in files.items():
                    write_rows(file, [rows[name]])
        show("pixels", done=1, total=1, text=track.series.sensor)
        shutil.rmtree(folder, ignore_errors=True)
        move_into_place(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _begun(
    track: TrackOutcome,
    box: tuple[slice, slice],
    cut: Cut,
    staged: Path,
    open_files: ExitStack,
) -> dict[str, Any]:
    """Return the files of a track by name, each with its head written."""
    looks, bands = len(track.plan.looks), len(track.plan.bands)
    shape = tuple(part.stop - part.start for part in box)
    small = tuple(-(-int(size) // COARSE) for size in cut.geobox.shape)
    shapes: dict[str, tuple[tuple[int, ...], Any]] = {
        VALUES: ((looks, bands, *shape), np.float32),
        REASONS: ((looks, *shape), np.uint8),
    }
    if max(int(size) for size in cut.geobox.shape) > COARSE_FROM:
        shapes[f"coarse-{VALUES}"] = ((looks, bands, *small), np.float32)
        shapes[f"coarse-{REASONS}"] = ((looks, *small), np.uint8)
    files = {name: open_files.enter_context((staged / name).open("wb")) for name in shapes}
    for name, (whole, dtype) in shapes.items():
        begin_array(files[name], whole, dtype)
    return files


def _rows(look: StackPixels, box: tuple[slice, slice], cut: Cut) -> dict[str, NDArray[Any]]:
    """Return what every file of a track keeps of one look."""
    value, reason = look.value[0], look.reason[0]
    rows = {VALUES: value[..., *box], REASONS: reason[box]}
    if max(int(size) for size in cut.geobox.shape) > COARSE_FROM:
        codes = reason[cut.window]
        seen = np.where(codes == OBSERVED, value[..., *cut.window], np.nan)
        rows[f"coarse-{VALUES}"] = mean_of(seen, COARSE)
        rows[f"coarse-{REASONS}"] = commonest_of(codes, COARSE)
    return rows


def _drop_others(state: Path, stem: str) -> None:
    """Remove what other plans of the same track left behind: it can be made again."""
    kept = re.compile(rf"(building-)?{re.escape(stem)}-[0-9a-f]{{32}}")
    for folder in sorted(state.iterdir()) if state.is_dir() else []:
        if kept.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
