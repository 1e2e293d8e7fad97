"""What must be known of the whole series before any window of it can be built.

Shifts, stripes and replays need whole looks, so they are found once, here; windows
are then pure functions of the plan and the chips.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.imagery.stack.looks import looks_of
from pipeline.imagery.stack.mosaic import band_values, mosaic
from pipeline.imagery.stack.sampling import Frame
from pipeline.imagery.stack.tiles import TileReader
from pipeline.kernels.masking import usable
from pipeline.kernels.medians import medians_of_looks
from pipeline.kernels.registration import Reference, Shift
from pipeline.kernels.replay import replayed_pairs
from pipeline.kernels.stripes import interference_stripes
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.imagery.scene import Scene
    from pipeline.imagery.sensors import Sensor
    from pipeline.imagery.stack.looks import AdmittedScene, Look
    from pipeline.store.chips import ChipStore

_MEDIAN_LOOKS = 15  # of radar looks behind the reference: speckle falls with their root
_MIN_MEDIAN_LOOKS = 4  # fewer have no quiet median to hold stripes against
# Resampling costs sharpness, so a shift is undone only where it is real: (smallest, errors).
_WORTH = {"reflectance": (0.02, 2.0), "gamma0": (0.1, 3.0)}
NO_SHIFT = Shift(0.0, 0.0, 0.0, 0, "not estimated")


@dataclass(frozen=True)
class StackOptions:
    """Choices of a stack that are not in the imagery.

    Attributes
    ----------
    bands
        Band names; None for those that most looks have.
    reference
        Id of the look to register against; None for the clearest of the baseline.
    baseline_end
        Only looks up to here may become the reference, so that a new look never
        changes what was computed before; None for all.
    register
        False leaves every look where it was delivered.
    dilation_m
        (coverage word, metres) pairs in place of the sensor table's.
    """

    bands: tuple[str, ...] | None = None
    reference: str | None = None
    baseline_end: datetime | None = None
    register: bool = True
    dilation_m: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class LookPlan:
    """One look, and how to bring it onto the grid.

    Attributes
    ----------
    look
        Its tiles.
    shift
        Against the reference, as measured.
    corrected
        Whether it is undone.
    stripes
        bool (y, x) radar interference on the grid, before the shift is undone; or None.
    notes
        In words.
    """

    look: Look
    shift: Shift = NO_SHIFT
    corrected: bool = False
    stripes: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    @property
    def undo(self) -> tuple[float, float]:
        """What moves the look onto the reference: (dx, dy) in pixels."""
        return (-self.shift.dx, -self.shift.dy) if self.corrected else (0.0, 0.0)


@dataclass(frozen=True)
class StackPlan:
    """A stack before its pixels.

    Attributes
    ----------
    reference_looks
        Indices of the looks behind the reference: one for optical, several (their
        median) for radar; empty when there is none.
    replayed
        Pairs of look ids that show nearly the same pixels under two dates.
    """

    geobox: GeoBox
    sensor: Sensor
    bands: tuple[str, ...]
    looks: tuple[LookPlan, ...]
    reference_looks: tuple[int, ...]
    replayed: tuple[dict[str, Any], ...]
    options: StackOptions

    def reader(self, chips: ChipStore) -> TileReader:
        """Return what reads this stack's chips."""
        return TileReader(self.sensor, chips, self.options.dilation_m)


def plan_stack(
    admitted: Sequence[AdmittedScene],
    *,
    geobox: GeoBox,
    sensor: Sensor,
    chips: ChipStore,
    failed: Sequence[tuple[Scene, str]] = (),
    options: StackOptions | None = None,
) -> StackPlan:
    """Group scenes into looks, check their chips, and measure shifts, stripes and replays.

    Parameters
    ----------
    admitted
        Scenes of one sensor and track.
    geobox
        The site's grid.
    sensor
        Their row of the sensor table.
    chips
        Where the evidence is kept.
    failed
        Scenes that could not be admitted, each with the reason; they stay in the
        stack as looks that failed to load.
    options
        See `StackOptions`.

    Raises
    ------
    ValueError
        Sensors or tracks are mixed, a band or the reference is unknown.
    """
    options = options or StackOptions()
    reader = TileReader(sensor, chips, options.dilation_m)
    looks = tuple(_checked(look, reader) for look in looks_of(admitted, failed))
    bands = options.bands or _common_bands(looks, sensor)
    for band in bands:
        sensor.band(band)
    series = _Series.read(looks, reader, geobox)
    chosen = series.reference(options)
    held = series.held_against(chosen) if chosen and options.register else None
    plans = side_by_side(
        lambda index: _planned(looks[index], series, index, chosen, held), range(len(looks))
    )
    return StackPlan(
        geobox=geobox,
        sensor=sensor,
        bands=bands,
        looks=tuple(plans),
        reference_looks=chosen,
        replayed=series.replays(),
        options=options,
    )


def _checked(look: Look, reader: TileReader) -> Look:
    """Move tiles whose chips cannot be used to the failed ones."""
    reasons = [(tile, reader.intact(tile)) for tile in look.tiles]
    lost = [(tile.scene, reason) for tile, reason in reasons if reason]
    return replace(
        look,
        tiles=tuple(tile for tile, reason in reasons if not reason),
        failed=tuple(sorted([*look.failed, *lost], key=lambda pair: pair[0].id)),
    )


