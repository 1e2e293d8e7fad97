from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from shapely.geometry import MultiPolygon, box, mapping

from pipeline.errors import LimitError, SceneError
from pipeline.imagery.admission import Limits, OutsideRaster, admit, read_asset
from pipeline.imagery.admission import records as records_module
from pipeline.imagery.admission.raster import read_bands
from pipeline.imagery.scene import Asset, Scene
from pipeline.store.chips import ChipStore
from tests.hostile.rasters import GRID, SITE, UTM33, pixels, write_jp2, write_tiff


@pytest.fixture
def tiff(tmp_path):
    return write_tiff(tmp_path / "catalogue" / "B04.tif")


def asset(path, **facts):
    return Asset(str(path), **facts)


def scene(*paths, **facts):
    given = {
        "id": "S2A_33TWM_20230815_0_L2A", "sensor": "sentinel-2-l2a",
        "acquired": datetime(2023, 8, 15, 9, 57, tzinfo=UTC), "track": "R079", "tile": "33TWM",
        "datatake": "d", "provider": "p",
        "assets": {path.stem: asset(path, scale=0.0001, offset=-0.1) for path in paths},
    }  # fmt: skip
    return Scene(**{**given, **facts})


# ---------------------------------------------------------------- one file


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_pixels_are_those_of_the_file_and_bound_to_its_bytes(tmp_path, dtype):
    values = pixels(dtype)
    path = write_tiff(tmp_path / "x.tif", values)
    raster = read_asset(asset(path))
    np.testing.assert_array_equal(raster.values, values[0])
    assert raster.values.dtype == dtype
    assert raster.transform == GRID
    assert CRS.from_wkt(raster.crs) == CRS.from_string(UTM33)
    assert raster.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert raster.size == path.stat().st_size
    assert raster.notes == ()


def test_jpeg_2000_is_read_losslessly(tmp_path):
    path = write_jp2(tmp_path / "x.jp2")
    raster = read_asset(asset(path, driver="JP2OpenJPEG"))
    np.testing.assert_array_equal(raster.values, pixels()[0])
    assert raster.transform == GRID


def test_the_band_that_was_declared_is_read(tmp_path):
    values = pixels(count=3)
    path = write_tiff(tmp_path / "x.tif", values)
    np.testing.assert_array_equal(read_asset(asset(path, index=3)).values, values[2])
    with pytest.raises(SceneError, match="has 3 bands, band 4 was declared"):
        read_asset(asset(path, index=4))


@pytest.mark.parametrize("margin", [0, 5])
def test_the_window_is_the_polygons_bounds_and_a_margin(tmp_path, margin):
    # Coordinates as pixel values: each pixel says which column and row it was.
    rows, cols = np.mgrid[0:100, 0:120]
    path = write_tiff(tmp_path / "x.tif", (rows * 1000 + cols)[None].astype("int32"))
    raster = read_asset(asset(path), window_polygon=SITE, limits=Limits(margin_pixels=margin))
    left, top = (round(v) for v in ~GRID @ (raster.transform.c, raster.transform.f))
    height, width = raster.values.shape
    np.testing.assert_array_equal(raster.values, (rows * 1000 + cols)[top:, left:][:height, :width])
    # SITE is 299 m × 300 m, and at 45° north UTM's axes are those of the map within 1 %.
    assert 30 <= width - 2 * margin <= 32
    assert 30 <= height - 2 * margin <= 32


def test_a_window_ends_where_the_raster_ends(tiff):
    raster = read_asset(asset(tiff), window_polygon=box(14.9, 45.1, 15.005, 45.2))
    assert raster.transform == GRID
    assert raster.values.shape[0] == 100
    assert raster.values.shape[1] < 120


@pytest.mark.parametrize("polygon", [box(16, 45, 16.1, 45.1), box(-165, -45.16, -164.9, -45.1)])
def test_a_polygon_that_meets_no_pixel_is_its_own_error(tiff, polygon):
    with pytest.raises(OutsideRaster, match="does not meet") as caught:
        read_asset(asset(tiff), window_polygon=polygon, site="town")
    assert isinstance(caught.value, SceneError)
    assert str(caught.value).startswith("FW223: site town: B04.tif: ")


