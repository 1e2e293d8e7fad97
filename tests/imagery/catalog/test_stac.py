from __future__ import annotations

import json
import socket
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import CatalogueError
from pipeline.imagery.catalog.assets import digest_of
from tests.imagery.catalog.items import (
    SQUARE,
    TIFF,
    catalogue,
    earth_search,
    find,
    item,
    one,
    touch,
    write,
)

FAR = "far.example"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """A static catalogue must never reach for the network."""

    def refuse(*_, **__):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def read(folder, content, **settings_):
    write(folder, "i/item.json", content)
    catalogue(folder, "./i/item.json")
    return find("stac", folder / "catalog.json", **settings_)


def s2_files(folder):
    touch(folder, "i/B02.tif", "i/B04.tif", "i/B04.jp2", "i/SCL.tif")


def far(name):
    return f"https://{FAR}/{name}"


def test_earth_search_announces_an_offset_that_is_already_applied(tmp_path):
    s2_files(tmp_path)
    scene = one(read(tmp_path, earth_search()))
    assert {name: asset.offset for name, asset in scene.assets.items()} == {
        "B02": 0.0,
        "B04": 0.0,
        "mask": 0.0,
    }
    assert "already applied by the provider" in scene.notes[0]
    assert "-0.1" in scene.notes[0]
    assert scene.sensor == "sentinel-2-l2a"
    assert (scene.track, scene.tile, scene.part) == ("R079", "33TWM", "20230815T095630")
    assert scene.datatake == "S2A-20230815T095031"
    assert scene.published == datetime(2023, 8, 15, 15, 50, 57, tzinfo=UTC)
    assert scene.processing_baseline == "05.09"
    assert scene.sun_elevation_deg == 54.9
    assert scene.assets["B02"].nodata == 0.0
    assert scene.footprint == SQUARE


def test_local_geotiff_wins_over_jp2_and_remote_bands_are_named_as_out_of_reach(tmp_path):
    s2_files(tmp_path)
    scene = one(read(tmp_path, earth_search()))
    assert scene.assets["B04"].href.endswith("i/B04.tif")
    assert "B8A" not in scene.assets
    assert "not within reach" in scene.notes[-1]


def test_jp2_is_used_where_the_geotiff_is_not_there(tmp_path):
    touch(tmp_path, "i/B04.jp2", "i/SCL.tif")
    asset = one(read(tmp_path, earth_search())).assets["B04"]
    assert (asset.href[-4:], asset.driver) == (".jp2", "JP2OpenJPEG")


def test_a_listed_file_that_is_gone_stays_listed_so_that_loading_fails_by_name(tmp_path):
    touch(tmp_path, "i/SCL.tif", "i/B04.tif")
    assert one(read(tmp_path, earth_search())).assets["B02"].href.endswith("B02.tif")


def test_a_named_host_brings_its_bands(tmp_path):
    s2_files(tmp_path)
    scene = one(read(tmp_path, earth_search(), allow_hosts=[FAR.upper()]))
    assert scene.assets["B8A"].href == far("B8A.tif")


@pytest.mark.parametrize(
    "href",
    [
        f"https://{FAR}.evil.example/x.tif",
        f"https://user@{FAR}/x.tif",
        f"https://evil.example/{FAR}/x.tif",
        f"https://evil.example#{FAR}",
        f"https://{FAR}@evil.example/x.tif",
        f"ftp://{FAR}/x.tif",
        f"s3://{FAR}/x.tif",
        "/vsicurl/https://far.example/x.tif",
        "https://[::1/x.tif",
    ],
)
def test_a_host_is_only_what_it_is_named(tmp_path, href):
    s2_files(tmp_path)
    content = earth_search()
    content["assets"]["nir08"]["href"] = href
    found = read(tmp_path, content, allow_hosts=[FAR])
    # Either the asset is ignored, or (a local path outside) the item is refused.
    assert all("B8A" not in scene.assets for scene in found.scenes)


