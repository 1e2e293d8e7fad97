"""The compiled loops: every pixel for itself, so that no result depends on how a scene is cut.

Blocks of pixels go side by side through each step. Their sums keep the order of time, so a pixel
comes to the same bits in whatever company; and the inner loops, over neighbours that do not
depend on each other, become vector instructions (where the compiler does not know how many they
are: it unrolls a loop of known length instead).
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0913, PLR0917 - numba infers the types, a
# compiled loop hands its work arrays on by hand, and `min` there is slower than a comparison.

from __future__ import annotations

import numpy as np

from pipeline.kernels.lanes import LANES, compiled, rank

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


@compiled
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


@compiled
def _columns(days, month, used, width):  # type: ignore[no-untyped-def]
    """How many columns a pixel's dates can carry: all, the level alone, or none."""
    count = used.sum()
    if count < 3:
        return 0
    if width == 1 or count < PER_COEFFICIENT * width:
        return 1
    first, last = np.inf, -np.inf
    for t in range(days.size):
        if used[t]:
            first, last = min(first, days[t]), max(last, days[t])
    if last - first < SHORTEST_SPAN_DAYS or not _seasons_seen(month, used):
        return 1
    return width


@compiled
def _carried(used, days, width):  # type: ignore[no-untyped-def]
    """(pixel,) columns that each pixel's dates can carry."""
    dates, pixels = used.shape
    month = ((days % 365.25) / 365.25 * 12.0).astype(np.int64)
    whole = _columns(days, month, np.ones(dates, dtype=np.bool_), width)
    seen = np.zeros(pixels, dtype=np.int64)
    for t in range(dates):
        for p in range(pixels):
            seen[p] += used[t, p]
    columns = np.empty(pixels, dtype=np.int64)
    for p in range(pixels):
        columns[p] = whole if seen[p] == dates else _columns(days, month, used[:, p], width)
    return columns


@compiled
def _medians(numbers, count, out):  # type: ignore[no-untyped-def]
    """Median of each lane's first `count` numbers in order of size; (time, lane), sorted here."""
    rank(numbers)
    for lane in range(LANES):
        low, high = (count[lane] - 1) // 2, count[lane] // 2
        out[lane] = 0.5 * (np.float64(numbers[low, lane]) + np.float64(numbers[high, lane]))


@compiled
def _add_up(rows, factors, total):  # type: ignore[no-untyped-def]
    """Fill `total` with the sum of rows times factors, in their order; four at a time in hand."""
    lanes, fours = total.size, len(factors) - len(factors) % 4
    for lane in range(lanes):
        total[lane] = 0.0
    for n in range(0, fours, 4):
        a, b, c, d = factors[n], factors[n + 1], factors[n + 2], factors[n + 3]
        for lane in range(lanes):
            two = (total[lane] + a * rows[n, lane]) + b * rows[n + 1, lane]
            total[lane] = (two + c * rows[n + 2, lane]) + d * rows[n + 3, lane]
    for n in range(fours, len(factors)):
        for lane in range(lanes):
            total[lane] += factors[n] * rows[n, lane]


