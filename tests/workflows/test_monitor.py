"""The main job on real tiles: products, faults, repetition, workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pipeline.errors import AgreementError, GeometryError, RunLocked, SettingsError
from pipeline.imagery.admission import records
from pipeline.report import render
from pipeline.store.locks import run_lock
from pipeline.store.products import verify_product
from pipeline.workflows.monitor import run_sites, tracks
from tests.workflows.runs import Trial, tree


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A trial that ran once, not to be damaged."""
    trial = Trial(tmp_path_factory.mktemp("done"))
    trial.result = run_sites(trial.settings)
    return trial


@pytest.fixture
def trial(tmp_path):
    """A fresh trial, free to be damaged."""
    return Trial(tmp_path)


@pytest.fixture
def again(tmp_path, done):
    """A copy of the finished trial, free to be damaged: its chips are there already."""
    shutil.copytree(done.folder, tmp_path / "again")
    copy = object.__new__(Trial)
    copy.folder = tmp_path / "again"
    copy.settings, copy.out = copy.folder / "settings.yaml", copy.folder / "out"
    copy.tiles = copy.folder / "tiles"
    return copy


def test_every_site_gets_a_complete_product(done):
    assert done.result.exit_code == 0
    for site in ("town", "hill"):
        names = {entry.path for entry in verify_product(done.product(site)).files}
        assert {"report.json", "report.html", "findings.geojson", "layers/zones.geojson"} <= names
    assert (done.out / "index.html").is_file()
    assert (done.out / "index.json").is_file()


def test_the_record_carries_what_was_decided(done):
    record = done.report("town")
    assert record["standing"] == "rehearsal"
    assert record["as_of"] == "2025-01-02T01:59:01Z"
    assert len([line for line in record["inputs"] if line["status"] == "used"]) == 21
    files = [file for line in record["inputs"] for file in line["files"]]
    assert all(len(file["sha256"]) == 64 and not file["href"].startswith("/") for file in files)
    assert len(record["coverage"]) == 21 * 3
    for line in record["coverage"]:
        assert sum(line["fractions"].values()) == pytest.approx(1, abs=1e-5)  # six digits kept


def test_quiet_places_have_no_confirmed_finding(done):
    for site in ("town", "hill"):
        assert not [item for item in done.report(site)["findings"] if item["confirmed"]]


def test_no_path_of_this_machine_in_any_output(done):
    for name, payload in tree(done.out).items():
        assert str(done.folder).encode() not in payload, name


def test_running_twice_changes_nothing_and_opens_no_raster(again, monkeypatch):
    first = tree(again.out, state=True)
    times = {path: path.stat().st_mtime_ns for path in again.out.rglob("*") if path.is_file()}
    monkeypatch.setattr(records, "read_bands", lambda *_, **__: pytest.fail("a raster was opened"))
    result = run_sites(again.settings)
    assert [line.status for line in result.lines] == ["unchanged", "unchanged"]
    assert tree(again.out, state=True) == first
    assert {p: p.stat().st_mtime_ns for p in times if "run.lock" not in p.name} == {
        p: t for p, t in times.items() if "run.lock" not in p.name
    }


def test_a_new_scene_opens_only_itself(again, monkeypatch):
    newest = again.items("town")[-1]
    parked = again.folder / "parked"
    shutil.move(newest, parked)
    collection = again.tiles / "town" / "collection.json"
    before = collection.read_text()
    listed = json.loads(before)
    listed["links"] = [link for link in listed["links"] if newest.name not in link["href"]]
    collection.write_text(json.dumps(listed))
    shutil.rmtree(again.out)
    run_sites(again.settings)
    shutil.move(parked, newest)
    collection.write_text(before)
    opened = []
    real = records.read_bands
    monkeypatch.setattr(
        records, "read_bands", lambda *args, **kw: opened.append(args) or real(*args, **kw)
    )
    run_sites(again.settings)
    assert len(opened) == 2  # VV and VH of one date


def test_a_deleted_scene_fails_its_site_alone(again, done):
    (again.items("town")[3] / "VV.tif").unlink()
    result = run_sites(again.settings)
    assert result.exit_code == 1
    town, hill = result.lines
    assert (town.status, hill.status) == ("failed", "unchanged")
    assert "FAILED" in town.text
    record = again.report("town")
    assert record["status"] == "failed"
    assert record["failures"][0]["scene"] == again.items("town")[3].name
    assert tree(again.product("hill")) == tree(done.product("hill"))
    lost = [line for line in record["coverage"] if "load-failed" in line["fractions"]]
    assert len(lost) == 3