def test_planetary_computer_says_nothing_and_the_baseline_decides(tmp_path):
    bands = {
        f"B{n}": {
            "href": far(f"T47XML_20240419T095549_B{n}_{m}m.tif"),
            "type": TIFF,
            "roles": ["data"],
            "gsd": m,
            "eo:bands": [{"name": f"B{n}", "common_name": "rededge"}],
        }
        for n, m in (("05", 20), ("06", 20), ("8A", 20), ("02", 10))
    }
    content = item(
        "S2B_MSIL2A_20240419T095549_R122_T47XML_20240419T123458",
        {
            "datetime": "2024-04-19T09:55:49.024000Z",
            "platform": "Sentinel-2B",
            "s2:mgrs_tile": "47XML",
            "s2:processing_baseline": "05.10",
            "s2:generation_time": "2024-04-19T12:34:58.775234Z",
            "s2:datatake_id": "GS2B_20240419T095549_037185_N05.10",
            "sat:relative_orbit": 122,
            "s2:mean_solar_zenith": 75.0,
            "s2:mean_solar_azimuth": 247.0,
        },
        {
            **bands,
            "SCL": {"href": far("T47XML_SCL_20m.tif"), "type": TIFF},
            "visual": {
                "href": far("TCI_10m.tif"),
                "type": TIFF,
                "roles": ["data"],
                "eo:bands": [{"name": "B04"}, {"name": "B03"}, {"name": "B02"}],
            },
        },
        links=[{"rel": "root", "href": "https://pc.example/api/"}],
    )
    scene = one(read(tmp_path, content, allow_hosts=[FAR]))
    # Four bands share the common name "rededge"; the colour composite is no band.
    assert set(scene.assets) == {"B02", "B05", "B06", "B8A", "mask"}
    assert all(scene.assets[b].offset == pytest.approx(-0.1) for b in ("B02", "B05", "B8A"))
    assert scene.sun_elevation_deg == pytest.approx(15.0)
    assert (scene.track, scene.tile) == ("R122", "47XML")
    assert scene.provider == "pc.example"


def test_stac_1_1_with_one_asset_per_resolution_takes_the_native_ones(tmp_path):
    def asset(name, metres, **more):
        return {
            "href": f"s3://eodata/x/R{metres}m/T33UWP_{name}_{metres}m.jp2",
            "type": "image/jp2",
            "roles": ["data", "reflectance"],
            "bands": [{"name": name}],
            "nodata": 0,
            "raster:scale": 0.0001,
            "raster:offset": -0.1,
            "gsd": metres,
            "file:size": 118933074,
            "file:checksum": "1620" + "ab" * 32,
            "alternate": {
                "https": {"href": far(f"odata/Nodes(T33UWP_{name}_{metres}m.jp2)/$value")}
            },
            **more,
        }

    assets = {f"{n}_{m}m": asset(n, m) for n in ("B01", "B02") for m in (10, 20, 60)}
    assets |= {f"SCL_{m}m": asset("SCL", m, bands=None) for m in (20, 60)}
    content = item(
        "S2C_MSIL2A_20250330T100051_N0511_R122_T33UWP_20250330T145914",
        {
            "datetime": "2025-03-30T10:00:51.025Z",
            "platform": "sentinel-2c",
            "product:type": "S2MSI2A",
            "grid:code": "MGRS-33UWP",
            "processing:version": "05.11",
            "processing:datetime": "2025-03-30T14:59:14.000000Z",
            "eopf:datatake_id": "GS2C_20250330T100051_002952_N05.11",
            "sat:relative_orbit": 122,
        },
        assets,
        stac_version="1.1.0",
    )
    scene = one(read(tmp_path, content, allow_hosts=[FAR]))
    assert scene.assets["B02"].href == far("odata/Nodes(T33UWP_B02_10m.jp2)/$value")
    assert "60m" in scene.assets["B01"].href
    assert "20m" in scene.assets["mask"].href
    assert scene.assets["B02"].offset == pytest.approx(-0.1)
    assert scene.assets["B02"].size == 118933074
    assert scene.assets["B02"].checksum == "1620" + "ab" * 32
    assert scene.assets["B02"].sha256 is None  # that kind is SHA3
    assert scene.processing_baseline == "05.11"


def landsat(identifier, assets, **properties):
    stated = {
        "datetime": "2024-04-17T23:46:20.477296Z",
        "landsat:correction": "L2SP",
        "landsat:collection_number": "02",
        "landsat:wrs_path": "089",
        "landsat:wrs_row": "090",
        **properties,
    }
    return item(identifier, stated, assets)


