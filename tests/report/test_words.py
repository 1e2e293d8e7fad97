"""The message table: complete for every code, and without words that accuse."""

from __future__ import annotations

import re
from importlib import resources
from string import Formatter
from typing import get_args

import pytest

from pipeline.assessment import confidence, record
from pipeline.report import vocabulary
from pipeline.report.facts.state import URGENCY
from pipeline.report.messages.en import MESSAGES, plural
from pipeline.report.words import Words

ACCUSING = re.compile(vocabulary.ACCUSING["en"], re.IGNORECASE)
MEASURING = {"limit.not-proof-of-intent"}  # "proves no intent": says what it does not do
FAMILIES = {
    "outcome": record.Outcome, "headline": record.Headline, "joint": record.JointState,
    "disposition": record.Disposition, "evidence": record.EvidenceState,
    "coverage": record.CoverageReason,
}  # fmt: skip
FIELDS = {
    "status": (record.SceneInput, "status"), "result": (record.Check, "result"),
    "fit": (record.Hypothesis, "fit"), "kind": (record.Hypothesis, "kind"),
    "notification": (record.NotificationMatch, "relation"),
    "notified": (record.NotifiedActivity, "relation"), "threshold": (record.Threshold, "kind"),
    "standing": (record.Report, "standing"), "confidence": (record.AnalyticConfidence, "level"),
    "direction": (record.Finding, "direction"),
}  # fmt: skip


REPORTS = ("report.html.j2", "index.html.j2", "page.html.j2", "macros.html.j2")


def template_texts():
    folder = resources.files("pipeline.report").joinpath("templates")
    return {name: folder.joinpath(name).read_text("utf-8") for name in REPORTS}


def test_no_message_accuses():
    accusing = {k: v for k, v in MESSAGES.items() if ACCUSING.search(v) and k not in MEASURING}
    assert not accusing
    assert ACCUSING.search("a violation")  # the test can fail


def test_a_text_is_searched_in_every_language_but_for_what_denies():
    told = "A violation. Это нарушение, а не угроза. هذا انتهاك. VIOLATIONS"
    assert vocabulary.accusing_words(told) == ("violat", "наруш", "угроз", "انتهاك")
    assert vocabulary.accusing_words("A measurement\n   proves no intent.") == ()
    assert vocabulary.accusing_words("It proves intent.") == ("proves",)
    assert vocabulary.accusing_words("".join(MESSAGES.values())) == ()


def test_no_template_holds_prose():
    # What is left of a template without tags, markup and the product's name is punctuation.
    for name, text in template_texts().items():
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        bare = re.sub(r"<[^>]*>", " ", bare)
        assert not re.search(r"[A-Za-z]{2,}", bare.replace("Fair Witness", "")), (name, bare)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_code_of_the_record_has_a_message(family):
    assert all(f"{family}.{code}" in MESSAGES for code in get_args(FAMILIES[family]))


@pytest.mark.parametrize("family", FIELDS)
def test_every_choice_of_a_field_has_a_message(family):
    model, name = FIELDS[family]
    assert all(f"{family}.{c}" in MESSAGES for c in get_args(model.model_fields[name].annotation))


def test_every_headline_has_its_place_and_a_word_in_the_index():
    assert set(URGENCY) == set(get_args(record.Headline))
    assert all(f"index.{code}" in MESSAGES for code in URGENCY)


def test_every_hypothesis_of_the_checklist_has_a_message():
    codes = {c for group in confidence.BENIGN.values() for c in group}
    codes |= set(confidence.ACTIVITY.values())
    assert all(f"hypothesis.{code}" in MESSAGES for code in codes)


def test_every_message_a_template_asks_for_exists():
    asked = {
        key
        for text in template_texts().values()
        for key in re.findall(r'words\("([a-z.-]+)"(?! ~)', text)
    }
    assert len(asked) > 40
    assert asked <= set(MESSAGES)


def test_messages_found_by_a_code_of_the_record_take_no_field_but_value():
    families = ("sensor", "reason", "note", "limit", "basis", "hypothesis", "measured", "check",
                "field", "zone-kind", "would-show")  # fmt: skip
    for key, text in MESSAGES.items():
        if key.split(".")[0] in families:
            assert {name for _, name, _, _ in Formatter().parse(text) if name} <= {"value"}, key


def test_words():
    words = Words()
    assert words.count("looks", 1) == "1 look"
    assert words.count("looks", 0) == "0 looks"
    assert words.code("basis", "looks-over:3") == "looks over the threshold: 3"
    assert words.code("basis", "unheard-of:3") == "unheard-of:3"
    assert words.code("reason", "{0.__class__}") == "{0.__class__}"
    assert plural(1) == "one"
    with pytest.raises(ValueError, match="'xx'"):
        Words("xx")
    with pytest.raises(KeyError):
        words("no.such")
