"""Stacks from plans: whole, or one window at a time with the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.imagery.stack.mosaic import band_values, mosaic
from pipeline.imagery.stack.normalizing import look_normalizations
from pipeline.imagery.stack.plan import plan_stack
from pipeline.imagery.stack.sampling import Frame
from pipeline.kernels.masking import LOAD_FAILED, MISSING, OBSERVED, usable
from pipeline.kernels.registration import HALO_PX, apply_shift, shift_codes
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.imagery.scene import Scene
    from pipeline.imagery.sensors import Sensor
    from pipeline.imagery.stack.looks import AdmittedScene
    from pipeline.imagery.stack.plan import LookPlan, StackOptions, StackPlan
    from pipeline.imagery.stack.tiles import TileReader
    from pipeline.store.chips import ChipStore

    Window = tuple[slice, slice]

_WHOLE = (slice(None), slice(None))


def build_stack(
    admitted: Sequence[AdmittedScene],
    *,
    geobox: GeoBox,
    sensor: Sensor,
    chips: ChipStore,
    ring: NDArray[np.bool_] | None = None,
    failed: Sequence[tuple[Scene, str]] = (),
    options: StackOptions | None = None,
) -> xr.Dataset:
    """Return all looks of one sensor and track on the site's grid.

    Parameters
    ----------
    admitted, geobox, sensor, chips, failed, options
        As in `plan_stack`.
    ring
        bool (y, x): pixels of the context ring that are in no zone, for the
        radiometric facts; without it none are measured.

    Returns
    -------
    xr.Dataset
        ``value (time, band, y, x)`` float32, reflectance or linear gamma-nought,
        registered but *not* normalised, NaN where not observed; ``valid (time, y,
        x)`` bool: observed ground with all bands; ``reason (time, y, x)`` uint8
        coverage codes. Coordinates ``time`` (UTC), ``band``, ``y``, ``x``, ``look``.
        Attributes: ``scenes``, one dict of facts a look; ``reference``; ``replayed``.

    Raises
    ------
    ValueError
        As `plan_stack`; or `ring` is not on the grid.
    """
    if ring is not None and ring.shape != geobox.shape:
        raise ValueError(f"ring {ring.shape} is not on the grid {geobox.shape}")
    plan = plan_stack(
        admitted, geobox=geobox, sensor=sensor, chips=chips, failed=failed, options=options
    )
    stack = stack_window(plan, chips)
    look_normalizations(stack, plan, ring)
    return stack


class StackPixels(NamedTuple):
    """The arrays of a stack, without coordinates; as the variables of `build_stack`.

    Parameters
    ----------
    value
        (time, band, y, x) float32.
    valid
        (time, y, x) bool.
    reason
        (time, y, x) uint8.
    """

    value: NDArray[np.float32]
    valid: NDArray[np.bool_]
    reason: NDArray[np.uint8]


def stack_window(plan: StackPlan, chips: ChipStore, window: Window = _WHOLE) -> xr.Dataset:
    """Return one (y, x) window of a stack with all its dates: the same bits as in the whole.

    Memory: the window's values, and one look of the whole site at a time.

    Raises
    ------
    ValueError
        The window is empty or outside the grid.
    ProductError
        A chip was altered after the plan was made.
    """
    return _dataset(plan, Frame.window(plan.geobox, *window), stack_pixels(plan, chips, window))


def stack_pixels(plan: StackPlan, chips: ChipStore, window: Window = _WHOLE) -> StackPixels:
    """Return the arrays of `stack_window` alone; the libraries behind datasets stay unloaded."""
    frame = Frame.window(plan.geobox, *window)
    reader = plan.reader(chips)
    shape = (len(plan.looks), len(plan.bands), *frame.shape)
    value, reason = np.empty(shape, np.float32), np.empty((shape[0], *frame.shape), np.uint8)

    def fill(index: int) -> None:
        if plan.looks[index].look.tiles:
            _fill(value[index], reason[index], plan.looks[index], plan, reader=reader, frame=frame)
        else:
            value[index], reason[index] = np.nan, LOAD_FAILED

    side_by_side(fill, range(len(plan.looks)))
    return StackPixels(value, usable(reason), reason)  # what lacks a band is not observed


def normalized(stack: xr.Dataset) -> xr.Dataset:
    """Return `stack` with each look brought to the reference on the ring's invariant pixels.

    Reflectance: ``gain · value + offset`` a band; gamma-nought: the ring's step in dB
    removed. Looks and bands whose normalisation was refused stay as they are.
    """
    value = stack["value"].values.copy()
    bands = [str(band) for band in stack["band"].values]
    radar = stack.attrs["physical"] == "gamma0"
    for index, facts in enumerate(stack.attrs["scenes"]):
        for layer, band in zip(value[index], bands, strict=True):
            gain = facts["normalization"].get(f"{band}_gain", 1.0)
            offset = facts["normalization"].get(f"{band}_offset", 0.0)
            layer[:] = layer * 10.0 ** (offset / 10.0) if radar else layer * gain + offset
    return stack.assign(value=(stack["value"].dims, value))


def _fill(
    value: NDArray[np.float32],
    reason: NDArray[np.uint8],
    look_plan: LookPlan,
    plan: StackPlan,
    *,
    reader: TileReader,
    frame: Frame,
) -> None:
    """Write one look's window into `value` (band, y, x) and `reason` (y, x)."""
    dx, dy = look_plan.undo
    halo = int(np.ceil(max(abs(dx), abs(dy)))) + HALO_PX if look_plan.corrected else 0
    whole, part = Frame.whole(plan.geobox).grown(halo), frame.grown(halo)
    pixels = mosaic(look_plan.look, reader, whole)
    codes = _with_stripes(pixels.codes, look_plan, whole)[part.within(whole)]
    inner = frame.within(part)
    moved = codes[inner]
    if look_plan.corrected:
        moved = shift_codes(codes, dx=dx, dy=dy, outside=MISSING)[inner]
    images = [band_values(look_plan.look, reader, band, pixels, part) for band in plan.bands]
    moved_images = _shifted(images, look_plan, radar=plan.sensor.physical == "gamma0")
    for layer, image in zip(value, moved_images, strict=True):
        layer[:] = image[inner]
    reason[:] = moved
    there = np.isfinite(value)
    if not there.all():
        reason[(moved == OBSERVED) & ~there.all(axis=0)] = MISSING