def test_landsat_is_read_from_three_styles_of_asset_names(tmp_path):
    raster = [{"nodata": 0, "scale": 2.75e-05, "offset": -0.2}]
    styles = [
        ("nir08", {"eo:bands": [{"name": "OLI_B5"}], "raster:bands": raster}, "qa_pixel"),
        ("nir08", {"eo:bands": [{"name": "B5", "common_name": "nir08"}]}, "qa_pixel"),
        ("SR_B5.TIF", {"eo:bands": [4]}, "QA_PIXEL.TIF"),
    ]
    bands = [{"name": f"SR_B{n}", "common_name": "x"} for n in range(1, 8)]
    for key, more, mask in styles:
        content = landsat(
            "LC09_L2SP_089090_20240417_20240418_02_T1",
            {
                key: {"href": "b5.tif", "type": "image/vnd.stac.geotiff", **more},
                mask: {"href": "qa.tif", "type": TIFF},
                "qa": {"href": "st_qa.tif", "type": TIFF},
                "lwir11": {"href": "st.tif", "type": TIFF, "eo:bands": [{"name": "TIRS_B10"}]},
            },
            platform="landsat-9",
            **{"eo:bands": bands},
        )
        scene = one(read(tmp_path, content))
        assert set(scene.assets) == {"nir08", "mask"}
        assert (scene.assets["nir08"].scale, scene.assets["nir08"].offset) == (2.75e-5, -0.2)
        assert (scene.sensor, scene.track, scene.tile) == ("landsat-8-l2", "P089", "089090")
        assert scene.published == datetime(2024, 4, 18, tzinfo=UTC)


def test_an_item_of_an_old_version_of_the_specification_is_lifted(tmp_path):
    content = landsat(
        "LC08_L2SR_081119_20200101_20200823_02_T2",
        {
            "SR_B2.TIF": {"href": "b2.tif", "type": TIFF, "eo:bands": [0]},
            "QA_PIXEL.TIF": {"href": "q.tif", "type": TIFF},
        },
        **{
            "eo:platform": "LANDSAT_8",
            "eo:bands": [{"name": "SR_B2", "common_name": "blue"}],
            "eo:sun_elevation": 22.7,
            "datetime": "2020-01-01",
            "landsat:correction": None,
        },
    )
    content |= {"stac_version": "1.0.0-beta.2", "stac_extensions": ["eo", "view", "projection"]}
    scene = one(read(tmp_path, content))
    assert set(scene.assets) == {"blue", "mask"}
    assert scene.sun_elevation_deg == 22.7
    assert scene.acquired == datetime(2020, 1, 1, tzinfo=UTC)


def test_the_same_number_is_another_band_on_the_thematic_mapper(tmp_path):
    content = landsat(
        "LE07_L2SP_089090_20100109_20200911_02_T1",
        {
            "SR_B4.TIF": {"href": "x_SR_B4.TIF", "type": TIFF},
            "QA_PIXEL.TIF": {"href": "q.TIF", "type": TIFF},
        },
        platform="LANDSAT_7",
        datetime="2010-01-09T10:00:00Z",
    )
    scene = one(read(tmp_path, content))
    assert (scene.sensor, set(scene.assets)) == ("landsat-5-l2", {"nir08", "mask"})


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (landsat("LC09_L2SP_089090_20240417_20240418_02_T1", {}, platform="landsat-9"), "no band"),
        (landsat("LM05_L1GS_1", {}, platform="landsat-5", **{"landsat:correction": "L1GS"}), "C"),
        (landsat("LM01_L1GS_1", {}, platform="landsat-1"), "Landsat 1 is not"),
        (item("c", {"datetime": "2019-01-01", "platform": "landsat-5,landsat-7"}, {}), "composite"),
        (item("d", {"datetime": "2019-01-01", "platform": "Aircraft"}, {}), "aircraft"),
        (item("e", {"datetime": "2019-01-01"}, {}), "not given"),
        (item("S1A_IW_GRDH_1", {"datetime": "2019-01-01"}, {}, collection="grd"), "RTC"),
        (item("S2A_OCN", {"datetime": "2019-01-01"}, {}), "neither Level"),
    ],
)
def test_what_the_table_does_not_hold_is_left_out_with_the_reason(tmp_path, content, word):
    found = read(tmp_path, content)
    assert found.scenes == ()
    assert word in found.left_out[0].reason
    assert "item.json" in found.left_out[0].reason
    assert not found.left_out[0].damaged


