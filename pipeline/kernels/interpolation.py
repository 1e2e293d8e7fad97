"""Values between pixels of a straight grid."""
# ruff: noqa: ANN001, ANN201 - numba infers the types of compiled loops.

from __future__ import annotations

from pipeline.kernels.lanes import compiled


@compiled
def between_pixels(values, above, below, down, left, right, across, out):  # type: ignore[no-untyped-def]
    """Fill `out` (y, x) with (y, x) values between four pixels.

    Parameters
    ----------
    values
        float64; NaN counts only where it has weight.
    above, below, down
        (y,) the rows around each row of `out`, and how far it lies from the first to the second.
    left, right, across
        (x,) the same of columns.
    out
        float64.
    """
    for y in range(above.size):
        for x in range(left.size):
            total = 0.0
            for lower in range(2):
                row, tall = (below[y], down[y]) if lower else (above[y], 1.0 - down[y])
                for farther in range(2):
                    column, wide = (right[x], across[x]) if farther else (left[x], 1.0 - across[x])
                    weight = tall * wide
                    if weight > 0.0:
                        total += values[row, column] * weight
            out[y, x] = total
