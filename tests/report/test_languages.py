"""Three languages, one record: the same keys, fields, facts and order in each."""

from __future__ import annotations

import dataclasses
import re
from importlib import import_module
from string import Formatter

import pytest

from pipeline.report.facts.model import Fact, Table
from pipeline.report.facts.page import page_facts
from pipeline.report.render import product_html, read_record
from pipeline.report.vocabulary import ACCUSING
from pipeline.report.words import LANGUAGES, Words
from tests.report.reading import Reader

TABLES = {name: import_module(f"pipeline.report.messages.{name}") for name in LANGUAGES}
OTHERS = [name for name in LANGUAGES if name != "en"]
# Categories of CLDR that whole numbers take, with counts that take them.
CATEGORIES = {
    "en": {"one": [1], "other": [0, 2, 5, 11, 21, 100]},
    "ru": {"one": [1, 21, 101], "few": [2, 3, 4, 22, 104], "many": [0, 5, 11, 12, 14, 19, 111]},
    "ar": {"zero": [0], "one": [1], "two": [2], "few": [3, 10, 103, 110], "many": [11, 99, 111],
           "other": [100, 102, 200]},
}  # fmt: skip


def base(key):
    return re.sub(r"^(count\.\w+)\.\w+$", r"\1", key)


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_code_of_one_language_is_in_the_others(language):
    assert {base(k) for k in TABLES["en"].MESSAGES} == {base(k) for k in TABLES[language].MESSAGES}


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_says_the_same_fields(language):
    other = TABLES[language].MESSAGES
    for key, text in TABLES["en"].MESSAGES.items():
        if not key.startswith("count."):
            assert fields(text) == fields(other[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_have_every_form_their_language_needs(language):
    table = TABLES[language]
    needed = set(CATEGORIES[language]) | {"other"}
    for key in {base(k) for k in table.MESSAGES if k.startswith("count.")}:
        assert {k.rpartition(".")[2] for k in table.MESSAGES if base(k) == key} == needed, key
    for category, counts in CATEGORIES[language].items():
        assert {table.plural(n) for n in counts} == {category}


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_accuses(language):
    pattern = re.compile(ACCUSING[language], re.IGNORECASE)
    assert {k: v for k, v in TABLES[language].MESSAGES.items() if pattern.search(v)} == {}
    assert pattern.search({"ru": "нарушение", "ar": "انتهاك"}[language])  # the test can fail


@pytest.mark.parametrize("language", OTHERS)
def test_a_message_is_written_in_its_script(language):
    script = {"ru": r"[а-яё]", "ar": r"[\u0600-\u06ff]"}[language]
    # Messages of fields, signs and proper names alone are the same in all languages.
    bare = {
        key: re.sub(r"\{\w+\}|Fair Witness|SHA-256|px", "", text)
        for key, text in TABLES[language].MESSAGES.items()
    }
    spoken = {key: text for key, text in bare.items() if re.search(r"[^\W\d_]{2,}", text)}
    assert [k for k, text in spoken.items() if not re.search(script, text, re.IGNORECASE)] == []
    assert len(spoken) > 0.95 * len(bare)


def shape(value):
    """Return codes of facts and sizes of tables, in order: what is said, without how."""
    if isinstance(value, Fact):
        return value.code
    if isinstance(value, Table):
        return len(value.heads), len(value.rows), value.links, bool(value.empty)
    if dataclasses.is_dataclass(value):
        return [shape(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [shape(item) for item in value]
    return type(value).__name__


@pytest.mark.parametrize("language", OTHERS)
def test_the_same_facts_stand_in_the_same_order(exhibition, language):
    report, digest = read_record(exhibition)
    english = page_facts(report, digest, Words("en"))
    assert shape(page_facts(report, digest, Words(language))) == shape(english)


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_sentence_is_left_on_a_page(exhibition, language):
    text = Reader(product_html(exhibition, language).decode()).text
    plain = re.sub("[\u2066-\u2069]", "", text)
    said = {v for v in TABLES["en"].MESSAGES.values() if len(v.split()) > 2 and not fields(v)}
    own = set(TABLES[language].MESSAGES.values())
    assert [message for message in said - own if message in plain] == []
    assert len(said) > 100


def test_arabic_runs_from_right_to_left_and_isolates_what_does_not(exhibition):
    page = product_html(exhibition, "ar").decode()
    assert '<html lang="ar" dir="rtl">' in page
    assert page.count("\u2068") == page.count("\u2069") > 100
    assert "\\u2068" not in page  # an isolate that was escaped as hostile would be seen
    words = Words("ar")
    assert words("silence.where", zone="depot-7", sensor="S1").count("\u2068") == 2
    assert Words("en").isolated("x") == "x"


def test_numbers_and_dates_follow_the_language():
    said = {
        name: (words.style.quantity(-8165.4, "m2", (-9173.0, -7157.0)), words.style.share(0.001))
        for name in LANGUAGES
        for words in (Words(name),)
    }
    thin, minus = "\u202f", "\u2212"
    assert said["en"][0] == f"{minus}8{thin}200{thin}m² ({minus}9{thin}200 to {minus}7{thin}200)"
    assert said["ru"] == (
        f"{minus}8{thin}200{thin}м² (от {minus}9{thin}200 до {minus}7{thin}200)", f"0,1{thin}%",
    )  # fmt: skip
    assert said["ar"][0] == f"{minus}8{thin}200{thin}m² ({minus}9{thin}200 … {minus}7{thin}200)"


def test_a_decimal_inside_a_code_is_written_as_the_language_does():
    assert Words("ru").code("measured", "residual-px:0.143").endswith("0,143 пикс")
    assert Words("en").code("measured", "residual-px:0.143").endswith("0.143 px")
