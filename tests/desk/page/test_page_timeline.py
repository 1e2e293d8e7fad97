"""The time line: every look as a shape, clicks and keys that set dates, the timelapse."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.slow


def status(look):
    """What the mark of a look has to say: one that is not judged is no observation."""
    aside = look["set_aside"] and look["status"] in {"usable", "partly"}
    return "aside" if aside else look["status"]


def place(sight, track, look):
    """Where a look is drawn on the time line, px of the page."""
    keys = [entry["key"] for entry in sight.tracks()]
    looks = sight.ask(f"/api/looks/{track}")
    at = next(i for i, entry in enumerate(looks) if entry["id"] == look)
    before = sum(len(sight.ask(f"/api/looks/{key}")) for key in keys[: keys.index(track)])
    box = sight.page.locator("#timeline .glyph").nth(before + at).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_look_is_a_mark_whose_shape_says_what_was_seen(sight):
    wanted = Counter()
    alarms = 0
    for track in sight.tracks():
        looks = sight.ask(f"/api/looks/{track['key']}")
        wanted += Counter(status(look) for look in looks)
        alarms += sum(1 for look in looks if look["alarms"])
    drawn = {
        name: sight.page.locator(f"#timeline .timeline-box .glyph-{name}").count()
        for name in wanted
    }
    assert drawn == dict(wanted)
    assert len(wanted) >= 3  # the demonstration has clear, half-clouded and clouded looks
    shapes = {
        name: sight.page.locator(f"#timeline .timeline-box .glyph-{name}").first.evaluate(
            "g => [...g.children].filter(e => e.tagName !== 'title')"
            ".map(e => e.tagName + e.getAttribute('fill')).join()"
        )
        for name in wanted
    }
    assert len(set(shapes.values())) == len(shapes)
    titles = sight.page.locator("#timeline .glyph-cloud title").first.text_content()
    assert "cloud" in titles
    assert alarms > 0


def test_a_click_sets_after_and_with_shift_before(sight):
    track = sight.optical()
    usable = [look for look in sight.ask(f"/api/looks/{track}") if look["status"] == "usable"]
    sight.page.mouse.click(*place(sight, track, usable[10]["id"]))
    assert sight.chosen("after-look") == usable[10]["id"]
    sight.page.keyboard.down("Shift")
    sight.page.mouse.click(*place(sight, track, usable[3]["id"]))
    sight.page.keyboard.up("Shift")
    assert sight.chosen("before-look") == usable[3]["id"]
    sight.part("click-sets").get_by_text("B before").click()
    sight.page.mouse.click(*place(sight, track, usable[5]["id"]))
    assert sight.chosen("before-look") == usable[5]["id"]
    assert sight.chosen("after-look") == usable[10]["id"]
    sight.keep("2-timeline")


def test_a_click_on_the_other_source_brings_both_dates_there(sight):
    radar = sight.radar()
    looks = sight.ask(f"/api/looks/{radar}")
    sight.page.mouse.click(*place(sight, radar, looks[30]["id"]))
    assert sight.chosen("after-track") == radar
    assert sight.chosen("after-look") == looks[30]["id"]
    assert sight.chosen("before-look") in {look["id"] for look in looks} - {looks[30]["id"]}


def test_one_click_compares_with_the_look_before_or_the_year_before(sight):
    looks = sight.ask(f"/api/looks/{sight.optical()}")
    seen = [look for look in looks if status(look) in {"usable", "partly"}]
    after = next(look for look in seen if look["id"] == sight.chosen("after-look"))
    sight.part("before-previous").click()
    assert sight.chosen("before-look") == seen[seen.index(after) - 1]["id"]
    assert sight.part("stage").get_attribute("data-mode") == "swipe"
    sight.part("before-year").click()
    day = datetime.strptime(sight.chosen("before-look"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    apart = datetime.fromisoformat(after["acquired"]) - day
    assert abs(apart - timedelta(days=365)) < timedelta(days=30)


def test_a_hazy_look_is_set_aside_in_words_and_shape(sight):
    hazy = next(
        look for look in sight.ask(f"/api/looks/{sight.optical()}") if status(look) == "aside"
    )
    sight.part("after-look").select_option(hazy["id"])
    assert "set aside, not judged" in sight.part("badge-after").inner_text()


def test_arrow_keys_step_through_all_looks(sight):
    looks = [look["id"] for look in sight.ask(f"/api/looks/{sight.optical()}")]
    at = looks.index(sight.chosen("after-look"))
    sight.page.keyboard.press("ArrowLeft")
    sight.page.keyboard.press("ArrowLeft")
    assert sight.chosen("after-look") == looks[at - 2]
    sight.page.keyboard.press("ArrowRight")
    assert sight.chosen("after-look") == looks[at - 1]
    before = looks.index(sight.chosen("before-look"))
    sight.page.keyboard.press("Shift+ArrowRight")
    assert sight.chosen("before-look") == looks[before + 1]
    line = sight.part("timeline-box")
    line.focus()
    sight.page.keyboard.press("Home")
    assert sight.chosen("after-look") == looks[0]
    assert looks[0][:4] in line.get_attribute("aria-valuetext")
    sight.page.keyboard.press("ArrowUp")
    assert sight.chosen("after-track") == sight.radar()


def test_space_plays_a_timelapse_and_stops_it(sight):
    sight.part("timeline-box").focus()
    sight.page.keyboard.press("Home")
    first = sight.chosen("after-look")
    sight.page.keyboard.press("Space")
    sight.page.wait_for_function(
        "first => document.getElementById('after-look').selectedIndex > 3",
        arg=first,
        timeout=15_000,
    )
    sight.page.keyboard.press("Space")
    stopped = sight.chosen("after-look")
    sight.page.wait_for_timeout(900)
    assert sight.chosen("after-look") == stopped
    assert "Play" in sight.part("play").inner_text()


def test_an_unseen_look_says_so_on_the_map(sight):
    track = sight.optical()
    cloudy = next(look for look in sight.ask(f"/api/looks/{track}") if look["status"] == "cloud")
    sight.part("after-look").select_option(cloudy["id"])
    sight.settle()
    assert "not observed" in sight.part("badge-after").inner_text()
    assert "cloud" in sight.part("timeline-told").inner_text()
    sight.keep("2-clouded")


def test_zooming_in_time_keeps_fewer_looks_in_view(sight):
    marks = sight.page.locator("#timeline .timeline-box .glyph")
    all_of_them = marks.count()
    sight.page.get_by_label("Zoom in on time").click()
    sight.page.get_by_label("Zoom in on time").click()
    sight.page.wait_for_timeout(100)
    assert 0 < marks.count() < all_of_them
    sight.page.get_by_label("The whole time").click()
    sight.page.wait_for_timeout(100)
    assert marks.count() == all_of_them
