from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections import OrderedDict

import numpy as np
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import CatalogueError, OutputError, ProductError
from pipeline.store import atomic, reading
from pipeline.store.atomic import (
    atomic_write,
    canonical_json,
    parse_json,
    read_json,
    sweep,
    temporary_beside,
    write_json,
)


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_bytes_arrive_under_their_name_and_nothing_else_does(tmp_path):
    atomic_write(tmp_path / "a" / "b" / "x.bin", b"one")
    atomic_write(tmp_path / "a" / "b" / "x.bin", b"two")
    assert (tmp_path / "a" / "b" / "x.bin").read_bytes() == b"two"
    assert names(tmp_path) == ["a", "b", "x.bin"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_full_disk_leaves_the_old_bytes_and_names_the_path(tmp_path, monkeypatch, call):
    path = tmp_path / "x.bin"
    atomic_write(path, b"old")

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os if call != "open" else type(path), call, full)
    with pytest.raises(OutputError, match="No space left") as caught:
        atomic_write(path, b"new")
    monkeypatch.undo()
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 1
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.bin"]


def test_the_rename_comes_after_the_bytes_are_on_the_disk(tmp_path, monkeypatch):
    order = []
    real_fsync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("fsync"), real_fsync(fd))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append("replace"), real_replace(a, b)))
    atomic_write(tmp_path / "x", b"1")
    assert order == ["fsync", "replace", "fsync"]


def test_a_folder_where_a_file_belongs_is_one_error(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(OutputError):
        atomic_write(tmp_path / "x", b"1")
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(OutputError):
        atomic_write(tmp_path / "f" / "x", b"1")


def test_sweep_takes_leftovers_and_nothing_else(tmp_path):
    atomic_write(tmp_path / "deep" / "kept.tif", b"1")
    (tmp_path / ".hidden").write_bytes(b"")
    temporary_beside(tmp_path / "deep" / "kept.tif").write_bytes(b"half")
    staging = temporary_beside(tmp_path / "product")
    staging.mkdir()
    (staging / "inner").write_bytes(b"half")
    assert sweep(tmp_path) == 2
    assert names(tmp_path) == [".hidden", "deep", "kept.tif"]
    assert sweep(tmp_path / "missing") == 0


def test_long_names_still_have_a_temporary(tmp_path):
    atomic_write(tmp_path / ("n" * 250), b"1")
    assert names(tmp_path) == ["n" * 250]


def test_canonical_form_is_the_one_of_rfc_8785(tmp_path):
    # Section 3.2.3 of RFC 8785: keys sorted by UTF-16 code units, ES6 numbers.
    document = {
        "€": "Euro Sign",
        "\r": "CR",
        "1": 1e21,
        "\ufb33": 4.50,
        "\U0001f600": 2e-3,
        "ö": 1e30,
    }
    expected = '{"\\r":"CR","1":1e+21,"ö":1e+30,"€":"Euro Sign","😀":0.002,"\ufb33":4.5}'
    write_json(tmp_path / "x.json", document)
    assert (tmp_path / "x.json").read_bytes() == expected.encode()
    assert read_json(tmp_path / "x.json") == document


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 2**60, b"bytes", {1: 2}, "\ud800"]
)
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match=r".+"):
        canonical_json({"x": value})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


def test_numbers_are_written_as_asked_wherever_they_stand():
    document = {"a": 0.125, "b": [1, True, 0.5, (0.25,), OrderedDict(é=0.75, z=np.float64(2.5))]}
    written = canonical_json(document, number=lambda value: 10 * value)
    assert written == '{"a":1.25,"b":[1,true,5,[2.5],{"z":25,"é":7.5}]}'.encode()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(JSON)
