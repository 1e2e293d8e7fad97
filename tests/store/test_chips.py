from __future__ import annotations

import hashlib
import os

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.crs import CRS

from pipeline.errors import ProductError
from pipeline.store.chips import ChipStore
from pipeline.store.geotiff import Layers, encoded

UTM = CRS.from_epsg(32633).to_wkt()
GRID = Affine(10, 0, 499980, 0, -10, 5300040)
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


@pytest.fixture
def store(tmp_path):
    return ChipStore(tmp_path / "chips")


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_bit_comes_back(store, dtype):
    shape = (2, 300, 270)
    raw = np.random.default_rng(1).integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8)
    values = raw.view(dtype)[..., 0]  # for floats also NaN payloads, Inf and subnormals
    sha256 = store.put(values, GRID, UTM, 0, {"band": "B04"})
    chip = store.open(sha256)
    assert chip.values.tobytes() == values.tobytes()
    assert chip.values.dtype == dtype
    assert (chip.transform, chip.nodata, chip.tags) == (GRID, 0, {"band": "B04"})
    assert CRS.from_wkt(chip.crs) == CRS.from_wkt(UTM)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    values=hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=20)),
    nodata=st.sampled_from([None, 0.0, -9999.0, float("nan")]),
)
def test_any_float_chip_round_trips(tmp_path_factory, values, nodata):
    store = ChipStore(tmp_path_factory.getbasetemp() / "any")
    chip = store.open(store.put(values, GRID, UTM, nodata))
    assert chip.values.tobytes() == values.tobytes()
    assert (chip.nodata is None) == (nodata is None)


def test_the_name_is_the_digest_of_the_file_and_depends_on_content_alone(tmp_path):
    values = np.arange(600, dtype=np.uint16).reshape(1, 20, 30)
    one, two = ChipStore(tmp_path / "one"), ChipStore(tmp_path / "two")
    first = one.put(values, GRID, UTM, 0, {"b": "2", "a": "1"})
    second = two.put(np.asfortranarray(values), GRID, UTM, 0, {"a": "1", "b": "2"})
    assert first == second == hashlib.sha256(one.path(first).read_bytes()).hexdigest()
    assert one.path(first).read_bytes() == two.path(first).read_bytes()
    others = [
        one.put(values + 1, GRID, UTM, 0), one.put(values, GRID @ Affine.translation(1, 0), UTM, 0),
        one.put(values, GRID, UTM, None), one.put(values, GRID, CRS.from_epsg(32634).to_wkt(), 0),
        one.put(values, GRID, UTM, 0, {"a": "1"}),
    ]  # fmt: skip
    assert len({first, *others}) == 6


def test_putting_again_touches_nothing(store):
    values = np.ones((1, 8, 8), np.uint8)
    path = store.path(store.put(values, GRID, UTM))
    os.utime(path, ns=(1, 1))
    store.put(values, GRID, UTM)
    assert path.stat().st_mtime_ns == 1


def test_every_single_bit_flip_is_caught_and_put_mends_it(store):
    values = np.arange(64, dtype=np.uint16).reshape(1, 8, 8)
    sha256 = store.put(values, GRID, UTM)
    path = store.path(sha256)
    good = path.read_bytes()
    for position in range(0, len(good) * 8, 13):  # 13 and 8 share no factor: every bit place
        bad = bytearray(good)
        bad[position // 8] ^= 1 << position % 8
        path.write_bytes(bad)
        with pytest.raises(ProductError, match="digest"):
            store.open(sha256)
    assert not store.holds(sha256)
    assert store.put(values, GRID, UTM) == sha256
    assert path.read_bytes() == good


def test_a_missing_or_misnamed_chip_is_an_error(store):
    with pytest.raises(ProductError, match="No such file"):
        store.open("0" * 64)
    for name in ["../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"]:
        with pytest.raises(ValueError, match="64 hexadecimal"):
            store.open(name)


def test_a_digest_over_no_tiff_is_an_error(store):
    payload = b"no tiff at all"
    sha256 = hashlib.sha256(payload).hexdigest()
    store.path(sha256).parent.mkdir(parents=True)
    store.path(sha256).write_bytes(payload)
    with pytest.raises(ProductError, match="does not decode"):
        store.open(sha256)


@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (1, 0, 4)])
def test_values_without_band_axis_or_pixels_are_refused(store, shape):
    with pytest.raises(ValueError, match="must be"):
        store.put(np.ones(shape, np.uint8), GRID, UTM)