@pytest.mark.parametrize(
    ("crs", "west"), [("EPSG:32601", None), ("EPSG:4326", 179.95), ("EPSG:4326", -180.05)]
)
def test_a_site_split_at_the_antimeridian_is_one_window(tmp_path, crs, west):
    if west is None:  # UTM zone 1 from 300 m west of 180° on, at the equator
        grid = Affine(10, 0, 166_021.44 - 300, 0, -10, 1000)
        half = 0.001
    else:
        grid, half = Affine(0.001, 0, west, 0, -0.001, 0.05), 0.01
    path = write_tiff(tmp_path / "x.tif", crs=crs, transform=grid)
    site = MultiPolygon(
        [box(180 - half, -half / 2, 180, half / 2), box(-180, -half / 2, -180 + half, half / 2)]
    )
    raster = read_asset(asset(path), window_polygon=site, limits=Limits(margin_pixels=0))
    across = 2 * half * (111_320 if west is None else 1) / grid.a
    assert raster.values.shape[1] == pytest.approx(across, abs=2)  # the pixels at both ends


def test_rows_delivered_south_first_are_turned(tmp_path):
    values = pixels()
    south_up = Affine(10, 0, 500_000, 0, 10, 5_000_000)
    path = write_tiff(tmp_path / "x.tif", values[:, ::-1], transform=south_up)
    raster = read_asset(asset(path))
    np.testing.assert_array_equal(raster.values, values[0])
    assert raster.transform == GRID
    assert "turned" in raster.notes[0]


def test_a_grid_that_is_missing_is_taken_from_the_catalogue_and_scaled(tmp_path, monkeypatch):
    monkeypatch.setenv("GDAL_PAM_ENABLED", "NO")
    path = write_tiff(tmp_path / "x.tif", crs=None, transform=None)
    with pytest.raises(SceneError, match="no map grid in its header"):
        read_asset(asset(path))
    declared = declared_asset(
        path, crs=UTM33, transform=(5, 0, 500_000, 0, -5, 5_001_000), shape=(200, 240)
    )
    raster = read_bands([declared], window_polygon=SITE, limits=Limits(margin_pixels=200))[0]
    assert raster.transform == GRID
    assert any("catalogue's was used" in note for note in raster.notes)
    with pytest.raises(SceneError, match="are not the declared"):
        read_asset(declared_asset(path, crs=UTM33, transform=(5, 0, 0, 0, -5, 0), shape=(200, 120)))


def declared_asset(path, **grid):
    # As an asset of the catalogue that carries its declared grid.
    facts = {"href": str(path), "driver": "GTiff", "index": 1, "nodata": None, "size": None}
    return SimpleNamespace(**facts, sha256=None, checksum=None, **grid)


def test_a_header_on_another_map_than_declared_is_refused_and_another_pixel_is_noted(tiff):
    with pytest.raises(SceneError, match="declared as EPSG:32634"):
        read_asset(declared_asset(tiff, crs="EPSG:32634"))
    raster = read_asset(declared_asset(tiff, crs=UTM33, transform=(20, 0, 0, 0, -20, 0)))
    assert raster.notes == ("pixels of 10, declared 20",)
    assert raster.transform == GRID


@pytest.mark.parametrize("crs", ["EPSG:999999", "EPSG:" + "9" * 30, "no map", "\ud800"])
def test_a_declared_map_nobody_knows_yields_to_the_header(tmp_path, tiff, crs):
    assert read_asset(declared_asset(tiff, crs=crs)).transform == GRID
    bare = write_tiff(tmp_path / "bare.tif", crs=None, transform=Affine.identity())
    with pytest.raises(SceneError, match="declared on the unknown map"):
        read_asset(declared_asset(bare, crs=crs, transform=tuple(GRID)[:6]))


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"transform": GRID @ Affine.rotation(5)}, "rotated"),
        ({"transform": Affine(-10, 0, 0, 0, -10, 0)}, "mirrored"),
        ({"transform": Affine(10, 0, 0, 3, -10, 0)}, "sheared"),
        ({"crs": None}, "no map grid"),
        ({"crs": CRS.from_wkt('LOCAL_CS["here",UNIT["metre",1]]')}, "no map of the Earth"),
        # A pixel less than the map coordinates can tell apart: all would lie on one spot.
        ({"transform": Affine(1e-12, 0, 500_000, 0, -1e-12, 5_001_000)}, "unusable grid"),
        ({"crs": "EPSG:4326", "transform": Affine(1e-3, 0, 15, 0, -1e-3, 91)}, "beyond the edge"),
        ({"transform": Affine(1e9, 0, 500_000, 0, -1e9, 5_001_000)}, "beyond the edge"),
    ],
)
def test_rasters_that_lie_on_no_usable_map_are_refused(tmp_path, options, rule):
    with pytest.raises(SceneError, match=rule):
        read_asset(asset(write_tiff(tmp_path / "x.tif", **options)))


