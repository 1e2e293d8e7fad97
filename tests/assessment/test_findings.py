"""Findings: what is said of an episode, and what is not."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.assessment.allowance import Budget
from pipeline.assessment.certainty import Known
from pipeline.assessment.detectability import Detection
from pipeline.assessment.findings import Surroundings, zone_findings
from pipeline.assessment.held_out import confirming_p
from pipeline.assessment.rarity import ranked, rarities
from pipeline.assessment.record import Threshold
from pipeline.kernels.injection import curve_posterior, smallest_found
from tests.assessment.ground import START, indicator, series, speckled
from tests.assessment.looks import story

LIMIT = Threshold(kind="deviation", value=1.5, comparator=">=", unit="dB")
RULE = SimpleNamespace(k=2, n=3, window_days=45, duration_min_days=0, end_after_looks=2)
BUDGET = Budget(judgements_per_year=100.0, alpha=5e-3, alpha_per_look=0.04, quiet_looks_needed=25)
KEY = ("apron", "radar-excess", "sentinel-1-rtc", "T1-ascending")
AGREED = indicator(confirmation=RULE, transit_exemption_days=None, proxy_relation=None)


def around(known, looks):
    return Surroundings(
        notifications=(), as_of=looks[-1].acquired, residuals_px={}, step_alarms=frozenset(),
        masked={}, next_looks={}, baseline_ends={KEY[2:]: looks[0].acquired - timedelta(days=30)},
        known=known,
    )  # fmt: skip


def with_limit(looks):
    return [item.model_copy(update={"threshold": LIMIT, "baseline": 0.0, "p": 0.002})
            for item in looks]  # fmt: skip


class Assessor:
    """Stands for a track whose zones and placements have given values."""

    def __init__(self, values, quiet, acquired):
        self.values, self.series = values, SimpleNamespace(
            zones=dict(zip(values, np.eye(len(values)).repeat(100, axis=1), strict=True)),
            rows=np.zeros(100 * len(values)), in_baseline=quiet,
            acquired=acquired, physical="gamma0", pixel_area_m2=400.0,
        )  # fmt: skip

    def measured(self, _observable, zone, _smallest):
        value = self.values[zone]
        return SimpleNamespace(value=value, observed=np.ones(value.size))


def quiet_track(looks, rng, *, places=40):
    """A zone that was quiet for forty looks, then showed what `looks` say."""
    before = tuple(looks[0].acquired - timedelta(days=12 * n) for n in range(45, 5, -1))
    acquired = before + tuple(item.acquired for item in looks)
    quiet = np.arange(len(acquired)) < len(before)
    noise = 0.3 * rng.standard_normal((places + 1, len(acquired)))
    noise[0, ~quiet] = [item.value for item in looks]
    zone = Assessor({"apron": noise[0]}, quiet, acquired)
    ground = Assessor({f"apron/{n}": noise[n + 1] for n in range(places)}, quiet, acquired)
    return rarities(zone, ground, AGREED, ["apron"], BUDGET)


def detection(rng):
    sizes = rng.permutation(np.repeat([250.0, 500.0, 1000.0, 2000.0, 4000.0], 20))
    hits = rng.random(100) < 1 / (1 + (600 / sizes) ** 4)
    curve = curve_posterior(sizes, hits)
    added = np.where(hits, sizes / 1000, 0.0)
    return Detection("apron", "radar-excess", "+9 dB", sizes, hits, added, None, curve,
                     smallest_found(curve))  # fmt: skip


@pytest.fixture
def known():
    rng = np.random.default_rng(21)
    looks = with_limit(story("..+++"))
    found = quiet_track(looks, rng)
    return looks, Known(
        rarities={KEY: found["apron"]},
        detections={KEY: (detection(rng),)},
        kinds={KEY[2]: "gamma0"},
    )


def test_a_calibrated_finding_has_a_number_a_word_and_an_annex(known):
    looks, facts = known
    (finding,) = zone_findings(AGREED, looks, around(facts, looks), max_age_days=400)
    assert finding.calibrated.false_alarms.ok
    assert finding.calibrated.detection.ok
    assert not finding.calibrated.event.ok  # no statement on activity carries a number
    assert finding.likelihood.p > 0.95
    assert finding.likelihood.p_interval[0] <= finding.likelihood.p
    assert finding.likelihood.term == "almost-certain"
    assert finding.likelihood.term_scale == "icd203"
    assert set(finding.likelihood.posteriors) == {"0.01", "0.05", "0.2"}


def test_a_stale_baseline_takes_the_word_away_and_keeps_the_number(known):
    looks, facts = known
    (finding,) = zone_findings(AGREED, looks, around(facts, looks), max_age_days=20)
    assert finding.calibrated.false_alarms.reason == "baseline-stale"
    assert finding.likelihood.term is None
    assert finding.likelihood.p is not None


def test_without_quiet_history_nothing_is_said():
    looks = with_limit(story("..++"))
    (finding,) = zone_findings(AGREED, looks, around(Known(), looks), max_age_days=400)
    assert finding.likelihood.p is None
    assert finding.likelihood.posteriors == {}
    assert finding.calibrated.false_alarms.reason == "no-quiet-history"
    assert "detectability:unknown" in finding.analytic_confidence.basis


def test_the_agreed_scale_gives_the_word(known):
    looks, facts = known
    ipcc = Known(facts.rarities, facts.detections, facts.kinds, "ipcc")
    (finding,) = zone_findings(AGREED, looks, around(ipcc, looks), max_age_days=400)
    assert finding.likelihood.term in {"very-likely", "virtually-certain"}


def test_a_change_no_rarer_than_allowed_is_no_alarm(known):
    looks, facts = known
    rarity = facts.rarities[KEY]
    rng = np.random.default_rng(22)
    mild = [item.model_copy(update={"value": 0.2}) for item in looks]
    loud = ranked(looks, rarity)
    assert [item.outcome for item in loud] == ["no-change"] * 2 + ["change"] * 3
    assert all(item.p_sample == rarity.pool.sample().size for item in loud)
    silent = ranked(mild, quiet_track(mild, rng)["apron"])
    assert {item.outcome for item in silent[2:]} == {"at-threshold"}
    assert all("not-rarer-than-allowed" in item.reasons for item in silent[2:])
    assert all(item.direction == "none" for item in silent[2:])


def test_too_few_quiet_looks_leave_the_outcome_and_say_so():
    looks = with_limit(story("++"))
    tight = Budget(1e6, 1e-7, 1e-6, 1_000_000)
    rng = np.random.default_rng(23)
    before = tuple(START + timedelta(days=12 * n) for n in range(10))
    acquired = before + tuple(item.acquired for item in looks)
    values = 0.3 * rng.standard_normal((4, len(acquired)))
    quiet = np.arange(len(acquired)) < 10
    zone = Assessor({"apron": values[0]}, quiet, acquired)
    ground = Assessor({f"apron/{n}": values[n + 1] for n in range(3)}, quiet, acquired)
    found = rarities(zone, ground, AGREED, ["apron"], tight)["apron"]
    assert not found.supported
    for item in ranked(looks, found):
        assert item.outcome == "change"
        assert "allowance-not-supported" in item.reasons


def test_zones_of_different_size_are_not_pooled():
    rng = np.random.default_rng(24)
    acquired = tuple(START + timedelta(days=12 * n) for n in range(20))
    quiet = np.ones(20, bool)
    values = {name: rng.standard_normal(20) for name in ("small", "near", "large")}
    zone = Assessor(values, quiet, acquired)
    zone.series.zones = {"small": np.ones(100), "near": np.ones(300), "large": np.ones(2000)}
    ground = Assessor({f"{n}/{i}": rng.standard_normal(20) for n in values for i in range(5)},
                      quiet, acquired)  # fmt: skip
    found = rarities(zone, ground, AGREED, list(values), BUDGET)
    assert found["small"].pool is found["near"].pool
    assert found["large"].pool is not found["small"].pool
    assert len(found["large"].pool.places) == 6
    assert confirming_p(found["large"].pool, 2, 3).shape == (6, 18)


def test_a_real_track_is_ranked_among_its_own_placements():
    from pipeline.assessment.indicators import TrackAssessor  # noqa: PLC0415
    from pipeline.assessment.quiet_ground import (  # noqa: PLC0415
        pixels_of,
        placements_of,
        quiet_assessor,
    )

    rng = np.random.default_rng(25)
    power = speckled(rng, 24)
    power[22:, 14:26, 14:26] *= 10**0.3  # twice as bright, on the last two looks
    track = series({"span": power})
    assessor = TrackAssessor(track)
    ring = track.on_grid(track.ring.astype(np.float32)) > 0
    ground = placements_of({"stand": track.on_grid(track.zones["stand"])}, ring)
    assert len(ground["stand"]) >= 4
    for place in ground["stand"]:
        assert ring[place.rows, place.columns].all()
    quiet = quiet_assessor(assessor, ground)
    for name, weight in quiet.series.zones.items():
        assert set(pixels_of(quiet.series.zones, name)) == set(np.flatnonzero(weight))
    found = rarities(assessor, quiet, AGREED, ["stand"], BUDGET)["stand"]
    assert len(found.pool.places) == 1 + len(ground["stand"])
    assert (found.pool.p[0, 22:] <= 0.02).all()
    assert np.median(found.pool.p[0, :20]) > 0.2
    # A zone that masks left no pixel of is passed over.
    lake = {**track.zones, "lake": np.zeros_like(track.zones["stand"])}
    wet = rarities(assessor.with_zones(lake), quiet, AGREED, ["lake", "stand"], BUDGET)
    assert set(wet) == {"stand"}


def test_zones_of_one_shape_have_their_own_places_and_no_ground_counts_twice():
    from pipeline.assessment.quiet_ground import apart, placements_of  # noqa: PLC0415

    ring = np.ones((60, 60), bool)
    ring[20:40, 20:40] = False
    zones = {}
    for name, column in (("left", 22), ("right", 31)):
        zones[name] = np.zeros(ring.shape, np.float32)
        zones[name][26:32, column : column + 6] = 1.0
    ground = placements_of(zones, ring)
    places = [
        (f"{zone}/{number}", place.rows * 60 + place.columns)
        for zone, placed in ground.items() for number, place in enumerate(placed)
    ]  # fmt: skip
    assert {len(placed) for placed in ground.values()} == {24}
    kept = apart(places, ring.size)
    assert len(kept) > 40  # 24 when both zones had the same places
    assert apart(places + places, ring.size) == kept
    counted = np.bincount(np.concatenate([pixels for name, pixels in places if name in kept]))
    assert counted.max() == 2
    assert (counted == 2).sum() < 0.1 * (counted > 0).sum()
    assert apart([("nowhere", np.empty(0, np.int64))], ring.size) == []
