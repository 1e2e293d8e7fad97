"""Where a look lies against the reference, and which of its pixels are interference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.registration import Shift
from pipeline.kernels.stripes import interference_stripes
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.imagery.stack.kept import KeptPlacings
    from pipeline.imagery.stack.series import Picture, RegistrationSeries
    from pipeline.kernels.registration import Reference

_MIN_MEDIAN_LOOKS = 4  # fewer have no quiet median to hold stripes against
# Resampling costs sharpness, so a shift is undone only where it is real: (smallest, errors).
_WORTH = {"reflectance": (0.02, 2.0), "gamma0": (0.1, 3.0)}
NO_SHIFT = Shift(0.0, 0.0, 0.0, 0, "not estimated")


@dataclass(frozen=True)
class Placing:
    """What was measured of one look.

    Attributes
    ----------
    shift
        Against the reference, as measured.
    corrected
        Whether it is undone.
    stripes
        bool (y, x) radar interference on the grid, before the shift is undone; or None.
    """

    shift: Shift = NO_SHIFT
    corrected: bool = False
    stripes: NDArray[np.bool_] | None = None


NOWHERE = Placing()


def placings_of(
    series: RegistrationSeries,
    chosen: tuple[int, ...],
    *,
    register: bool = True,
    kept: KeptPlacings | None = None,
) -> list[Placing]:
    """Return one placing a look, in their order.

    Parameters
    ----------
    series
        The looks.
    chosen
        Indices of those behind the reference; without any nothing is measured.
    register
        False measures no shift.
    kept
        What was measured of the very same pixels before is taken from here; what is new
        is added.
    """
    todo = [i for i, look in enumerate(series.looks) if look.tiles and chosen]
    known = {} if kept is None else kept.find(series, chosen, todo, register=register)
    fresh = [index for index in todo if index not in known]
    if fresh:
        series.hold(chosen)
    held = series.held_against(chosen) if fresh and register else None
    placed = side_by_side(lambda index: _measured(series, index, chosen, held), fresh)
    known |= dict(zip(fresh, placed, strict=True))
    if kept is not None:
        kept.keep(known)
    return [known.get(index, NOWHERE) for index in range(len(series.looks))]


def _measured(
    series: RegistrationSeries, index: int, chosen: tuple[int, ...], held: Reference | None
) -> Placing:
    picture = series.picture(index)
    stripes = _stripes(series, picture, [other for other in chosen if other != index])
    if held is None:
        return Placing(replace(NO_SHIFT, note="off"), stripes=stripes)
    if chosen == (index,):
        return Placing(stripes=stripes)
    clean = picture.valid if stripes is None else picture.valid & ~stripes
    shift = held.shift_of(picture.images[series.sensor.registration_band], clean)
    smallest, errors = _WORTH[series.sensor.physical]
    size = float(np.hypot(shift.dx, shift.dy))
    real = shift.tiles_used > 0 and size >= max(smallest, errors * shift.residual_px)
    if shift.tiles_used and not real:
        shift = replace(shift, note="within its own error: left as delivered")
    return Placing(shift, real, stripes)


def _stripes(
    series: RegistrationSeries, picture: Picture, others: Sequence[int]
) -> NDArray[np.bool_] | None:
    """Radar interference of one look against the quiet median of others."""
    if len(others) < _MIN_MEDIAN_LOOKS or set(series.bands) != {"VV", "VH"}:
        return None
    residuals = []
    for band, image in picture.images.items():
        quiet, seen = series.quiet(others, band)
        residuals.append(np.where(seen & picture.valid, image - quiet, np.nan))
    found = interference_stripes(residuals[0], residuals[1])
    return found if found.any() else None