def test_nodata_of_the_header_wins_and_the_declared_one_fills_in(tmp_path):
    with_nodata = write_tiff(tmp_path / "a.tif", nodata=7)
    without = write_tiff(tmp_path / "b.tif")
    assert read_asset(asset(with_nodata)).nodata == 7
    both = read_asset(asset(with_nodata, nodata=0.0))
    assert both.nodata == 7
    assert "7 in the header, 0 in the catalogue" in both.notes[0]
    assert read_asset(asset(without)).nodata is None
    assert read_asset(asset(without, nodata=0.0)).nodata == 0
    odd = read_asset(asset(without, nodata=-9999.0))
    assert odd.nodata is None
    assert "cannot occur in uint16" in odd.notes[0]


def test_pixels_hidden_by_the_files_own_mask_become_nodata(tmp_path):
    import rasterio  # noqa: PLC0415 - only here a mask is written

    def masked(path, values, **options):
        write_tiff(path, values, **options)
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
            mask = np.full(values.shape[1:], 255, np.uint8)
            mask[:10] = 0
            file.write_mask(mask)
        return asset(path)

    floats = read_asset(masked(tmp_path / "f.tif", pixels("float32"))).values
    assert np.isnan(floats[:10]).all()
    assert not np.isnan(floats[10:]).any()
    with pytest.raises(SceneError, match="no value that says so"):
        read_asset(masked(tmp_path / "i.tif", pixels()))
    named = replace(masked(tmp_path / "n.tif", pixels()), nodata=0.0)
    assert (read_asset(named).values[:10] == 0).all()


def test_the_decoder_reads_full_resolution_whatever_the_overviews_say(tmp_path):
    import rasterio  # noqa: PLC0415 - only here an overview is written

    path = write_tiff(tmp_path / "x.tif", pixels(shape=(512, 512)))
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4])
    with rasterio.open(path, "r+", overview_level=0) as lie:
        lie.write(np.zeros((1, 256, 256), np.uint16))
    np.testing.assert_array_equal(read_asset(asset(path)).values, pixels(shape=(512, 512))[0])


def test_scale_in_the_header_is_said_and_not_applied(tmp_path):
    import rasterio  # noqa: PLC0415 - only here a scale is written

    path = write_tiff(tmp_path / "x.tif")
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.0001,), (-0.1,)
    raster = read_asset(asset(path))
    np.testing.assert_array_equal(raster.values, pixels()[0])
    assert raster.notes == ("header states scale 0.0001 and offset -0.1; not applied",)


def test_what_the_catalogue_declares_of_the_bytes_is_held_against_them(tiff):
    payload = tiff.read_bytes()
    sha256, sha512 = hashlib.sha256(payload).hexdigest(), hashlib.sha512(payload).hexdigest()
    read_asset(asset(tiff, size=len(payload), sha256=sha256.upper(), checksum="1340" + sha512))
    with pytest.raises(SceneError, match="declares 5"):
        read_asset(asset(tiff, size=5))
    with pytest.raises(SceneError, match="has SHA-256"):
        read_asset(asset(tiff, sha256="0" * 64))
    with pytest.raises(SceneError, match="sha512 checksum"):
        read_asset(asset(tiff, checksum="1340" + "0" * 128))


# ---------------------------------------------------------------- a scene


@pytest.fixture
def kept(tmp_path):
    return ChipStore(tmp_path / "evidence")


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture
def no_door(monkeypatch):
    """From here on, opening an outside file is a failure."""

    def close():
        def opened(*_args, **_kwargs):
            pytest.fail("an outside raster was opened")

        monkeypatch.setattr(records_module, "read_bands", opened)

    return close


