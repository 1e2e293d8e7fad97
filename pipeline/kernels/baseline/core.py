"""The compiled loops: one pixel at a time, so that no result depends on how a scene is cut."""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0912, PLR0913, PLR0917 - numba infers the types,
# and a compiled loop hands its work arrays on by hand: inner functions cannot return new ones
# for every pixel.

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# Tukey's biweight: full weight at zero, none beyond this many standard deviations. 6 keeps 99 %
# of the efficiency of least squares on normal data, which matters more with few dates than the
# last bit of resistance.
BIWEIGHT = 6.0
ITERATIONS = 5
# A change of no weight by more than this ends the iterations: a thousandth of a date.
SETTLED = 1e-3
PER_COEFFICIENT = 4
SHORTEST_SPAN_DAYS = 1.5 * 365.25
LONGEST_SEASON_GAP_MONTHS = 4


def _compiled(function: Any) -> Any:
    """Return a function compiled to machine code, kept on disk where there is a place for it.

    A service user may own neither the package's folder nor a home.
    """
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(error_model="numpy")(function)


@_compiled
def _seasons_seen(month, used):  # type: ignore[no-untyped-def]
    """Whether no run of empty months is longer than a harmonic can be trusted to bridge."""
    months = np.zeros(12, dtype=np.bool_)
    for t in range(month.size):
        if used[t]:
            months[month[t]] = True
    longest = run = 0
    for m in range(24):
        run = 0 if months[m % 12] else run + 1
        longest = max(longest, run)
    return longest <= LONGEST_SEASON_GAP_MONTHS


@_compiled
def _columns(days, month, used, count, width):  # type: ignore[no-untyped-def]
    """How many columns this pixel's dates can carry: all, or the level alone."""
    if width == 1 or count < PER_COEFFICIENT * width:
        return 1
    first, last = np.inf, -np.inf
    for t in range(days.size):
        if used[t]:
            first, last = min(first, days[t]), max(last, days[t])
    if last - first < SHORTEST_SPAN_DAYS or not _seasons_seen(month, used):
        return 1
    return width


@_compiled
def _inverse(design, weights, k, out):  # type: ignore[no-untyped-def]
    """Invert the weighted normal matrix into `out` by Cholesky; False when it is singular."""
    factor = np.zeros((k, k))
    for i in range(k):
        for j in range(i + 1):
            total = 0.0
            for t in range(weights.size):
                total += weights[t] * design[t, i] * design[t, j]
            own = total
            for m in range(j):
                total -= factor[i, m] * factor[j, m]
            if i == j:
                if not total > 1e-9 * own:
                    return False
                factor[i, i] = np.sqrt(total)
            else:
                factor[i, j] = total / factor[j, j]
    lower = np.zeros((k, k))
    for j in range(k):
        lower[j, j] = 1.0 / factor[j, j]
        for i in range(j + 1, k):
            total = 0.0
            for m in range(j, i):
                total -= factor[i, m] * lower[m, j]
            lower[i, j] = total / factor[i, i]
    for i in range(k):
        for j in range(k):
            total = 0.0
            for m in range(max(i, j), k):
                total += lower[m, i] * lower[m, j]
            out[i, j] = total
    return True


@_compiled
def _solve(series, design, weights, k, inverse, beta, residual):  # type: ignore[no-untyped-def]
    """Weighted least squares of one pixel: fills `beta` and `residual`."""
    for i in range(k):
        beta[i] = 0.0
    for j in range(k):
        total = 0.0
        for t in range(weights.size):
            if weights[t] > 0:
                total += weights[t] * design[t, j] * series[t]
        for i in range(k):
            beta[i] += inverse[i, j] * total
    for t in range(weights.size):
        fitted = 0.0
        for i in range(k):
            fitted += design[t, i] * beta[i]
        residual[t] = series[t] - fitted


@_compiled
def _median(numbers, count):  # type: ignore[no-untyped-def]
    """Median of the first `count` numbers.

    Each number's rank is counted without a branch, which beats sorting for a few dozen dates.
    """
    low, high = (count - 1) // 2, count // 2
    lower = upper = np.nan
    for i in range(count):
        number, below, equal = numbers[i], 0, 0
        for j in range(count):
            below += numbers[j] < number
            equal += numbers[j] == number
        if below <= low < below + equal:
            lower = number
        if below <= high < below + equal:
            upper = number
        if lower + upper == lower + upper:
            break
    return 0.5 * (lower + upper)


@_compiled
def _spread(residual, used, count, k, floor):  # type: ignore[no-untyped-def]
    """Robust standard deviation of the residuals, never below `floor`."""
    absolute = np.empty(count)
    n = 0
    for t in range(residual.size):
        if used[t]:
            absolute[n] = abs(residual[t])
            n += 1
    correction = np.sqrt(count / max(count - k, 1))
    return max(_median(absolute, count) / 0.6744897501960817 * correction, floor)


@_compiled
def fit_pixel(series, used, days, month, design, floor, weights, inverse, beta, residual):  # type: ignore[no-untyped-def]
    """Fit one pixel by iterated biweights from the median; returns (columns, count)."""
    count = 0
    for t in range(series.size):
        weights[t] = 1.0 if used[t] else 0.0
        count += used[t]
    k = _columns(days, month, used, count, design.shape[1])
    if count < 3:
        return 0, count
    if k == 1:
        centre = _median(series[used], count)
        for t in range(series.size):
            residual[t] = series[t] - centre
    else:
        if not _inverse(design, weights, k, inverse):
            return 0, count
        _solve(series, design, weights, k, inverse, beta, residual)
    for _ in range(ITERATIONS):
        spread = _spread(residual, used, count, k, floor)
        moved = 0.0
        for t in range(series.size):
            if used[t] and spread > 0:
                u = residual[t] / (BIWEIGHT * spread)
                weight = (1.0 - u * u) ** 2 if abs(u) < 1.0 else 0.0
                moved = max(moved, abs(weight - weights[t]))
                weights[t] = weight
        if not _inverse(design, weights, k, inverse):
            return 0, count
        _solve(series, design, weights, k, inverse, beta, residual)
        if moved < SETTLED:
            break
    return k, count