def test_evidence_that_goes_away_during_the_run_fails_its_site(again, done, monkeypatch):
    shutil.rmtree(again.out / "sites" / "town")
    shutil.rmtree(again.out / ".state" / "done")
    real, taken = tracks.plan_stack, []

    def late(scenes, **options):
        if not taken:
            for sha256 in scenes[3].chips.values():
                taken.append(options["chips"].path(sha256))
                taken[-1].unlink()
        return real(scenes, **options)

    monkeypatch.setattr(tracks, "plan_stack", late)
    result = run_sites(again.settings)
    assert (result.exit_code, result.lines[0].status) == (1, "failed")
    assert taken[0].name in result.lines[0].text
    monkeypatch.setattr(tracks, "plan_stack", real)
    assert run_sites(again.settings).exit_code == 0
    assert tree(again.out) == tree(done.out)


def test_a_site_whose_page_cannot_be_made_leaves_the_others_alone(again, done, monkeypatch):
    (again.items("town")[3] / "VV.tif").unlink()
    real = render.product_html

    def failing(folder):
        if b"town" in (folder / "layers" / "zones.geojson").read_bytes():
            raise RuntimeError("no ink")
        return real(folder)

    monkeypatch.setattr(render, "product_html", failing)
    result = run_sites(again.settings)
    assert result.exit_code == 1
    assert [line.status for line in result.lines] == ["failed", "unchanged"]
    assert "no product says so: RuntimeError: no ink" in result.lines[0].text
    # What was written before stands whole.
    assert tree(again.product("town")) == tree(done.product("town"))


def test_a_truncated_scene_is_load_failed_and_never_no_change(again):
    target = again.items("town")[-1] / "VV.tif"
    target.write_bytes(target.read_bytes()[:9000])
    result = run_sites(again.settings)
    assert result.exit_code == 1
    looks = [
        look for look in again.report("town")["assessments"]
        if look["acquired"].startswith("2025-01-02")
    ]  # fmt: skip
    assert looks
    assert {look["outcome"] for look in looks} == {"not-observed"}


def test_a_scene_put_right_is_taken_up_by_the_next_run(again, done):
    target = again.items("town")[3] / "VV.tif"
    payload = target.read_bytes()
    target.write_bytes(payload[:9000])
    assert run_sites(again.settings).exit_code == 1
    target.write_bytes(payload)
    assert run_sites(again.settings).exit_code == 0
    assert tree(again.out) == tree(done.out)


def test_a_duplicated_scene_is_superseded_and_changes_no_number(again, done):
    folder = again.items("town")[5]
    twin = folder.with_name(folder.name.replace("_v1.0", "_v1.1"))
    shutil.copytree(folder, twin)
    item = json.loads((twin / "item.json").read_text())
    item["id"] = twin.name
    (twin / "item.json").write_text(json.dumps(item))
    collection = again.tiles / "town" / "collection.json"
    listed = json.loads(collection.read_text())
    listed["links"].append(
        {"rel": "item", "href": f"./{twin.name}/item.json", "type": "application/geo+json"}
    )
    collection.write_text(json.dumps(listed))
    assert run_sites(again.settings).exit_code == 0
    record, before = again.report("town"), done.report("town")
    assert [line["status"] for line in record["inputs"]].count("superseded") == 1
    pick = lambda r: [(a["acquired"], a["value"], a["outcome"]) for a in r["assessments"]]  # noqa: E731
    assert pick(record) == pick(before)


def test_a_broken_item_is_told_and_changes_no_site(again, done):
    (again.items("hill")[2] / "item.json").write_text('{"type": "Feature", "id": ')
    result = run_sites(again.settings)
    assert result.exit_code == 1
    assert any("left out" in line.text for line in result.lines)
    assert tree(again.product("town")) == tree(done.product("town"))


def test_a_site_without_scenes_is_a_complete_report_that_says_not_observed(again):
    shutil.rmtree(again.out)
    result = run_sites(again.settings, sites=("town",), as_of="2021-11-10")
    assert result.exit_code == 0
    record = again.report("town")
    assert record["summary"]["sentence_code"] == "not-observed"
    assert record["status"] == "complete"
    assert b"not observed" in (again.product("town") / "report.html").read_bytes().lower()


def test_a_site_nobody_ever_looked_at_does_not_fail_beside_another(trial):
    listing = trial.tiles / "hill" / "collection.json"
    document = json.loads(listing.read_text())
    document["links"] = [link for link in document["links"] if link["rel"] != "item"]
    listing.write_text(json.dumps(document))
    for told in ("hill: not observed; 0 of 0 looks usable", "hill: nothing new"):
        result = run_sites(trial.settings)
        assert result.exit_code == 0
        assert told in [line.text for line in result.lines]
    record = trial.report("hill")
    assert record["status"] == "complete"
    assert record["summary"]["sentence_code"] == "not-observed"
    assert record["findings"] == record["assessments"] == []
    assert b"not observed" in (trial.product("hill") / "report.html").read_bytes().lower()