def _with_stripes(codes: NDArray[np.uint8], look_plan: LookPlan, whole: Frame) -> NDArray[np.uint8]:
    """Call stripes missing: a nuisance that is never reported as such."""
    if look_plan.stripes is None:
        return codes
    striped = np.zeros(codes.shape, np.bool_)
    striped[Frame.whole(whole.geobox).within(whole)] = look_plan.stripes
    return np.where(striped & (codes == OBSERVED), np.uint8(MISSING), codes)


def _shifted(
    images: list[NDArray[np.float32]], look_plan: LookPlan, *, radar: bool
) -> Sequence[NDArray[np.float32]]:
    """Undo the look's shift in all bands; radar in dB, where speckle keeps its mean."""
    if not look_plan.corrected:
        return images
    dx, dy = look_plan.undo
    layers = np.stack(images)
    there = np.asarray(np.isfinite(layers).all(axis=0))
    if not radar:
        return list(apply_shift(layers, there, dx=dx, dy=dy)[0])
    decibel = apply_shift(10.0 * np.log10(layers), there, dx=dx, dy=dy)[0]
    return list(np.asarray(10.0 ** (decibel / 10.0), np.float32))


def _dataset(plan: StackPlan, frame: Frame, pixels: StackPixels) -> xr.Dataset:
    import rioxarray  # noqa: F401, PLC0415 - gives datasets their map; slow to import
    import xarray as xr  # noqa: PLC0415

    window = plan.geobox[frame.top : frame.bottom, frame.left : frame.right]
    times = [look.look.acquired.replace(tzinfo=None) for look in plan.looks]
    y, x = (window.coordinates[name].values for name in window.dimensions)
    stack = xr.Dataset(
        {
            "value": (("time", "band", "y", "x"), pixels.value),
            "valid": (("time", "y", "x"), pixels.valid),
            "reason": (("time", "y", "x"), pixels.reason),
        },
        coords={
            "time": np.array(times, "datetime64[us]").astype("datetime64[ns]"),
            "band": list(plan.bands),
            "y": y,
            "x": x,
            "look": ("time", [look.look.id for look in plan.looks]),
        },
        attrs={
            "sensor": plan.sensor.key,
            "physical": plan.sensor.physical,
            "reference": [plan.looks[i].look.id for i in plan.reference_looks],
            "replayed": list(plan.replayed),
            "scenes": [_facts(look_plan) for look_plan in plan.looks],
        },
    )
    crs = plan.geobox.crs
    stack.rio.write_crs(crs.to_wkt() if crs else None, inplace=True)
    stack.rio.write_transform(window.affine, inplace=True)
    return stack


def _facts(look_plan: LookPlan) -> dict[str, Any]:
    """Return what the record says of one look, as plain values."""
    look, shift = look_plan.look, look_plan.shift
    return {
        "look": look.id,
        "scenes": [scene.id for scene in look.scenes],
        "acquired": look.acquired.isoformat(),
        "status": "used" if look.tiles else "failed",
        "failed": {scene.id: reason for scene, reason in look.failed},
        "registration": {
            "dx_px": shift.dx,
            "dy_px": shift.dy,
            "residual_px": shift.residual_px,
            "tiles": shift.tiles_used,
            "corrected": look_plan.corrected,
            "note": shift.note,
        },
        "normalization": {},
        "notes": list(look_plan.notes),
    }
