"""Sentences of the steps before the record are recognised, and said in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pipeline
from pipeline.report.messages import en
from pipeline.report.sentences import coded, patterns, told
from pipeline.report.words import Words

SOURCES = "".join(
    path.read_text()
    for folder in ("imagery", "kernels", "workflows")
    for path in sorted((Path(pipeline.__file__).parent / folder).rglob("*.py"))
)
SAMPLES = {
    "offset -0.1: processing baseline 05.11 carries −1000 DN": "offset-by-baseline",
    "offset 0: already applied by the provider, though the catalogue still announces -0.1":
        "offset-applied-announced",
    "offset 0: already applied by the provider": "offset-applied",
    "offset -0.1 from MTD_MSIL2A.xml": "offset-from",
    "scale and offset as usual for sentinel-1-rtc": "usual-scale",
    "published 2025-01-18, after 2025-01-02; no earlier version is known": "published-only-late",
    "by S1: published 2025-01-18T00:00:00Z, after 2025-01-02T00:00:00Z": "published-late",
    "by S1: listed twice, with other files": "superseded-twice-other",
    "tiles disagree: standard error 0.16 px": "tiles-disagree",
    "0 tiles with enough valid pixels": "few-tiles",
    "normalization of B04: only 12 pixels in the ring": "normalization",
    "not within reach: B01, B05": "bands-out-of-reach",
}  # fmt: skip


@pytest.mark.parametrize(("text", "key"), SAMPLES.items())
def test_a_sentence_is_recognised_by_its_kind(text, key):
    found = [name for name, pattern in patterns() if pattern.fullmatch(text)]
    assert found[0] == f"said.{key}"


@pytest.mark.parametrize("text", SAMPLES)
@pytest.mark.parametrize(("language", "script"), [("ru", "[а-яё]"), ("ar", "[\u0600-\u06ff]")])
def test_it_is_said_in_the_readers_language(text, language, script):
    said = told(text, Words(language))
    assert re.search(script, said)
    assert not re.search(r"\b(the|of|with|after|only|pixels)\b", said)


def test_numbers_dates_and_names_are_the_readers():
    russian = Words("ru")
    assert "0,16" in told("tiles disagree: standard error 0.16 px", russian)
    said = told("published 2025-01-18, after 2025-01-02; no earlier version is known", russian)
    assert "18.01.2025" in said
    assert "05.11" in told("offset -0.1: processing baseline 05.11 carries −1000 DN", russian)
    assert "радар" in told("scale and offset as usual for sentinel-1-rtc", russian)
    assert told("VH, VV: offset 0: acquired before baselines had one", russian).startswith("VH, VV")


def test_what_nobody_knows_stands_as_it_was_said():
    for language in ("en", "ru", "ar"):
        assert told("a sentence of next year", Words(language)) == "a sentence of next year"
    assert told("not estimated", Words("en")) == "not estimated"
    assert coded("reason", "haze", Words("ru")) == Words("ru")("reason.haze")


def test_a_failure_says_what_it_means_and_keeps_the_programs_words():
    text = "FW220: site hill: a.tif: truncated"
    for language in ("en", "ru", "ar"):
        said = told(text, Words(language))
        assert text in said
        assert Words(language)("failure.FW220") in said
    assert told("FW777: unheard of", Words("ru")) == "FW777: unheard of"


def literals(text):
    return [part for part in re.split(r"\{\w+\}|[:,]", text) if part.strip(" .;%()")]


@pytest.mark.parametrize("key", [key for key in en.MESSAGES if key.startswith("said.")])
def test_every_kind_is_one_that_the_code_still_writes(key):
    """A sentence reworded in the code would silently be English again."""
    text = en.MESSAGES[key].removeprefix("by {id}: ")
    for part in literals(text):
        assert part.strip() in SOURCES, part
