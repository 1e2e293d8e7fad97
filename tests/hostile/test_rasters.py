"""Outside rasters of bad faith: refused in one line, in bounded time, beside a good one."""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time

import numpy as np
import pytest
import rasterio

from pipeline.errors import LimitError, SceneError
from pipeline.imagery.admission import Limits, decoder, fetching, raster, read_asset
from pipeline.imagery.admission.container import driver_of
from pipeline.imagery.scene import Asset
from tests.hostile.rasters import SITE, pixels, write_jp2, write_tiff

SMALL = Limits(memory_megabytes=300, decode_seconds=20)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    return {
        "GTiff": write_tiff(folder / "good.tif").read_bytes(),
        "JP2OpenJPEG": write_jp2(folder / "good.jp2").read_bytes(),
    }


@pytest.fixture(autouse=True)
def _the_good_one_is_still_read(good, tmp_path):
    """After every attack the same process must serve the next, honest file."""
    yield
    np.testing.assert_array_equal(read(tmp_path, good["GTiff"]).values, pixels()[0])


def read(folder, payload, *, name="x.tif", limits=SMALL, **facts):
    path = folder / name
    path.write_bytes(payload)
    return read_asset(Asset(str(path), **facts), limits=limits, site="town")


def refusal(folder, payload, kind=SceneError, **options):
    """Read, which must fail, and return the one line."""
    started = time.monotonic()
    with pytest.raises(kind) as caught:
        read(folder, payload, **options)
    assert time.monotonic() - started < 30
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{kind.code}: site town: x.tif: ")
    assert str(folder) not in line
    return line


def tiff_tags(**entries):
    """A little-endian TIFF of one directory: tag → (type, count, value or bytes)."""
    order = sorted((int(tag[1:]), entry) for tag, entry in entries.items())
    at = 8 + 2 + 12 * len(order) + 4
    body, blobs = b"", b""
    for tag, (kind, count, value) in order:
        if isinstance(value, bytes):
            field = struct.pack("<I", at + len(blobs))
            blobs += value
        else:
            field = struct.pack("<I", value)  # a short lies in the first two bytes
        body += struct.pack("<HHI", tag, kind, count) + field
    return b"II*\0" + struct.pack("<IH", 8, len(order)) + body + struct.pack("<I", 0) + blobs


