"""Stacks: values once scaled, looks registered, reasons told apart, windows bit for bit."""

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from pipeline.imagery.scene import Asset, Scene
from pipeline.imagery.sensors import SENSORS
from pipeline.imagery.stack import (
    StackOptions,
    build_stack,
    looks_of,
    normalized,
    plan_stack,
    stack_window,
)
from pipeline.kernels.masking import (
    CLOUD,
    LOAD_FAILED,
    MISSING,
    OBSERVED,
    SHADOW,
    SNOW,
    SWATH_EDGE,
)
from pipeline.store.chips import ChipStore
from tests.imagery.looks import (
    CORNER,
    GRID,
    SIZE,
    START,
    WKT,
    Admitted,
    optical,
    placed,
    radar,
)
from tests.kernels.ground import fields, moved_by_fourier

S2, S1 = SENSORS["sentinel-2-l2a"], SENSORS["sentinel-1-rtc"]
GROUND = fields((128, 128), seed=3)
BANDS = ("B04", "B08", "B11")
RING = np.zeros(GRID.shape, bool)
RING[:, :40] = True


@pytest.fixture
def store(tmp_path):
    return ChipStore(tmp_path / "chips")


def reflectance(day, *, shift=(0.0, 0.0), gain=1.0, noise=0.002):
    rng = np.random.default_rng(1000 + day)
    ground = gain * moved_by_fourier(GROUND, *shift)[10 : 10 + SIZE, 10 : 10 + SIZE]
    red = ground + rng.normal(0, noise, ground.shape)
    nir = 1.5 * ground + rng.normal(0, noise, ground.shape)
    swir = ground.reshape(50, 2, 50, 2).mean(axis=(1, 3)) + rng.normal(0, noise, (50, 50))
    return {"B04": red, "B08": nir, "B11": swir}


def stacked(scenes, store, **options):
    ring = options.pop("ring", RING)
    failed = options.pop("failed", ())
    return build_stack(
        scenes, geobox=GRID, sensor=S2, chips=store, ring=ring, failed=failed,
        options=StackOptions(**options),
    )  # fmt: skip


def test_values_are_physical_once_on_the_very_pixels(store):
    bands = reflectance(0)
    stack = stacked([optical(store, bands)], store)
    assert stack["value"].dims == ("time", "band", "y", "x")
    assert stack["value"].dtype == np.float32
    assert list(stack["band"].values) == list(BANDS)
    # DN are whole: half a DN is 5e-5
    assert np.abs(stack["value"].values[0, 0] - bands["B04"]).max() <= 5.1e-5
    assert stack["valid"].values.all()
    assert (stack["reason"].values == OBSERVED).all()
    assert stack.rio.crs.to_epsg() == 32633
    assert stack.rio.transform() == GRID.affine
    assert stack["time"].values[0] == np.datetime64(START.replace(tzinfo=None))


def test_coarse_bands_are_bilinear_between_their_centres(store):
    ramp = np.add.outer(np.arange(50.0), np.arange(50.0)) * 2e-3 + 0.1
    stack = stacked([optical(store, reflectance(0) | {"B11": ramp})], store)
    fine = stack["value"].values[0, 2]
    # a plane comes back as a plane: at fine pixel i the coarse index is i/2 - 1/4
    index = np.clip(np.arange(SIZE) / 2 - 0.25, 0, 49)
    expected = np.add.outer(index, index) * 2e-3 + 0.1
    assert np.abs(fine - expected).max() < 1e-4  # whole DN


def test_a_hole_in_a_coarse_band_takes_the_pixels_it_has_weight_in(store):
    holed = reflectance(0)
    holed["B11"][20, 30] = np.nan
    stack = stacked([optical(store, holed)], store)
    gone = ~stack["valid"].values[0]
    rows, cols = np.nonzero(gone)
    # two fine pixels of its own and one on each side
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (39, 42, 59, 62)
    assert gone.sum() == 16
    assert (stack["reason"].values[0][gone] == MISSING).all()