@_compiled
def _sums(weights, residual):  # type: ignore[no-untyped-def]
    """Weighted sum of squares, and sum of weights."""
    squares = total = 0.0
    for t in range(weights.size):
        if weights[t] > 0:
            total += weights[t]
            squares += weights[t] * residual[t] * residual[t]
    return squares, total


@_compiled
def _delete(group, used, weights, residual, design, k, inverse, system, right):  # type: ignore[no-untyped-def]
    """Solve (I - H W) [e, L] = [r, H] for the dates of a group, in place in `right`.

    H is the hat matrix of unit weights among the group's dates; column 0 of the answer holds the
    deleted residuals and column 1 + i of row i the leverage of date i without the group (block
    Woodbury). Returns the number of dates, 0 when they carry the fit alone.
    """
    m = 0
    while m < group.size and group[m] >= 0:
        m += 1
    for i in range(m):
        for j in range(m):
            hat = 0.0
            for a in range(k):
                for b in range(k):
                    hat += design[group[i], a] * inverse[a, b] * design[group[j], b]
            right[i, 1 + j] = hat
            system[i, j] = (1.0 if i == j else 0.0) - hat * weights[group[j]]
        right[i, 0] = residual[group[i]] if used[group[i]] else 0.0
    # The matrix is similar to a positive definite one: elimination needs no pivots.
    for i in range(m):
        if not system[i, i] > 1e-6:
            return 0
        for j in range(i + 1, m):
            share = system[j, i] / system[i, i]
            for c in range(i, m):
                system[j, c] -= share * system[i, c]
            for c in range(m + 1):
                right[j, c] -= share * right[i, c]
    for i in range(m - 1, -1, -1):
        for c in range(m + 1):
            for j in range(i + 1, m):
                right[i, c] -= system[i, j] * right[j, c]
            right[i, c] /= system[i, i]
    return m


@_compiled
def _nothing_left_out(many, scored, pixels):  # type: ignore[no-untyped-def]
    """Residual, leverage, variance and degrees of freedom before any date is left out."""
    return (
        np.full((many, scored, pixels), np.nan, dtype=np.float32),
        np.full((many, scored, pixels), np.nan, dtype=np.float32),
        np.full((many, pixels), np.nan, dtype=np.float32),
        np.zeros((many, pixels), dtype=np.float32),
    )


@_compiled
def _score(left, g, p, group, used, weights, residual, right, squares, rest):  # type: ignore[no-untyped-def]
    """Write what `_delete` found of one group of one pixel into the outputs."""
    deleted, leverage, variance, dof = left
    for i in range(group.size):
        t = group[i]
        rest -= weights[t]
        squares -= weights[t] * residual[t] * right[i, 0]
    if rest < 0.5:
        return
    dof[g, p] = rest
    variance[g, p] = max(squares, 0.0) / rest
    for i in range(min(group.size, deleted.shape[1])):
        if used[group[i]]:
            deleted[g, i, p] = right[i, 0]
            leverage[g, i, p] = right[i, 1 + i]


@_compiled
def fit_pixels(values, used, days, design, floor, groups, scored):  # type: ignore[no-untyped-def]
    """Fit (time, pixel) series, and score dates left out in groups by the weights of the full fit.

    `groups` is (group, m), padded with -1; without any, nothing is left out. First come the
    outputs that `fit_baseline` explains; then residual and leverage, (group, scored, pixel), of
    each group's first dates, and variance and degrees of freedom without it, (group, pixel).
    """
    dates, pixels = values.shape
    width, (many, most) = design.shape[1], groups.shape
    coefficients = np.full((width, pixels), np.nan, dtype=np.float32)
    covariance = np.zeros((width, width, pixels), dtype=np.float32)
    variance = np.full(pixels, np.nan, dtype=np.float32)
    dof = np.zeros(pixels, dtype=np.float32)
    columns = np.zeros(pixels, dtype=np.uint8)
    counts = np.zeros(pixels, dtype=np.int16)
    left = _nothing_left_out(many, scored, pixels)
    weights, residual = np.zeros(dates), np.zeros(dates)
    inverse, beta = np.zeros((width, width)), np.zeros(width)
    system, right = np.zeros((most, most)), np.zeros((most, most + 1))
    series, usable = np.zeros(dates), np.zeros(dates, dtype=np.bool_)
    month = ((days % 365.25) / 365.25 * 12.0).astype(np.int64)
    for p in range(pixels):
        for t in range(dates):
            usable[t] = used[t, p]
            series[t] = values[t, p] if usable[t] else 0.0
        k, counts[p] = fit_pixel(
            series, usable, days, month, design, floor, weights, inverse, beta, residual
        )
        if k == 0:
            continue
        squares, total = _sums(weights, residual)
        for g in range(many):
            m = _delete(groups[g], usable, weights, residual, design, k, inverse, system, right)
            if m > 0:
                group, rest = groups[g, :m], total - k
                _score(left, g, p, group, usable, weights, residual, right, squares, rest)
        if total - k < 0.5:
            continue
        columns[p] = k
        dof[p] = total - k
        variance[p] = squares / (total - k)
        for i in range(width):
            coefficients[i, p] = beta[i] if i < k else 0.0
            for j in range(width):
                covariance[i, j, p] = inverse[i, j] if max(i, j) < k else 0.0
    return (coefficients, covariance, variance, dof, columns, counts), left
