"""Series: what a place showed, what was expected of it, and what a zone was judged as."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from pipeline.assessment.features import decibels
from pipeline.desk import places, series, table
from pipeline.desk.pixel import pixel_view
from pipeline.desk.views import plain
from pipeline.errors import UsageError
from pipeline.report.facts.series import threshold_lines


def centre(track):
    box = track.gallery.pixels.geobox.boundingbox
    return (box.left + box.right) / 2, (box.bottom + box.top) / 2


def square(track, metres):
    x, y = centre(track)
    half = metres / 2
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return {"type": "Polygon", "coordinates": [[[x + dx, y + dy] for dx, dy in corners]]}


@pytest.fixture
def track(town):
    return next(iter(town.tracks.values()))


def test_a_zone_series_is_the_assessments_of_the_record(town, town_browser, track):
    zone = town.opened.site.zones[0].id
    asked = {"track": track.key, "indicator": "radar-excess", "zone": zone}
    told = town_browser.post("/api/series", asked).json
    own = [
        look
        for look in town.opened.report.assessments
        if (look.zone, look.indicator) == (zone, "radar-excess")
    ]
    own.sort(key=lambda look: look.acquired)
    assert [look["value"] for look in told["looks"]] == plain([look.value for look in own])
    assert told["baseline"]["low"] == plain([look.baseline_interval[0] for look in own])
    assert [look["p"] for look in told["looks"]] == plain([look.p for look in own])
    assert told["threshold"]["value"] == 1.5
    assert [look["limits"] for look in told["looks"]] == plain([threshold_lines(o) for o in own])
    assert told["threshold"]["direction"] == "both"
    alarms = [look["alarm"] for look in told["looks"]]
    assert alarms == [look.outcome == "change" and look.phase == "monitoring" for look in own]


def test_a_pixel_has_the_value_of_the_stack(town, track):
    x, y = centre(track)
    told = series.feature_series(town, track, "band:VV", {"type": "Point", "coordinates": [x, y]})
    row, column = places.pixel_at(track, x, y)
    down, right = track.gallery.pixels.margin
    np.testing.assert_array_equal(
        [look["value"] for look in told["looks"]],
        track.gallery.pixels.value[:, 0, row + down, column + right],
    )
    assert told["area_m2"] == pytest.approx(track.outcome.series.pixel_area_m2)


def test_a_pixel_of_a_zone_has_the_feature_that_was_judged(town, track):
    own = track.outcome.series
    place = int(np.argmax(next(iter(own.zones.values()))))
    grid = track.outcome.plan.geobox
    x, y = grid.affine @ (own.columns[place] + 0.5, own.rows[place] + 0.5)
    told = series.feature_series(town, track, "vv_db", {"type": "Point", "coordinates": [x, y]})
    values = [look["value"] for look in told["looks"]]
    np.testing.assert_array_equal(values, own.features["vv_db"][:, place])
    score = track.outcome.assessor.score("vv_db")
    step = score.ring_step
    at = np.array([place])
    change = [score.change(own, "vv_db", look, at)[0] for look in range(len(own.days))]
    expected = own.features["vv_db"][:, place] - np.array(change)
    # The band's middle is the assessment's expectation with the ring's step put back. Here the
    # step is taken out before the fit, there after it: a few tenths of a dB of one pixel.
    assert np.abs(np.array(told["baseline"]["expected"]) - expected).max() < 1.5
    assert np.isfinite(step).all()
    z = [look["z"] for look in told["looks"]]
    both = track.outcome.assessor.score("vh_db").z[:, place] + score.z[:, place]
    np.testing.assert_allclose(z, both / np.sqrt(2), rtol=1e-4, atol=1e-4)


def test_most_quiet_looks_lie_in_the_band(town, track):
    told = series.feature_series(town, track, "vv_db", square(track, 600.0))
    quiet = [i for i, look in enumerate(told["looks"]) if look["in_baseline"]]
    low, high = (np.array(told["baseline"][name])[quiet] for name in ("low", "high"))
    values = np.array([told["looks"][i]["value"] for i in quiet])
    assert ((values >= low) & (values <= high)).mean() >= 0.8  # 15 looks of a band of 95 %


def test_a_polygon_is_the_mean_of_its_pixels_by_their_share(town, track):
    shape = square(track, 300.0)
    told = series.feature_series(town, track, "band:VH", shape)
    place = places.place_of(track, shape)
    window = track.gallery.pixels.window(place.rows, place.columns)
    values = track.gallery.pixels.value[:, 1, *window].astype(np.float64)
    mean = (values * place.weight).sum(axis=(1, 2)) / place.weight.sum(dtype=np.float64)
    np.testing.assert_allclose([look["value"] for look in told["looks"]], mean, rtol=1e-6)
    # Areas on the map's grid: the polygon's own, to the share of a pixel exactextract keeps.
    assert told["area_m2"] == pytest.approx(300.0**2, rel=1e-3)
    assert all(look["low"] <= look["value"] <= look["high"] for look in told["looks"])


def test_a_polygon_over_the_edge_says_how_much_of_it_lies_beyond(town, track):
    box = track.gallery.pixels.geobox.boundingbox
    left, top = box.left - 300, box.top - 600
    right, bottom = left + 600, top - 600
    corners = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    told = series.feature_series(town, track, "vv_db", shape)
    assert told["beyond_site"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    "geometry",
    [
        None, {}, {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        {"type": "Point", "coordinates": []}, {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Point", "coordinates": [float("nan"), 0]},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[n, n % 7] for n in range(600)]]},
        {"type": "Polygon", "coordinates": [[[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9]]]},
        {"type": "Polygon", "coordinates": [[[-4e7, 0], [4e7, 0], [4e7, 8e6], [-4e7, 8e6]]]},
        {"type": "Point", "coordinates": ["1", "2"]},
        {"type": "Point", "coordinates": [[1, 2]]},
        {"type": ["Point"], "coordinates": [1, 2]},
        {"type": "Point", "coordinates": {"x": 1}}, "Point", 7,
    ],
)  # fmt: skip
def test_places_that_are_none_are_refused_in_one_line(town, track, geometry):
    with pytest.raises(UsageError) as refused:
        series.feature_series(town, track, "vv_db", geometry)
    assert "\n" not in str(refused.value)


def test_unknown_features_and_zones_are_refused(town, track):
    with pytest.raises(UsageError, match="no feature 'ndvi'"):
        series.feature_series(town, track, "ndvi", square(track, 90.0))
    with pytest.raises(UsageError, match="not judged in zone"):
        series.zone_series(town, track, "radar-excess", "nowhere")


def test_a_value_is_that_of_the_pixel_under_the_pointer(town, track):
    x, y = centre(track)
    told = pixel_view(town, track, 4, x, y)
    assert told["valid"]
    assert told["db"]["VV"] == pytest.approx(float(decibels(np.array([told["values"]["VV"]]))[0]))
    digits = f"{told['lon']}".partition(".")[2]
    assert len(digits) <= 4  # 30 m pixels: no finer than about 10 m
    with pytest.raises(UsageError, match="beyond the declared site"):
        pixel_view(town, track, 4, x + 50_000, y)


def test_the_table_holds_the_series(town_browser, track, town):
    zone = town.opened.site.zones[0].id
    query = f"track={track.key}&indicator=radar-excess&zone={zone}"
    answer = town_browser.get(f"/api/export/series.csv?{query}")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    told = town_browser.post(
        "/api/series", {"track": track.key, "indicator": "radar-excess", "zone": zone}
    ).json
    assert answer.headers["content-disposition"].startswith("attachment")
    assert [row["look"] for row in rows] == list(track.looks)
    np.testing.assert_allclose(
        [float(row["value"]) for row in rows], [look["value"] for look in told["looks"]], rtol=1e-6
    )
    assert {row["unit"] for row in rows} == {"dB"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx"])
def test_no_text_of_a_table_is_a_formula(text):
    assert table._cell(text) == f"'{text}"
    assert table._cell(-1.5) == "-1.5"
    assert table._cell(float("nan")) == ""


@pytest.mark.slow
def test_notified_activity_and_detectability_stand_beside_the_series(garrison, garrison_browser):
    key = next(k for k in garrison.tracks if k.startswith("sentinel-1"))
    asked = {"track": key, "indicator": "radar-excess", "zone": "motor-pool"}
    told = garrison_browser.post("/api/series", asked).json
    assert [note["id"] for note in told["notifications"]] == ["N-2025-001"]
    assert told["detectability"]["smallest_m2"] > 0
    assert any(look["alarm"] for look in told["looks"])
