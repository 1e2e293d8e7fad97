"""Figures: stretches, marks, ticks and where things lie."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.assessment.record import Region
from pipeline.report import layers as product_layers
from pipeline.report.figures import colour, frame, maps, pictures, scores, series, svg
from pipeline.report.layers import Layer
from pipeline.store.cog import write_cog
from tests.report import products

RGB = ("red", "green", "blue")
AFFINE = (10.0, 0.0, products.WEST, 0.0, -10.0, products.NORTH)


def layer(values, bands=RGB, crs=products.CRS):
    from pyproj import CRS  # noqa: PLC0415 - only these tests need it

    return Layer(np.asarray(values, np.float32), AFFINE, CRS(crs).to_wkt(), bands, "")


def test_one_stretch_serves_both_dates():
    dark = layer(np.full((3, 8, 8), 0.1))
    bright = layer(np.full((3, 8, 8), 0.3))
    how = colour.stretch(dark, bright)
    assert (how.low, how.high) == (pytest.approx((0.1,) * 3), pytest.approx(0.3))  # float32
    assert (colour.picture(dark, how) == 0).all()
    assert (colour.picture(bright, how) == 255).all()


def test_radar_is_drawn_in_decibels_and_unobserved_pixels_are_grey():
    values = np.full((2, 4, 4), 0.1)
    values[0, 0, 0], values[0, 0, 1], values[0, 3, 3] = np.nan, -1.0, 10.0
    one = layer(values, ("VV", "VH"))
    how = colour.Stretch((0,), (-20.0,), 0.0, radar=True)
    image = colour.picture(one, how)
    assert image.shape == (4, 4)
    assert image[2, 2] == 128  # −10 dB lies half way; 127.5 is rounded up
    assert image[0, 0] == image[0, 1] == colour.UNSEEN
    assert image[3, 3] == 255


def test_a_picture_without_any_value_is_drawn_all_unobserved():
    nothing = layer(np.full((3, 4, 4), np.nan))
    assert (colour.picture(nothing, colour.stretch(nothing)) == colour.UNSEEN).all()


def test_hatching_lies_on_unseen_pixels_only():
    seen = np.ones((50, 50), bool)
    seen[10:20, 10:30] = False
    marks = colour.hatch(seen)
    factor = marks.shape[0] // 50
    assert factor == round(colour.FINE / 50)
    assert not marks[np.kron(seen, np.ones((factor, factor), bool))].any()
    assert marks.any()
    assert not colour.hatch(np.ones((5, 5), bool)).any()


def test_edges_surround_and_dots_fill():
    mask = np.zeros((100, 100), bool)
    mask[40:60, 40:60] = True
    big = colour.magnified(mask)
    assert not (colour.edges(mask).astype(bool) & big).any()
    assert colour.edges(mask).sum() == 4 * 20 * (colour.FINE // 100)  # four sides, no corners
    assert (colour.dots(mask).astype(bool) & ~big).sum() == 0


def test_anomaly_marks_tell_more_from_less_without_colour():
    values = np.zeros((100, 100), np.float32)
    values[10, 10], values[50, 50], values[90, 90] = 5, -5, np.nan
    marks = scores.signed_marks(values)
    assert marks[95:120, 95:120].any()  # around (10, 10), ten times magnified
    assert marks[500:510, 500:510].any()
    assert not marks[900:910, 900:910].any()


def test_colour_index_spans_the_scale_and_keeps_unobserved_apart():
    how = colour.scale(np.array([-8.0, 2.0], np.float32), signed=True)
    assert (how.low, how.high) == (-how.high, pytest.approx(8.0, abs=0.1))  # two digits
    assert colour.scale(np.zeros(3, np.float32), signed=True).high == 4.0
    index = colour.indexed(np.array([how.low, 0, how.high, 1e9, np.nan], np.float32), how)
    assert index.tolist() == [0, 32, 63, 63, 64]


def test_strongest_band_keeps_its_sign():
    values = np.array([[[1.0, np.nan]], [[-3.0, np.nan]]], np.float32)
    assert scores.strongest(values)[0, 0] == -3.0
    assert np.isnan(scores.strongest(values)[0, 1])


def test_pictures_survive_the_trip_through_png():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    uri = colour.png(image)
    payload = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    assert (np.asarray(Image.open(io.BytesIO(payload))) == image).all()


def test_the_last_colour_of_a_palette_is_clear():
    marks = np.array([[0, 1]], np.uint8)
    uri = colour.png(marks, np.array([[1, 2, 3], [9, 9, 9]], np.uint8))
    picture = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGBA")
    assert [picture.getpixel((x, 0)) for x in (0, 1)] == [(1, 2, 3, 255), (9, 9, 9, 0)]


def test_frame_puts_a_known_place_where_it_is():
    from pyproj import Transformer  # noqa: PLC0415

    back = Transformer.from_crs(products.CRS, 4326, always_xy=True)
    seen = frame.layer_frame(layer(np.zeros((3, 300, 300))))
    middle = back.transform(products.WEST + 1500, products.NORTH - 1500)
    assert seen.place(*middle) == pytest.approx((500, 500), abs=0.01)
    # 3 km over 1000 units; UTM's scale is within 0.1 % of one.
    assert seen.metres == pytest.approx(3.0, rel=1e-3)
    # Meridian convergence (lon − 39°)·sin(lat) at 37.75° E, 50.9° N: west of the central meridian
    # true north lies clockwise of grid north.
    assert seen.north_deg == pytest.approx(1.25 * np.sin(np.radians(50.9)), abs=0.05)


def test_a_frame_around_zones_is_north_up_and_true_to_scale():
    seen = frame.bounds_frame([(30.0, 50.0), (30.02, 50.01)])
    (x0, y0), (x1, y1) = seen.place(30.0, 50.0), seen.place(30.02, 50.01)
    assert x1 > x0
    assert y1 < y0
    # 0.02° of longitude at 50.005° N against 0.01° of latitude
    assert (x1 - x0) / (y0 - y1) == pytest.approx(2 * np.cos(np.radians(50.005)), rel=1e-6)
    assert frame.bounds_frame([]) is None


@pytest.mark.parametrize(("across", "length"), [(3000, 500), (1000, 200), (16000, 2000), (4, 1)])
def test_scale_bars_are_round(across, length):
    assert frame.bar_length(across) == length


def test_a_close_up_is_square_around_its_zone_and_inside_the_picture():
    seen = frame.Frame(1000.0, 800.0, lambda x, y: (x, y), 3.0, 0.0)
    left, top, width, height = pictures.window_around([[(900, 700), (1000, 800)]], seen)
    assert width == height == pytest.approx(220)
    assert (left + width, top + height) == (1000, 800)
    assert pictures.window_around([], seen) is None


def test_ticks_are_round_and_cover():
    assert series.value_ticks(-0.9, 3.3) == (-2, 0, 2, 4)
    ticks = series.month_ticks(products.START, products.START.replace(year=2026))
    assert len(ticks) <= 9
    assert all(t.day == 1 for t in ticks)


def test_svg_escapes_and_rounds():
    root = svg.drawing(10, 10.04, title="<a>", description='"&', name="n")
    svg.add(root, "path", d=svg.path([(0.123, 1.0), (2.0, 3.456)], closed=True), stroke_width=2.0)
    text = svg.markup(root)
    assert "<title" in text
    assert "&lt;a&gt;" in text
    assert 'd="M0.1,1 2,3.5Z" stroke-width="2"' in text


def test_large_layers_are_averaged_from_full_resolution():
    values = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    values[0, 0, 0] = np.nan  # one of four: the rest speaks
    values[0, 2:, 2:] = np.nan  # all of four
    small = product_layers.shrunk(layer(values, ("VV",)), largest=2)
    assert small.values[0].tolist()[0] == [pytest.approx((1 + 4 + 5) / 3), 4.5]
    assert np.isnan(small.values[0, 1, 1])
    assert small.transform[:3] == (20.0, 0.0, products.WEST)


def test_what_lies_beyond_the_declared_site_is_never_shown(tmp_path):
    from pyproj import Transformer  # noqa: PLC0415

    back = Transformer.from_crs(products.CRS, 4326, always_xy=True)
    west, north = products.WEST, products.NORTH
    corners = [(west + 600, north - 600), (west + 2400, north - 600), (west + 600, north - 2400)]
    site = {
        "type": "Polygon",
        "coordinates": [[back.transform(*p) for p in (*corners, corners[0])]],
    }
    values = np.full((1, 100, 100), 0.3, np.float32)
    values[0, :20] = 999.0  # the surroundings hold something
    write_cog(tmp_path / "t_after.tif", values, products.geobox(30.0), descriptions=("VV",))
    read = product_layers.read(tmp_path / "t_after.tif", site)
    assert all(59 <= side <= 60 for side in read.size)  # pixels whose centre is inside
    assert read.transform[2] == pytest.approx(west + 600, abs=30)  # one pixel: edges are touched
    assert np.nanmax(read.values) == np.float32(0.3)
    assert np.isnan(read.values[0, -1, -1])  # beyond the diagonal
    assert read.outside[-1, -1]
    assert read.seen.all()  # hidden is not "not observed"
    assert colour.picture(read, colour.stretch(read))[-1, -1] == 255
    far = {"type": "Polygon", "coordinates": [[[1, 1], [1.1, 1], [1.1, 1.1], [1, 1]]]}
    assert product_layers.read(tmp_path / "t_after.tif", far).outside.all()


def test_layers_are_found_by_listing_and_named_by_the_record(tmp_path):
    values = np.ones((1, 4, 4), np.float32)
    for stem in ("own_sensor_T1_after", "own_sensor_T1_valid", "pair_before"):
        write_cog(tmp_path / "layers" / f"{stem}.tif", values, products.geobox(750.0))
    found = product_layers.load(tmp_path, (("own_sensor", "T1"),))
    assert [(t.sensor, t.track) for t in found.tracks] == [("own_sensor", "T1"), ("pair", "")]
    assert found.tracks[0].before is None
    assert found.score is None
    assert found.zones == ()


def test_nodata_becomes_nan(tmp_path):
    values = np.array([[[0, 1], [255, 1]]], np.uint8)
    write_cog(tmp_path / "change.tif", values, products.geobox(1500.0), nodata=255)
    read = product_layers.read(tmp_path / "change.tif")
    assert np.isnan(read.values[0, 1, 0])
    assert read.values[0, 0].tolist() == [0, 1]


def test_change_is_outlined_where_most_of_a_drawn_block_changed():
    values = np.full((1, 100, 100), 0.25, np.float32)
    values[0, 20:30, 20:30] = 0.75
    values[0, 60, 60] = np.nan
    marks = scores.decided_marks(layer(values, ("change",)))
    assert marks.sum() == 4 * 10 * (colour.FINE // 100)
    assert scores.decided_marks(None) is None


def test_a_region_at_an_edge_has_its_number_inside():
    box = frame.Frame(1000.0, 800.0, lambda x, y: (x, y), 10.0, 0.0)
    found = [
        Region(id=number, area_m2=400.0, peak_score=9.0, mean_score=5.0, centroid=place)
        for number, place in ((7, (100.0, 300.0)), (123, (980.0, 300.0)), (9, (50.0, 799.0)))
    ]
    root = svg.drawing(box.width, box.height, name="map", title="t", description="d")
    maps.region_marks(root, box, tuple(found))
    lines = [float(text.get("y")) for text in root.iter() if text.tag.endswith("text")]
    assert max(lines) < 800.0
    starts = {text.text: float(text.get("x")) for text in root.iter() if text.tag.endswith("text")}
    assert starts["7"] > 100.0
    assert 0.0 < starts["123"] < 980.0 - 3 * 8  # three digits of 15 px end before the ring
