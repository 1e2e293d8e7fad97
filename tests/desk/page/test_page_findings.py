"""The queue: evidence, ticks, opinions and every other act as a statement that is only added to."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def open_first(sight):
    sight.page.keyboard.press("j")
    sight.page.wait_for_selector("[data-testid=finding]")
    sight.settle()
    return chosen(sight)


def chosen(sight):
    """The finding that is open, as the server knows it."""
    name = sight.page.locator(".more .mono").text_content()
    return next(item for item in sight.ask("/api/findings")["findings"] if item["id"] == name)


def statements(sight, finding):
    return [s for s in sight.ask("/api/statements") if s["about"].get("finding") == finding["id"]]


def record(sight, act):
    """Do something that is recorded, and wait until the page has read it back."""

    def statements(method):
        return lambda a: "/api/statements" in a.url and a.request.method == method

    with (
        sight.page.expect_response(statements("GET")),
        sight.page.expect_response(statements("POST")) as posted,
    ):
        act()
    assert posted.value.status == 200, posted.value.text()
    sight.settle(150)
    return posted.value.json()


def test_the_queue_holds_every_finding_with_its_state_in_words(sight):
    findings = sight.ask("/api/findings")["findings"]
    rows = sight.part("findings").locator("li")
    assert rows.count() == len(findings)
    states = rows.locator(".chip").all_inner_texts()
    assert sorted(s.split("\n")[-1] for s in states) == sorted(
        item["headline"] for item in findings
    )
    sight.part("filter-state").select_option("tentative")
    wanted = sum(1 for item in findings if item["headline"] == "tentative")
    assert rows.count() == wanted
    sight.keep("5-queue")


def test_a_finding_shows_its_evidence_side_by_side(sight):
    item = open_first(sight)
    evidence = item["evidence"]
    assert sight.chosen("before-look") == evidence["before"]["look"]
    assert sight.chosen("after-look") == evidence["after"]["look"]
    assert sight.part("stage").get_attribute("data-mode") == "side"
    text = sight.part("queue").inner_text()
    assert "Onset" in text
    assert "Likelihood" in text
    assert "Confidence" in text
    assert item["zone"].replace("-", " ") in sight.part("series").inner_text()
    for code in item["hypotheses"]:
        assert sight.part(f"hypothesis-{code['code']}").count() == 1
    sight.keep("5-finding")


def test_ticks_opinions_and_words_become_unsigned_statements_and_undo_adds_one(sight):
    item = open_first(sight)
    before = len(statements(sight, item))
    code = item["hypotheses"][0]["code"]
    ticks = sight.part(f"hypothesis-{code}")
    tick = record(sight, lambda: ticks.locator("[data-value=inconsistent]").click())
    assert tick["body"]["fit"] == "inconsistent"
    pressed = ticks.locator("[data-value=inconsistent]")
    assert pressed.get_attribute("aria-pressed") == "true"
    assert pressed.evaluate("e => e === document.activeElement")  # redrawn, and still in hand

    sight.part("opinion-onset").locator("[data-value=disagree]").click()
    sight.page.get_by_label("Onset: why").fill("The look before was half clouded.")
    opinion = record(sight, lambda: sight.part("record-onset").click())
    assert opinion["body"] == {"stance": "disagree", "text": "The look before was half clouded."}

    acts = sight.part("acts")
    acts.locator("[data-value=link]").click()
    sight.part("link-notification").select_option("N-2026-002")
    assert "zone ✗ does not fit" in sight.part("link-fits").inner_text()
    link = record(sight, lambda: sight.part("record-link").click())
    assert link["body"]["notification"] == "N-2026-002"

    acts.locator("[data-value=explain]").click()
    sight.part("explain-text").fill("New paving, seen on the ground.")
    record(sight, lambda: sight.part("record-explain").click())

    acts.locator("[data-value=dispute]").click()
    sight.part("dispute-field").select_option("value")
    sight.part("dispute-text").fill("The area is smaller.")
    sight.part("dispute-proposed_test").fill("Compare with the next clear look.")
    dispute = record(sight, lambda: sight.part("record-dispute").click())
    assert dispute["about"]["field"] == "value"

    acts.locator("[data-value=note]").click()
    sight.part("note-text").fill("To be talked over.")
    note = record(sight, lambda: sight.part("record-note").click())

    said = statements(sight, item)
    assert len(said) == before + 6
    assert not any(entry["signed"] for entry in said)
    sight.part("tab-history").click()
    sight.keep("5-history")
    line = sight.page.locator(f"#history [data-testid=statement-{note['number']}]")
    assert "unsigned until signed from the command line" in line.inner_text()
    undone = record(sight, lambda: line.get_by_text("Undo").click())
    assert undone["kind"] == "withdrawn"
    assert f"superseded by No. {undone['number']}" in line.inner_text()
    assert len(statements(sight, item)) >= before + 6  # nothing was taken away


def test_a_lost_statement_is_said_to_be_lost(rough_sight):
    rough_sight.open()
    open_first(rough_sight)
    refuse = {
        "status": 409,
        "json": {"error": {"code": "ledger", "message": "the ledger is broken"}},
    }
    rough_sight.page.route(
        "**/api/statements*",
        lambda route: (
            route.fulfill(**refuse) if route.request.method == "POST" else route.continue_()
        ),
    )
    rough_sight.part("acts").locator("[data-value=note]").click()
    rough_sight.part("note-text").fill("A note that will not arrive.")
    rough_sight.part("record-note").click()
    assert rough_sight.part("warning").inner_text().startswith("Not recorded: the ledger is broken")
    assert rough_sight.part("note-text").input_value() == "A note that will not arrive."


def test_the_whole_review_works_by_keyboard(sight):
    open_first(sight)
    first = chosen(sight)["id"]
    sight.page.keyboard.press("j")
    sight.settle(100)
    assert chosen(sight)["id"] != first
    sight.page.keyboard.press("k")
    sight.settle(100)
    assert chosen(sight)["id"] == first
    sight.page.keyboard.press("w")
    assert sight.part("whatif").is_visible()
    sight.page.keyboard.press("ArrowRight")  # on the tab: the next panel
    assert sight.part("history").is_visible()
    sight.page.keyboard.press("q")
    sight.page.keyboard.press("b")
    assert sight.part("findings").is_visible()
    assert sight.page.evaluate("document.activeElement.dataset.finding") == first
    sight.page.keyboard.press("?")
    assert sight.part("help").is_visible()
    sight.keep("6-help")
    sight.page.keyboard.press("Escape")
    assert sight.part("help").is_hidden()


def yellow(sight):
    """Pixels of the map in the colour of the outline, of which no picture has any."""
    picture = sight.stage()
    return int((np.abs(picture - (240, 228, 66)).max(axis=-1) < 24).sum())


def test_the_changed_pixels_of_the_open_finding_are_outlined_and_can_be_hidden(sight):
    findings = sight.ask("/api/findings")["findings"]
    item = next(f for f in findings if f["indicator"] == "hard-surface")
    assert yellow(sight) == 0
    sight.page.locator(f"[data-finding='{item['id']}']").click()
    sight.page.wait_for_selector(".swatch-changed")
    sight.settle()
    outline = sight.ask(f"/api/findings/{item['id']}")["outline"]
    line = sight.page.locator("dd:has(.swatch-changed)").inner_text()
    assert f"in {outline['regions']} region" in line
    shown = yellow(sight)
    assert shown > 100
    sight.keep("5-outline")
    sight.part("show-changed").uncheck()
    sight.settle()
    assert yellow(sight) == 0
    sight.part("show-changed").check()
    sight.settle()
    assert yellow(sight) == shown
    other = sight.part("after-look").locator("option:enabled").first.get_attribute("value")
    sight.part("after-look").select_option(other)
    sight.settle()
    assert 20 < yellow(sight) < 0.8 * shown  # broken: it is not of this look
    sight.part("back-to-list").click()
    sight.settle()
    assert yellow(sight) == 0


def test_a_value_of_the_whole_zone_says_why_it_has_no_outline(sight):
    findings = sight.ask("/api/findings")["findings"]
    item = next(f for f in findings if f["unit"] == "dB")
    sight.page.locator(f"[data-finding='{item['id']}']").click()
    sight.page.get_by_text("the value is of the zone as a whole").wait_for()
    sight.settle()
    assert yellow(sight) == 0
