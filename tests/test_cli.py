"""The command line as a shell sees it: exit codes, one-line refusals, JSON lines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pipeline.progress import interruptible, silent
from pipeline.store.locks import run_lock
from tests.workflows.runs import Trial


def fairwitness(*words, **options):
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "pipeline.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def trial(tmp_path):
    return Trial(tmp_path)


def test_a_wrong_key_is_one_line_with_file_and_line(trial):
    trial.edit("settings.yaml", "output", "outptu")
    shown = fairwitness("run", trial.settings)
    assert shown.returncode == 2
    assert shown.stdout == ""
    (line,) = shown.stderr.splitlines()
    assert "settings.yaml:4" in line
    assert "FW110" in line
    assert "Traceback" not in line


def test_unknown_site_and_bad_date_are_usage_errors(trial):
    for words in (["--site", "nowhere"], ["--as-of", "yesterday"]):
        shown = fairwitness("run", trial.settings, *words)
        assert (shown.returncode, len(shown.stderr.splitlines())) == (2, 1)
    assert not trial.out.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run"], "SETTINGS"),
        (["run", "x.yaml", "--workers", "-1"], "--workers"),
        (["run", "x.yaml", "--wrkers", "1"], "--wrkers"),
        (["passes", "x.yaml", "--days", "0"], "--days"),
        (["ran", "a\x1b[31m"], "ran"),
    ],
)
def test_wrong_words_are_one_line_too(words, told):
    shown = fairwitness(*words)
    assert (shown.returncode, shown.stdout) == (2, "")
    (line,) = shown.stderr.splitlines()
    assert line.startswith("fairwitness: FW101: ")
    assert told in line


@pytest.mark.parametrize(
    "words", [["ledger", "show"], ["ledger", "add", "x", "--kind", "note", "--trust"]]
)
def test_a_name_too_long_for_the_disk_is_wrong_usage(words):
    shown = fairwitness(*words, "n" * 300)
    assert shown.returncode == 2
    (line,) = shown.stderr.splitlines()
    assert line.startswith("fairwitness: FW101: ")
    assert "File name too long" in line


def test_a_full_disk_behind_the_standard_output_is_one_line():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "pipeline.cli", "schema"]
        shown = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert shown.returncode == 1
    assert shown.stderr == (
        "fairwitness: FW230: the output: could not be written: No space left on device\n"
    )


def test_a_name_over_two_lines_is_told_on_one(trial):
    trial.edit("settings.yaml", "output: out", 'output: "a\\nb"')
    shown = fairwitness("run", trial.settings, "--site", "hill", "--as-of", "2021-12-31")
    assert shown.stdout.splitlines()[-1].endswith("a\\nb/index.html")


def test_no_words_show_the_help():
    shown = fairwitness()
    assert shown.returncode == 2
    assert "Commands:" in shown.stderr + shown.stdout


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_beyond_the_calendar_of_any_satellite_are_refused(trial, day):
    shown = fairwitness("passes", trial.settings, "--from", day)
    assert shown.returncode == 2
    assert day in shown.stderr


@pytest.fixture
def heard():
    """Interrupts are heard, also where the tests run in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_an_interrupted_run_says_that_the_next_completes(trial):
    command = [sys.executable, "-m", "pipeline.cli", "run", str(trial.settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (trial.out / ".state" / "run.lock").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
    # Python ends itself by the signal where it came during an import; a shell says 130 of both.
    assert process.returncode in {130, -signal.SIGINT}
    assert told == "fairwitness: interrupted; the next run completes\n"


def _swallowed_interrupt():
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("heard")
def test_an_interrupt_that_a_library_swallowed_is_raised_at_the_next_sign_of_progress():
    shown = []

    def work():
        with interruptible(lambda *_, **facts: shown.append(facts)) as show:
            show("scenes", done=1, total=2)
            _swallowed_interrupt()
            show("scenes", done=2, total=2)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert [facts["done"] for facts in shown] == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("heard")
def test_an_interrupt_that_was_swallowed_at_the_very_end_is_raised_there():
    with pytest.raises(KeyboardInterrupt), interruptible(silent):
        _swallowed_interrupt()


def test_where_interrupts_are_ignored_they_stay_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible(silent) as show:
            signal.raise_signal(signal.SIGINT)
            show("scenes", done=1, total=1)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_map_libraries_of_other_programs_are_not_used(trial):
    foreign = {"PROJ_LIB": "/nowhere", "PROJ_DATA": "/nowhere", "GDAL_DATA": "/nowhere"}
    corners = "34.43,-119.77; 34.43,-119.74; 34.46,-119.74; 34.46,-119.77"
    words = ["site", "new", corners, "--id", "place", "--out", trial.folder / "new"]
    shown = fairwitness(*words, env={**os.environ, **foreign})
    assert shown.returncode == 0, shown.stderr
    assert "OBSERVABILITY SHEET" in shown.stdout


def test_a_held_lock_is_exit_3(trial):
    with run_lock(trial.out):
        shown = fairwitness("run", trial.settings)
    assert shown.returncode == 3
    assert len(shown.stderr.splitlines()) == 1


def test_long_work_tells_how_far_it_is(trial):
    told = fairwitness("run", trial.settings, "--log-json", "--workers", "0").stderr
    events = [json.loads(line) for line in told.splitlines()]
    scenes = [event for event in events if event["event"] == "scenes"]
    assert [event["done"] for event in scenes[:21]] == list(range(1, 22))
    assert scenes[0]["total"] == 21
    steps = [event["text"] for event in events if event["event"] == "steps"]
    assert steps[:4] == [f"town {step}" for step in ("read", "measured", "calibrated", "written")]
    again = fairwitness("run", trial.settings, "--log-json", "--workers", "0").stderr
    assert {json.loads(line)["event"] for line in again.splitlines()} == {"sites"}


def test_log_json_gives_one_object_a_line(trial):
    shown = fairwitness("scenes", trial.settings, "--log-json")
    events = [json.loads(line) for line in shown.stdout.splitlines()]
    assert sum(event["event"] == "scene" for event in events) == 42


def test_debug_shows_the_traceback(trial):
    trial.edit("settings.yaml", "output", "outptu")
    assert "Traceback" in fairwitness("run", trial.settings, "--debug").stderr


@pytest.mark.parametrize("which", ["agreement", "settings", "notifications", "report"])
def test_schemas_are_json_schema(which):
    shown = fairwitness("schema", which)
    Draft202012Validator.check_schema(json.loads(shown.stdout))


def test_passes_name_no_satellite_that_went_silent(trial):
    shown = fairwitness("passes", trial.settings, "--site", "town", "--days", "24")
    assert "S1A" in shown.stdout
    assert "S1B" not in shown.stdout
