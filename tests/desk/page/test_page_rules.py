"""Rules of every screen: access, small screens, failures in plain words, no accusing word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.desk.codes import FAMILIES, code_words
from pipeline.report.messages.en import MESSAGES
from tests.desk.page.conftest import LAPTOP, Sight

STATIC = Path(__file__).resolve().parents[3] / "pipeline" / "desk" / "static"
OWN = [
    path
    for path in sorted(STATIC.iterdir())
    if path.suffix in {".js", ".css", ".html"} and not path.name.startswith("ol.")
]

ACCUSING = r"violation|deception|false flag|cheat|guilty|hostile"


@pytest.fixture
def examined(chromium, address):
    """A desk on which axe may run: the content policy forbids its script, so it is set aside."""
    context = chromium.new_context(viewport=LAPTOP, bypass_csp=True)
    yield Sight(context.new_page(), address).open()
    context.close()


def violations(sight, screen):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - only where it is run

    found = Axe().run(sight.page).response["violations"]
    return [f"{screen}: {v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]


@pytest.mark.slow
def test_axe_finds_no_violation_on_any_screen(examined):
    sight, found = examined, []
    found += violations(sight, "list")
    for key, screen in (("2", "swipe"), ("3", "side by side")):
        sight.page.keyboard.press(key)
        found += violations(sight, screen)
    sight.page.keyboard.press("j")
    sight.settle()
    for name in ("link", "dispute"):
        sight.part("acts").locator(f"[data-value={name}]").click()
    sight.part("opinion-value").locator("[data-value=agree]").click()
    found += violations(sight, "finding")
    sight.part("tab-whatif").click()
    sight.part("slider-threshold").evaluate(
        "e => { e.value = e.max; e.dispatchEvent(new Event('input')) }"
    )
    sight.page.wait_for_selector("[data-testid=whatif-summary]")
    found += violations(sight, "what-if")
    sight.part("tab-history").click()
    found += violations(sight, "history")
    sight.page.locator("#help-open").click()
    found += violations(sight, "help")
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1024, 768), (768, 1024)])
def test_nothing_is_cut_off_on_a_laptop_or_a_tablet(sight, width, height):
    sight.page.set_viewport_size({"width": width, "height": height})
    sight.page.keyboard.press("j")
    sight.settle()
    assert sight.page.evaluate("document.documentElement.scrollWidth") <= width
    assert sight.page.evaluate("document.documentElement.scrollHeight") <= height
    for name in ("view", "stage", "readout", "chart", "timeline-box", "queue", "legend"):
        box = sight.part(name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width + 1
        assert box["y"] + box["height"] <= height + 1, name
        assert box["width"] >= 150
    assert sight.part("stage").bounding_box()["height"] >= 200
    assert sight.part("chart").bounding_box()["height"] >= 90
    sight.keep(f"6-{width}x{height}")


@pytest.mark.slow
def test_every_control_can_be_reached_and_seen_by_keyboard(sight):
    wanted = sight.page.evaluate(
        """() => [...document.querySelectorAll(
            'button, select, input, a[href], textarea, [tabindex="0"]')]
        .filter(e => e.checkVisibility() && e.tabIndex >= 0).length"""
    )
    reached, faint = set(), []
    for _ in range(wanted + 10):
        sight.page.keyboard.press("Tab")
        name, outline = sight.page.evaluate(
            """() => { const e = document.activeElement; e.dataset.reached ||= Math.random();
            const own = getComputedStyle(e), after = getComputedStyle(e, '::after');
            return [e.dataset.reached + (e.tagName === 'BODY' ? ' body' : ''),
                    own.outlineStyle + after.outlineStyle] }"""
        )
        if name.endswith("body"):
            continue
        reached.add(name)
        if "solid" not in outline and "auto" not in outline:
            faint.append(sight.page.evaluate("document.activeElement.outerHTML.slice(0, 100)"))
    assert len(reached) >= wanted - 1
    assert faint == []


@pytest.mark.slow
def test_findings_that_cannot_be_read_are_not_silence(rough_sight):
    failure = {
        "status": 500,
        "json": {"error": {"code": "FW999", "message": "the record is broken"}},
    }
    rough_sight.page.route("**/api/findings*", lambda route: route.fulfill(**failure))
    rough_sight.open()
    told = rough_sight.part("findings-failed").inner_text()
    assert "the record is broken" in told
    assert "not “no change”" in told


@pytest.mark.slow
def test_while_it_loads_it_says_what_is_going_on_and_a_failure_is_told(rough_sight):
    told = {
        "phase": "pixels", "done": 12, "total": 64, "text": "sentinel-1-rtc",
        "pictures": False, "ready": False, "failed": False,
    }  # fmt: skip
    rough_sight.page.route("**/api/progress*", lambda route: route.fulfill(json=told))
    rough_sight.page.goto(rough_sight.address.url)
    rough_sight.page.wait_for_selector("text=12 of 64")
    assert "Reading the pixels" in rough_sight.part("loading").inner_text()
    rough_sight.keep("6-loading")
    told |= {"failed": True, "phase": "failed", "text": "no catalogue could be read"}
    rough_sight.page.wait_for_selector("[data-testid=failed]")
    text = rough_sight.part("loading").inner_text()
    assert "no catalogue could be read" in text
    assert "not “no change”" in text
    rough_sight.keep("6-failed")


@pytest.mark.slow
def test_a_server_that_has_gone_is_said_to_have_gone(rough_sight):
    rough_sight.open()
    rough_sight.page.route("**/api/series*", lambda route: route.abort())
    rough_sight.page.keyboard.press("j")
    rough_sight.page.wait_for_selector("text=does not answer")


@pytest.mark.slow
def test_no_finding_and_nothing_seen_are_two_sentences(rough_sight):
    rough_sight.page.route(
        "**/api/findings*", lambda route: route.fulfill(json={"findings": [], "notifications": []})
    )
    rough_sight.open()
    assert "on the looks that were observed" in rough_sight.part("queue").inner_text()


@pytest.mark.slow
def test_another_site_is_a_choice_away_and_says_it_has_no_product(sight):
    sight.part("site").select_option("town")
    sight.page.wait_for_url("**site=town")
    sight.page.wait_for_selector("body[data-ready=yes]", timeout=120_000)
    sight.settle()
    assert "Town" in sight.page.title()
    assert "No product yet: findings are exploratory" in sight.part("standing").inner_text()
    assert "30 m pixels" in sight.part("legend").inner_text()
    sight.keep("6-other-site")


@pytest.mark.slow
def test_a_lost_tile_never_looks_calm(rough_sight):
    rough_sight.page.route("**/api/tile/**", lambda route: route.abort())
    rough_sight.open()
    assert "could not be loaded" in rough_sight.part("badge-after").inner_text()
    stage = rough_sight.stage()
    assert stage[100:400, 200:500].std() > 20  # hatched


@pytest.mark.slow
def test_without_script_it_says_where_else_to_read(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address.url)
    assert "report.html" in page.locator("noscript, .noscript").first.inner_text()
    context.close()


def test_words_are_those_of_the_reports_for_every_family_the_page_asks_for():
    told = code_words()
    assert told == {key: MESSAGES[key] for key in told}
    asked = {
        family
        for path in OWN
        for family in re.findall(r"(?:word|known)\(\"([a-z.-]+)\"", path.read_text("utf-8"))
    }
    assert len(asked) > 10
    assert asked <= set(FAMILIES)
    for family in FAMILIES:
        assert [key for key in told if key.rpartition(".")[0] == family], family


@pytest.mark.slow
def test_codes_stand_on_the_page_in_the_words_of_the_reports(sight):
    sight.page.keyboard.press("j")
    sight.page.wait_for_selector("[data-testid=finding]")
    text = sight.part("queue").inner_text()
    item = next(
        f
        for f in sight.ask("/api/findings")["findings"]
        if f["id"] == sight.page.locator(".more .mono").text_content()
    )
    assert MESSAGES[f"evidence.{item['evidence_state']}"] in text
    for code in item["hypotheses"]:
        assert MESSAGES[f"hypothesis.{code['code']}"] in text
    assert "undefined" not in text
    assert sight.ask("/api/words") == code_words()


def test_no_accusing_word_and_no_inline_script_or_style():
    for path in OWN:
        text = path.read_text(encoding="utf-8")
        assert not re.search(ACCUSING, text, re.IGNORECASE), path.name
        assert "innerHTML" not in text, path.name
        assert "eval(" not in text, path.name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path.name
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style| style=| on\w+=", page)


def test_the_vendored_library_is_the_published_one_with_its_licence():
    assert "BSD 2-Clause" in (STATIC / "ol.LICENSE.md").read_text(encoding="utf-8")
    assert "10.11.0" in (STATIC / "README.md").read_text(encoding="utf-8")
