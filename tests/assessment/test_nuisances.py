"""Nuisances are not findings: each is absorbed, or offered as what explains the finding.

Every world is simulated twice: with the nuisance alone, and with the nuisance and a planted
change, which must still be found by radar or by optical looks.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from pipeline.assessment.indicators import TrackAssessor
from pipeline.assessment.nuisances import (
    LookNuisances,
    explanations,
    look_nuisances,
    season_days,
)
from pipeline.kernels.masking import CLOUD
from pipeline.rehearsal.fields import LocalGrid
from tests.assessment.ground import START, baseline
from tests.assessment.worlds import (
    CHANGED_AREA,
    OPTICAL,
    RADAR,
    World,
    agreed,
    confirmed,
    optical_plan,
    radar_plan,
)

WINTER = [6, 7, 8]  # of the invented climate: snow has to fall while somebody watches
USUAL = ("haze", "cloud", "cloud_mask_errors", "snow", "sun_angle", "calibration", "farming")
OF_STAND = {"radar_excess", "radar_bright_area", "occupancy", "changed_area"}


def rng_of(look):
    return np.random.default_rng(look.day.toordinal())


def zone_pixels(world, zone, size):
    grid = LocalGrid(size, world.scenario.extent_m / size)
    return world.scenario.zone_box(zone).local(*grid.mesh())


def tide(world):
    """Let water rise and fall over the southern part of the zone `ground`, as at a pier."""

    def radar(bands, look):
        _, across = zone_pixels(world, "ground", bands["VV"].shape[0])
        level = rng_of(look).uniform(-50, -20)
        wind = rng_of(look).normal(0, 2)
        water, mud = across < level, (across >= level) & (across < -20)
        for name, db in (("VV", -20.0), ("VH", -28.0)):
            bands[name][water] *= 10 ** ((db + wind - _db(bands[name][water])) / 10)
            bands[name][mud] *= 10 ** ((db + 8.0 - _db(bands[name][mud])) / 10)

    def optical(bands, _codes, look):
        _, across = zone_pixels(world, "ground", 120)
        level = rng_of(look).uniform(-50, -20)
        water, mud = across < level, (across >= level) & (across < -20)
        noise = rng_of(look).normal(0, 0.003, across.shape)
        for image in bands.values():
            image[water], image[mud] = (0.04 + noise)[water], (0.11 + noise)[mud]

    world.radar_hook, world.optical_hook = radar, optical


def _db(power):
    return float(10 * np.log10(power.mean())) if power.size else 0.0


def stripes(world):
    """Write a foreign transmitter's lines over the zone `stand` on two looks in a row."""

    def radar(bands, look):
        if date(2025, 6, 1) <= look.day <= date(2025, 6, 24):
            y, x = np.indices(bands["VV"].shape)
            line = np.abs(y - 0.1 * x - 22) < 4
            bands["VV"][line] += 0.3
            bands["VH"][line] += 0.1

    world.radar_hook = radar


def moved(pixels):
    def hook(world):
        def radar(bands, look):
            if look.day > world.scenario.period.baseline_end:
                for name in bands:
                    bands[name] = np.roll(bands[name], pixels, axis=(0, 1))

        def optical(bands, codes, look):
            if look.day > world.scenario.period.baseline_end:
                for name in bands:
                    bands[name] = np.roll(bands[name], pixels, axis=(0, 1))
                codes[:] = np.roll(codes, pixels, axis=(0, 1))

        world.radar_hook, world.optical_hook = radar, optical

    return hook


def forgotten_offset(world):
    """Let a provider forget the offset of a new processing baseline."""

    def optical(bands, _codes, look):
        if look.day >= date(2025, 6, 10):
            for name in bands:
                bands[name] = bands[name] + np.float32(0.1)

    world.optical_hook = optical


def false_cloud(world):
    """Take the bright concrete of `stand` for cloud on four dates of five."""

    def optical(_bands, codes, look):
        along, across = zone_pixels(world, "stand", 120)
        if rng_of(look).random() < 0.8:
            codes[(np.abs(along) <= 75) & (np.abs(across) <= 60)] = CLOUD

    world.optical_hook = optical


def mowing(world):
    """Mow the zone and half of the meadows around on the same days."""

    def optical(bands, _codes, look):
        if date(2025, 6, 20) <= look.day <= date(2025, 7, 10):
            x, _ = LocalGrid(120, world.scenario.extent_m / 120).mesh()
            along, across = zone_pixels(world, "ground", 120)
            cut = (x > 0) | ((np.abs(along) < 60) & (np.abs(across) < 50))
            cut &= bands["nir"] > 2 * bands["red"]
            bands["nir"][cut] *= 0.55
            bands["red"][cut] *= 2.0

    world.optical_hook = optical


