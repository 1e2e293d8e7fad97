import hashlib
import json

import numpy as np
import pytest
import rasterio
from rasterio.warp import Resampling, reproject

from pipeline.errors import GeometryError, SceneError, UsageError
from pipeline.imagery.pair import find_source, open_pair
from pipeline.kernels.change import METHODS as KERNEL_METHODS
from pipeline.store.products import verify_product
from pipeline.workflows.compare import compare
from pipeline.workflows.compare.methods import METHODS
from tests.kernels.change import scenes

UTM = "EPSG:32636"
ORIGIN = rasterio.Affine(10.0, 0.0, 700_000.0, 0.0, -10.0, 3_750_000.0)
NAMES = ("B02", "B03", "B04", "B08", "B11", "B12")
DATES = {"before": "2016-01-20", "after": "2018-03-28"}
BOX = ((82, 38, 8, 8),)  # on vegetation


def write(path, values, *, transform=ORIGIN, crs=UTM, nodata=None):
    layers = np.atleast_3d(values.T).T if values.ndim == 2 else values
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", height=layers.shape[1], width=layers.shape[2],
        count=len(layers), dtype=layers.dtype, crs=crs, transform=transform, nodata=nodata,
    ) as file:  # fmt: skip
        file.write(layers)


def folder(root, image, **where):
    """Six Sentinel-2 bands as delivered: 10 m, and 20 m where the sensor has 20 m."""
    transform = where.pop("transform", ORIGIN)
    for name, band in zip(NAMES, image, strict=True):
        dn = np.round(band * 10_000).astype(np.uint16)
        if name in ("B11", "B12"):
            height, width = (size // 2 for size in dn.shape)
            dn = dn.reshape(height, 2, width, 2).mean(axis=(1, 3)).round().astype(np.uint16)
            write(root / f"{name}.tif", dn, transform=transform @ rasterio.Affine.scale(2), **where)
        else:
            write(root / f"{name}.tif", dn, transform=transform, **where)
    return root


@pytest.fixture(scope="module")
def images():
    image, kind = scenes.ground(shape=(120, 140))
    after, truth = scenes.built(scenes.season(image, kind), BOX)
    return scenes.noisy(image, 0.002), scenes.noisy(after, 0.002, seed=3), truth


@pytest.fixture(scope="module")
def town(tmp_path_factory, images):
    root = tmp_path_factory.mktemp("town")
    folder(root / "before", images[0])
    folder(root / "after", images[1])
    (root / "dates.json").write_text(json.dumps(DATES))
    return root


def layer(folder_, name):
    with rasterio.open(folder_ / name, driver="GTiff") as file:
        return file.read(1), file


def test_a_pair_of_folders_needs_no_option(town, tmp_path, images):
    out = tmp_path / "x"
    done = compare(town / "before", town / "after", out=out)
    score, file = layer(out, "score.tif")
    change, _ = layer(out, "change.tif")
    assert (score.dtype, change.dtype) == (np.float32, np.uint8)
    assert (file.transform, file.crs) == (ORIGIN, rasterio.CRS.from_string(UTM))
    np.testing.assert_array_equal(change == 255, np.isnan(score))
    truth = images[2]
    assert score[truth].min() > np.nanpercentile(score[~truth], 95)
    assert change[86, 42] == 1
    assert (change[~truth] == 1).mean() < 0.03  # the outline runs about two pixels outside
    verify_product(out)
    record = json.loads((out / "report.json").read_bytes())
    assert (record["kind"], record["standing"], record["agreement"]) == ("compare", "none", None)
    assert record["method"]["sensor"] == "sentinel-2-l1c"
    assert [item["acquired"][:10] for item in record["inputs"]] == list(DATES.values())
    assert (
        record["inputs"][0]["files"][0]["sha256"]
        == hashlib.sha256((town / "before" / "B02.tif").read_bytes()).hexdigest()
    )
    assert "for evaluation, outside any agreement" in record["limits"]
    assert str(town) not in (out / "report.json").read_text()
    regions = json.loads((out / "regions.geojson").read_bytes())["features"]
    assert len(regions) == len(record["regions"]) >= 1
    # sixty-four pixels of 100 m2, outlined on the smoothed score
    assert 4_000 < record["regions"][0]["area_m2"] < 20_000
    west, south = record["regions"][0]["centroid"]
    assert 35 < west < 36
    assert 33 < south < 34
    assert sum(record["regions"][0]["bands"].values()) == pytest.approx(1, abs=1e-4)
    assert (out / "layers" / "pair_before.tif").is_file()
    assert done.report.read_text(encoding="utf-8").count("<html") == 1
    assert "1 region" in done.sentence


def test_the_same_inputs_give_the_same_bytes(town, tmp_path):
    def digest(out):
        compare(town / "before", town / "after", out=out)
        return (out / "manifest.json").read_bytes()

    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "one").iterdir()}
    digest(tmp_path / "one")
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "one").iterdir()} == before