def limits_of(tmp_path):
    return Limits(folders=(tmp_path / "catalogue",), margin_pixels=4)


def test_a_scene_is_kept_as_chips_that_say_where_they_come_from(tmp_path, kept):
    folder = tmp_path / "catalogue"
    paths = [write_tiff(folder / "B04.tif"), write_tiff(folder / "B08.tif", pixels() + 1)]
    admitted = admit(
        scene(*paths), polygon=SITE, bands=["B08", "B04"], chips=kept,
        limits=limits_of(tmp_path), site="town",
    )  # fmt: skip
    assert list(admitted.chips) == list(admitted.files) == ["B04", "B08"]
    for band, path in zip(["B04", "B08"], paths, strict=True):
        whole = read_asset(asset(path))
        chip = kept.open(admitted.chips[band])
        left, top = (round(v) for v in ~whole.transform @ (chip.transform.c, chip.transform.f))
        _, height, width = chip.values.shape
        np.testing.assert_array_equal(chip.values[0], whole.values[top:, left:][:height, :width])
        facts = admitted.files[band]
        assert facts.href == f"{band}.tif"
        assert (facts.size, facts.sha256) == (whole.size, whole.sha256)
        assert (facts.scale, facts.offset) == (0.0001, -0.1)
        assert chip.tags == {"scene": scene().id, "band": band, "source_sha256": whole.sha256}
    assert str(tmp_path).encode() not in b"".join(tree(kept.root).values())


def test_a_second_run_opens_nothing_and_changes_nothing(tmp_path, kept, no_door):
    path = write_tiff(tmp_path / "catalogue" / "B04.tif")
    arguments = {"polygon": SITE, "bands": ["B04"], "chips": kept, "limits": limits_of(tmp_path)}
    first = admit(scene(path), **arguments)
    assert first.opened == ("B04",)
    for file in kept.root.rglob("*"):
        os.utime(file, ns=(1, 1))
    before = tree(kept.root)
    no_door()
    second = admit(scene(path), **arguments)
    assert replace(first, opened=()) == second
    assert tree(kept.root) == before
    assert all(file.stat().st_mtime_ns == 1 for file in kept.root.rglob("*"))


