"""Where the baseline is not the ratified one, page and paper say so first, and how."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import get_args

import pytest

from pipeline.assessment.record import BaselineDifference, Report
from pipeline.report.facts.page import page_facts
from pipeline.report.render import product_html
from pipeline.report.words import LANGUAGES, Words
from tests.report import products
from tests.report.gallery import gallery


def page(language="en", **drift):
    record = copy.deepcopy(gallery())
    record["baseline_drift"] |= drift
    return page_facts(Report.model_validate(record), "0" * 64, Words(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_difference_is_said_in_every_language(language):
    words, drift = Words(language), page(language).drift
    codes = get_args(BaselineDifference.model_fields["code"].annotation)
    assert [row[0] for row in drift.rows] == [words(f"drift.{code}") for code in codes]
    assert words("head.ratified") in drift.heads


def test_numbers_and_sensors_are_the_readers():
    (_, subject, ratified, here) = page("ru").drift.rows[-1]
    assert (ratified, here) == ("0,125", "\u22120,5")
    assert "радар" in subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_stamped_counted_and_told_whose_it_is(exhibition, language):
    words = Words(language)
    shown = page(language)
    (stamp,) = [stamp for stamp in shown.stamps if stamp.code == "drift"]
    assert words.count("differences", 240) in stamp.why
    assert words("drift.more", shown=13) in shown.drift_told
    html = product_html(exhibition, language).decode()
    assert words("stamp.drift") in html
    assert 'id="drift"' in html


def test_scenes_that_the_agreement_lists_are_told_as_such():
    assert page(ratified=None).drift_told.startswith("The agreement itself lists")
    day = datetime(2024, 2, 3, tzinfo=UTC)
    assert "on 2024-02-03" in page(ratified=day).drift_told


def test_what_is_as_ratified_is_said_and_what_nobody_ratified_is_not(tmp_path):
    same = page(count=0, differences=[])
    assert same.drift.empty == Words()("drift.none")
    assert not [stamp for stamp in same.stamps if stamp.code == "drift"]
    products.write_record(tmp_path, products.monitor())
    html = product_html(tmp_path).decode()
    assert 'id="drift"' not in html