@compiled
def _products(design, k):  # type: ignore[no-untyped-def]
    """(pair, time) products of the first `k` columns, in the order `_invert` takes them."""
    pairs = np.empty((k * (k + 1) // 2, len(design)))
    for i in range(k):
        for j in range(i + 1):
            pairs[i * (i + 1) // 2 + j] = design[:, i] * design[:, j]
    return pairs


@compiled
def _doubled(pairs, k):  # type: ignore[no-untyped-def]
    """(time, pair) products as a sum over all of a symmetric matrix takes them."""
    factors = 2.0 * pairs.T.copy()
    for i in range(k):
        factors[:, i * (i + 1) // 2 + i] *= 0.5
    return factors


@compiled
def _packed(inverse, k):  # type: ignore[no-untyped-def]
    """(pair, lane) of symmetric (k, k, lane) matrices, in the order of `_products`."""
    packed = np.empty((k * (k + 1) // 2, inverse.shape[2]))
    for i in range(k):
        for j in range(i + 1):
            packed[i * (i + 1) // 2 + j] = inverse[i, j]
    return packed


@compiled
def _invert(pairs, weights, k, work, inverse, alive):  # type: ignore[no-untyped-def]
    """Invert the lanes' weighted normal matrices by Cholesky; a singular one ends its lane."""
    lanes = weights.shape[1]
    factor, lower, total, own = work
    for i in range(k):
        for j in range(i + 1):
            _add_up(weights, pairs[i * (i + 1) // 2 + j], total)
            for lane in range(lanes):
                own[lane] = total[lane]
            for m in range(j):
                for lane in range(lanes):
                    total[lane] -= factor[i, m, lane] * factor[j, m, lane]
            for lane in range(lanes):
                if i == j:
                    alive[lane] = alive[lane] and total[lane] > 1e-9 * own[lane]
                    factor[i, i, lane] = np.sqrt(max(total[lane], 0.0))
                else:
                    factor[i, j, lane] = total[lane] / factor[j, j, lane]
    _invert_factor(factor, k, lower, total, inverse)


@compiled
def _invert_factor(factor, k, lower, total, inverse):  # type: ignore[no-untyped-def]
    """Return from Cholesky factors to the inverses of what they are factors of."""
    lanes = total.size
    for j in range(k):
        for lane in range(lanes):
            lower[j, j, lane] = 1.0 / factor[j, j, lane]
        for i in range(j + 1, k):
            for lane in range(lanes):
                total[lane] = 0.0
            for m in range(j, i):
                for lane in range(lanes):
                    total[lane] -= factor[i, m, lane] * lower[m, j, lane]
            for lane in range(lanes):
                lower[i, j, lane] = total[lane] / factor[i, i, lane]
    for i in range(k):
        for j in range(k):
            for lane in range(lanes):
                inverse[i, j, lane] = 0.0
            for m in range(max(i, j), k):
                for lane in range(lanes):
                    inverse[i, j, lane] += lower[m, i, lane] * lower[m, j, lane]


@compiled
def _leave(series, design, k, beta, residual):  # type: ignore[no-untyped-def]
    """Take what `beta` explains out of the lanes' series."""
    for t in range(len(series)):
        _add_up(beta, design[t, :k], residual[t])
        for lane in range(series.shape[1]):
            residual[t, lane] = series[t, lane] - residual[t, lane]


@compiled
def _solve(series, columns, weights, k, inverse, total, beta, residual):  # type: ignore[no-untyped-def]
    """Weighted least squares of the lanes: fills `beta` and `residual`.

    `columns` is the design, (k, time).
    """
    lanes = total.size
    for t in range(len(weights)):
        for lane in range(lanes):
            residual[t, lane] = weights[t, lane] * series[t, lane]
    for i in range(k):
        for lane in range(lanes):
            beta[i, lane] = 0.0
    for j in range(k):
        _add_up(residual, columns[j], total)
        for i in range(k):
            for lane in range(lanes):
                beta[i, lane] += inverse[i, j, lane] * total[lane]
    _leave(series, columns.T, k, beta, residual)


@compiled
def _spreads(residual, used, count, k, floor, ranked, out):  # type: ignore[no-untyped-def]
    """Robust standard deviation of the lanes' residuals, never below `floor`."""
    lanes = count.size
    for t in range(len(used)):
        for lane in range(lanes):
            ranked[t, lane] = abs(residual[t, lane]) if used[t, lane] else np.inf
    _medians(ranked, count, out)
    for lane in range(lanes):
        correction = np.sqrt(count[lane] / max(count[lane] - k, 1))
        out[lane] = max(out[lane] / 0.6744897501960817 * correction, floor)


@compiled
def _reweigh(residual, used, spread, settled, moved, weights):  # type: ignore[no-untyped-def]
    """Give dates the biweight of their residual; lanes that are settled stay as they are."""
    lanes = spread.size
    for lane in range(lanes):
        moved[lane] = 0.0
    for t in range(len(used)):
        for lane in range(lanes):
            u = residual[t, lane] / (BIWEIGHT * spread[lane])
            weight = (1.0 - u * u) * (1.0 - u * u) if abs(u) < 1.0 else 0.0
            kept = settled[lane] or not used[t, lane] or not spread[lane] > 0
            weight = weights[t, lane] if kept else weight
            moved[lane] = max(moved[lane], abs(weight - weights[t, lane]))
            weights[t, lane] = weight
    for lane in range(lanes):
        settled[lane] = settled[lane] or moved[lane] < SETTLED


@compiled
def _fit(series, used, count, k, columns, pairs, floor, work, inverse, found):  # type: ignore[no-untyped-def]
    """Fit the lanes by iterated biweights from the median; `found` as `_room` makes it."""
    weights, residual, ranked, beta, alive, settled, spread, moved, least = found
    total = work[2]
    for t in range(len(used)):
        for lane in range(LANES):
            weights[t, lane] = 1.0 if used[t, lane] else 0.0
            ranked[t, lane] = series[t, lane] if used[t, lane] else np.inf
    for lane in range(LANES):
        alive[lane], settled[lane], least[lane] = True, False, np.inf
    if k == 1:
        _medians(ranked, count, spread)
        for t in range(len(used)):
            for lane in range(LANES):
                residual[t, lane] = series[t, lane] - spread[lane]
    else:
        _invert(pairs, weights, k, work, inverse, alive)
        _solve(series, columns, weights, k, inverse, total, beta, residual)
    for _ in range(ITERATIONS):
        _spreads(residual, used, count, k, floor, ranked, spread)
        for lane in range(LANES):
            least[lane] = spread[lane] if not spread[lane] >= least[lane] else least[lane]
        _reweigh(residual, used, spread, settled, moved, weights)
        _invert(pairs, weights, k, work, inverse, alive)
        _solve(series, columns, weights, k, inverse, total, beta, residual)
        if settled.all():
            break


@compiled
def _leave_out(t, factors, inverse, found, squares, rest, out):  # type: ignore[no-untyped-def]
    """Leave one date out of the lanes' fits by their weights, in closed form.

    `out` takes the date's residual and leverage without itself, and the variance and degrees of
    freedom that are left; NaN and 0 where the date carries the fit alone or too few remain.
    """
    weights, residual = found[0], found[1]
    deleted, leverage, variance, dof = out
    _add_up(inverse, factors, leverage)
    for lane in range(LANES):
        own = weights[t, lane]
        system = 1.0 - leverage[lane] * own
        away, dates = residual[t, lane] / system, rest[lane] - own
        left = squares[lane] - own * residual[t, lane] * away
        good = system > 1e-6 and dates >= 0.5
        deleted[lane] = away if good else np.nan
        leverage[lane] = leverage[lane] / system if good else np.nan
        variance[lane] = max(left, 0.0) / dates if good else np.nan
        dof[lane] = dates if good else 0.0


@compiled
def _room(dates, width):  # type: ignore[no-untyped-def]
    """Work arrays of one block of lanes: for `_invert`, of the inverse, and for `_fit`."""
    square = (width, width, LANES)
    work = np.zeros(square), np.zeros(square), np.zeros(LANES), np.zeros(LANES)
    found = (
        np.zeros((dates, LANES)), np.zeros((dates, LANES)), np.zeros((dates, LANES), np.float32),
        np.zeros((width, LANES)), np.zeros(LANES, np.bool_), np.zeros(LANES, np.bool_),
        np.zeros(LANES), np.zeros(LANES), np.zeros(LANES),
    )  # fmt: skip
    return work, np.zeros(square), found


@compiled
def _sums(weights, residual, squares, total):  # type: ignore[no-untyped-def]
    """Weighted sums of squares, and sums of weights, of the lanes."""
    lanes = squares.size
    for lane in range(lanes):
        squares[lane] = total[lane] = 0.0
    for t in range(len(weights)):
        for lane in range(lanes):
            total[lane] += weights[t, lane]
            squares[lane] += weights[t, lane] * residual[t, lane] * residual[t, lane]


@compiled
def _gather(values, used, members, series, seen, count):  # type: ignore[no-untyped-def]
    """Put pixels side by side; lanes without one repeat the last."""
    for lane in range(LANES):
        pixel, count[lane] = members[min(lane, members.size - 1)], 0
        for t in range(len(values)):
            seen[t, lane] = used[t, pixel]
            series[t, lane] = values[t, pixel] if seen[t, lane] else 0.0
            count[lane] += seen[t, lane]


@compiled
def _keep_fit(members, k, inverse, found, squares, rest, fitted):  # type: ignore[no-untyped-def]
    """Write the fits of the lanes that have enough dates."""
    coefficients, covariance, variance, dof, columns, _, least = fitted
    width = len(coefficients)
    for lane in range(members.size):
        pixel = members[lane]
        least[pixel] = found[8][lane] if found[4][lane] else 0.0
        if not found[4][lane] or rest[lane] < 0.5:
            continue
        columns[pixel], dof[pixel] = k, rest[lane]
        variance[pixel] = squares[lane] / rest[lane]
        for i in range(width):
            coefficients[i, pixel] = found[3][i, lane] if i < k else 0.0
            for j in range(width):
                covariance[i, j, pixel] = inverse[i, j, lane] if max(i, j) < k else 0.0


@compiled
def _keep_left_out(members, t, seen, alive, out, left):  # type: ignore[no-untyped-def]
    """Write what one date comes to without itself."""
    for lane in range(members.size):
        pixel = members[lane]
        if alive[lane]:
            if seen[t, lane]:
                left[0][t, pixel], left[1][t, pixel] = out[0][lane], out[1][lane]
            left[2][t, pixel], left[3][t, pixel] = out[2][lane], out[3][lane]


@compiled
def fit_range(values, used, days, design, floor, first, last, fitted, left):  # type: ignore[no-untyped-def]
    """Fit pixels `first` to `last` of (time, pixel) series, and leave each date out of each fit.

    Writes to `fitted` and `left`, as `pipeline.kernels.baseline.fitting` makes them; nothing is
    left out where `left` has no dates.
    """
    dates, width = design.shape
    work, inverse, found = _room(dates, width)
    alive, squares, rest = found[4], np.zeros(LANES), np.zeros(LANES)
    series, seen = np.zeros((dates, LANES)), np.zeros((dates, LANES), dtype=np.bool_)
    count = np.zeros(LANES, dtype=np.int64)
    out = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
    columns, carried = design.T.copy(), _carried(used[:, first:last], days, width)
    fitted[5][first:last] = used[:, first:last].sum(axis=0)
    for k in range(1, width + 1):
        members = np.flatnonzero(carried == k) + first
        pairs = _products(design, k)
        factors = _doubled(pairs, k)
        for start in range(0, members.size, LANES):
            block = members[start : start + LANES]
            _gather(values, used, block, series, seen, count)
            _fit(series, seen, count, k, columns, pairs, floor, work, inverse, found)
            _sums(found[0], found[1], squares, rest)
            for lane in range(LANES):
                rest[lane] -= k
            _keep_fit(block, k, inverse, found, squares, rest, fitted)
            packed = _packed(inverse, k)
            for t in range(len(left[0])):
                _leave_out(t, factors[t], packed, found, squares, rest, out)
                _keep_left_out(block, t, seen, alive, out, left)
