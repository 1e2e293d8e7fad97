"""Compiled templates are kept where compiled modules are, and never believed when they differ."""

from __future__ import annotations

import sys
import tempfile

import jinja2
import numpy as np
import pytest
from matplotlib import colormaps

from pipeline.report.compiled import CompiledTemplates
from pipeline.report.figures.tables import COLOURS


def made(folder, text, **options):
    loader = jinja2.DictLoader({"a": text})
    environment = jinja2.Environment(loader=loader, **options)  # noqa: S701 - plain texts
    environment.bytecode_cache = CompiledTemplates(environment)
    environment.bytecode_cache.directory = str(folder)
    return environment.get_template("a").render()


@pytest.fixture
def writing(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.mark.usefixtures("writing")
def test_a_template_is_compiled_once(tmp_path, monkeypatch):
    folder = tmp_path / "__pycache__"
    assert made(folder, "{{ 1 + 1 }}") == "2"
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(jinja2.Environment, "_generate", None)
    assert made(folder, "{{ 1 + 1 }}") == "2"


@pytest.mark.usefixtures("writing")
def test_another_text_or_option_is_compiled_again(tmp_path):
    assert made(tmp_path, "{{ '<' }}", autoescape=True) == "&lt;"
    assert made(tmp_path, "{{ '<' }}", autoescape=False) == "<"
    assert made(tmp_path, "{{ '>' }}", autoescape=True) == "&gt;"


def test_nothing_is_kept_where_python_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert made(tmp_path, "a") == "a"
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("writing")
def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path, monkeypatch):
    def refused(**_):
        raise PermissionError("read-only")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refused)
    assert made(tmp_path, "a") == "a"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", sorted(COLOURS))
def test_colours_are_those_of_the_named_map(name):
    wanted = colormaps[name](np.linspace(0, 1, 64))[:, :3] * 255
    # half a step of rounding
    assert np.abs(COLOURS[name] - wanted).max() <= 0.5 + 1e-9