@pytest.mark.parametrize(
    "change", ["id", "size", "href", "sha256", "polygon", "margin", "index", "nodata"]
)
def test_whatever_differs_is_admitted_again(tmp_path, kept, change):
    path = write_tiff(tmp_path / "catalogue" / "B04.tif", pixels(count=2))
    limits, polygon = limits_of(tmp_path), SITE
    admit(scene(path), polygon=polygon, bands=["B04"], chips=kept, limits=limits)
    again = scene(path)
    file = again.assets["B04"]
    if change == "id":
        again = replace(again, id="another")
    elif change == "size":
        write_tiff(path, pixels(count=2) % 3)
    elif change == "href":
        file = replace(file, href=str(shutil.copy(path, path.with_name("copy.tif"))))
    elif change == "sha256":
        file = replace(file, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    elif change == "polygon":
        polygon = SITE.buffer(0.001)
    elif change == "margin":
        limits = replace(limits, margin_pixels=5)
    else:
        file = replace(file, **{change: 2})
    again = replace(again, assets={"B04": file})
    second = admit(again, polygon=polygon, bands=["B04"], chips=kept, limits=limits)
    assert second.opened == ("B04",)


@pytest.mark.parametrize("damage", ["delete", "flip", "record", "record digest", "record shape"])
def test_damaged_evidence_is_admitted_again_to_the_same_bytes(tmp_path, kept, damage):
    path = write_tiff(tmp_path / "catalogue" / "B04.tif")
    arguments = {"polygon": SITE, "bands": ["B04"], "chips": kept, "limits": limits_of(tmp_path)}
    first = admit(scene(path), **arguments)
    good = tree(kept.root)
    chip = kept.path(first.chips["B04"])
    record = next((kept.root / "admitted").rglob("*.json"))
    if damage == "delete":
        chip.unlink()
    elif damage == "flip":
        chip.write_bytes(bytes([chip.read_bytes()[0] ^ 1]) + chip.read_bytes()[1:])
    elif damage == "record":
        record.write_bytes(b"{half")
    elif damage == "record digest":
        record.write_bytes(record.read_bytes().replace(first.chips["B04"].encode(), b"../" * 20))
    else:
        record.write_bytes(b'{"asked":[],"found":{},"schema":"fairwitness/admission/1"}')
    second = admit(scene(path), **arguments)
    assert second == first
    assert tree(kept.root) == good


def test_a_further_band_is_added_to_the_record(tmp_path, kept):
    folder = tmp_path / "catalogue"
    both = scene(write_tiff(folder / "B04.tif"), write_tiff(folder / "B08.tif"))
    arguments = {"polygon": SITE, "chips": kept, "limits": limits_of(tmp_path), "site": "town"}
    admit(both, bands=["B04"], **arguments)
    assert admit(both, bands=["B04", "B08"], **arguments).opened == ("B08",)
    assert admit(both, bands=["B08", "B04"], **arguments).opened == ()
    assert len(list((kept.root / "admitted" / "town").iterdir())) == 1


def test_bands_of_one_file_are_fetched_once(tmp_path, kept, monkeypatch):
    path = write_tiff(tmp_path / "catalogue" / "all.tif", pixels(count=3))
    calls = []
    real = records_module.read_bands
    monkeypatch.setattr(
        records_module, "read_bands", lambda *a, **k: calls.append(a) or real(*a, **k)
    )
    many = scene(assets={f"B0{i}": asset(path, index=i) for i in (1, 2, 3)})
    admitted = admit(many, polygon=SITE, bands=many.assets, chips=kept, limits=limits_of(tmp_path))
    assert len(calls) == 1
    assert len(set(admitted.chips.values())) == 3
    assert len({facts.sha256 for facts in admitted.files.values()}) == 1


def test_a_footprint_elsewhere_is_refused_and_a_rough_one_is_not(tmp_path, kept):
    path = write_tiff(tmp_path / "catalogue" / "B04.tif")
    arguments = {"polygon": SITE, "bands": ["B04"], "chips": kept, "limits": limits_of(tmp_path)}
    for declared in (
        mapping(box(14.9, 45.1, 15.1, 45.2)),
        mapping(box(14.99, 45.14, 14.999, 45.16)),  # a kilometre off, as rounding does
        mapping(box(374, 45, 376, 46)),  # beyond the antimeridian, as some count
        {"type": "Polygon", "coordinates": [[[15, 45]]]},
        {"type": "Nonsense"}, {"type": "Polygon", "coordinates": [[["a", "b"]]]}, {},
    ):  # fmt: skip
        facts = {"footprint": declared, "id": f"s{json.dumps(declared)[:60]}"}
        assert admit(scene(path, **facts), **arguments).opened
    elsewhere = scene(path, footprint=mapping(box(20, 45, 21, 46)), id="elsewhere")
    with pytest.raises(SceneError, match="lies elsewhere"):
        admit(elsewhere, **arguments)


def test_a_scene_that_fails_leaves_no_record(tmp_path, kept):
    folder = tmp_path / "catalogue"
    good = write_tiff(folder / "B04.tif")
    bad = folder / "B08.tif"
    bad.write_bytes(good.read_bytes()[:400])
    with pytest.raises(SceneError, match=r"B08\.tif"):
        admit(
            scene(good, bad),
            polygon=SITE,
            bands=["B04", "B08"],
            chips=kept,
            limits=limits_of(tmp_path),
        )
    assert not (kept.root / "admitted").exists()
    with pytest.raises(SceneError, match="no file for band B11"):
        admit(scene(good), polygon=SITE, bands=["B11"], chips=kept, limits=limits_of(tmp_path))


def test_a_file_that_went_is_an_error_though_its_chips_are_kept(tmp_path, kept):
    path = write_tiff(tmp_path / "catalogue" / "B04.tif")
    arguments = {"polygon": SITE, "bands": ["B04"], "chips": kept, "limits": limits_of(tmp_path)}
    admit(scene(path), **arguments)
    path.unlink()
    with pytest.raises(SceneError, match="No such file"):
        admit(scene(path), **arguments)


def test_ids_of_strangers_name_no_folder_of_theirs(tmp_path, kept):
    path = write_tiff(tmp_path / "catalogue" / "B04.tif")
    odd = scene(path, id="../../x\n" + "y" * 300)
    admit(odd, polygon=SITE, bands=["B04"], chips=kept, limits=limits_of(tmp_path), site="../..")
    assert len(list((kept.root / "admitted").rglob("*.json"))) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["catalogue", "evidence"]


# ---------------------------------------------------------------- addresses


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answers[self.path.split("?")[0]]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in body if isinstance(body, list) else [body]:
            if callable(piece):
                piece()
            else:
                self.wfile.write(piece)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.answers = [], {}
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    server.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    server.server_close()


HERE = frozenset({"127.0.0.1"})


def test_a_named_host_serves_an_asset(server, tiff):
    payload = tiff.read_bytes()
    server.answers["/B04.tif"] = (200, {"Content-Length": str(len(payload))}, payload)
    raster = read_asset(asset(f"{server.address}/B04.tif?token=secret"), limits=Limits(hosts=HERE))
    assert raster.sha256 == hashlib.sha256(payload).hexdigest()
    assert Limits().relative(f"{server.address}/B04.tif?token=s") == f"{server.address}/B04.tif"
    assert len(server.seen) == 1


def test_a_host_that_is_not_named_is_never_contacted(server):
    server.answers["/B04.tif"] = (200, {}, b"x")
    for hosts in (frozenset(), frozenset({"127.0.0.1.example", "localhost"})):
        with pytest.raises(SceneError, match="not named by the settings"):
            read_asset(asset(f"{server.address}/B04.tif"), limits=Limits(hosts=hosts))
    assert server.seen == []


def test_a_redirect_to_another_host_is_not_followed(server):
    port = server.server_address[1]
    server.answers["/B04.tif"] = (302, {"Location": f"http://localhost:{port}/inner"}, b"")
    server.answers["/inner"] = (200, {}, b"II*\0")
    with pytest.raises(SceneError, match="not named by the settings"):
        read_asset(asset(f"{server.address}/B04.tif"), limits=Limits(hosts=HERE))
    assert [path for path, _ in server.seen] == ["/B04.tif"]


@pytest.mark.parametrize(
    ("answer", "kind", "rule"),
    [
        ((404, {}, b""), SceneError, "answers 404"),
        ((200, {"Content-Encoding": "gzip"}, b"x"), SceneError, "compressed form"),
        ((200, {"Content-Length": "5000000"}, b"x"), LimitError, "larger than the limit"),
        ((200, {}, b"II*\0" + bytes(3_000_000)), LimitError, "larger than the limit"),
        ((200, {"Content-Length": "5000"}, b"II*\0"), SceneError, "could not be fetched"),
    ],
)
def test_what_a_server_does_wrong_is_named(server, answer, kind, rule):
    server.answers["/x.tif"] = answer
    with pytest.raises(kind, match=rule) as caught:
        read_asset(asset(f"{server.address}/x.tif"), limits=Limits(hosts=HERE, asset_megabytes=2))
    assert "x.tif" in str(caught.value)


def test_a_server_that_trickles_is_left_at_the_deadline(server):
    stop = threading.Event()
    server.answers["/x.tif"] = (200, {}, [b"II*\0", lambda: stop.wait(30)])
    limits = Limits(hosts=HERE, fetch_seconds=0.5)
    try:
        with pytest.raises(LimitError, match=r"within 0\.5 seconds"):
            read_asset(asset(f"{server.address}/x.tif"), limits=limits)
    finally:
        stop.set()


def test_limits_come_from_the_settings(tmp_path):
    settings = SimpleNamespace(
        limits=SimpleNamespace(asset_megabytes=1, decode_seconds=2.0, memory_megabytes=300),
        catalogues=[SimpleNamespace(path=tmp_path / "a" / "catalog.json"),
                    SimpleNamespace(path=tmp_path / "b"), SimpleNamespace(url="https://x")],
        named_hosts=frozenset({"x"}),
    )  # fmt: skip
    limits = Limits.from_settings(settings)
    assert limits.folders == (tmp_path / "a", tmp_path / "b")
    assert (limits.asset_bytes, limits.decode_seconds, limits.memory_megabytes) == (1 << 20, 2, 300)
    assert limits.hosts == {"x"}
    assert limits.relative(str(tmp_path / "a" / "t" / "x.tif")) == "t/x.tif"
    assert limits.relative("/elsewhere/x.tif") == "x.tif"