def test_sentinel_1_of_two_providers(tmp_path):
    nodata = {"raster:bands": [{"nodata": -32768, "data_type": "float32"}]}
    files = {p: {"href": f"{p}.tif", "type": TIFF, **nodata} for p in ("vv", "vh")}
    grd = item(
        "S1A_IW_GRDH_1SDV_20240419T045904_20240419T045916_053498_067DF2_rtc",
        {
            "datetime": "2024-04-19T04:59:10.436706Z",
            "start_datetime": "2024-04-19 04:59:04.220006+00:00",
            "platform": "SENTINEL-1A",
            "sat:orbit_state": "descending",
            "sat:relative_orbit": 51,
            "s1:slice_number": "30",
        },
        files,
        collection="sentinel-1-rtc",
    )
    scene = one(read(tmp_path, grd))
    assert (scene.track, scene.tile) == ("T051-grd-descending", "slice-30")  # no stack with OPERA
    assert scene.datatake == "S1A-067DF2"
    assert scene.acquired.second == 4
    assert (scene.assets["VV"].nodata, scene.assets["VV"].scale) == (-32768.0, 1.0)
    name = "OPERA_L2_RTC-S1_T137-292319-IW2_20211119T015858Z_20250830T120333Z_S1A_30_v1.0"
    opera = item(
        name,
        {"datetime": "2021-11-19T01:58:58Z", "platform": "S1A"},
        {p: {"href": f"{name}_{p}.tif", "type": TIFF} for p in ("VV", "VH", "mask")},
    )
    scene = one(read(tmp_path, opera))
    assert scene.track == "T137-ascending"
    assert set(scene.assets) == {"VV", "VH", "mask"}


def test_radar_without_look_direction_is_refused(tmp_path):
    content = item(
        "S1A_x_rtc",
        {"datetime": "2024-04-19T04:59:10Z", "sat:relative_orbit": 51},
        {"vv": {"href": "vv.tif", "type": TIFF}},
    )
    found = read(tmp_path, content)
    assert "sat:orbit_state" in found.left_out[0].reason


def test_digital_earth_australia_items(tmp_path):
    names = ("nbart_red", "nbart_nir", "nbart_panchromatic", "oa_fmask", "oa_solar_zenith")
    content = item(
        "2aa69fcf-aa55-4747-9d95-3652f9fe79b0",
        {
            "datetime": "2020-05-25T23:35:47.745731Z",
            "platform": "landsat-8",
            "odc:product": "ga_ls8c_ard_3",
            "landsat:collection_number": 1,
            "landsat:wrs_path": 88,
            "landsat:wrs_row": 80,
            "odc:processing_datetime": "2020-06-18T07:07:06.303867Z",
        },
        {n: {"href": f"{n}.tif", "type": TIFF, "eo:bands": [{"name": n}]} for n in names},
    )
    scene = one(read(tmp_path, content))
    assert scene.sensor == "landsat-8-nbart"
    assert set(scene.assets) == {"red", "nir08", "mask"}
    assert (scene.assets["red"].scale, scene.assets["red"].nodata) == (1e-4, -999.0)
    assert scene.tile == "088080"


def test_local_product_metadata_decides_before_the_baseline(tmp_path):
    s2_files(tmp_path)
    content = earth_search(applied=None)
    content["assets"]["product_metadata"] = {"href": "MTD_MSIL2A.xml", "type": "application/xml"}
    write(
        tmp_path,
        "i/MTD_MSIL2A.xml",
        '<BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>'
        '<BOA_ADD_OFFSET band_id="1">-1000</BOA_ADD_OFFSET>',
    )
    scene = one(read(tmp_path, content))
    assert scene.assets["B02"].offset == pytest.approx(-0.1)
    assert scene.assets["B04"].offset == 0.0
    assert any(note.startswith("B04: offset 0 from MTD") for note in scene.notes)


