"""Looks judged as new ones by what a track has learnt: its baselines, its ring, its cuts.

What is put into copies of a look must be found by the very rule that the look was judged by; and
nothing of that rule has to be learnt again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.assessment import measures
from pipeline.assessment.indicators import ChangedPixels, TrackAssessor
from pipeline.assessment.observables import method_for
from pipeline.assessment.series import FeatureScores, combined
from pipeline.kernels.baseline import anomaly, cut_baseline, self_normalised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.kernels.baseline import SceneStep


class ReplayedLooks(TrackAssessor):
    """Assesses baseline looks of a track and new versions of its looks, over some of its pixels.

    Parameters
    ----------
    track
        Who judged the looks themselves.
    looks, pixels
        Places in the track's series; a look may come more than once.
    features
        Name to (look, pixel) values of the looks.
    quiet
        How many of the first looks are the baseline's, as they are; the others count as new.
    """

    def __init__(
        self,
        track: TrackAssessor,
        looks: NDArray[np.intp],
        pixels: NDArray[np.intp],
        features: Mapping[str, NDArray[np.float32]],
        quiet: int,
    ) -> None:
        super().__init__(track.series.with_looks(looks, pixels, features, quiet))
        self.track, self.looks, self.pixels, self.quiet = track, looks, pixels, quiet

    def _scored(self, name: str) -> FeatureScores:
        own = self.track.score(name)
        baseline = cut_baseline(own.baseline, np.zeros((1, 1), np.intp), self.pixels[None])
        values, days = self.series.features[name][:, None], self.series.days
        new = slice(self.quiet, None)
        z = np.empty(values[:, 0].shape, np.float32)
        z[: self.quiet] = own.z[np.ix_(self.looks[: self.quiet], self.pixels)]
        z[new] = anomaly(baseline, values[new], np.isfinite(values[new]), days[new])[:, 0]
        steps = self._of_looks(own.steps)
        self._normalise(z, steps)
        return FeatureScores(z, own.ring_step[self.looks], baseline, steps)

    def _pixels_changed(self, observable: str) -> ChangedPixels:
        method = method_for(observable, self.series.physical)
        parts = {name: self.score(name) for name in method.features}
        rule = self.track.changed_pixels(observable)
        z = combined([parts[name].z for name in method.features], method.combine)
        steps = self._of_looks(rule.steps)
        self._normalise(z, steps)
        found = measures.changed_pixels(self.series, parts, z, rule.cut, method)
        found[: self.quiet] = rule.found[np.ix_(self.looks[: self.quiet], self.pixels)]
        return ChangedPixels(found, rule.cut, steps)

    def _of_looks(self, steps: Sequence[SceneStep]) -> tuple[SceneStep, ...]:
        return tuple(steps[look] for look in self.looks)

    def _normalise(self, z: NDArray[np.float32], steps: Sequence[SceneStep]) -> None:
        """Take the steps of their dates out of new looks; what was measured of the ring holds."""
        for look in range(self.quiet, len(z)):
            z[look] = self_normalised(z[look], steps[look])
