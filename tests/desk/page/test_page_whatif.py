"""What-if: other rules tried in memory, stamped on the page, never kept."""

from __future__ import annotations

import hashlib
import re

import pytest

pytestmark = pytest.mark.slow


def panel(sight, indicator="radar-excess"):
    sight.part("tab-whatif").click()
    sight.part("whatif-indicator").select_option(indicator)


def slide(sight, name, value):
    """Move a slider as a hand would, and wait for the answer."""
    with sight.page.expect_response(lambda answer: "/api/whatif" in answer.url) as asked:
        sight.part(f"slider-{name}").evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})) }",
            str(value),
        )
    sight.page.wait_for_selector("[data-testid=whatif-summary]")
    sight.settle(100)
    return asked.value.json()


def test_a_higher_threshold_shows_what_is_gone_under_a_standing_banner(sight):
    assert sight.part("exploratory-banner").count() == 0
    panel(sight)
    answer = slide(sight, "threshold", 3)
    assert "not the agreed rules" in sight.part("exploratory-banner").inner_text()
    gone = sum(1 for item in answer["findings"] if item["change"] == "gone")
    assert gone > 0
    told = sight.part("whatif-summary").inner_text()
    assert f"− {gone} gone" in told
    assert f"{answer['agreed_findings']} with the agreed ones" in told
    assert sight.page.locator(".diff-row-gone").count() == gone
    assert answer["seconds"] < 1
    sight.keep("4-what-if")
    sight.part("tab-queue").click()
    assert sight.part("exploratory-banner").is_visible()  # on every panel while it lasts
    agreed = sight.ask("/api/findings")["findings"]
    assert f"({len(agreed)})" in sight.part("tab-queue").inner_text()  # the queue is the agreed one


def test_reset_takes_banner_and_difference_away(sight):
    panel(sight)
    slide(sight, "threshold", 3)
    sight.part("whatif-reset").click()
    assert sight.part("exploratory-banner").count() == 0
    assert sight.part("number-threshold").input_value() == "1.5"
    assert "agreed rules stay" in sight.part("whatif-outcome").inner_text()


def test_the_exploratory_threshold_is_drawn_beside_the_agreed_one(sight):
    sight.page.keyboard.press("j")
    sight.page.wait_for_selector("[data-testid=chart] [data-index]")
    sight.part("tab-whatif").click()
    slider = sight.part("slider-threshold")
    slide(sight, "threshold", float(slider.get_attribute("max")))
    text = sight.part("chart").inner_text()
    assert "agreed threshold" in text
    assert "exploratory threshold" in text


def test_every_knob_reaches_the_server(sight):
    panel(sight, "changed-area")
    asked = []
    sight.page.on(
        "request", lambda request: asked.append(request) if "/api/whatif" in request.url else None
    )
    for name, value in (("k", 3), ("n", 4), ("window_days", 60), ("minimum_area_m2", 1200)):
        slide(sight, name, value)
    for name, value in (
        ("dilation", "80"),
        ("baseline-end", "2025-06-30"),
        ("period-end", "2026-07-01"),
    ):
        with sight.page.expect_response(lambda answer: "/api/whatif" in answer.url) as told:
            sight.part(name).fill(value)
            sight.part(name).blur()
        assert told.value.status == 200, told.value.text()
    body = asked[-1].post_data_json
    assert body["confirmation"] == {"changed-area": {"k": 3, "n": 4, "window_days": 60}}
    assert body["minimum_area_m2"] == {"changed-area": 1200}
    assert body["dilation_m"] == 80
    assert body["baseline"]["end"] == "2025-06-30"
    assert body["period_end"] == "2026-07-01"


def test_a_proposal_can_be_copied_and_nothing_was_kept(sight, garrison_out):
    def digest():
        files = sorted(path for path in (garrison_out / "sites").rglob("*") if path.is_file())
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    before = digest()
    panel(sight)
    slide(sight, "threshold", 2.5)
    sight.part("whatif-copy").click()
    text = sight.part("proposal").input_value()
    assert "proposal to amend" in text
    assert re.search(r"value: 2\.5\b.*agreed: 1\.5", text)
    assert digest() == before


def test_a_rule_that_cannot_be_is_refused_in_words(rough_sight):
    rough_sight.open()
    panel(rough_sight)
    rough_sight.part("number-k").fill("9")
    rough_sight.part("number-k").blur()
    rough_sight.page.wait_for_selector("[data-testid=whatif-failed]")
    assert rough_sight.part("whatif-failed").inner_text().startswith("Not computed:")
    assert rough_sight.part("exploratory-banner").is_visible()


def test_what_is_for_all_indicators_does_not_change_with_the_one_that_is_shown(sight):
    sight.part("tab-whatif").click()
    indicators = sight.ask("/api/site")["indicators"]
    known = [item["dilation_m"] for item in indicators if item["dilation_m"] is not None]
    assert len(set(known)) > 1  # radar and optical masks are grown differently
    for item in indicators:
        sight.part("whatif-indicator").select_option(item["id"])
        assert float(sight.part("dilation").input_value()) == max(known)