def header(width, height, *, bands=1, block=None, dtype=16):
    """Headers only: a raster that claims much and holds nothing."""
    geo = struct.pack("<16H", 1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
    tags = {
        "t256": (4, 1, width), "t257": (4, 1, height), "t259": (3, 1, 1), "t262": (3, 1, 1),
        "t258": (3, bands, dtype if bands == 1 else struct.pack("<H", dtype) * bands),
        "t277": (3, 1, bands), "t33550": (12, 3, struct.pack("<3d", 10, 10, 0)),
        "t33922": (12, 6, struct.pack("<6d", 0, 0, 0, 500_000, 5_001_000, 0)),
        "t34735": (3, 16, geo),
    }  # fmt: skip
    if block:
        tags |= {"t322": (4, 1, block), "t323": (4, 1, block)}
        tags |= {"t324": (4, 1, 8), "t325": (4, 1, 0)}
    else:
        tags |= {"t278": (4, 1, height), "t273": (4, 1, 8), "t279": (4, 1, 100)}
    return tiff_tags(**tags)


# ------------------------------------------------------------ what is no raster


VRT = b"""<VRTDataset rasterXSize="20" rasterYSize="20"><VRTRasterBand dataType="Byte" band="1">
<SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""


@pytest.mark.parametrize("driver", ["GTiff", "JP2OpenJPEG"])
@pytest.mark.parametrize(
    "payload",
    [
        VRT,
        b"",
        b"\0",
        b"PK\3\4" + bytes(100),
        b"\x89HDF\r\n\x1a\n" + bytes(100),
        b"<html>",
        os.urandom(64),
    ],
    ids=["vrt", "empty", "nul", "zip", "hdf", "html", "noise"],
)
def test_other_formats_under_a_rasters_name_are_refused(tmp_path, payload, driver):
    assert "neither" in refusal(tmp_path, payload, driver=driver) or payload == b""


@pytest.mark.parametrize("driver", ["VRT", "", "HTTP", "gtiff", "GTiff;VRT", "MEM"])
def test_no_other_driver_can_be_asked_for(tmp_path, good, driver):
    assert "names the driver" in refusal(tmp_path, good["GTiff"], driver=driver)


def test_between_the_two_formats_the_signature_decides_and_it_is_said(tmp_path, good):
    swapped = read(tmp_path, good["JP2OpenJPEG"], driver="GTiff")
    np.testing.assert_array_equal(swapped.values, pixels()[0])
    assert swapped.notes == ("declared as GTiff, decoded as JP2OpenJPEG by its signature",)
    assert driver_of(good["GTiff"], "JP2OpenJPEG") == "GTiff"


def test_side_files_change_nothing(tmp_path, good):
    plain = read(tmp_path, good["GTiff"])
    write_tiff(tmp_path / "x.tif.ovr", pixels() * 0)
    write_tiff(tmp_path / "x.tif.msk", pixels("uint8") * 0)
    (tmp_path / "x.tif.aux.xml").write_text(
        "<PAMDataset><GeoTransform>1,2,0,3,0,-2</GeoTransform><SRS>EPSG:4326</SRS></PAMDataset>"
    )
    (tmp_path / "x.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    beside = read(tmp_path, good["GTiff"])
    np.testing.assert_array_equal(beside.values, plain.values)
    assert (beside.transform, beside.crs, beside.nodata) == (plain.transform, plain.crs, None)


# ------------------------------------------------------------ broken bytes


@pytest.mark.parametrize("driver", ["GTiff", "JP2OpenJPEG"])
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path, good, driver):
    payload = good[driver]
    ends = np.unique(np.linspace(0, len(payload) - 2, 40).astype(int))
    for end in ends:
        refusal(tmp_path, payload[:end], driver=driver)


def test_gdals_own_words_say_what_is_wrong(tmp_path, good):
    cut = refusal(tmp_path, good["GTiff"][:200])  # inside the directory
    assert "does not decode" in cut
    assert "See previous exception" not in cut
    assert cut == refusal(tmp_path, good["GTiff"][:200])  # the record must not hold a random name
    assert "truncated" in refusal(tmp_path, good["GTiff"][:-3000])


@pytest.mark.parametrize("driver", ["GTiff", "JP2OpenJPEG"])
def test_a_flipped_bit_never_passes_for_the_declared_bytes(tmp_path, good, driver):
    payload = good[driver]
    sha256 = hashlib.sha256(payload).hexdigest()
    places = np.random.default_rng(11).choice(len(payload) * 8, 300, replace=False)
    for place in places:
        bad = bytearray(payload)
        bad[place // 8] ^= 1 << place % 8
        (tmp_path / "x.tif").write_bytes(bad)
        with pytest.raises(SceneError, match="has SHA-256"):
            fetching.fetch(Asset(str(tmp_path / "x.tif"), sha256=sha256), SMALL)


def test_a_flipped_bit_without_a_declared_digest_is_refused_or_bound_to_its_own(tmp_path, good):
    payload = good["GTiff"]
    refused = 0
    for place in np.random.default_rng(12).choice(len(payload) * 8, 60, replace=False):
        bad = bytearray(payload)
        bad[place // 8] ^= 1 << place % 8
        try:
            got = read(tmp_path, bytes(bad))
        except SceneError:
            refused += 1
            continue
        # A deflated block carries a checksum: what is still read are the very pixels.
        assert got.sha256 == hashlib.sha256(bad).hexdigest()
        np.testing.assert_array_equal(got.values, pixels()[0])
    assert refused > 30


def test_blocks_that_were_never_written_are_no_dark_ground(tmp_path):
    def sparse(name, **options):
        path = tmp_path / name
        with rasterio.open(
            path, "w", driver="GTiff", count=1, width=128, height=128, dtype="uint16",
            crs="EPSG:32633", transform=rasterio.Affine(10, 0, 500_000, 0, -10, 5_001_000),
            tiled=True, blockxsize=64, blockysize=64, sparse_ok=True, **options,
        ) as file:  # fmt: skip
            window = rasterio.windows.Window(0, 0, 64, 64)
            file.write(np.ones((1, 64, 64), np.uint16), window=window)
        return path.read_bytes()

    assert "3 blocks were never written" in refusal(tmp_path, sparse("a.tif"))
    assert "never written" in refusal(tmp_path, sparse("b.tif"), nodata=65535.0)
    declared = read(tmp_path, sparse("c.tif", nodata=9))
    assert (declared.values[64:] == 9).all()
    assert (read(tmp_path, sparse("d.tif"), nodata=0.0).values[64:] == 0).all()


def test_pixels_of_any_value_are_kept_as_they_are(tmp_path):
    values = pixels("float32")
    values[0, 0, :6] = [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45]
    got = read(tmp_path, write_tiff(tmp_path / "y.tif", values).read_bytes()).values
    assert got.tobytes() == values[0].tobytes()


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_pixels_of_two_parts_are_refused(tmp_path, dtype):
    payload = write_tiff(tmp_path / "y.tif", pixels().astype(dtype)).read_bytes()
    assert "which is not read" in refusal(tmp_path, payload)


# ------------------------------------------------------------ claims and costs


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        (header(2_000_000_000, 2_000_000_000), "limit is"),
        (header(2_000_000_000, 2), "a side"),
        (header(199_999, 199_999, block=256), "megabytes to decode"),
        (header(64, 64, bands=65_535), "65535 bands"),
        (header(64, 64, bands=300), "300 bands"),
        (header(64, 64, block=1 << 15), "too large to decode"),
        (header(100_000, 100_000), "megabytes to decode"),
        (header(0, 0), "."),
        (header(64, 64, block=1 << 30), "."),
    ],
    ids=[
        "huge", "wide", "zip bomb", "65535 bands", "300 bands", "big block", "one strip",
        "no pixel", "absurd block",
    ],
)  # fmt: skip
def test_claims_beyond_the_limits_are_refused_before_a_pixel_is_read(tmp_path, payload, rule):
    (tmp_path / "x.tif").write_bytes(payload)
    with pytest.raises(SceneError, match=rule) as caught:
        read_asset(Asset(str(tmp_path / "x.tif")), limits=SMALL, site="town")
    assert "\n" not in str(caught.value)


def test_a_small_window_of_a_claimed_giant_costs_little(tmp_path):
    (tmp_path / "x.tif").write_bytes(header(100_000, 100_000, block=256))
    with pytest.raises(SceneError, match=r"never written|does not decode"):
        read_asset(Asset(str(tmp_path / "x.tif")), window_polygon=SITE, limits=SMALL)


def test_a_compressed_giant_is_decoded_only_where_the_site_is(tmp_path):
    side = 12_000  # 288 MB of pixels in well under a megabyte
    path = tmp_path / "x.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, width=side, height=side, dtype="uint16", tiled=True,
        blockxsize=512, blockysize=512, compress="deflate", crs="EPSG:32633",
        transform=rasterio.Affine(10, 0, 500_000, 0, -10, 5_001_000), sparse_ok=True, nodata=0,
    ) as file:  # fmt: skip
        file.write(
            np.ones((1, 512, 512), np.uint16), window=rasterio.windows.Window(0, 0, 512, 512)
        )
    limits = Limits(memory_megabytes=300)
    with pytest.raises(LimitError, match="megabytes to decode"):
        read_asset(Asset(str(path)), limits=limits)
    assert (read_asset(Asset(str(path)), window_polygon=SITE, limits=limits).values == 1).all()


def test_the_deadline_holds(tmp_path, monkeypatch, good):
    monkeypatch.setattr(decoder, "_DECODER", "tests.hostile.decoders")
    line = refusal(
        tmp_path, good["GTiff"], LimitError, limits=Limits(memory_megabytes=200, decode_seconds=0.3)
    )
    assert "longer than 0.3 seconds" in line


def test_a_decoder_that_crashes_or_eats_is_thrown_away(tmp_path, monkeypatch, good):
    monkeypatch.setattr(decoder, "_DECODER", "tests.hostile.decoders")
    limits = Limits(memory_megabytes=200, side_pixels=1)
    assert "crashed the decoder" in refusal(tmp_path, good["GTiff"], limits=limits)
    limits = Limits(memory_megabytes=200, side_pixels=2)
    assert "200 megabytes" in refusal(tmp_path, good["GTiff"], LimitError, limits=limits)


def test_a_file_larger_than_the_limit_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "x.tif"
    with path.open("wb") as file:
        file.truncate(10 << 30)  # ten sparse gigabytes
    started = time.monotonic()
    with pytest.raises(LimitError, match="larger than the limit"):
        read_asset(Asset(str(path)), limits=Limits(asset_megabytes=1))
    assert time.monotonic() - started < 5


# ------------------------------------------------------------ names that lead elsewhere


@pytest.mark.parametrize(
    "href",
    [
        "/vsicurl/http://127.0.0.1:1/x.tif", "/vsizip//x.zip/x.tif", "/vsimem/x.tif", "/vsistdin/",
        "file:///etc/passwd", "FILE:///etc/passwd", "ftp://127.0.0.1/x.tif", "s3://bucket/x.tif",
        "gs://bucket/x", "GTIFF_DIR:1:/etc/passwd", "NETCDF:x", "data:image/tiff;base64,SUkqAA==",
        "<VRTDataset/>", "../../../etc/passwd", "/etc/../etc/passwd", "x\0.tif", "", ".", "/", "\n",
        "/dev/zero", "/dev/stdin", "/proc/self/mem", "http://", "http:///x.tif", "https://[::1",
        "http://user:password@127.0.0.1:1/x.tif", "//127.0.0.1/x.tif",
    ],
)  # fmt: skip
@pytest.mark.parametrize("rooted", [True, False])
def test_hrefs_that_lead_elsewhere_are_refused(tmp_path, monkeypatch, href, rooted):
    monkeypatch.chdir(tmp_path)
    limits = Limits(folders=(tmp_path,) if rooted else (), asset_megabytes=1)
    with pytest.raises(SceneError) as caught:
        read_asset(Asset(href), limits=limits)
    assert "\n" not in str(caught.value)
    assert "password@" not in str(caught.value)


def test_links_and_folders_do_not_lead_out_of_the_catalogue(tmp_path, good):
    catalogue, outside = tmp_path / "catalogue", tmp_path / "outside"
    catalogue.mkdir()
    outside.mkdir()
    (outside / "secret.tif").write_bytes(good["GTiff"])
    (catalogue / "inner.tif").write_bytes(good["GTiff"])
    (catalogue / "link.tif").symlink_to(outside / "secret.tif")
    (catalogue / "folder").symlink_to(outside)
    (catalogue / "fine.tif").symlink_to("inner.tif")
    limits = Limits(folders=(catalogue,))
    for name in ("link.tif", "folder/secret.tif", "../outside/secret.tif", "."):
        with pytest.raises(SceneError):
            read_asset(Asset(str(catalogue / name)), limits=limits)
    with pytest.raises(SceneError, match="outside the folders"):
        read_asset(Asset(str(outside / "secret.tif")), limits=limits)
    assert read_asset(Asset(str(catalogue / "fine.tif")), limits=limits).values.shape == (100, 120)


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
@pytest.mark.parametrize("kind", ["pipe", "folder", "socket"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "x.tif"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        import socket  # noqa: PLC0415 - the one test that listens in a folder

        socket.socket(socket.AF_UNIX).bind(str(path))
    started = time.monotonic()
    with pytest.raises(SceneError, match=r"regular file|cannot be read"):
        read_asset(Asset(str(path)))
    assert time.monotonic() - started < 2
    path.rmdir() if kind == "folder" else path.unlink()


def test_the_bytes_that_are_hashed_are_the_bytes_that_are_decoded(tmp_path, good, monkeypatch):
    path = tmp_path / "x.tif"
    path.write_bytes(good["GTiff"])
    other = write_tiff(tmp_path / "other.tif", pixels() * 2).read_bytes()
    real = fetching.fetch

    def replaced_after_hashing(asset, limits):
        fetched = real(asset, limits)
        path.write_bytes(other)
        return fetched

    monkeypatch.setattr(raster, "fetch", replaced_after_hashing)
    got = read_asset(Asset(str(path)))
    assert path.read_bytes() == other
    assert got.sha256 == hashlib.sha256(good["GTiff"]).hexdigest()
    np.testing.assert_array_equal(got.values, pixels()[0])
