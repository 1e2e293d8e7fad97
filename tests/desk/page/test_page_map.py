"""The map: five ways to compare two dates, layers, measuring, values; pixels are compared."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytestmark = pytest.mark.slow

EDGE = 70  # px at the top under the badges, left out of comparisons
SIDE = 60  # px at the left under the zoom buttons and the scale bar


@pytest.fixture
def bare(sight):
    """Only pictures: no outlines or names over them; radar, because the dates differ everywhere."""
    sight.part("after-track").select_option(sight.radar())
    sight.part("after-layer").select_option("vv")
    for name in ("zones", "findings", "site", "names"):
        sight.part(f"show-{name}").uncheck()
    sight.settle()
    return sight


def pictures(sight):
    """The before and after pictures alone, by swapping them in the single view."""
    after = sight.stage()
    sight.page.keyboard.press("x")
    sight.settle()
    before = sight.stage()
    sight.page.keyboard.press("x")
    sight.settle()
    return before, after


def same(left, right, where):
    return float(np.mean(np.abs(left[where] - right[where]).max(axis=-1) <= 8))


def beside(shape, columns):
    """A mask of the map's lower part in some columns."""
    mask = np.zeros(shape[:2], bool)
    mask[EDGE : shape[0] - 40, columns] = True
    return mask


def test_it_opens_on_the_site_with_zones_and_a_legend(sight):
    assert "Invented garrison" in sight.page.title()
    assert sight.part("about").inner_text().startswith("REHEARSAL")
    assert re.search(r"\d\d:\d\d UTC \(\d\d:\d\d local\)", sight.part("badge-after").inner_text())
    legend = sight.part("legend").inner_text()
    assert "True colour" in legend
    assert "reflectance" in legend
    assert "10 m pixels" in legend
    assert "not observed" in legend
    picture = sight.stage()
    assert picture[EDGE:].std() > 20  # something is drawn
    sight.keep("1-open")


def test_swipe_shows_before_on_the_left_and_after_on_the_right(bare):
    before, after = pictures(bare)
    assert same(before, after, beside(after.shape, slice(SIDE, None))) < 0.9
    bare.page.keyboard.press("2")
    bare.settle()
    swiped = bare.stage()
    middle = swiped.shape[1] // 2
    left, right = slice(SIDE, middle - 20), slice(middle + 20, None)
    assert same(swiped, before, beside(swiped.shape, left)) > 0.999
    assert same(swiped, after, beside(swiped.shape, right)) > 0.999
    bare.keep("1-swipe")
    bar = bare.part("swipe")
    bar.focus()
    for _ in range(10):
        bare.page.keyboard.press("ArrowLeft")
    assert bar.get_attribute("aria-valuenow") == "30"
    bare.settle(150)
    moved = bare.stage()
    assert (
        same(moved, after, beside(moved.shape, slice(int(0.3 * moved.shape[1]) + 20, None))) > 0.999
    )


def test_the_lens_shows_before_inside_and_after_outside(bare):
    before, after = pictures(bare)
    bare.page.keyboard.press("4")
    box = bare.part("stage").bounding_box()
    centre = (box["width"] / 2, box["height"] / 2)
    bare.page.mouse.move(box["x"] + centre[0], box["y"] + centre[1])
    bare.settle()
    seen = bare.stage()
    y, x = np.mgrid[: seen.shape[0], : seen.shape[1]]
    apart = np.hypot(x - centre[0], y - centre[1])
    assert same(seen, before, (apart < 100) & beside(seen.shape, slice(SIDE, None))) > 0.999
    assert same(seen, after, (apart > 118) & beside(seen.shape, slice(SIDE, None))) > 0.999
    bare.keep("1-lens")


def test_blink_shows_both_in_turn(bare):
    before, after = pictures(bare)
    bare.page.keyboard.press("5")
    stage = bare.part("stage")
    where = beside(after.shape, slice(SIDE, None))
    for name, picture in (("before", before), ("after", after)):
        bare.page.wait_for_selector(f"#stage[data-shows={name}]", timeout=5000)
        bare.page.wait_for_timeout(150)
        assert stage.get_attribute("data-shows") == name
        assert same(bare.stage(), picture, where) > 0.999


def test_two_maps_side_by_side_move_together(sight):
    sight.page.keyboard.press("3")
    sight.settle()
    sight.keep("1-side-by-side")
    maps = [sight.page.locator(f"#{name} .ol-scale-line-inner") for name in ("map-before", "map")]
    first = [scale.evaluate("e => e.style.width + e.textContent") for scale in maps]
    assert first[0] == first[1]
    sight.page.locator("#map-before .ol-zoom-in").click()
    sight.settle()
    then = [scale.evaluate("e => e.style.width + e.textContent") for scale in maps]
    assert then[0] == then[1] != first[0]