def _common_bands(looks: Sequence[Look], sensor: Sensor) -> tuple[str, ...]:
    """Bands that more than half of the loaded looks have, in the sensor's order."""
    loaded = [look for look in looks if look.tiles]
    names = [band.name for band in sensor.bands]
    share = {
        name: sum(any(name in tile.chips for tile in look.tiles) for look in loaded)
        for name in names
    }
    return tuple(name for name in names if 2 * share[name] > len(loaded))


@dataclass(frozen=True)
class _Series:
    """Registration bands of all looks, in the unit they are compared in.

    Attributes
    ----------
    images
        Band → (time, y, x) float32: reflectance, or dB.
    valid
        (time, y, x).
    """

    looks: tuple[Look, ...]
    sensor: Sensor
    images: dict[str, NDArray[np.float32]]
    valid: NDArray[np.bool_]
    _medians: dict[str, tuple[Any, ...]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, looks: tuple[Look, ...], reader: TileReader, geobox: GeoBox) -> _Series:
        sensor, frame = reader.sensor, Frame.whole(geobox)
        radar = sensor.physical == "gamma0"
        names = [band.name for band in sensor.bands] if radar else [sensor.registration_band]
        shape = (len(looks), *geobox.shape)
        images = {name: np.full(shape, np.nan, np.float32) for name in names}
        valid = np.zeros(shape, np.bool_)

        def read(index: int) -> None:
            pixels = mosaic(looks[index], reader, frame)
            valid[index] = usable(pixels.codes)
            for name in names:
                image = band_values(looks[index], reader, name, pixels, frame)
                images[name][index] = 10.0 * np.log10(image) if radar else image

        side_by_side(read, range(len(looks)))
        return cls(looks, sensor, images, valid)

    @property
    def image(self) -> NDArray[np.float32]:
        return self.images[self.sensor.registration_band]

    def reference(self, options: StackOptions) -> tuple[int, ...]:
        """Return the looks behind the reference by index: clearest first, then earliest."""
        ids = [look.id for look in self.looks]
        if options.reference is not None:
            if options.reference not in ids:
                raise ValueError(f"reference {options.reference!r} is none of the looks")
            return (ids.index(options.reference),)
        end = options.baseline_end
        within = [i for i, look in enumerate(self.looks) if end is None or look.acquired <= end]
        share = {i: round(float(self.valid[i].mean()), 3) for i in within}
        ranked = sorted((i for i in within if share[i] > 0), key=lambda i: (-share[i], i))
        return tuple(ranked[: _MEDIAN_LOOKS if self.sensor.physical == "gamma0" else 1])

    def held_against(self, chosen: Sequence[int]) -> Reference:
        """Return what the looks are registered against."""
        return Reference(*self.quiet(chosen, self.sensor.registration_band))

    def quiet(self, chosen: Sequence[int], band: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Median image of the reference looks, and where it is valid; neither may be changed.

        The last one of each band is kept: most looks are held against the same one.
        """
        if len(chosen) == 1:
            return self.images[band][chosen[0]], self.valid[chosen[0]]
        key, kept = tuple(chosen), self._medians.get(band)
        if kept is None or kept[0] != key:
            kept = self._medians[band] = (key, *self._median(chosen, band))
        return kept[1], kept[2]

    def _median(self, chosen: Sequence[int], band: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        stack = np.where(self.valid[list(chosen)], self.images[band][list(chosen)], np.nan)
        middle = medians_of_looks(stack.reshape(len(stack), -1)).reshape(stack.shape[1:])
        return middle, np.isfinite(middle)

    def replays(self) -> tuple[dict[str, Any], ...]:
        noise = self.sensor.band(self.sensor.registration_band).noise
        found = replayed_pairs(self.image, self.valid, noise=noise)
        return tuple(
            {
                "before": self.looks[i].id,
                "after": self.looks[j].id,
                "equal_share": pair.equal_share,
                "difference": pair.difference,
                "noise_floor": pair.noise_floor,
            }
            for i, j, pair in found
        )


def _planned(
    look: Look, series: _Series, index: int, chosen: tuple[int, ...], held: Reference | None
) -> LookPlan:
    notes = [f"{scene.id}: {reason}" for scene, reason in look.failed]
    if not look.tiles or not chosen:
        return LookPlan(look, notes=(*notes, "no reference") if look.tiles else tuple(notes))
    stripes = _stripes(series, index, chosen)
    plan = LookPlan(look, stripes=stripes, notes=tuple(notes))
    if held is None:
        return replace(plan, shift=replace(NO_SHIFT, note="off"))
    if chosen == (index,):
        return plan
    clean = series.valid[index] if stripes is None else series.valid[index] & ~stripes
    shift = held.shift_of(series.image[index], clean)
    smallest, errors = _WORTH[series.sensor.physical]
    size = float(np.hypot(shift.dx, shift.dy))
    real = shift.tiles_used > 0 and size >= max(smallest, errors * shift.residual_px)
    if shift.tiles_used and not real:
        shift = replace(shift, note="within its own error: left as delivered")
    return replace(plan, shift=shift, corrected=real)


def _stripes(series: _Series, index: int, chosen: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Radar interference of one look against the quiet median without it."""
    others = [i for i in chosen if i != index]
    if len(others) < _MIN_MEDIAN_LOOKS or set(series.images) != {"VV", "VH"}:
        return None
    residuals = []
    for band, images in series.images.items():
        quiet, seen = series.quiet(others, band)
        both = seen & series.valid[index]
        residuals.append(np.where(both, images[index] - quiet, np.nan))
    found = interference_stripes(residuals[0], residuals[1])
    return found if found.any() else None
