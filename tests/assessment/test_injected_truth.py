"""Stated likelihoods on injected changes: honest where the noise is, wrong where it is not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.assessment.calibration import quiet_pool
from pipeline.assessment.injected_truth import likelihood_reliability
from tests.assessment.test_detectability import made_up
from tests.assessment.test_likelihood import rarity

KEY = ("depot", "area", "sentinel-1-rtc", "T1")


def injected(rng, *, spread):
    """Changes of eight sizes that measured their size, give or take `spread` doublings."""
    sizes = np.repeat(2.0 ** np.arange(8), 60)
    added = sizes * 2.0 ** (spread * rng.standard_normal(sizes.size))
    return replace(
        made_up(rng), sizes_m2=sizes, hits=np.ones(sizes.size, bool), added=added, added_m2=added
    )


@pytest.mark.parametrize("spread", [0.2, 1.0])
def test_likelihoods_hold_on_changes_they_did_not_learn_from(spread):
    rng = np.random.default_rng(5)
    found = likelihood_reliability({KEY: rarity(rng)}, {KEY: [injected(rng, spread=spread)]})
    assert found.statements == 480
    # With 48 statements in each of ten bins, a perfect table errs by 0.04 on average; most
    # thresholds are far from the size, where it errs by less.
    assert found.error < 0.045
    assert sum(row.statements for row in found.rows) == 480


def with_later(rng, outliers):
    """Quiet ground whose later looks stray by forty spreads on a share of places."""
    values = 0.5 * rng.standard_normal((40, 40))
    quiet = np.arange(40) < 30
    strays = rng.random((40, 10)) < outliers
    values[:, ~quiet] *= np.where(strays, 40, 1)
    names = [str(number) for number in range(40)]
    pool = quiet_pool(list(values), names, zones=1, quiet=quiet, side="both", resolution=0.01)
    return SimpleNamespace(pool=pool, row=0)


def test_likelihoods_learnt_from_other_noise_are_found_out():
    rng = np.random.default_rng(6)
    detections = {KEY: [injected(rng, spread=0.2)]}
    honest = likelihood_reliability({KEY: with_later(rng, 0.0)}, detections)
    found = likelihood_reliability({KEY: with_later(rng, 0.3)}, detections)
    assert honest.error < 0.035 < found.error
    assert found.brier > 1.5 * honest.brier


def test_nothing_injected_is_no_table():
    assert likelihood_reliability({}, {}) is None
