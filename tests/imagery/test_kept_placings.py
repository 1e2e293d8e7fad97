"""Placings kept from run to run: the very ones, measured again whenever anything differs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline.imagery.sensors import SENSORS
from pipeline.imagery.stack import KeptPlacings, StackOptions, plan_stack, stack_window
from pipeline.imagery.stack import placing as module
from pipeline.imagery.stack import series as reading
from pipeline.store.atomic import canonical_json
from pipeline.store.chips import ChipStore
from pipeline.threads import allow_threads
from tests.imagery.looks import CORNER, radar
from tests.kernels.ground import fields

LOOKS = 6
GRID = GeoBox((60, 60), Affine(30, 0, CORNER[0], 0, -30, CORNER[1]), "EPSG:32633")


def looks(store, count=LOOKS):
    """Radar looks: the last of the first six is moved by two pixels and striped."""
    rng = np.random.default_rng(8)
    ground = 4 * fields((64, 64), seed=4) / fields((64, 64), seed=4).std() - 12
    scenes = []
    for index in range(count):
        moved = np.roll(ground, 2, axis=1) if index == LOOKS - 1 else ground
        levels = np.stack([moved[:60, :60], moved[:60, :60] - 7])
        levels += rng.normal(0, 0.7, levels.shape)
        if index == LOOKS - 1:
            levels[:, 20:24] += 12
        scenes.append(radar(store, levels, day=12 * index))
    return scenes


@pytest.fixture
def store(tmp_path):
    return ChipStore(tmp_path / "chips")


@pytest.fixture
def measured(monkeypatch):
    """Indices of the looks that are really measured."""
    found = []
    original = module._measured

    def counted(series, index, *rest):
        found.append(index)  # one operation: looks are measured side by side
        return original(series, index, *rest)

    monkeypatch.setattr(module, "_measured", counted)
    return found


def planned(scenes, store, kept=None, **options):
    return plan_stack(
        scenes, geobox=GRID, sensor=SENSORS["sentinel-1-rtc"], chips=store, kept=kept,
        options=StackOptions(**options),
    )  # fmt: skip


def told(plan):
    return [
        (look.shift, look.corrected, None if look.stripes is None else look.stripes.tobytes())
        for look in plan.looks
    ]


def kept_in(tmp_path, code="this code"):
    return KeptPlacings(tmp_path / "placed/one.json", code)


def test_a_second_run_measures_nothing_and_has_the_same_bits(store, tmp_path, measured):
    scenes = looks(store)
    plain = planned(scenes, store)
    assert plain.looks[-1].corrected
    assert plain.looks[-1].stripes is not None
    assert sorted(measured) == list(range(LOOKS))
    measured.clear()
    first = planned(scenes, store, kept_in(tmp_path))
    assert sorted(measured) == list(range(LOOKS))
    measured.clear()
    again = planned(scenes, store, kept_in(tmp_path))
    assert measured == []
    assert told(plain) == told(first) == told(again)
    for one, other in zip(
        *(stack_window(plan, store).values() for plan in (plain, again)), strict=True
    ):
        assert one.values.tobytes() == other.values.tobytes()


def test_of_one_new_look_one_is_measured(store, tmp_path, measured):
    scenes = looks(store, LOOKS + 1)
    end = scenes[LOOKS - 1].scene.acquired
    planned(scenes[:-1], store, kept_in(tmp_path), baseline_end=end)
    measured.clear()
    plan = planned(scenes, store, kept_in(tmp_path), baseline_end=end)
    assert measured == [LOOKS]
    assert told(plan) == told(planned(scenes, store, baseline_end=end))


@pytest.mark.parametrize("what", ["code", "pixels", "reference", "register"])
def test_whatever_differs_is_measured_again(store, tmp_path, measured, what):
    scenes = looks(store)
    planned(scenes, store, kept_in(tmp_path))
    measured.clear()
    options, kept = {}, kept_in(tmp_path, "other code" if what == "code" else "this code")
    if what == "pixels":
        level = np.full((2, 60, 60), -11.0)
        level[1] -= 7
        scenes[2] = replace(scenes[2], chips=radar(store, level, day=24).chips)
    if what == "reference":
        options["baseline_end"] = scenes[3].scene.acquired
    if what == "register":
        options["register"] = False
    plan = planned(scenes, store, kept, **options)
    # another look behind the reference moves all of them
    assert sorted(measured) == list(range(LOOKS))
    assert told(plan) == told(planned(scenes, store, **options))


def altered(document):
    next(iter(document["placings"].values()))["dx"] = 0.25
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "damage",
    [altered, lambda _: b"", lambda _: b"[]", lambda _: b"{", lambda _: b'{"placings": {}}'],
    ids=["altered", "empty", "list", "half", "bare"],
)
def test_a_file_that_is_not_what_was_written_is_measured_again(store, tmp_path, measured, damage):
    scenes = looks(store)
    plain = planned(scenes, store, kept_in(tmp_path))
    file = tmp_path / "placed/one.json"
    whole = file.read_bytes()
    file.write_bytes(damage(json.loads(whole)))
    measured.clear()
    assert told(planned(scenes, store, kept_in(tmp_path))) == told(plain)
    assert sorted(measured) == list(range(LOOKS))
    assert file.read_bytes() == whole


def test_threads_change_no_bit(store):
    scenes = looks(store)
    with allow_threads(1):
        alone = planned(scenes, store)
    with allow_threads(2):
        shared = planned(scenes, ChipStore(store.root))
    assert told(alone) == told(shared)


def sealed(placings):
    digest = hashlib.sha256(canonical_json(placings)).hexdigest()
    return json.dumps({"placings": placings, "sha256": digest}).encode()


UNBELIEVABLE = {
    **{f"{name} {value!r}": {name: value}
       for name in ("dx", "dy", "residual_px", "tiles_used", "note", "corrected", "masked")
       for value in ([], {}, 1e300)},
    **{f"{name} text": {name: "===="} for name in ("dx", "tiles_used", "corrected", "masked")},
    "a text for a number": {"dx": "0.25"},
    "a truth for a number": {"tiles_used": True},
    "a number for a truth": {"corrected": 1},
    "a negative error": {"residual_px": -1},
    "too few pixels": {"masked": "AAAA"},
    "undone without tiles": {"tiles_used": 0, "corrected": True},
}  # fmt: skip


@pytest.mark.parametrize("change", UNBELIEVABLE.values(), ids=UNBELIEVABLE)
def test_what_cannot_be_believed_is_measured_again(store, tmp_path, measured, change):
    scenes = looks(store)
    plain = planned(scenes, store, kept_in(tmp_path))
    file = tmp_path / "placed/one.json"
    whole = file.read_bytes()
    held = json.loads(whole)["placings"]
    file.write_bytes(sealed({key: {**each, **change} for key, each in held.items()}))
    measured.clear()
    assert told(planned(scenes, store, kept_in(tmp_path))) == told(plain)
    assert sorted(measured) == list(range(LOOKS))
    assert file.read_bytes() == whole


@pytest.mark.parametrize("placings", [5, None, True, "text", "list", {"of": 1}])
def test_a_list_of_another_kind_is_no_list(store, tmp_path, placings):
    scenes = looks(store)
    plain = planned(scenes, store, kept_in(tmp_path))
    file = tmp_path / "placed/one.json"
    held = json.loads(file.read_bytes())["placings"]
    file.write_bytes(sealed(list(held) if placings == "list" else placings))
    assert told(planned(scenes, store, kept_in(tmp_path))) == told(plain)


def with_scene(item, **changes):
    return replace(item, scene=replace(item.scene, **changes))


def with_asset(item, **changes):
    assets = {key: replace(asset, **changes) for key, asset in item.scene.assets.items()}
    return with_scene(item, assets=assets)


@pytest.mark.parametrize(
    "changed",
    [
        lambda item: with_asset(item, scale=1.01),
        lambda item: with_asset(item, offset=1e-6),
        lambda item: with_asset(item, nodata=-1.0),
        lambda item: with_scene(item, footprint={"type": "Point", "coordinates": [15.0, 47.0]}),
        lambda item: with_scene(item, sun_elevation_deg=30.0),
        lambda item: replace(item, chips={**item.chips, "VH": item.chips["VV"]}),
    ],
    ids=["scale", "offset", "nodata", "footprint", "sun", "other band"],
)
def test_a_look_whose_chips_become_other_pixels_is_measured_again(
    store, tmp_path, measured, changed
):
    scenes = looks(store, LOOKS + 1)
    end = scenes[LOOKS - 1].scene.acquired
    planned(scenes, store, kept_in(tmp_path), baseline_end=end)
    measured.clear()
    scenes[-1] = changed(scenes[-1])
    plan = planned(scenes, store, kept_in(tmp_path), baseline_end=end)
    assert measured == [LOOKS]
    assert told(plan) == told(planned(scenes, store, baseline_end=end))


def test_another_grid_sensor_or_growth_of_masks_is_measured_again(store, tmp_path, measured):
    scenes, row = looks(store), SENSORS["sentinel-1-rtc"]
    planned(scenes, store, kept_in(tmp_path))
    for grid, sensor, growth in (
        (GRID[:, 1:], row, ()),
        (GRID.translate_pix(1, 0), row, ()),
        (GRID, replace(row, psf_m=row.psf_m + 1), ()),
        (GRID, row, (("cloud", 40.0),)),
    ):
        measured.clear()
        plan_stack(
            scenes, geobox=grid, sensor=sensor, chips=store, kept=kept_in(tmp_path),
            options=StackOptions(dilation_m=growth),
        )  # fmt: skip
        assert sorted(measured) == list(range(LOOKS))


@pytest.mark.parametrize("looks_held", [0, 3])
def test_looks_whose_codes_are_found_twice_are_placed_as_looks_that_are_held(
    store, monkeypatch, looks_held
):
    scenes = looks(store, LOOKS + 2)
    end = scenes[LOOKS - 1].scene.acquired
    usual = planned(scenes, store, baseline_end=end)
    kept_sizes = []
    original = reading.RegistrationSeries.replays

    def counted(series):
        kept_sizes.append((sorted(series._held), sorted(series._mosaics)))
        return original(series)

    monkeypatch.setattr(reading.RegistrationSeries, "replays", counted)
    pixels = GRID.shape[0] * GRID.shape[1]
    monkeypatch.setattr(reading, "HELD_BYTES", looks_held * pixels * (1 + 2))
    again = planned(scenes, store, baseline_end=end)
    assert told(again) == told(usual)
    assert (again.replayed, again.reference_looks) == (usual.replayed, usual.reference_looks)
    assert kept_sizes == [(sorted(usual.reference_looks), list(range(looks_held)))]
    assert len(usual.reference_looks) < len(scenes)
