"""Bilinear values: on a straight grid the very bits of the general way."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.imagery.stack.sampling import bilinear


@pytest.mark.parametrize(("step", "shift"), [(0.5, -0.25), (1.0, 0.3), (0.37, -1.2), (2.0, 0.5)])
def test_a_straight_grid_gives_the_bits_of_positions_one_by_one(step, shift):
    values = np.random.default_rng(3).random((40, 31))
    values[10:13, 5:9] = np.nan
    rows, columns = np.arange(70)[:, None] * step + shift, np.arange(50)[None] * step + shift
    straight = bilinear(values, rows, columns)
    everywhere = np.broadcast_arrays(rows, columns)
    np.testing.assert_array_equal(straight, bilinear(values, *everywhere))
    assert np.isnan(straight).any()
    assert np.isfinite(straight).sum() > 200


def test_a_plane_is_kept_and_what_has_no_weight_does_not_count():
    rows, columns = np.indices((9, 9), dtype=np.float64)
    plane = 3.0 * rows - 2.0 * columns
    plane[5] = np.nan
    found = bilinear(plane, np.array([[4.0]]), np.array([[2.25, 2.5]]))
    np.testing.assert_allclose(found, [[7.5, 7.0]])
