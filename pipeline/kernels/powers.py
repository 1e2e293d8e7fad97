"""The power of chosen pixels beside what is usual there, gathered in one pass."""
# ruff: noqa: ANN001, ANN202 - numba infers the types of compiled loops.

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.kernels.lanes import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Powers(NamedTuple):
    """Pixels of one zone over time.

    Parameters
    ----------
    look, usual
        (time, n) float64 linear power, measured and usual; 0 where either is not known.
    ratio
        (time, n) float32 of the one to the other; not finite where either is not known.
    seen
        (time, n) float64, 1 = measured, 0 = not.
    """

    look: NDArray[np.float64]
    usual: NDArray[np.float64]
    ratio: NDArray[np.float32]
    seen: NDArray[np.float64]


def powers_at(
    span: NDArray[np.float32], usual: NDArray[np.float32], places: NDArray[np.intp]
) -> Powers:
    """Take the pixels at some places out of (time, pixel) power, measured and usual."""
    shape = (len(span), places.size)
    out = Powers(
        np.empty(shape), np.empty(shape), np.empty(shape, np.float32), np.empty(shape)
    )  # fmt: skip
    _gather(span, usual, places, *out)
    return out


@compiled
def _gather(span, usual, places, look, quiet, ratio, seen):  # type: ignore[no-untyped-def]
    for t in range(len(span)):
        for i in range(places.size):
            one, other = span[t, places[i]], usual[t, places[i]]
            ratio[t, i] = one / other
            known = np.isfinite(ratio[t, i])
            look[t, i] = one if known else 0.0
            quiet[t, i] = other if known else 0.0
            seen[t, i] = 1.0 if np.isfinite(one) else 0.0
