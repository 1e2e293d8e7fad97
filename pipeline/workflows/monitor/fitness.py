"""Whether a scene that decoded can be a measurement at all."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import SceneError
from pipeline.imagery.grid import pixel_metres

if TYPE_CHECKING:
    from affine import Affine
    from numpy.typing import NDArray

    from pipeline.imagery.admission import Admitted
    from pipeline.imagery.sensors import Band, Sensor
    from pipeline.store.chips import Chip, ChipStore

LEAST_PIXELS = 64  # fewer say nothing about a whole scene
ENOUGH_PIXELS = 1 << 13  # behind a median that is held against an order of magnitude
COARSEST = 6.1  # times the band's pixel, as Sentinel-2's own copies at 60 m; beyond, nothing shows
SATURATED = 0.6  # reflectance; thick cloud and snow may be one value everywhere
BRIGHTEST = 10.0  # linear gamma-nought; whole scenes of more are digital numbers, not power


def check_fitness(item: Admitted, sensor: Sensor, chips: ChipStore, *, site: str) -> None:
    """Refuse a scene whose pixels are no picture of the ground, in the sensor's units.

    A uniform image, an image of another unit and an image far too coarse all decode,
    and all of them would read as a quiet look.

    Parameters
    ----------
    item
        As admitted.
    sensor
        Its row of the table.
    chips
        Where its chips are.
    site
        For the error's one line.

    Raises
    ------
    SceneError
        The registration band is missing; a band is uniform (unless it is saturated),
        too coarse, or no linear power; cross-polarized radar is stronger than
        co-polarized; a mask is missing or holds no integers.
    """
    try:
        _check_bands(item, sensor, chips)
        _check_masks(item, sensor, chips)
    except SceneError as refusal:
        raise SceneError(refusal.rule, site=site, file=item.scene.id) from refusal


def _check_bands(item: Admitted, sensor: Sensor, chips: ChipStore) -> None:
    if sensor.registration_band not in item.chips:
        raise SceneError(f"lacks {sensor.registration_band}, without which no look is placed")
    medians: dict[str, float] = {}
    for band in sensor.bands:
        if band.name in item.chips:
            chip = chips.open(item.chips[band.name])
            _check_edge(chip, band)
            values = _measured(item, band, chip, radar=sensor.physical == "gamma0")
            median = _checked_median(values, sensor, band)
            if median is not None:
                medians[band.name] = median
    if "VV" in medians and medians.get("VH", 0.0) > medians["VV"]:
        raise SceneError("VH is stronger than VV: they are exchanged, or no gamma-nought")


def _check_masks(item: Admitted, sensor: Sensor, chips: ChipStore) -> None:
    for rule in sensor.masks:
        if rule.asset is not None and rule.asset in item.chips:
            kind = chips.open(item.chips[rule.asset]).values.dtype
            if kind.kind not in "iu":
                raise SceneError(f"{rule.asset} is of {kind}: no classes, and no bits")
        elif rule.required and rule.asset is not None:
            raise SceneError(f"lacks {rule.asset}, without which clouds would pass for ground")


def _check_edge(chip: Chip, band: Band) -> None:
    edge = _edge_of(chip.values.shape[-2:], chip.transform, chip.crs)
    if edge > COARSEST * band.resolution_m:
        raise SceneError(
            f"{band.name} has pixels of {edge:.0f} m, the sensor's are {band.resolution_m:g} m"
        )


@lru_cache(maxsize=256)  # most scenes of a site come on one grid
def _edge_of(shape: tuple[int, int], transform: Affine, crs: str) -> float:
    from odc.geo.geobox import GeoBox  # noqa: PLC0415 - slow to import, and needed here alone

    return pixel_metres(GeoBox(shape, transform, crs))


def _measured(item: Admitted, band: Band, chip: Chip, *, radar: bool) -> NDArray[np.float64]:
    """Return the physical values of a chip that are no nodata, NaN or, of radar, no power.

    Of many pixels every so many-th is taken, unless those are all the same.
    """
    values = chip.values[0].ravel()
    thinned = _physical(item, band, chip, values[:: 1 + values.size // ENOUGH_PIXELS], radar=radar)
    if thinned.size >= LEAST_PIXELS and thinned.min() < thinned.max():
        return thinned
    return _physical(item, band, chip, values, radar=radar)


def _physical(
    item: Admitted, band: Band, chip: Chip, values: NDArray[Any], *, radar: bool
) -> NDArray[np.float64]:
    asset = item.scene.assets[band.name]
    raw = values.astype(np.float64)
    kept = np.isfinite(raw)
    for nodata in (asset.nodata, chip.nodata):
        if nodata is not None:
            kept &= raw != nodata
    found = np.asarray(raw[kept] * asset.scale + asset.offset)
    return found[found > 0.0] if radar else found


def _checked_median(values: NDArray[np.float64], sensor: Sensor, band: Band) -> float | None:
    if values.size < LEAST_PIXELS:
        return None
    low, high, radar = float(values.min()), float(values.max()), sensor.physical == "gamma0"
    if low == high and (radar or low < SATURATED):
        raise SceneError(f"{band.name} is {low:g} in every pixel: no measurement")
    median = float(np.median(values))
    if radar and median > BRIGHTEST:
        raise SceneError(f"{band.name} has a median of {median:g}: no linear gamma-nought")
    return median