@pytest.mark.parametrize("shift", [(0.37, -1.62), (-0.8, 0.45)])
def test_looks_are_registered_onto_the_reference(store, shift):
    scenes = [optical(store, reflectance(0)), optical(store, reflectance(5, shift=shift), day=5)]
    stack = stacked(scenes, store)
    facts = stack.attrs["scenes"][1]["registration"]
    # 100 px windows hold a dozen tiles: twice the target of a full scene
    assert np.hypot(facts["dx_px"] - shift[0], facts["dy_px"] - shift[1]) < 0.02
    assert facts["corrected"]
    inner = (slice(4, -4), slice(4, -4))
    difference = (stack["value"].values[1, 0] - stack["value"].values[0, 0])[inner]
    left = stacked(scenes, store, register=False)
    before = (left["value"].values[1, 0] - left["value"].values[0, 0])[inner]
    # what remains is the noise of both looks, 0.003
    assert difference.std() < 0.0035 < 3 * before.std()
    assert not stack["valid"].values[1].all()  # the border it moved in from was not delivered


def test_a_shift_within_its_own_error_is_left_alone(store):
    scenes = [optical(store, reflectance(d), day=d) for d in (0, 5)]
    stack = stacked(scenes, store)
    facts = stack.attrs["scenes"][1]["registration"]
    assert not facts["corrected"]
    assert "left as delivered" in facts["note"]
    assert stack["valid"].values.all()


def test_the_reference_is_the_clearest_look_of_the_baseline_and_stays_it(store):
    cloudy = np.full((50, 50), 4)
    cloudy[:25] = 9
    scenes = [
        optical(store, reflectance(0), scl=cloudy),
        optical(store, reflectance(5), day=5),
        optical(store, reflectance(10), day=10),
    ]
    assert stacked(scenes, store).attrs["reference"] == ["S2_005"]
    later = optical(store, reflectance(20), day=20)
    assert stacked([*scenes, later], store).attrs["reference"] == ["S2_005"]
    ended = stacked(scenes, store, baseline_end=scenes[0].scene.acquired)
    assert ended.attrs["reference"] == ["S2_000"]
    assert stacked(scenes, store, reference="S2_010").attrs["reference"] == ["S2_010"]
    with pytest.raises(ValueError, match="S2_099"):
        stacked(scenes, store, reference="S2_099")


def test_the_order_of_scenes_does_not_matter(store):
    scenes = [optical(store, reflectance(d, shift=(0.1 * d, 0)), day=d) for d in (0, 3, 6)]
    one, other = stacked(scenes, store), stacked(scenes[::-1], store)
    assert one["value"].values.tobytes() == other["value"].values.tobytes()
    assert json.dumps(one.attrs["scenes"]) == json.dumps(other.attrs["scenes"])


def test_mask_classes_become_reasons_with_dilation(store):
    scl = np.full((50, 50), 5)
    scl[10, 10], scl[30, 10], scl[10, 40], scl[40, 40] = 9, 3, 11, 1
    stack = stacked([optical(store, reflectance(0), scl=scl)], store)
    reason = stack["reason"].values[0]
    assert [reason[20, 20], reason[60, 20], reason[20, 80], reason[80, 80]] == [1, 2, 3, 5]
    assert reason[20, 20 + 10] == CLOUD  # 100 m
    assert reason[60, 20 + 6] == SHADOW  # 60 m
    assert reason[20, 80 + 2] == SNOW  # 20 m
    assert np.array_equal(stack["valid"].values[0], reason == OBSERVED)
    agreed = stacked(
        [optical(store, reflectance(0), scl=scl)], store,
        dilation_m=(("cloud", 0.0), ("shadow", 0.0), ("snow", 0.0)),
    )  # fmt: skip
    assert (agreed["reason"].values[0] != OBSERVED).sum() == 4 * 4


def footprint(west, east):
    to = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    box = shapely.box(CORNER[0] + west, CORNER[1] - 2000, CORNER[0] + east, CORNER[1] + 2000)
    moved = shapely.transform(box, lambda xy: np.column_stack(to.transform(*xy.T)))
    return shapely.geometry.mapping(moved)