@pytest.mark.parametrize(
    ("values", "nodata"),
    [
        (np.ones((1, 4, 4), np.uint8), 300),
        (np.ones((1, 4, 4), np.complex64), None),
        (np.ones((1, 4, 4), bool), None),
    ],
)
def test_what_the_format_cannot_hold_exactly_is_refused(store, values, nodata):
    with pytest.raises((ValueError, TypeError)):
        store.put(values, GRID, UTM, nodata)


def test_rotated_and_odd_grids_keep_every_digit(store):
    odd = Affine(9.123456789012345, 0.1, 1 / 3, -0.2, -10.0000001, 2 / 7)
    assert store.open(store.put(np.ones((1, 4, 4), np.uint8), odd, UTM)).transform == odd


def test_a_chip_decoded_a_moment_ago_need_not_be_read_again_and_a_new_store_looks_itself(store):
    sha256 = store.put(np.ones((1, 4, 5), np.uint8), GRID, UTM)
    assert store.opens(sha256)
    store.open(sha256)
    store.path(sha256).write_bytes(b"altered")
    assert store.opens(sha256)
    assert not store.holds(sha256)
    assert not ChipStore(store.root).opens(sha256)
    store.path(sha256).unlink()
    assert not store.opens(sha256)


@pytest.mark.parametrize(
    ("dtype", "plain"), [("float32", True), ("float64", True), ("uint16", False)]
)
def test_floats_lie_plainly_in_the_file_and_integers_packed(store, dtype, plain):
    values = np.arange(2 * 300 * 270, dtype=dtype).reshape(2, 300, 270)
    payload = store.path(store.put(values, GRID, UTM)).read_bytes()
    assert (values.tobytes() in payload) == plain
    assert (len(payload) < values.nbytes) != plain


def test_floats_packed_by_earlier_versions_open(store):
    values = np.random.default_rng(3).normal(size=(1, 300, 270)).astype(np.float32)
    payload = encoded(
        Layers(values, GRID, UTM, float("nan")), driver="GTiff", compress="DEFLATE", zlevel=6,
        interleave="band", predictor=3, tiled=True, blockxsize=256, blockysize=256,
    )  # fmt: skip
    sha256 = hashlib.sha256(payload).hexdigest()
    store.path(sha256).parent.mkdir(parents=True)
    store.path(sha256).write_bytes(payload)
    assert store.loads(sha256)
    assert store.open(sha256).values.tobytes() == values.tobytes()


def test_a_chip_is_loaded_from_the_disk_whatever_is_kept_and_then_opens_without_it(store):
    sha256 = store.put(np.ones((1, 4, 5), np.uint8), GRID, UTM)
    assert store.loads(sha256)
    good = store.path(sha256).read_bytes()
    store.path(sha256).write_bytes(b"altered")
    assert not store.loads(sha256)
    store.path(sha256).unlink()
    assert not store.loads(sha256)
    assert store.open(sha256).values.all()
    store.path(sha256).write_bytes(good)
    assert store.loads(sha256)


def test_intact_bytes_that_are_no_chip_load_and_fail_to_open(store):
    payload = b"no tiff at all"
    sha256 = hashlib.sha256(payload).hexdigest()
    store.path(sha256).parent.mkdir(parents=True)
    store.path(sha256).write_bytes(payload)
    assert store.loads(sha256)
    assert store.holds(sha256)
    with pytest.raises(ProductError, match="does not decode"):
        store.open(sha256)


@pytest.mark.parametrize("nodata", [None, 0.0, float("nan")])
@pytest.mark.parametrize("bits", [0x80000000, 0xFFC00000, 0x7FC00001, 0, 0x7FC00000])
def test_blocks_that_look_empty_keep_their_bits(store, bits, nodata):
    values = np.full((1, 600, 30), bits, np.uint32).view(np.float32)
    values[0, 300, 4] = 2.5
    assert store.open(store.put(values, GRID, UTM, nodata)).values.tobytes() == values.tobytes()