def test_a_site_without_a_quiet_look_is_told_to_be_too_short_and_does_not_fail(trial):
    trial.edit("agreement.yaml", "to: 2023-10-20,", "to: 2021-11-02,")
    assert run_sites(trial.settings, sites=("town",)).exit_code == 0
    record = trial.report("town")
    assert {look["outcome"] for look in record["assessments"]} == {"not-observable"}
    assert all("baseline-too-short" in look["reasons"] for look in record["assessments"])


def test_a_geometry_that_meets_no_raster_is_refused_and_nothing_written(trial):
    for name in ("town", "hill"):
        path = trial.folder / "sites" / f"{name}.geojson"
        moved = json.loads(path.read_text())
        for feature in moved["features"]:
            feature["geometry"]["coordinates"] = [
                [[x + 3, y] for x, y in ring] for ring in feature["geometry"]["coordinates"]
            ]
        path.write_text(json.dumps(moved))
    with pytest.raises(GeometryError, match="meets none"):
        run_sites(trial.settings)
    assert not trial.out.exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "error"),
    [
        ("settings.yaml", "output: out", "outptu: out", SettingsError),
        ("agreement.yaml", "permitted_use", "permited_use", AgreementError),
        ("agreement.yaml", "value: 1.5", "value: .nan", AgreementError),
        ("agreement.yaml", "id: trial", "id: trial\nid: other", AgreementError),
    ],
)
def test_a_wrong_key_or_value_is_one_line_with_file_and_line(trial, file, old, new, error):
    trial.edit(file, old, new)
    with pytest.raises(error) as caught:
        run_sites(trial.settings)
    line = str(caught.value)
    assert "\n" not in line
    assert f"{file}:" in line
    assert not trial.out.exists()


def test_a_sensor_nobody_describes_stops_the_run_before_it_starts(trial):
    trial.edit("agreement.yaml", "sensors: [sentinel-1-rtc]", "sensors: [sentinel-1-rtk]")
    with pytest.raises(AgreementError, match="did you mean 'sentinel-1-rtc'"):
        run_sites(trial.settings)
    assert not trial.out.exists()


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"out": "."}, "holds an input"),
        ({"out": "tiles"}, "holds an input"),
        ({"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "exclude each other"),
        ({"workers": 100_000}, "1024"),
        ({"scheduler": "xx:yy"}, "no address"),
    ],
)
def test_the_command_line_obeys_the_rules_of_the_settings(trial, asked, rule):
    before = tree(trial.folder, state=True)
    if "out" in asked:
        asked = {"out": trial.folder / asked["out"]}
    with pytest.raises(SettingsError, match=rule):
        run_sites(trial.settings, **asked)
    assert tree(trial.folder, state=True) == before


def test_two_runs_at_once_exit_3(trial):
    with run_lock(trial.out), pytest.raises(RunLocked) as caught:
        run_sites(trial.settings)
    assert caught.value.exit_code == 3


def test_as_of_gives_what_was_known_then(again):
    shutil.rmtree(again.out / "sites")
    run_sites(again.settings, sites=("town",), as_of="2023-12-10")
    record = again.report("town")
    assert record["as_of"] == "2023-12-10T23:59:59Z"
    assert max(line["acquired"] for line in record["inputs"]) < "2023-12-11"


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_do_not_change_a_byte(trial, done, workers):
    assert run_sites(trial.settings, workers=workers).exit_code == 0
    assert tree(trial.out) == tree(done.out)


@pytest.mark.slow
def test_environment_does_not_change_a_byte(trial, done):
    env = {**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-m", "pipeline.cli", "run", str(trial.settings)]
    subprocess.run(command, env=env, check=True, capture_output=True)
    assert tree(trial.out) == tree(done.out)


@pytest.mark.slow
def test_kill_at_random_moments_leaves_nothing_partial(trial, done):
    command = [sys.executable, "-m", "pipeline.cli", "run", str(trial.settings)]
    moments = np.random.default_rng(7).uniform(0.5, 9.0, size=6)
    for moment in moments:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for manifest in trial.out.glob("sites/*/*/manifest.json"):
            verify_product(manifest.parent)
    assert run_sites(trial.settings).exit_code == 0
    assert tree(trial.out) == tree(done.out)
    assert not list(trial.out.rglob("*.tmp*"))