def test_an_unchanged_pair_is_empty_and_says_so(town, tmp_path, images):
    folder(tmp_path / "again", scenes.noisy(images[0] * 0.8 + 0.01, 0.002, seed=8))
    done = compare(
        town / "before", tmp_path / "again", dates="2016-01-20,2016-02-01", out=tmp_path / "x"
    )
    change, _ = layer(tmp_path / "x", "change.tif")
    assert not (change == 1).any()
    assert json.loads((tmp_path / "x" / "regions.geojson").read_bytes())["features"] == []
    assert "No region" in done.sentence
    assert done.record.summary.sentence_code == "pair-empty"
    assert (tmp_path / "x" / "report.html").is_file()


def test_the_very_same_files_are_reported_as_such(town, tmp_path):
    done = compare(town / "before", town / "before", out=tmp_path / "x")
    assert not done.record.regions
    assert {c.code: c.result for c in done.record.checks}["pair-distinct"] == "warn"


@pytest.mark.parametrize("method", ["cva", "cva-raw", "irmad"])
def test_named_alternatives_are_named_in_the_record(town, tmp_path, images, method):
    done = compare(town / "before", town / "after", out=tmp_path / "x", method=method)
    assert done.record.method["recipe"]["method"] == method
    score, _ = layer(tmp_path / "x", "score.tif")
    assert np.nanmedian(score[images[2]]) > np.nanmedian(score[~images[2]])


def test_a_date_on_another_map_and_footprint_is_placed(town, tmp_path, images):
    """AFTER in degrees, half of BEFORE: what it did not see is not observed."""
    west = images[1][:, :, :80]
    corners = rasterio.warp.transform_bounds(
        UTM, "EPSG:4326", 700_000, 3_748_800, 700_800, 3_750_000
    )
    to = rasterio.transform.from_bounds(*corners, 90, 130)
    for name, band in zip(NAMES, west, strict=True):
        dn = np.zeros((130, 90), np.uint16)
        reproject(
            np.round(band * 10_000).astype(np.uint16), dn, src_transform=ORIGIN, src_crs=UTM,
            dst_transform=to, dst_crs="EPSG:4326", resampling=Resampling.cubic,
        )  # fmt: skip
        write(tmp_path / "other" / f"{name}.tif", dn, transform=to, crs="EPSG:4326")
    compare(town / "before", tmp_path / "other", dates="2016-01-20,2018-03-28", out=tmp_path / "x")
    score, file = layer(tmp_path / "x", "score.tif")
    assert file.transform == ORIGIN
    assert np.isfinite(score[10:110, 5:70]).mean() > 0.98
    assert np.isnan(score[:, 85:]).all()
    assert layer(tmp_path / "x", "change.tif")[0][86, 42] == 1


def test_a_shift_between_the_dates_is_removed_and_reported(town, tmp_path, images):
    moved = ORIGIN @ rasterio.Affine.translation(-1.3, 0.6)  # the file says it lies elsewhere
    folder(tmp_path / "after", images[1], transform=moved)
    pair = open_pair(
        find_source(town / "before"),
        find_source(tmp_path / "after", acquired=find_source(town / "after").scene.acquired),
    )
    assert pair.shift.dx == pytest.approx(-1.3, abs=0.1)  # 140 px window, noise and season
    assert pair.shift.dy == pytest.approx(0.6, abs=0.1)
    inner = np.s_[:, 10:-10, 10:-10]
    np.testing.assert_allclose(pair.after.values[:4][inner], images[1][:4][inner], atol=0.03)


def test_one_file_with_many_bands_of_any_name(tmp_path, images):
    write(tmp_path / "one.tif", images[0][:4], nodata=np.nan)
    write(tmp_path / "two.tif", images[1][:4], nodata=np.nan)
    with pytest.raises(UsageError, match="give --dates"):
        compare(tmp_path / "one.tif", tmp_path / "two.tif", out=tmp_path / "x")
    done = compare(
        tmp_path / "one.tif", tmp_path / "two.tif", dates="2020-01-01,2021-01-01",
        out=tmp_path / "x",
    )  # fmt: skip
    assert done.record.method["sensor"] == "generic"
    assert done.record.method["bands"] == ["band_1", "band_2", "band_3", "band_4"]
    assert layer(tmp_path / "x", "change.tif")[0][86, 42] == 1


def test_radar_is_compared_in_decibel(tmp_path):
    rng = np.random.default_rng(0)
    ground, _ = scenes.ground(shape=(120, 140))
    level = -14 + 20 * ground[:2]
    for name, seed in (("2022-01-01", 1), ("2022-02-01", 2)):
        speckle = 10 * np.log10(np.random.default_rng(seed).gamma(9, 1 / 9, level.shape))
        decibel = level + speckle
        if seed == 2:
            decibel[:, 60:70, 60:70] += 10.0
        power = np.where(rng.random(level.shape) < 0.001, np.nan, 10 ** (decibel / 10))
        for band, values in zip(("VV", "VH"), power, strict=True):
            write(tmp_path / name / f"{band}.tif", values.astype(np.float32), nodata=np.nan)
    done = compare(tmp_path / "2022-01-01", tmp_path / "2022-02-01", out=tmp_path / "x")
    assert done.record.method["unit"] == "dB"
    assert layer(tmp_path / "x", "change.tif")[0][65, 65] == 1
    assert len(done.record.regions) <= 3