def edged():
    bands = reflectance(0)
    for band, n in (("B04", 1), ("B08", 1), ("B11", 2)):
        bands[band] = bands[band].copy()
        bands[band][:, 70 // n :] = np.nan
        bands[band][40 // n : 44 // n, 20 // n : 24 // n] = np.nan
    return bands


def test_swath_edge_and_missing_are_told_apart_by_the_footprint(store):
    scene = optical(store, edged(), footprint=footprint(-500, 850))
    reason = stacked([scene], store)["reason"].values[0]
    assert (reason[40:44, 20:24] == MISSING).all()
    assert (reason[:, 70:84] == MISSING).all()  # inside the footprint it should be there
    assert (reason[:, 86:] == SWATH_EDGE).all()


def test_without_a_footprint_what_hangs_on_the_border_is_the_swath_edge(store):
    reason = stacked([optical(store, edged())], store)["reason"].values[0]
    assert (reason[40:44, 20:24] == MISSING).all()
    assert (reason[:, 70:] == SWATH_EDGE).all()


def test_tiles_of_one_datatake_are_mosaicked_valid_first_then_lower_id(store):
    bands = reflectance(0)
    high = {band: values + 0.1 for band, values in bands.items()}
    left = np.full((50, 50), 4)
    left[:, 30:] = 0
    right = np.full((50, 50), 4)
    right[:, :20] = 0
    right[:10] = 9
    scenes = [
        optical(store, high, scl=right, name="B_right", datatake="D1"),
        optical(store, bands, scl=left, name="A_left", datatake="D1"),
    ]
    stack = stacked(scenes, store, dilation_m=(("cloud", 0.0),))
    assert stack["look"].values.tolist() == ["A_left+B_right"]
    from_right = np.abs(stack["value"].values[0, 0] - high["B04"]) < 1e-4
    assert not from_right[:, :60].any()
    assert from_right[:, 60:].all()
    reason = stack["reason"].values[0]
    assert (reason[:20, 60:] == CLOUD).all()
    assert (reason[:20, :60] == OBSERVED).all()


def test_a_scene_whose_chips_are_gone_reads_load_failed_and_the_rest_goes_on(store):
    scenes = [optical(store, reflectance(d), day=d) for d in (0, 5, 10)]
    victim = store.path(scenes[1].chips["B08"])
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    stack = stacked(scenes, store)
    assert (stack["reason"].values[1] == LOAD_FAILED).all()
    assert not stack["valid"].values[1].any()
    assert np.isnan(stack["value"].values[1]).all()
    assert stack["valid"].values[[0, 2]].all()
    facts = stack.attrs["scenes"][1]
    assert facts["status"] == "failed"
    assert "B08" in facts["failed"]["S2_005"]


def test_scenes_that_were_not_admitted_stay_in_the_ledger(store):
    scenes = [optical(store, reflectance(d), day=d) for d in (0, 5)]
    lost = replace(scenes[0].scene, id="S2_003", datatake="S2_003", acquired=START.replace(day=4))
    stack = stacked(scenes, store, failed=[(lost, "FW220: truncated")])
    assert stack["look"].values.tolist() == ["S2_000", "S2_003", "S2_005"]
    assert (stack["reason"].values[1] == LOAD_FAILED).all()
    assert stack.attrs["scenes"][1]["failed"] == {"S2_003": "FW220: truncated"}


def test_half_a_mosaic_that_failed_is_not_called_swath_edge(store):
    scl = np.full((50, 50), 4)
    scl[:, 25:] = 0
    tile = optical(store, reflectance(0), scl=scl, name="A", datatake="D1")
    lost = replace(tile.scene, id="B")
    stack = stacked([tile], store, failed=[(lost, "gone")])
    assert (stack["reason"].values[0][:, 50:] == LOAD_FAILED).all()
    assert (stack["reason"].values[0][:, :50] == OBSERVED).all()


def test_sensors_and_tracks_are_never_mixed(store):
    one = optical(store, reflectance(0))
    other = optical(store, reflectance(5), day=5, track="R065")
    with pytest.raises(ValueError, match=r"R022.*R065"):
        looks_of([one, other])


def test_a_look_without_a_common_band_is_missing_not_silently_partial(store):
    scenes = [optical(store, reflectance(d), day=d) for d in (0, 5, 10)]
    poor = {k: v for k, v in reflectance(15).items() if k != "B08"}
    stack = stacked([*scenes, optical(store, poor, day=15)], store)
    assert list(stack["band"].values) == list(BANDS)
    assert (stack["reason"].values[3] == MISSING).all()
    only = stacked([*scenes, optical(store, poor, day=15)], store, bands=("B04",))
    assert only["valid"].values.all()
    with pytest.raises(KeyError, match="B99"):
        stacked(scenes, store, bands=("B99",))


def test_normalization_is_measured_on_the_ring_and_applied_only_on_request(store):
    busy = reflectance(5, gain=1.2)
    busy["B04"][50:80, 50:80] += 0.3  # an exercise in the zone
    stack = stacked([optical(store, reflectance(0)), optical(store, busy, day=5)], store)
    facts = stack.attrs["scenes"][1]["normalization"]
    # 4,000 ring pixels, noise 4 % of the texture
    assert facts["B04_gain"] == pytest.approx(1 / 1.2, rel=0.02)
    assert facts["B04_n"] > 3000
    ring = (..., slice(0, 100), slice(5, 35))
    before = stack["value"].values[:, 0][ring]
    after = normalized(stack)["value"].values[:, 0][ring]
    assert np.median(before[1] - before[0]) > 0.03
    assert abs(np.median(after[1] - after[0])) < 1e-3  # the ring's own median error is 1e-4
    assert np.median(normalized(stack)["value"].values[1, 0, 55:75, 55:75]) > 0.4
    assert (
        stacked([optical(store, reflectance(0))], store, ring=None).attrs["scenes"][0][
            "normalization"
        ]
        == {}
    )
    with pytest.raises(ValueError, match="ring"):
        stacked([optical(store, reflectance(0))], store, ring=RING[:50])


def test_broken_pixels_reach_no_value(store):
    scene = radar(store, np.full((2, 60, 60), -10.0))
    chip = store.open(scene.chips["VV"]).values.copy()
    chip[0, 5, 5:11] = [np.inf, -np.inf, np.nan, 3e38, 0.0, -1.0]
    scene.chips["VV"] = store.put(chip, placed(30), WKT, None)
    grid = GeoBox((60, 60), placed(30), "EPSG:32633")
    stack = build_stack([scene], geobox=grid, sensor=S1, chips=store)
    assert np.isfinite(stack["value"].values[0, 1]).all()
    assert (stack["reason"].values[0, 5, 5:11] == MISSING).all()
    assert stack["valid"].values.sum() == 3600 - 6


def radar_series(looks=6, *, seed=0):
    rng = np.random.default_rng(seed)
    ground = 40 * (fields((100, 100), seed=9) - 0.2) - 10
    wet = np.where(np.arange(looks) == 4, 2.0, 0.0)
    return ground + rng.normal(0, 1.2, (looks, 2, 100, 100)) + wet[:, None, None, None]


RADAR_GRID = GeoBox((100, 100), placed(30), "EPSG:32633")


def test_radar_stays_linear_power_and_its_wet_day_is_told(store):
    layers = radar_series()
    scenes = [radar(store, layer, day=12 * i) for i, layer in enumerate(layers)]
    stack = build_stack(scenes, geobox=RADAR_GRID, sensor=S1, chips=store, ring=RING)
    decibel = 10 * np.log10(stack["value"].values)
    assert np.abs(decibel - layers).max() < 1e-4  # float32
    offsets = [facts["normalization"]["VV_offset"] for facts in stack.attrs["scenes"]]
    # median of 4,000 ring pixels with 1.3 dB: standard error 0.03 dB
    assert offsets[4] == pytest.approx(-2.0, abs=0.15)
    assert np.abs(np.delete(offsets, 4)).max() < 0.15
    ring = 10 * np.log10(normalized(stack)["value"].values[:, 0, :, :40])
    assert np.ptp(np.median(ring, axis=(1, 2))) < 0.1


def test_interference_is_masked_and_not_named(store):
    layers = radar_series()
    layers[3, :, 45:52] += 9.0
    scenes = [radar(store, layer, day=12 * i) for i, layer in enumerate(layers)]
    stack = build_stack(scenes, geobox=RADAR_GRID, sensor=S1, chips=store)
    assert (stack["reason"].values[3, 45:52] == MISSING).all()
    assert stack["valid"].values[[0, 1, 2, 4, 5]].all()
    assert "stripe" not in json.dumps(stack.attrs).lower()
    assert "interference" not in json.dumps(stack.attrs).lower()


def test_the_same_pixels_under_two_dates_are_reported(store):
    scenes = [optical(store, reflectance(d), day=d) for d in (0, 5)]
    copy = optical(store, reflectance(0), day=30)
    replayed = stacked([*scenes, copy], store).attrs["replayed"]
    assert [(pair["before"], pair["after"]) for pair in replayed] == [("S2_000", "S2_030")]


def mixed_series(store):
    scl = np.full((50, 50), 4)
    scl[5:12, 30:40], scl[30:33, 3:9] = 9, 3
    left = np.full((50, 50), 4)
    left[:, 28:] = 0
    return [
        optical(store, reflectance(0)),
        optical(store, reflectance(5, shift=(0.37, -1.62)), day=5, scl=scl),
        optical(store, reflectance(10, shift=(-0.4, 0.2)), day=10, scl=left, name="A",
                datatake="D"),
        optical(store, edged(), day=10, name="B", datatake="D", footprint=footprint(-500, 850)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "window",
    [
        (slice(0, 100), slice(0, 100)),
        (slice(0, 1), slice(0, 1)),
        (slice(17, 53), slice(61, 100)),
        (slice(99, 100), slice(40, 47)),
        (slice(10, -30), slice(None, 33)),
    ],
    ids=str,
)
def test_any_window_has_the_bits_of_the_whole(store, window):
    plan = plan_stack(mixed_series(store), geobox=GRID, sensor=S2, chips=store)
    assert sum(look.corrected for look in plan.looks) == 2
    whole, part = stack_window(plan, store), stack_window(plan, store, window)
    for name in ("value", "valid", "reason", "x", "y"):
        expected = whole[name].values[(..., *window)] if name in ("value", "valid", "reason") else (
            whole[name].values[window[name == "x"]])  # fmt: skip
        assert part[name].values.tobytes() == np.ascontiguousarray(expected).tobytes()
    assert part.rio.transform() @ (0, 0) == (part["x"].values[0] - 5, part["y"].values[0] + 5)


@pytest.mark.parametrize("window", [(slice(5, 5), slice(0, 3)), (slice(0, 9, 2), slice(0, 3))])
def test_windows_must_be_contiguous_and_not_empty(store, window):
    plan = plan_stack(mixed_series(store)[:1], geobox=GRID, sensor=S2, chips=store)
    with pytest.raises(ValueError, match="window"):
        stack_window(plan, store, window)


def test_scenes_on_another_map_are_brought_onto_the_grid(store):
    # the same ground, delivered in the neighbouring zone: its own pixel centres, sampled from
    # a plane that is linear in the grid's x and y
    def plane(x, y):
        return 0.2 + 1e-4 * (x - CORNER[0]) / 10 + 2e-4 * (CORNER[1] - y) / 10

    neighbour = CRS.from_epsg(32632)
    to = Transformer.from_crs("EPSG:32633", neighbour, always_xy=True)
    back = Transformer.from_crs(neighbour, "EPSG:32633", always_xy=True)
    x0, y0 = to.transform(CORNER[0] - 300, CORNER[1] + 300)
    transform = Affine(10, 0, round(x0, -1), 0, -10, round(y0, -1))
    cols, rows = np.meshgrid(np.arange(200) + 0.5, np.arange(200) + 0.5)
    own = plane(*back.transform(transform.c + 10 * cols, transform.f - 10 * rows))
    centres = np.arange(SIZE) * 10 + 5
    here = plane(*np.meshgrid(CORNER[0] + centres, CORNER[1] - centres))
    scene = optical(store, {"B04": here}, day=0)
    chips = {
        "B04": store.put((np.round(own * 1e4) + 1000).astype(np.uint16)[None], transform,
                         neighbour.to_wkt(), 0),
        "mask": store.put(np.full((1, 200, 200), 4, np.uint8), transform, neighbour.to_wkt(), None),
    }  # fmt: skip
    other = replace(scene, chips=chips)
    stack = build_stack([other], geobox=GRID, sensor=S2, chips=store)
    assert stack["valid"].values.all()
    # bilinear reproduces a plane: whole DN and the zones' slight curvature remain
    assert np.abs(stack["value"].values[0, 0] - here).max() < 1e-4
    plan = plan_stack([other], geobox=GRID, sensor=S2, chips=store)
    part = stack_window(plan, store, (slice(31, 47), slice(3, 80)))
    assert part["value"].values.tobytes() == np.ascontiguousarray(
        stack["value"].values[:, :, 31:47, 3:80]).tobytes()  # fmt: skip


def test_no_scene_at_all_is_an_empty_stack(store):
    stack = stacked([], store)
    assert stack.sizes["time"] == 0
    assert stack.attrs["reference"] == []


def delivered(store, sensor, layers, *, pixel, name="scene"):
    """Admit a scene of any sensor from whole numbers, scaled as its table says."""
    chips, assets = {}, {}
    for key, values in layers.items():
        chips[key] = store.put(values.astype(np.uint16)[None], placed(pixel), WKT, None)
        known = {band.name: band for band in sensor.bands}.get(key)
        assets[key] = (
            Asset(key, scale=known.scale, offset=known.offset, nodata=known.nodata)
            if known
            else Asset(key)
        )
    scene = Scene(
        id=name, sensor=sensor.key, acquired=START, track="any", tile="t", datatake=name,
        provider="test", assets=assets,
    )  # fmt: skip
    return Admitted(scene, chips)


def test_landsat_bits_of_both_quality_layers_become_reasons(store):
    sensor = SENSORS["landsat-8-l2"]
    shape = (40, 40)
    layers = {name: np.full(shape, 12_000) for name in ("red", "nir08")}
    qa = np.full(shape, 21_824)
    qa[5, 5], qa[5, 30], qa[30, 5], qa[:, 39] = 1 << 3, 1 << 4, 1 << 5, 1
    saturation = np.zeros(shape)
    saturation[20, 20] = 1 << 3
    scene = delivered(store, sensor, layers | {"mask": qa, "saturation": saturation}, pixel=30)
    grid = GeoBox(shape, placed(30), "EPSG:32633")
    reason = build_stack([scene], geobox=grid, sensor=sensor, chips=store)["reason"].values[0]
    assert [reason[5, 5], reason[5, 30], reason[30, 5], reason[20, 20]] == [
        CLOUD, SHADOW, SNOW, MISSING,
    ]  # fmt: skip
    assert (reason[:, 39] == SWATH_EDGE).all()
    assert reason[5, 7] == CLOUD  # 60 m
    stack = build_stack([scene], geobox=grid, sensor=sensor, chips=store)
    assert stack["value"].values[0, 0, 0, 0] == pytest.approx(12_000 * 2.75e-5 - 0.2)


def test_level_1c_is_masked_by_its_spectra(store):
    sensor = SENSORS["sentinel-2-l1c"]
    ground = {"B02": 1100, "B03": 1000, "B04": 900, "B08": 2500, "B8A": 2600, "B09": 700,
              "B10": 15, "B11": 2000}  # fmt: skip
    cloud = {"B02": 5500, "B03": 5300, "B04": 5300, "B08": 5700, "B8A": 5700, "B09": 2400,
             "B10": 30, "B11": 4000}  # fmt: skip
    layers = {}
    for band, value in ground.items():
        layers[band] = np.full((SIZE, SIZE), value)
        layers[band][30:50, 30:50] = cloud[band]
    scene = delivered(store, sensor, layers, pixel=10)
    reason = build_stack([scene], geobox=GRID, sensor=sensor, chips=store)["reason"].values[0]
    assert (reason[30:50, 30:50] == CLOUD).all()
    assert (reason[60:] == OBSERVED).all()


def test_a_scene_without_its_required_mask_is_not_used(store):
    scene = optical(store, reflectance(0))
    bare = replace(scene, chips={k: v for k, v in scene.chips.items() if k != "mask"})
    stack = stacked([bare], store)
    assert (stack["reason"].values == LOAD_FAILED).all()
    assert "mask" in stack.attrs["scenes"][0]["failed"]["S2_000"]