NUISANCES = {
    "season": ({"nuisances": {"farming": 1}}, None),
    "sun-angle": ({"nuisances": {"sun_angle": 1}}, None),
    "snow-frost-and-wet-snow": (
        {
            "nuisances": {"snow": 1},
            "climate": {"snow_months": WINTER, "snowfall_probability": 0.08},
        },
        None,
    ),
    "wet-soil-and-rain": (
        {"nuisances": {"wet_soil_db": 2.5}, "climate": {"rain_probability": 0.15}}, None,
    ),
    "haze": ({"nuisances": {"haze": 1.5}}, None),
    "cloud-and-its-shadow": (
        {
            "nuisances": {"cloud": 1, "cloud_mask_errors": 1},
            "climate": {"cloud_by_month": [0.5] * 12},
        },
        None,
    ),
    "speckle": ({"nuisances": {"speckle": 1.6}}, None),
    "calibration": ({"nuisances": {"calibration": 2}}, None),
    "sub-pixel-misregistration": ({"nuisances": {"registration_px": 0.4}}, None),
    "one-pixel-misregistration": ({}, moved((1, -1))),
    "processing-baseline": (
        {
            "optical": optical_plan(
                processing=[
                    {"from": date(2024, 1, 1), "version": "03.01"},
                    {"from": date(2025, 6, 10), "version": "05.11"},
                ]
            )
        },
        None,
    ),
    "forgotten-offset": ({}, forgotten_offset),
    "tide-and-wind": ({}, tide),
    "interference": ({}, stripes),
    "mowing": ({}, mowing),
    "everything": (
        {
            "nuisances": dict.fromkeys(USUAL, 1) | {"wet_soil_db": 2.5, "registration_px": 0.15},
            "climate": {
                "cloud_by_month": [0.4] * 12, "rain_probability": 0.13, "snow_months": [12, 1, 2],
            },
        },
        None,
    ),
}  # fmt: skip
QUICK = ("interference",)


def world_of(name, **more):
    changes, hook = NUISANCES[name]
    world = World(**changes, **more)
    if hook:
        hook(world)
    return world


CASES = [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in NUISANCES]


@pytest.mark.parametrize("name", CASES)
def test_a_nuisance_is_absorbed_or_offered_as_the_explanation(name):
    world = world_of(name)
    assert confirmed(world.radar_series(), RADAR) == []
    if name != "interference":
        assert confirmed(world.optical_series(), OPTICAL) == []


# Looks whose offset was forgotten are set aside: neither change nor its absence is read there.
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NUISANCES if name != "forgotten-offset"])
def test_a_planted_change_is_still_found(name):
    world = world_of(name, planted=True)
    found = confirmed(world.radar_series(), RADAR, everything=True)
    assert {observable for zone, observable in found if zone == "stand"} & OF_STAND
    assert ("ground", "changed_area") in confirmed(
        world.optical_series(), [CHANGED_AREA], everything=True
    )


@pytest.mark.slow
def test_bright_concrete_that_is_always_called_cloud_is_never_called_unchanged():
    world = World(planted=True)
    false_cloud(world)
    series = world.optical_series()
    looks = list(
        TrackAssessor(series).assess(
            agreed("occupancy", 10.0), "stand", baseline=baseline(start=date(2024, 5, 1))
        )
    )
    later = [look for look in looks if look.phase == "monitoring"]
    assert all("persistently-masked" in look.reasons for look in later)
    assert "no-change" not in {look.outcome for look in later}
    assert ("stand", "radar_excess") in confirmed(world.radar_series(), RADAR)


@pytest.mark.slow
def test_looks_with_a_forgotten_offset_are_set_aside():
    series = world_of("forgotten-offset").optical_series()
    late = [moment.date() >= date(2025, 6, 10) for moment in series.acquired]
    assert series.set_aside["haze"].tolist() == late


@pytest.mark.slow
def test_another_look_direction_is_another_track_with_its_own_history():
    late = World(radar=radar_plan(orbit_state="descending", first_day=52, revisit_days=60))
    (look, *_) = TrackAssessor(late.radar_series()).assess(
        agreed("radar_excess", 1.5), "stand", baseline=baseline(start=date(2024, 5, 1))
    )
    assert (look.track, look.outcome) == ("descending", "not-observable")
    assert "baseline-too-short" in look.reasons


def test_the_calendar_goes_round():
    days = np.array([0.0, 10.0, 360.0, 365.25 + 180.0])
    quiet = np.array([True, True, False, False])
    assert season_days(days, quiet) == pytest.approx([0.0, 0.0, 5.25, 170.0])


KEY = ("s", "t", START)


def test_an_explanation_must_hold_on_every_look_over():
    other = ("s", "t", START.replace(month=2))
    known = {KEY: LookNuisances(ring_step_db=2.0), other: LookNuisances(ring_step_db=0.1)}
    (both,) = explanations([KEY, other], known, "more")
    assert (both.code, both.consistent) == ("wet-soil-or-rain", None)
    (wet,) = explanations([KEY], known, "more")
    assert (wet.consistent, wet.measured) == (True, "ring-step-db:2")
    (frost,) = explanations([KEY], known, "less")
    assert (frost.code, frost.consistent) == ("frost-or-wet-snow", False)


def test_ground_darker_than_usual_is_not_told_as_too_bright():
    (found,) = explanations([KEY], {KEY: LookNuisances(haze=-0.0005)}, "more")
    assert (found.measured, found.consistent) == ("haze:0", False)


def test_what_was_not_measured_explains_nothing():
    assert explanations([KEY], {}, "more") == ()


@pytest.mark.slow
def test_haze_and_rain_are_measured_on_the_ring():
    hazy = World(nuisances={"haze": 3})
    measured = [look.haze for look in look_nuisances(hazy.optical_series())]
    assert max(measured) > 0.05
    wet = World(nuisances={"wet_soil_db": 2.5}, climate={"rain_probability": 0.15})
    steps = [look.ring_step_db for look in look_nuisances(wet.radar_series())]
    assert max(steps) > 1.0