def test_long_work_tells_how_far_it_is(town, tmp_path):
    told = []

    def show(event, *, done=0, total=0, text=""):
        told.append((event, done, total, text))

    compare(town / "before", town / "after", out=tmp_path / "out", show=show)
    assert told == [("rows", 0, 120, "scored"), ("rows", 120, 120, "scored")]  # one strip


def checks_of(found):
    return {check.code: check for check in found.record.checks}


def test_a_much_coarser_date_is_told(town, images, tmp_path):
    fine = compare(town / "before", town / "after", out=tmp_path / "fine")
    assert checks_of(fine)["pair-resolution"].result == "pass"
    for name, band in zip(NAMES, images[1], strict=True):
        coarse = np.round(band.reshape(6, 20, 7, 20).mean(axis=(1, 3)) * 10_000).astype(np.uint16)
        transform = ORIGIN @ rasterio.Affine.scale(20)
        write(tmp_path / "after" / f"{name}.tif", coarse, transform=transform)
    days = tuple(DATES.values())
    found = compare(town / "before", tmp_path / "after", dates=days, out=tmp_path / "out")
    check = checks_of(found)["pair-resolution"]
    assert (check.result, check.actual) == ("warn", "20")


def test_a_fill_value_nobody_declared_is_not_observed(town, images, tmp_path):
    for name, band in zip(NAMES, images[0], strict=True):
        dn = np.round(band * 10_000).astype(np.float32)
        dn[:, :30] = -9999.0
        write(tmp_path / "before" / f"{name}.tif", dn)
    days = tuple(DATES.values())
    found = compare(tmp_path / "before", town / "after", dates=days, out=tmp_path / "out")
    assert float(checks_of(found)["pair-observed"].actual) < 0.8  # 30 of 140 columns are filled


def test_only_the_area_is_judged(town, tmp_path):
    bounds = rasterio.warp.transform_bounds(
        UTM, "EPSG:4326", 700_200, 3_749_200, 700_900, 3_749_900
    )
    ring = [[bounds[0], bounds[1]], [bounds[2], bounds[1]], [bounds[2], bounds[3]],
            [bounds[0], bounds[3]], [bounds[0], bounds[1]]]  # fmt: skip
    area = tmp_path / "area.geojson"
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    compare(town / "before", town / "after", area=area, out=tmp_path / "x")
    score, file = layer(tmp_path / "x", "score.tif")
    x, y = file.transform * (0, 0)
    inside = np.isfinite(score)
    assert 0.9 < inside.sum() / 70**2 < 1.1  # seventy by seventy pixels, edges by half a pixel
    assert (x - 700_000) % 10 == pytest.approx(0)  # still the delivered pixels
    assert (y - 3_750_000) % 10 == pytest.approx(0)


def test_refusals_name_the_rule_and_write_nothing(town, tmp_path, images):
    far = ORIGIN @ rasterio.Affine.translation(5_000, 0)
    folder(tmp_path / "far", images[1], transform=far)
    out = tmp_path / "x"
    days = "2016-01-20,2018-03-28"
    with pytest.raises(GeometryError, match="share 0 pixels"):
        compare(town / "before", tmp_path / "far", dates=days, out=out)
    with pytest.raises(UsageError, match="no such file"):
        compare(town / "nothing", town / "after", out=out)
    with pytest.raises(UsageError, match="not one of two-way"):
        compare(town / "before", town / "after", out=out, method="best")
    with pytest.raises(UsageError, match="two ISO dates"):
        compare(town / "before", town / "after", out=out, dates="yesterday")
    elsewhere = tmp_path / "area.json"
    elsewhere.write_text('{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[0,0]]]}')
    with pytest.raises(GeometryError):
        compare(town / "before", town / "after", out=out, area=elsewhere)
    assert not out.exists()


def test_a_folder_of_other_files_is_never_written_into(town, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        compare(town / "before", town / "after", out=tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_truncated_band_is_named(town, tmp_path, images):
    broken = folder(tmp_path / "after", images[1])
    whole = (broken / "B03.tif").read_bytes()
    (broken / "B03.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SceneError, match=r"B03\.tif"):
        compare(town / "before", broken, dates="2016-01-20,2018-03-28", out=tmp_path / "x")


def test_a_cloud_over_everything_is_a_complete_report(town, tmp_path, images):
    cloud = np.full_like(images[0], 0.7)
    cloud[4:] = 0.3
    folder(tmp_path / "after", scenes.noisy(cloud, 0.01))
    done = compare(town / "before", tmp_path / "after", dates="2016-01-20,2018-03-28",
                   out=tmp_path / "x")  # fmt: skip
    score, _ = layer(tmp_path / "x", "score.tif")
    assert np.isnan(score).all()
    assert done.record.summary.looks_usable == 0
    assert done.record.coverage[1].fractions["cloud"] > 0.9


def test_every_method_of_the_kernels_is_named():
    assert tuple(METHODS) == KERNEL_METHODS