def test_a_generic_sensor_reads_many_bands_from_one_file(tmp_path):
    generic = {"own": {"resolution_m": 0.3, "bands": [{"name": n} for n in ("red", "nir")]}}
    content = item(
        "photo",
        {"datetime": "2022-12-12T16:00:00Z"},
        {
            "image": {
                "href": "i.tif",
                "type": TIFF,
                "eo:bands": [{"name": "Red"}, {"name": "Green"}, {"name": "NIR"}],
                "raster:bands": [{"scale": 2}, {}, {"offset": 1, "nodata": 9}],
            }
        },
    )
    scene = one(read(tmp_path, content, generic=generic, sensor="own"))
    red, nir = scene.assets["red"], scene.assets["nir"]
    assert (red.index, red.scale, nir.index, nir.offset, nir.nodata) == (1, 2.0, 3, 1.0, 9.0)


def test_the_item_may_name_its_row_of_the_table(tmp_path):
    s2_files(tmp_path)
    content = earth_search(platform="rehearsal", **{"fairwitness:sensor": "sentinel-2-l1c"})
    assert one(read(tmp_path, content)).sensor == "sentinel-2-l1c"


@pytest.mark.parametrize(
    ("checksum", "expected"),
    [
        ("1220" + "0f" * 32, ("sha256", "0f" * 32)),
        ("1220" + "0F" * 32, ("sha256", "0f" * 32)),
        ("1340" + "0f" * 64, ("sha512", "0f" * 64)),
        ("1620" + "0f" * 32, ("sha3_256", "0f" * 32)),
        ("1220" + "0f" * 31, None),
        ("dd3cc7ed9a831bfe915c87e45638c48c", None),  # an MD5 is no multihash
        ("1220" + "zz" * 32, None),
        (None, None),
        (7, None),
    ],
)
def test_multihashes_are_read_by_their_kind(checksum, expected):
    assert digest_of(checksum) == expected


def test_a_declared_sha256_reaches_the_asset(tmp_path):
    s2_files(tmp_path)
    content = earth_search()
    content["assets"]["blue"]["file:checksum"] = "1220" + "0F" * 32
    assert one(read(tmp_path, content)).assets["B02"].sha256 == "0f" * 32


# Links, limits and broken content.


def test_collections_are_followed_and_the_order_of_links_does_not_matter(tmp_path):
    hrefs = []
    for number in (3, 1, 2):
        folder = f"col/{number}"
        touch(tmp_path, *(f"{folder}/{b}.tif" for b in ("B02", "B04", "SCL")))
        content = earth_search(f"S2A_33TWM_2023080{number}_0_L2A",
                               datetime=f"2023-08-0{number}T10:00:00Z")  # fmt: skip
        write(tmp_path, f"{folder}/item.json", content)
        hrefs.append(f"./{number}/item.json")
    results = []
    for order in (hrefs, hrefs[::-1]):
        catalogue(tmp_path, *order, name="col/collection.json")
        root = {"type": "Catalog", "id": "r", "stac_version": "1.0.0", "description": "d"}
        links = [
            {"rel": "child", "href": "./col/collection.json"},
            {"rel": "self", "href": "https://far.example/catalog.json"},
            {"rel": "child", "href": "https://far.example/other.json"},
            {"rel": "item", "href": "./catalog.json"},
        ]
        write(tmp_path, "catalog.json", {**root, "links": links})
        results.append(find("stac", tmp_path))
    assert results[0] == results[1]
    assert [s.acquired.day for s in results[0].scenes] == [1, 2, 3]
    assert [e.scene_id for e in results[0].left_out] == ["other.json"]
    assert "allow_hosts" in results[0].left_out[0].reason


def test_a_catalogue_that_leads_into_itself_ends(tmp_path):
    root = {"type": "Catalog", "id": "r", "stac_version": "1.0.0", "description": "d"}
    links = [{"rel": "child", "href": f"./{n}/catalog.json"} for n in ("a", "b")]
    write(tmp_path, "catalog.json", {**root, "links": links})
    for name in ("a", "b"):
        back = [{"rel": "child", "href": "../catalog.json"}]
        deeper = [{"rel": "child", "href": f"../{n}/../{n}/catalog.json"} for n in ("a", "b")]
        write(tmp_path, f"{name}/catalog.json", {**root, "links": back + deeper})
    found = find("stac", tmp_path)
    assert found.scenes == ()


