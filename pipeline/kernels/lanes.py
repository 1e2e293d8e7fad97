"""Many short series side by side: what compiled loops over (time, lane) blocks share.

A lane is one pixel's series. Every step is taken for all lanes of a block before the next one,
so that it becomes vector instructions; no lane looks at another.
"""
# ruff: noqa: ANN001, ANN201, ANN202, FURB136 - numba infers the types, and `min` is slower there
# than a comparison.

from __future__ import annotations

from typing import Any

from numba import njit

# Enough for vector instructions, few enough that a block of dozens of dates stays in the cache.
LANES = 128
# Of a thread.
FEWEST_PIXELS = 32 * LANES


def compiled(function: Any) -> Any:
    """Return a function compiled to machine code, kept on disk where there is a place for it.

    A service user may own neither the package's folder nor a home.
    """
    try:
        return njit(cache=True, error_model="numpy", nogil=True)(function)
    except RuntimeError:
        return njit(error_model="numpy", nogil=True)(function)


@compiled
def _exchange(one, other):  # type: ignore[no-untyped-def]
    """Put each lane's smaller number first. Two arguments, so that neither hides the other."""
    for lane in range(one.size):
        left, right = one[lane], other[lane]
        one[lane] = left if left < right else right
        other[lane] = right if left < right else left


@compiled
def rank(numbers):  # type: ignore[no-untyped-def]
    """Sort (time, lane) numbers over time, in place: Batcher's merge exchange.

    Its comparisons do not depend on the numbers, so all lanes make the same ones together
    (Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M). The number of lanes is
    read from the array: a loop of known length would be unrolled instead.
    """
    n = len(numbers)
    top = 1
    while 2 * top < n:
        top *= 2
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            for i in range(n - d):
                if i & p == r:
                    _exchange(numbers[i], numbers[i + d])
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
