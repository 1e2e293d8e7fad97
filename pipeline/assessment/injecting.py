"""Known changes put into the newest usable look, and measured as every look is.

One injected look carries one change in every zone: zones are measured apart, so that a few
dozen looks tell of all of them. What was measured of the ring holds: it does not see the changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

from pipeline.assessment.features import SMOOTHING_HALO_PX, evaluate
from pipeline.assessment.replayed import ReplayedLooks
from pipeline.kernels.injection import (
    blob_footprints,
    patch_indices,
    plan_injections,
    with_optical_blobs,
    with_radar_blobs,
)
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.observables import Method
    from pipeline.assessment.series import TrackSeries

# From half a pixel on, each twice the one before; none above half of its zone.
SIZE_CLASSES = 8
RADAR_CONTRASTS_DB = (6.0, 9.0, 12.0)
# Ground of the scene beyond this share of it, in the indicator's own feature, is injected.
EXTREME_SHARE = 0.02
FEWEST_MATERIALS = 10


@dataclass(frozen=True)
class Look:
    """The look that changes are put into.

    Attributes
    ----------
    index
        Its place in the series.
    bands
        Role to (y, x) physical values on the site's grid; NaN not usable.
    pixel_m, psf_sigma_m
        Side of a pixel and standard deviation of the point spread.
    speckle_looks
        Equivalent number of looks of radar power; None for optical sensors.
    background
        As `bands`, what is there without any change; objects are so much brighter than this.
    """

    index: int
    bands: Mapping[str, NDArray[np.float32]]
    pixel_m: float
    psf_sigma_m: float
    speckle_looks: float | None
    background: Mapping[str, NDArray[np.float32]]

    def within(self, window: tuple[slice, slice]) -> Look:
        """Return the look in a window of its grid."""
        bands = {role: band[window] for role, band in self.bands.items()}
        background = {role: band[window] for role, band in self.background.items()}
        return replace(self, bands=bands, background=background)

    def half_px(self, size_m2: float) -> int:
        """Return the half width of the patch that a blob of a size changes, smoothing included."""
        reach = np.sqrt(size_m2 / np.pi) + 3.0 * self.psf_sigma_m
        return int(np.ceil(reach / self.pixel_m)) + SMOOTHING_HALO_PX


@dataclass(frozen=True)
class Recipe:
    """What is injected.

    Attributes
    ----------
    contrast
        As the record says it.
    excess_db
        Radar: how far a pixel that is all object rises over its background.
    spectra
        Optical: (material, band) reflectance, bands in the order of the look's.
    """

    contrast: str
    excess_db: float = 0.0
    spectra: NDArray[np.float32] | None = None


class Injected(NamedTuple):
    """Injected looks, ready to be measured.

    Parameters
    ----------
    assessor
        Over the baseline looks, one look without any change, and the injected ones.
    unchanged
        Position of the look without change.
    looks
        For each recipe the positions of its looks.
    sizes_m2
        Zone to the areas injected, (look,) in the order of any recipe's looks.
    """

    assessor: TrackAssessor
    unchanged: int
    looks: tuple[slice, ...]
    sizes_m2: dict[str, NDArray[np.float64]]


def radar_recipes() -> tuple[Recipe, ...]:
    """Return one recipe per contrast class."""
    return tuple(Recipe(f"+{level:g} dB", excess_db=level) for level in RADAR_CONTRASTS_DB)


def optical_recipe(series: TrackSeries, look: Look, method: Method) -> Recipe | None:
    """Return ground of this very scene that the indicator's feature tells from the rest.

    None where too little of the scene qualifies.
    """
    name = method.features[0]
    values = series.features[name][look.index]
    usable = np.isfinite(values)
    for guard in method.guards:
        level = series.features[guard.name][look.index]
        usable &= level < guard.level if guard.side == "below" else level > guard.level
    if np.count_nonzero(np.isfinite(values)) < FEWEST_MATERIALS / EXTREME_SHARE:
        return None
    low, high = np.nanquantile(values, (EXTREME_SHARE, 1 - EXTREME_SHARE))
    sides = [("-", values <= low)] * (method.sign <= 0) + [("+", values >= high)] * (
        method.sign >= 0
    )
    chosen = [np.flatnonzero(usable & extreme) for _, extreme in sides]
    if min(places.size for places in chosen) < FEWEST_MATERIALS:
        return None
    count = max(places.size for places in chosen)
    # Darkest and brightest in turn where either counts.
    order = np.stack([np.resize(places, count) for places in chosen], axis=1).ravel()
    scene = np.stack(
        [band[series.rows[order], series.columns[order]] for band in look.bands.values()]
    )
    step = np.nanmedian(np.abs(values[order] - np.nanmedian(values)))
    sign = "".join(sign for sign, _ in reversed(sides)).replace("+-", "±")
    return Recipe(f"{name} {sign}{step:.2g}", spectra=scene.T)


def injected(
    assessor: TrackAssessor,
    look: Look,
    recipes: Sequence[Recipe],
    features: Sequence[str],
    *,
    number: int,
    seed: str,
) -> Injected:
    """Put one change into every zone on copies of a look, `number` for each recipe.

    Parameters
    ----------
    assessor
        Of the track: its baselines, ring and cuts judge the changes.
    features
        Names of those the indicators need.
    number
        Injected looks a recipe, at least one a size.
    seed
        Text; the same text gives the same changes everywhere.
    """
    series = assessor.series
    baseline, pixels = np.flatnonzero(series.in_baseline), _zone_pixels(series)
    first = baseline.size + 1
    rows = np.concatenate([baseline, np.full(number * len(recipes) + 1, look.index)])
    values = {name: series.features[name][np.ix_(rows, pixels)] for name in features}
    index = np.full(series.shape, -1, np.int64)
    index[series.rows[pixels], series.columns[pixels]] = np.arange(pixels.size)
    blocks = [slice(first + k * number, first + (k + 1) * number) for k in range(len(recipes))]

    def changes(zone: str) -> list[list[_Drawn]]:
        inside = series.zones[zone][pixels] > 0
        at = np.where((index >= 0) & inside[index], index, -1)
        window = _window(at >= 0, look)
        seeds = [crc32(f"{seed}|{zone}|{recipe.contrast}".encode()) for recipe in recipes]
        return [
            list(_drawn(at[window], look.within(window), recipe, number, own))
            for recipe, own in zip(recipes, seeds, strict=True)
        ]

    zones, sizes = tuple(series.zones), {}
    for zone, of_recipes in zip(zones, side_by_side(changes, zones), strict=True):
        for block, drawn in zip(blocks, of_recipes, strict=True):
            for part in drawn:
                _put(values, part, first=block.start)
            if drawn:
                areas = [np.full(part.looks.size, part.size_m2) for part in drawn]
                order = np.argsort(np.concatenate([part.looks for part in drawn]))
                sizes[zone] = np.concatenate(areas)[order]
    replayed = ReplayedLooks(assessor, rows, pixels, values, baseline.size)
    return Injected(replayed, baseline.size, tuple(blocks), sizes)


class _Drawn(NamedTuple):
    """Changes of one size.

    Parameters
    ----------
    patches
        Role to (n, h, w) physical values with the changes in them.
    places
        (n, h, w) of the zone's pixels among those that are kept; -1 is none.
    looks
        (n,) which of a recipe's looks they belong to.
    size_m2
        What was put in.
    """

    patches: Mapping[str, NDArray[np.float32]]
    places: NDArray[np.int64]
    looks: NDArray[np.int64]
    size_m2: float


def _zone_pixels(series: TrackSeries) -> NDArray[np.intp]:
    inside = np.zeros(series.rows.size, np.bool_)
    for weight in series.zones.values():
        inside |= weight > 0
    return np.flatnonzero(inside)


def sizes_m2(zone_px: float, pixel_area_m2: float) -> tuple[float, ...]:
    """Return the areas injected into a zone of so many pixels, m²."""
    sizes = [0.5 * pixel_area_m2 * 2**step for step in range(SIZE_CLASSES)]
    fitting = [size for size in sizes if size <= 0.5 * zone_px * pixel_area_m2]
    return tuple(fitting or sizes[:1])


def _window(inside: NDArray[np.bool_], look: Look) -> tuple[slice, slice]:
    """Return rows and columns of the grid that changes in a zone can depend on."""
    if not inside.any():
        return slice(0, 0), slice(0, 0)
    half = look.half_px(max(sizes_m2(float(inside.sum()), look.pixel_m**2)))
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    first, last = (rows[0], columns[0]), (rows[-1], columns[-1])
    down, right = (
        slice(max(0, int(low) - half), int(high) + half + 1)
        for low, high in zip(first, last, strict=True)
    )
    return down, right


def _drawn(
    index: NDArray[np.int64], look: Look, recipe: Recipe, number: int, seed: int
) -> Iterator[_Drawn]:
    """Draw places for every size in turn: look i gets size i modulo their number.

    `index` is (y, x): which kept pixel lies there, -1 beyond the zone.
    """
    inside = index >= 0
    seen = np.isfinite(np.stack(list(look.bands.values()))).all(axis=0)
    if not (inside & seen).any():
        return
    sizes = sizes_m2(float(inside.sum()), look.pixel_m**2)
    for place, size in enumerate(sizes):
        looks = np.arange(place, number, len(sizes))
        half = look.half_px(size)
        plan = plan_injections(
            np.pad(inside & seen, half),
            sizes_m2=(size,),
            contrasts=(1.0,),
            number=looks.size,
            margin_px=half,
            seed=seed + place,
        )
        footprints = blob_footprints(
            plan, pixel_m=look.pixel_m, psf_sigma_m=look.psf_sigma_m, half_px=half
        )
        at = patch_indices(plan, half)
        patches = _changed_patches(footprints, look, at, recipe, (seed, int(size)))
        places = np.pad(index, half, constant_values=-1)[at]
        yield _Drawn(patches, places, looks, size)


At = tuple["NDArray[np.int64]", "NDArray[np.int64]"]


def _changed_patches(
    footprints: NDArray[np.float32], look: Look, at: At, recipe: Recipe, seed: tuple[int, int]
) -> dict[str, NDArray[np.float32]]:
    """Return role to (n, h, w) physical values with the change in them."""
    patches, number = _patches(look.bands, at), len(footprints)
    rng = np.random.default_rng(seed)
    if recipe.spectra is None:
        changed = with_radar_blobs(
            patches,
            footprints,
            np.full(number, recipe.excess_db),
            _patches(look.background, at),
            looks=look.speckle_looks,
            rng=rng,
        )
    else:
        spectra = recipe.spectra[rng.integers(0, len(recipe.spectra), number)]
        changed = with_optical_blobs(patches, footprints, np.ones(number), spectra)
    return {role: changed[:, number] for number, role in enumerate(look.bands)}


def _patches(bands: Mapping[str, NDArray[np.float32]], at: At) -> NDArray[np.float32]:
    """Cut (n, band, h, w) patches, NaN beyond the grid; `at` counts from its padded corner."""
    half = (at[0].shape[1] - 1) // 2
    padded = [np.pad(band, half, constant_values=np.nan) for band in bands.values()]
    return np.stack([band[at] for band in padded], axis=1)


def _put(values: Mapping[str, NDArray[np.float32]], drawn: _Drawn, *, first: int) -> None:
    """Write the changed pixels of one zone into the injected looks."""
    usable = np.asarray(np.isfinite(np.stack(list(drawn.patches.values()))).all(axis=0))
    inside = drawn.places >= 0
    looks = first + np.broadcast_to(drawn.looks[:, None, None], inside.shape)[inside]
    for name, kept in values.items():
        kept[looks, drawn.places[inside]] = evaluate(name, drawn.patches, usable)[inside]