def test_ids_may_be_written_in_any_script(tmp_path):
    s2_files(tmp_path)
    assert one(read(tmp_path, earth_search("участок-٣"))).id == "участок-٣"


def test_an_item_or_a_list_of_items_may_be_the_root(tmp_path):
    s2_files(tmp_path)
    write(tmp_path, "i/one.json", earth_search())
    assert one(find("stac", tmp_path / "i/one.json")).tile == "33TWM"
    listed = [earth_search(), earth_search("S2A_x_L2A", datetime="2023-08-16T10:00:00Z"), 7]
    write(tmp_path, "i/list.json", listed)
    found = find("stac", tmp_path / "i/list.json")
    assert (len(found.scenes), len(found.left_out)) == (2, 1)
    write(tmp_path, "i/list.json", {"type": "FeatureCollection", "features": listed})
    assert len(find("stac", tmp_path / "i/list.json").scenes) == 2


@pytest.mark.parametrize("href", ["../../secret.tif", "/etc/passwd.tif", "file:///etc/x.tif",
                                  "link.tif", "a\0b.tif"])  # fmt: skip
def test_a_band_outside_the_catalogue_refuses_its_item(tmp_path, href):
    root = tmp_path / "c"
    touch(tmp_path, "secret.tif")
    s2_files(root)
    (root / "i/link.tif").symlink_to(tmp_path / "secret.tif")
    content = earth_search()
    content["assets"]["blue"]["href"] = href
    found = read(root, content)
    assert found.scenes == ()
    assert found.left_out[0].damaged
    assert "outside" in found.left_out[0].reason or "NUL" in found.left_out[0].reason


def test_an_unneeded_asset_outside_the_catalogue_does_no_harm(tmp_path):
    s2_files(tmp_path)
    content = earth_search()
    content["assets"]["thumbnail"]["href"] = "/etc/passwd"
    one(read(tmp_path, content))


def test_an_item_outside_the_catalogue_is_not_read(tmp_path):
    write(tmp_path, "secret.json", earth_search())
    touch(tmp_path, "B02.tif", "B04.tif", "SCL.tif")
    catalogue(tmp_path / "c", "../secret.json")
    (tmp_path / "c/link.json").symlink_to(tmp_path / "secret.json")
    catalogue(tmp_path / "c", "../secret.json", "./link.json")
    found = find("stac", tmp_path / "c/catalog.json")
    assert found.scenes == ()
    assert len(found.left_out) == 2
    assert all("outside" in entry.reason for entry in found.left_out)


