"""Series: of a zone, a pixel and a polygon; marks, reading, export."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from tests.desk.page.conftest import SCREENS

pytestmark = pytest.mark.slow


def zone_series(sight, zone, indicator):
    """Choose a zone and indicator, and return what the server says of them."""
    sight.part("series-open").click()
    sight.page.wait_for_selector("[data-testid=chart] svg")
    sight.part("series-zone").select_option(zone)
    sight.part("series-indicator").select_option(indicator)
    sight.settle(150)
    assert indicator.replace("-", " ") in sight.part("series").locator("h3").inner_text()
    sensors = next(i for i in sight.ask("/api/site")["indicators"] if i["id"] == indicator)[
        "sensors"
    ]
    track = sight.radar() if "sentinel-1-rtc" in sensors else sight.optical()
    return sight.post("/api/series", {"track": track, "zone": zone, "indicator": indicator})


def test_a_zone_has_observations_band_threshold_alarms_and_unseen_looks(sight):
    data = zone_series(sight, "motor-pool", "radar-excess")
    chart = sight.part("chart")
    assert chart.locator("[data-index]").count() == len(data["looks"])
    alarms = sum(1 for look in data["looks"] if look["alarm"])
    assert alarms > 0
    assert chart.locator("[data-index] path[fill='#c2410c']").count() == alarms
    text = chart.inner_text()
    assert "agreed threshold" in text
    assert "N-2025-001" in text  # the notified autumn exercise stands as a shaded span
    assert "baseline" in text
    assert "unseen" in text
    label = chart.locator("svg").get_attribute("aria-label")
    assert f"{alarms} over the threshold" in label
    assert re.search(
        r"Smallest change seen with 90 %: [\d\u202f]+", sight.part("series-note").inner_text()
    )
    sight.keep("3-zone")


def test_looks_without_a_value_lie_in_the_strip_and_say_why(sight):
    data = zone_series(sight, "depot", "hard-surface")
    unseen = [i for i, look in enumerate(data["looks"]) if look["value"] is None]
    assert unseen
    chart = sight.part("chart")
    strip = chart.locator("text=unseen").bounding_box()
    for index in unseen[:5]:
        mark = chart.locator(f"[data-index='{index}']").bounding_box()
        assert abs(mark["y"] + mark["height"] / 2 - strip["y"] - strip["height"] / 2) < 6
    mark = chart.locator(f"[data-index='{unseen[0]}']").bounding_box()
    sight.page.mouse.move(mark["x"] + 5, mark["y"])
    told = sight.part("series-told").inner_text()
    assert "not observed" in told
    assert "not “no change”" in told


def test_pointer_and_keyboard_read_the_same_values(sight):
    data = zone_series(sight, "motor-pool", "radar-excess")
    index = next(i for i, look in enumerate(data["looks"]) if look["alarm"])
    mark = sight.part("chart").locator(f"[data-index='{index}']").bounding_box()
    sight.page.mouse.move(mark["x"] + mark["width"] / 2, mark["y"] + 2)
    by_pointer = sight.part("series-told").inner_text()
    assert "over the threshold" in by_pointer
    assert f"{data['looks'][index]['value']:.2f} dB".replace("-", "\u2212") in by_pointer.replace(
        "\u00a0", " "
    )
    sight.page.mouse.move(5, 5)
    sight.part("chart").focus()
    sight.page.keyboard.press("Home")
    for _ in range(index):
        sight.page.keyboard.press("ArrowRight")
    assert sight.part("series-told").inner_text() == by_pointer
    sight.page.keyboard.press("Enter")
    assert sight.chosen("after-look") == data["looks"][index]["look"]


def test_a_click_on_a_pixel_draws_its_series_and_never_a_threshold(sight):
    box = sight.part("map").bounding_box()
    with sight.page.expect_response(lambda answer: "/api/series" in answer.url) as asked:
        sight.page.mouse.click(box["x"] + 300, box["y"] + 200)
    body = asked.value.request.post_data_json
    assert body["geometry"]["type"] == "Point"
    sight.page.wait_for_selector("[data-testid=chart] [data-index]")
    assert "one pixel" in sight.part("series").inner_text()
    assert "threshold" not in sight.part("chart").inner_text()
    assert "not judged" in sight.part("series-note").inner_text()
    with sight.page.expect_response(lambda answer: "/api/series" in answer.url) as again:
        sight.part("series-feature").select_option(index=1)
    assert again.value.request.post_data_json["feature"] != body["feature"]
    sight.keep("3-pixel")


def test_a_polygon_is_drawn_and_its_mean_followed(sight):
    sight.page.keyboard.press("p")
    box = sight.part("map").bounding_box()
    x, y = box["x"] + 260, box["y"] + 200
    with sight.page.expect_response(
        lambda answer: "/api/series" in answer.url, timeout=5000
    ) as asked:
        sight.page.mouse.click(x, y)
        sight.page.mouse.click(x + 90, y)
        sight.page.mouse.click(x + 90, y + 60)
        sight.page.mouse.dblclick(x, y + 60)
    ring = asked.value.request.post_data_json["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 5
    sight.settle()
    assert "polygon" in sight.part("series").inner_text()
    with sight.page.expect_download() as csv:
        sight.part("export-csv").click()
    rows = csv.value.path().read_text().strip().splitlines()
    assert len(rows) == len(asked.value.json()["looks"]) + 1
    sight.keep("3-polygon")


def test_csv_and_png_hold_what_is_drawn(sight):
    data = zone_series(sight, "motor-pool", "radar-excess")
    with sight.page.expect_download() as csv:
        sight.part("export-csv").click()
    rows = csv.value.path().read_text().strip().splitlines()
    assert len(rows) == len(data["looks"]) + 1
    assert rows[0].startswith("look,acquired,value")
    with sight.page.expect_download() as png:
        sight.part("export-png").click()
    assert png.value.suggested_filename == "series-garrison-motor-pool-radar-excess.png"
    picture = Image.open(io.BytesIO(png.value.path().read_bytes())).convert("RGB")
    assert picture.size[0] >= 2000
    colours = {colour for _, colour in picture.getcolors(1 << 20)}
    assert {(255, 255, 255), (194, 65, 12)} <= colours  # paper, and marks over the threshold
    SCREENS.mkdir(parents=True, exist_ok=True)
    picture.save(SCREENS / "3-export.png")


def test_an_interval_has_the_digits_of_its_value_as_in_the_reports(sight):
    told = sight.page.evaluate(
        """async () => {
            const f = await import("/static/format.js");
            return [f.measured(50.31, [47.52, 53], "percent"), f.measured(3600, [3268, 3932], "m2"),
                    f.measured(-0.001, [-0.3, 0.2], "dB"), f.measured(3, null, "dB"),
                    f.probable(0.93, [0.79, 0.9921]), f.probable(0.95, [0.9, 0.99999]),
                    f.probable(0.2, null), f.area(12345, [9876, 15000]),
                    f.measured(2.5e-9, [0, 4.4e-9], "m2"), f.quantity(-1e-12, "dB")];
        }"""
    )
    plain = [text.replace("\u202f", " ").replace("\xa0", " ") for text in told]
    assert plain == [
        "50.3 % (47.5 to 53.0)",
        "3 600 m² (3 270 to 3 930)",
        "0.00 dB (\u22120.30 to 0.20)",
        "3 dB",
        "0.93 (0.79 to 0.99)",
        "0.95 (0.90 to above 0.99)",
        "0.20",
        "1.23 ha (0.99 to 1.50)",
        "2.5×10⁻⁹ m² (0 to 4.4×10⁻⁹)",
        "\u22121.00×10⁻¹² dB",
    ]


def test_sites_are_named_with_their_ids(sight):
    names = sight.part("site").locator("option").all_inner_texts()
    assert "garrison · Invented garrison (rehearsal)" in names
    assert len(names) == 3