def test_opacity_lets_the_ground_through(bare):
    full = bare.stage()
    bare.part("opacity").evaluate("e => { e.value = 0; e.dispatchEvent(new Event('input')) }")
    bare.settle()
    faded = bare.stage()
    assert np.abs(full - faded)[EDGE:-40, SIDE:].mean() > 25


def test_every_layer_of_every_source_is_drawn_with_its_legend(sight):
    answers = []
    sight.page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    wanted = set()
    for track in sight.tracks():
        sight.part("after-track").select_option(track["key"])
        for layer in track["layers"]:
            sight.part("after-layer").select_option(layer["id"])
            sight.page.wait_for_timeout(120)
            wanted.add(f"/{track['key']}/{layer['id']}/")
            legend = sight.part("legend").inner_text()
            assert ("Anomaly" if layer["id"] == "anomaly" else layer["label"]) in legend
            if layer["kind"] == "scalar":
                assert sight.page.locator("#legend .ramp").count() == 1
                assert re.search(r", \S", legend)  # its unit
        sight.settle()
        sight.keep(f"1-coverage-{track['sensor']}")
    tiles = [(url, status) for url, status in answers if "/api/tile/" in url]
    drawn = {part for part in wanted if any(part in url for url, _ in tiles)}
    assert wanted - drawn <= {f"/{sight.optical()}/true-colour/"}  # was there from the start
    assert {status for _, status in tiles} == {200}


def test_radar_before_and_optical_after_are_compared_at_one_place(sight):
    sight.page.locator("#linked").uncheck()
    sight.part("before-track").select_option(sight.radar())
    sight.part("before-layer").select_option("anomaly")
    sight.part("modes").get_by_text("Swipe").click()
    sight.settle()
    assert "radar" in sight.part("badge-before").inner_text()
    assert "optical" in sight.part("badge-after").inner_text()
    legend = sight.part("legend").inner_text()
    assert "Anomaly" in legend
    assert "True colour" in legend
    sight.keep("1-two-sensors")


def test_the_change_layer_compares_with_the_before_date(sight):
    sight.part("after-track").select_option(sight.radar())
    with sight.page.expect_response(lambda answer: "/change/" in answer.url) as tile:
        sight.part("after-layer").select_option("change")
    assert f"before={sight.chosen('before-look')}" in tile.value.url
    sight.settle()
    sight.keep("1-change")


def test_a_distance_is_measured_as_the_scale_bar_says(sight):
    bar = sight.page.locator("#map .ol-scale-line-inner")
    metres = float(re.match(r"[\d.]+", bar.inner_text()).group())
    per_pixel = metres / float(bar.evaluate("e => parseFloat(e.style.width)"))
    box = sight.part("map").bounding_box()
    sight.page.keyboard.press("d")
    start = (box["x"] + 200, box["y"] + 250)
    sight.page.mouse.click(*start)
    sight.page.mouse.move(start[0] + 150, start[1])
    sight.page.mouse.dblclick(start[0] + 300, start[1])
    told = sight.part("measured").inner_text()
    measured = float(re.search(r"[\d.]+", told.replace("\u202f", "")).group())
    assert told.startswith("Distance")
    # the bar is rounded to whole pixels and drawn for the middle of the map
    assert measured == pytest.approx(300 * per_pixel, rel=0.02)
    sight.keep("1-measure")
    sight.part("clear").click()
    assert sight.part("measured").is_hidden()


def test_an_area_is_drawn_by_keyboard_alone(sight):
    sight.page.keyboard.press("a")
    canvas = sight.part("map")
    canvas.focus()
    for key in ("Enter", "ArrowRight", "Enter", "ArrowDown", "Enter", "Control+Enter"):
        sight.page.keyboard.press(key)
        sight.page.wait_for_timeout(220)  # the map glides
    told = sight.part("measured").inner_text()
    assert re.match(r"Area [\d.\u202f]+ (m²|ha)", told)
    assert not told.startswith("Area 0 ")


def test_coordinates_have_the_agreed_decimals_and_values_are_those_of_the_server(sight):
    sight.part("after-track").select_option(sight.radar())
    sight.page.keyboard.press("2")
    box = sight.part("map").bounding_box()
    with sight.page.expect_response(lambda answer: "/api/value/" in answer.url) as asked:
        sight.page.mouse.move(box["x"] + 300, box["y"] + 200)
    sight.settle()
    decimals = sight.ask("/api/site")["coordinates"]["decimals"]
    told = sight.part("coordinates").inner_text()
    assert all(len(part) == decimals for part in re.findall(r"\.(\d+)°", told))
    answer = asked.value.json()
    lat, lon = (float(text) for text in re.findall(r"([\d.]+)°", told))
    assert (lat, -lon) == (abs(answer["lat"]), answer["lon"])
    shown = [sight.part(f"values-{side}").inner_text() for side in ("before", "after")]
    assert all("VV" in text and "dB" in text for text in shown)
    assert shown[0][1:] != shown[1][1:]
