"""What must be known of the whole series before any window of it can be built.

Shifts, stripes and replays need whole looks, so they are found once, here; windows
are then pure functions of the plan and the chips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.imagery.stack.looks import looks_of
from pipeline.imagery.stack.placing import NOWHERE, Placing, placings_of
from pipeline.imagery.stack.series import RegistrationSeries
from pipeline.imagery.stack.tiles import TileReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.imagery.scene import Scene
    from pipeline.imagery.sensors import Sensor
    from pipeline.imagery.stack.kept import KeptPlacings
    from pipeline.imagery.stack.looks import AdmittedScene, Look
    from pipeline.kernels.registration import Shift
    from pipeline.store.chips import ChipStore


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
    placing
        Its shift and its stripes.
    notes
        In words.
    """

    look: Look
    placing: Placing = NOWHERE
    notes: tuple[str, ...] = ()

    @property
    def shift(self) -> Shift:
        """Against the reference, as measured."""
        return self.placing.shift

    @property
    def corrected(self) -> bool:
        """Whether the shift is undone."""
        return self.placing.corrected

    @property
    def stripes(self) -> NDArray[np.bool_] | None:
        """Bool (y, x) radar interference on the grid, before the shift is undone; or None."""
        return self.placing.stripes

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

    def only(self, index: int) -> StackPlan:
        """Return the stack of one of its looks; no other one is needed any more."""
        return replace(self, looks=(self.looks[index],), reference_looks=())

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
    kept: KeptPlacings | None = None,
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
    kept
        Where what was measured of the same looks before is found; None measures all.

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
    series = RegistrationSeries(looks, reader, geobox)
    chosen = _reference(series, options)
    placed = placings_of(series, chosen, register=options.register, kept=kept)
    plans = [_planned(*each, bool(chosen)) for each in zip(looks, placed, strict=True)]
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


def _reference(series: RegistrationSeries, options: StackOptions) -> tuple[int, ...]:
    """Return the looks behind the reference by index."""
    if options.reference is None:
        return series.clearest(options.baseline_end)
    ids = [look.id for look in series.looks]
    if options.reference not in ids:
        raise ValueError(f"reference {options.reference!r} is none of the looks")
    return (ids.index(options.reference),)


def _planned(look: Look, placing: Placing, referred: bool) -> LookPlan:
    notes = tuple(f"{scene.id}: {reason}" for scene, reason in look.failed)
    if look.tiles and not referred:
        notes = (*notes, "no reference")
    return LookPlan(look, placing, notes)