GOOD = json.dumps(earth_search())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (GOOD[: len(GOOD) // 2], "not valid JSON"),
        (GOOD.replace("54.9", "NaN"), "NaN"),
        (GOOD.replace("54.9", "1e999"), "not finite"),
        (GOOD.replace('"id":', '"id": "a", "id":'), "twice"),
        ("[" * 100_000 + "]" * 100_000, "deep"),
        ('{"a":' * 60 + "1" + "}" * 60, "deeper than"),
        (GOOD + " " * 4_100_000, "larger than"),
        ("", "not valid JSON"),
        ("7", "not a JSON object"),
        ("\udcff", "UTF-8"),
        (GOOD.replace('"type": "Feature", ', ""), "linked as item and is none"),
        (GOOD.replace("S2A_33TWM_20230815_0_L2A", "x" * 300), "too many"),
        (GOOD.replace("2023-08-15T09:57:57.246000Z", "yesterday"), "broken"),
        (GOOD.replace('"2023-08-15T09:57:57.246000Z"', "null"), "broken"),
        (GOOD.replace("S2A_33TWM_20230815_0_L2A", "../../x"), "id"),
        (GOOD.replace("S2A_33TWM_20230815_0_L2A", "a\\u0007b"), "id"),
        (GOOD.replace(json.dumps(SQUARE), '{"type": "Point", "coordinates": []}'), "geometry"),
        (GOOD.replace('"scale": 0.0001', '"scale": 0'), "scale of 0"),
        (GOOD.replace('"earthsearch:boa_offset_applied": true',
                      '"earthsearch:boa_offset_applied": "no"'), "true or false"),
    ],
)  # fmt: skip
def test_a_broken_item_is_left_out_and_its_neighbours_stay(tmp_path, text, word):
    s2_files(tmp_path)
    write(tmp_path, "i/good.json", earth_search())
    (tmp_path / "i/bad.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    catalogue(tmp_path, "./i/bad.json", "./i/good.json", "./i/gone.json")
    found = find("stac", tmp_path / "catalog.json")
    assert len(found.scenes) == 1
    said = [entry.reason for entry in found.left_out]
    assert any("bad.json" in reason and word in reason for reason in said)
    assert all("\n" not in reason for reason in said)
    assert any("gone.json" in reason and "no such file" in reason for reason in said)


def test_a_name_too_long_for_any_file_refuses_its_item_alone(tmp_path):
    s2_files(tmp_path)
    content = earth_search()
    content["assets"]["blue"]["href"] = "x" * 5000 + ".tif"
    found = read(tmp_path, content)
    assert found.scenes == ()
    assert "path cannot be used" in found.left_out[0].reason


@pytest.mark.parametrize("stated", ["2099-01-01T00:00:00Z", "2023-07-30T01:58:58Z"])
def test_a_product_under_another_day_than_its_own_is_refused_whatever_day_it_claims(
    tmp_path, stated
):
    s2_files(tmp_path)
    name = "S2A_MSIL2A_20230815T095031_N0509_R079_T33TWM_20230815T155057"
    assert one(read(tmp_path, earth_search(name))).acquired.day == 15
    found = read(tmp_path, earth_search(name, datetime=stated))
    assert found.scenes == ()
    assert "its id is of 2023-08-15" in found.left_out[0].reason
    # The site it lies over is told: the place stays known.
    assert found.left_out[0].damaged
    assert found.left_out[0].footprint


def test_a_declared_scale_is_not_called_usual(tmp_path):
    touch(tmp_path, "i/VV.tif", "i/VH.tif")
    properties = {
        "datetime": "2023-08-15T05:00:00Z", "platform": "sentinel-1a",
        "sat:relative_orbit": 51, "sat:orbit_state": "descending",
    }  # fmt: skip
    assets = {
        "vv": {"href": "VV.tif", "type": TIFF, "raster:scale": 2.0},
        "vh": {"href": "VH.tif", "type": TIFF},
    }
    scene = one(read(tmp_path, item("S1A_IW_x_rtc", properties, assets)))
    assert scene.assets["VV"].scale == 2.0
    assert "VV: scale 2 as declared, offset as usual" in scene.notes


@pytest.mark.parametrize("text", ["", "{", "7", "{}", '{"type": "Feature"', "[" * 99_999])
def test_a_root_that_cannot_be_read_is_an_error(tmp_path, text):
    write(tmp_path, "catalog.json", text)
    with pytest.raises(CatalogueError, match=r"catalog\.json"):
        find("stac", tmp_path / "catalog.json")


def test_a_missing_root_is_an_error(tmp_path):
    with pytest.raises(CatalogueError, match="no such file"):
        find("stac", tmp_path / "catalog.json")
    with pytest.raises(CatalogueError, match="neither"):
        find("stac", tmp_path)


def _spots(node, path=()):
    yield path
    if isinstance(node, dict | list):
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in children:
            yield from _spots(child, (*path, key))


SPOTS = [spot for spot in _spots(earth_search()) if spot]
JUNK = st.sampled_from(
    [None, True, 0, -1, 3.5, 10**30, "", "x", "../x", "\x00", [], [1], [[]], {}, {"a": []}]
)


@settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.sampled_from(SPOTS), JUNK), min_size=1, max_size=3))
def test_no_wrong_type_anywhere_in_an_item_gets_past_the_reader(tmp_path, changes):
    s2_files(tmp_path)
    content = earth_search()
    for spot, junk in changes:
        node = content
        try:
            for key in spot[:-1]:
                node = node[key]
            node[spot[-1]] = junk
        except (KeyError, IndexError, TypeError):
            continue
    write(tmp_path, "i/item.json", [content])
    found = find("stac", tmp_path / "i/item.json")
    assert len(found.scenes) + len(found.left_out) + found.outside_period + found.outside_area == 1
    for scene in found.scenes:
        assert all(asset.offset in (0.0, -0.1) for asset in scene.assets.values())