def test_documents_come_back_as_they_went(document):
    assert parse_json(canonical_json(document)) == document


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b'{"b": {"a": 1, "c": 0, "a": 1}}', "'a' twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e999]", "out of range"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b"[" * 200_000, "deeper than 64"),
        (b'{"a":' * 100_000, "deeper than 64"),
        (b'["\xff"]', "UTF-8"),
        (b'["\\ud800"]', "UTF-8"),
        (b'{"a" 1}', "is not JSON"),
        (b"", "is not JSON"),
        (b"1" * 5000, "out of range"),
    ],
)
def test_hostile_json_is_refused_by_rule(tmp_path, payload, rule):
    (tmp_path / "x.json").write_bytes(payload)
    with pytest.raises(CatalogueError, match=rule) as caught:
        read_json(tmp_path / "x.json", error=CatalogueError)
    assert "\n" not in str(caught.value)
    assert "x.json" in str(caught.value)


def test_brackets_in_texts_are_no_nesting():
    assert parse_json(json.dumps(["[" * 500 + '"\\']).encode()) == ["[" * 500 + '"\\']


def test_reading_keeps_to_size_kind_and_root(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out.json"
    inside.mkdir()
    outside.write_bytes(b"[1]")
    (inside / "a.json").write_bytes(b"[1]")
    (inside / "good.json").symlink_to(inside / "a.json")
    (inside / "bad.json").symlink_to(outside)
    assert read_json(inside / "good.json", root=inside) == [1]
    with pytest.raises(ProductError, match="outside the folder"):
        read_json(inside / "bad.json", root=inside)
    with pytest.raises(ProductError, match="outside the folder"):
        read_json(inside / ".." / "out.json", root=inside)
    with pytest.raises(ProductError, match="limit of 2 bytes"):
        read_json(inside / "a.json", byte_limit=2)
    with pytest.raises(ProductError, match="regular file"):
        read_json(inside)
    with pytest.raises(ProductError, match="No such file"):
        read_json(inside / "none.json")


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_a_named_pipe_does_not_hold_us(tmp_path):
    os.mkfifo(tmp_path / "x.json")
    with pytest.raises(ProductError, match="regular file"):
        read_json(tmp_path / "x.json")


def test_a_link_that_appears_after_the_check_is_not_followed(tmp_path, monkeypatch):
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "x").write_bytes(b"good")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"secret")
    real = reading._opened_beneath

    def swapped(top, parts, flags):
        (root / "a").rename(root / "b")
        (root / "a").symlink_to(tmp_path / "elsewhere")
        return real(top, parts, flags)

    monkeypatch.setattr(reading, "_opened_beneath", swapped)
    with pytest.raises(reading.UnreadableFile):
        reading.read_bytes(root / "a" / "x", byte_limit=100, root=root)


def test_the_module_has_one_place_that_renames():
    source = open(atomic.__file__).read()  # noqa: SIM115, PTH123
    assert source.count("os.replace(") == 1


ANY_NUMBER = st.one_of(
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.floats(-10, 10).map(lambda x: float(f"{x:.6g}")),
    st.floats(0, 1e-3),
    st.sampled_from((-0.0, 2.0**53 - 1, 2.0**53, 1e15, 1e16, 9.1e15, 1e21, 1e-4, 9.9e-5, 1e-6)),
)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), ANY_NUMBER, st.text(st.characters())),
        lambda inner: st.one_of(
            st.lists(inner), st.dictionaries(st.one_of(st.text(), st.integers()), inner)
        ),
        max_leaves=12,
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_writer_gives_the_bytes_of_the_reference_or_refuses_as_it_does(document):
    try:
        expected = rfc8785.dumps(document)
    except ValueError:
        with pytest.raises((rfc8785.CanonicalizationError, UnicodeEncodeError)):
            canonical_json(document)
    else:
        assert canonical_json(document) == expected


def test_every_character_is_escaped_as_the_reference_does():
    text = "".join(chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    assert canonical_json({"a": text, "b": [text]}) == rfc8785.dumps({"a": text, "b": [text]})
