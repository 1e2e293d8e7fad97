"""The layers of a product: pictures of two looks, how unusual the newest is, what was seen.

No layer holds a pixel beyond the declared site: the context ring serves statistics only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.imagery.beyond import beyond_site
from pipeline.imagery.stack import stack_pixels, stack_window
from pipeline.store.cog import cog_bytes
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely import MultiPolygon, Polygon

    from pipeline.imagery.stack import StackPixels
    from pipeline.workflows.monitor.record import TrackOutcome

# A look that shows less than this of the site makes no picture of it.
LEAST_SHOWN = 0.5
BEYOND = 255  # coverage code of pixels beyond the site
DISPLAY_ROLES = {"gamma0": ("vv", "vh"), "reflectance": ("red", "green", "blue", "nir")}


@dataclass(frozen=True)
class Cut:
    """The declared site on the grid of a track.

    Attributes
    ----------
    window
        Rows and columns of the site's box.
    beyond
        bool (y, x) inside `window`, True where a pixel's centre is outside the site.
    geobox
        Grid of `window`.
    """

    window: tuple[slice, slice]
    beyond: NDArray[np.bool_]
    geobox: GeoBox

    def __call__(self, values: NDArray[Any], fill: float) -> NDArray[Any]:
        """Return `values` (..., y, x) in the window, `fill` beyond the site."""
        return np.where(self.beyond, np.asarray(fill, values.dtype), values[..., *self.window])


def site_cut(polygon: Polygon | MultiPolygon, geobox: GeoBox) -> Cut:
    """Return the cut of a site (WGS 84) on a grid; all of it where no pixel's centre is inside."""
    from shapely.geometry import mapping  # noqa: PLC0415

    height, width = (int(size) for size in geobox.shape)
    outside = beyond_site(
        mapping(polygon), crs=str(geobox.crs), shape=(height, width), transform=geobox.affine
    )
    if outside.all():
        return Cut((slice(None), slice(None)), outside, geobox)
    rows, columns = (np.flatnonzero((~outside).any(axis=axis)) for axis in (1, 0))
    window = np.s_[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
    return Cut(window, outside[window], geobox[window])


def layer_files(
    tracks: Iterable[TrackOutcome], polygon: Polygon | MultiPolygon
) -> dict[str, bytes]:
    """Return path inside the product to COG bytes, for every sensor and track.

    Parameters
    ----------
    polygon
        The declared site, WGS 84; pixels beyond it are NaN, or `BEYOND` among codes.
    """
    files: dict[str, bytes] = {}
    for track in tracks:
        series = track.series
        stem = re.sub(r"[^A-Za-z0-9-]+", "-", f"{series.sensor}_{series.track}".replace("_", "--"))
        stem = stem.replace("--", "_")
        shown = shown_looks(track)
        if shown is None:
            continue
        before, after = shown
        cut = site_cut(polygon, track.plan.geobox)
        drawn: dict[str, Callable[[], bytes | None]] = {
            "before": partial(picture, track, before, cut),
            "after": partial(picture, track, after, cut),
            "valid": partial(codes, track, after, cut),
            "anomaly": partial(anomaly, track, after, cut),
        }
        made = zip(drawn, side_by_side(lambda draw: draw(), tuple(drawn.values())), strict=True)
        files |= {f"layers/{stem}_{name}.tif": layer for name, layer in made if layer is not None}
    return files


def shown_looks(track: TrackOutcome) -> tuple[int, int] | None:
    """Return the looks to show: the newest clear one of the baseline, and the newest of all."""
    seen = (track.series.codes == 0).mean(axis=1)
    clear = np.flatnonzero(seen >= LEAST_SHOWN)
    if not clear.size:
        return None
    quiet = [int(i) for i in clear if track.series.in_baseline[i]]
    after = int(clear[-1])
    return (quiet[-1] if quiet else int(clear[0])), after


def one_look(track: TrackOutcome, index: int) -> xr.Dataset:
    """Return the whole grid of a single look."""
    return stack_window(track.plan.only(index), track.chips)


def look_pixels(track: TrackOutcome, index: int) -> StackPixels:
    """Return the arrays of `one_look`, time of length 1."""
    return stack_pixels(track.plan.only(index), track.chips)


def tags(track: TrackOutcome, index: int) -> dict[str, str]:
    """Return what a layer says of itself."""
    series = track.series
    return {
        "acquired": series.acquired[index].isoformat().replace("+00:00", "Z"),
        "sensor": series.sensor,
        "track": series.track,
        "scene": series.scenes[index],
    }


def picture(track: TrackOutcome, index: int, cut: Cut) -> bytes:
    """Return a look's display bands as a COG: physical values, NaN not observed."""
    look = look_pixels(track, index)
    roles = [track.plan.sensor.band(name).role for name in track.plan.bands]
    wanted = [role for role in DISPLAY_ROLES[track.series.physical] if role in roles]
    values = look.value[0][[roles.index(role) for role in wanted]]
    names = [role.upper() if role in {"vv", "vh"} else role for role in wanted]
    return cog_bytes(
        cut(values, np.nan), cut.geobox, nodata=np.nan, descriptions=names,
        tags=tags(track, index),
    )  # fmt: skip


def codes(track: TrackOutcome, index: int, cut: Cut) -> bytes:
    """Return a look's coverage codes as a COG, uint8."""
    look = look_pixels(track, index)
    return cog_bytes(
        cut(look.reason[0], BEYOND),
        cut.geobox,
        nodata=BEYOND,
        descriptions=("coverage",),
        tags=tags(track, index),
    )


def anomaly(track: TrackOutcome, index: int, cut: Cut) -> bytes | None:
    """Return how unusual a look is as a COG; None where nothing was scored."""
    scores = newest_scores(track, index)
    if scores is None:
        return None
    return cog_bytes(
        cut(scores, np.nan), cut.geobox, nodata=np.nan, descriptions=("z",),
        tags=tags(track, index),
    )  # fmt: skip


def newest_scores(track: TrackOutcome, index: int) -> NDArray[np.float32] | None:
    """Return how unusual a look is, (y, x) float32, NaN outside zones and ring.

    By the scores that carry the sensor's broadest indicator; None where none was computed.
    """
    scores = track.assessor.scores
    for wanted in (("vv_db", "vh_db"), ("brightness",), ("ndvi",), tuple(sorted(scores))[:1]):
        if wanted and set(wanted) <= set(scores):
            parts = np.stack([scores[name].z[index] for name in wanted])
            return track.series.on_grid(parts.sum(axis=0) / np.sqrt(len(wanted)))
    return None
