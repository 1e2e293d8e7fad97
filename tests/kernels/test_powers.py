"""Powers of a zone: as plain indexing finds them."""

from __future__ import annotations

import numpy as np

from pipeline.kernels.powers import powers_at


def test_powers_are_gathered_as_by_plain_indexing():
    rng = np.random.default_rng(3)
    span, usual = rng.gamma(4, 0.05, (2, 7, 40)).astype(np.float32)
    span[rng.random(span.shape) < 0.2] = np.nan
    usual[rng.random(span.shape) < 0.2] = np.nan
    usual[2, 5] = 0.0
    places = np.array([2, 5, 11, 39])
    found = powers_at(span, usual, places)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = span[:, places] / usual[:, places]
    known = np.isfinite(ratio)
    assert not known.all()
    np.testing.assert_array_equal(found.ratio, ratio)
    np.testing.assert_array_equal(found.look, np.where(known, span[:, places], 0))
    np.testing.assert_array_equal(found.usual, np.where(known, usual[:, places], 0))
    np.testing.assert_array_equal(found.seen, np.isfinite(span[:, places]))
