"""How unusual every pixel of the site is on every look, made block by block when it is asked for.

The scores are those of the assessment: the same baseline, the prior and the date steps of the
context ring, applied to all pixels of the site and not only to those of its zones.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assessment.features import FEATURES, SMOOTHING_HALO_PX, evaluate
from pipeline.assessment.indicators import TrackAssessor
from pipeline.assessment.measures import pixel_cut
from pipeline.assessment.series import HARMONICS
from pipeline.desk.arrays import reserved_array
from pipeline.errors import OutputError
from pipeline.kernels.baseline import anomaly, fit_with_left_out
from pipeline.kernels.baseline.scene_step import self_normalised
from pipeline.kernels.masking import usable
from pipeline.workflows.monitor.tracks import track_series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.agreement import Site
    from pipeline.desk.warm import Pixels
    from pipeline.workflows.monitor.record import TrackOutcome

BLOCK = 128  # pixels a side: about a second of scoring at a hundred looks
RECIPES = (("vv_db", "vh_db"), ("vv_db",), ("brightness",), ("ndvi",))


def main_features(track: TrackOutcome) -> tuple[str, ...]:
    """Return the features whose scores carry a track's broadest indicator; none: no scores.

    They are those of the product's own anomaly layer.
    """
    known = set(track.series.features)
    for wanted in RECIPES:
        if known.issuperset(wanted):
            return wanted
    return tuple(sorted(known - {"span"}))[:1]


def scored_track(track: TrackOutcome, site: Site) -> TrackOutcome | None:
    """Return a track with features that can be scored; None where its bands allow none.

    Where no agreed indicator asks for such features, they are read from the chips beside those
    that are judged.
    """
    if main_features(track):
        return track
    roles = {band.role for band in track.plan.sensor.bands if band.name in track.plan.bands}
    wanted = next(
        (names for names in RECIPES if all(set(FEATURES[n].roles) <= roles for n in names)), ()
    )
    if not wanted:
        return None
    own = track.series
    found = track_series(track.plan, site, track.chips, wanted, None, track.ground)
    features = {**own.features, **found.features}
    series = replace(own, features=features)
    return replace(track, series=series, assessor=TrackAssessor(series), variants={})


@dataclass
class ScoreMaps:
    """Scores of one track, (time, y, x), made when a block is first looked at.

    Attributes
    ----------
    track, pixels
        Where they come from.
    features
        What is scored; their scores are summed over the root of their number.
    """

    track: TrackOutcome
    pixels: Pixels
    features: tuple[str, ...]
    _values: NDArray[np.float32] = field(init=False, repr=False)
    _done: NDArray[np.uint8] = field(init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        height, width = self.pixels.shape
        looks = len(self.track.series.acquired)
        blocks = (-(-height // BLOCK), -(-width // BLOCK))
        stem = f"score-{self._digest()[:16]}"
        place = self.pixels.folder
        try:
            self._values = reserved_array(place / f"{stem}.npy", (looks, height, width), "f4")
            self._done = reserved_array(place / f"{stem}-done.npy", blocks, "u1")
        except OSError as cause:
            rule = f"has no room for scores: {cause.strerror or cause}"
            raise OutputError(rule, file=place) from cause

    def window(self, look: int, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Return one look's scores in a window of the site's box; NaN: not seen, or no baseline."""
        for block in _blocks_of(rows, columns):
            self.make(*block)
        return np.asarray(self._values[look, rows, columns])

    def made(self, look: int, rows: slice, columns: slice) -> tuple[NDArray[np.float32], bool]:
        """Return what of a window is scored already, NaN elsewhere, and whether that is all."""
        blocks = _blocks_of(rows, columns)
        missing = [block for block in blocks if not self._done[block]]
        values = np.array(self._values[look, rows, columns])
        for down, right in missing:
            top, left = down * BLOCK - rows.start, right * BLOCK - columns.start
            values[max(0, top) : top + BLOCK, max(0, left) : left + BLOCK] = np.nan
        return values, not missing

    def at(self, row: int, column: int) -> NDArray[np.float32]:
        """Return (time,) scores of one pixel of the site's box."""
        self.make(row // BLOCK, column // BLOCK)
        return np.asarray(self._values[:, row, column])

    @cached_property
    def cut(self) -> float:
        """Size of a score that a thousandth of quiet ring pixels passes."""
        series, assessor = self.track.series, self.track.assessor
        parts = [assessor.score(name).z[series.in_baseline] for name in self.features]
        return pixel_cut(np.sum(parts, axis=0) / np.sqrt(len(parts)), series.ring, 0)

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """Every block by row and column of blocks."""
        return tuple((int(y), int(x)) for y, x in np.ndindex(self._done.shape))

    def make_all(self) -> None:
        """Score every block that nobody has looked at yet."""
        for block in self.blocks:
            self.make(*block)

    def make(self, down: int, right: int) -> None:
        """Score a block, once."""
        if self._done[down, right]:
            return
        with self._lock:
            if self._done[down, right]:
                return
            height, width = self.pixels.shape
            rows = slice(down * BLOCK, min(height, (down + 1) * BLOCK))
            columns = slice(right * BLOCK, min(width, (right + 1) * BLOCK))
            self._values[:, rows, columns] = self._scored(rows, columns)
            self._done[down, right] = 1

    def _digest(self) -> str:
        """Return a digest of the baseline, priors and steps the scores follow from."""
        digest = hashlib.sha256(self.track.series.in_baseline.tobytes())
        for name in self.features:
            score = self.track.assessor.score(name)
            told = [*score.baseline.prior, *(value for step in score.steps for value in step)]
            digest.update(name.encode() + np.array(told, dtype=np.float64).tobytes())
        return digest.hexdigest()

    def _scored(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        parts = [self._feature_scores(name, rows, columns) for name in self.features]
        return np.asarray(np.sum(parts, axis=0) / np.sqrt(len(parts)), dtype=np.float32)

    def _feature_scores(self, name: str, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Return one feature's self-normalised scores in a block, (time, y, x)."""
        values = feature_window(self.track, self.pixels, name, rows, columns)
        series, score = self.track.series, self.track.assessor.score(name)
        quiet, days, prior = series.in_baseline, series.days, score.baseline.prior
        flat = values.reshape(len(values), 1, -1)
        known = np.isfinite(flat)
        baseline, left_out = fit_with_left_out(
            flat[quiet], known[quiet], days[quiet], prior=prior, harmonics=HARMONICS, trend=False
        )
        scores = np.empty(flat.shape, np.float32)
        scores[quiet] = left_out
        scores[~quiet] = anomaly(baseline, flat[~quiet], known[~quiet], days[~quiet])
        for index, step in enumerate(score.steps):
            scores[index] = self_normalised(scores[index], step)
        return scores.reshape(values.shape)


def _blocks_of(rows: slice, columns: slice) -> list[tuple[int, int]]:
    """Return the blocks that a window touches."""
    downs = range(rows.start // BLOCK, -(-rows.stop // BLOCK))
    rights = range(columns.start // BLOCK, -(-columns.stop // BLOCK))
    return [(down, right) for down in downs for right in rights]


def feature_window(
    track: TrackOutcome,
    pixels: Pixels,
    name: str,
    rows: slice,
    columns: slice,
    *,
    looks: tuple[int, ...] | None = None,
) -> NDArray[np.float32]:
    """Return one feature of a window of the site's box, as the assessment has it.

    Parameters
    ----------
    rows, columns
        Of the site's box.
    looks
        Which; None is all of them.

    Returns
    -------
    (time, y, x) float32, NaN not usable.
    """
    stored_rows, stored_columns = pixels.window(rows, columns)
    top, left = (max(0, part.start - SMOOTHING_HALO_PX) for part in (stored_rows, stored_columns))
    wide = np.s_[
        top : stored_rows.stop + SMOOTHING_HALO_PX, left : stored_columns.stop + SMOOTHING_HALO_PX
    ]
    chosen = list(looks) if looks is not None else slice(None)
    value, reason = pixels.value[:, :, *wide][chosen], pixels.reason[:, *wide][chosen]
    good = usable(reason) & np.isfinite(value).all(axis=1)
    roles = [track.plan.sensor.band(band).role for band in pixels.bands]
    bands = {role: value[:, index] for index, role in enumerate(roles)}
    inner = np.s_[
        :, stored_rows.start - top : stored_rows.stop - top,
        stored_columns.start - left : stored_columns.stop - left,
    ]  # fmt: skip
    return evaluate(name, bands, good)[inner]
