"""Little or nothing to show: each answer says what is going on, and never "no change"."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.desk.state import Desk, open_desk
from pipeline.errors import RunLocked, SettingsError, UsageError
from pipeline.store.locks import run_lock
from tests.desk.conftest import browser_of, loaded
from tests.workflows.runs import Trial

API = ("/api/site", "/api/findings", "/api/looks/x", "/api/features/x", "/api/value/x/y?x=0&y=0")


@pytest.fixture
def trial(tmp_path):
    """Two sites with their tiles, free to be damaged, and no product."""
    return Trial(tmp_path)


def test_before_anything_is_loaded_every_answer_says_so(town):
    desk = Desk(town.run, town.sites)
    browser = browser_of(desk)
    for address in API:
        answer = browser.get(address)
        assert (answer.status, answer.json["error"]["code"]) == (503, "loading"), address
    for address in ("/api/series", "/api/whatif", "/api/statements"):
        assert browser.post(address, {}).json["error"]["code"] == "loading"
    told = browser.get("/api/progress").json
    assert (told["phase"], told["ready"], told["failed"]) == ("starting", False, False)


def test_what_went_wrong_while_loading_is_said_in_one_line(trial):
    desk = open_desk(trial.settings, site="town")
    with run_lock(trial.out):
        desk.start()
        desk.wait(60)
    assert isinstance(desk.failure, RunLocked)
    browser = browser_of(desk)
    told = browser.get("/api/progress").json
    assert (told["phase"], told["failed"]) == ("failed", True)
    assert "scenes are admitted when it is done" in told["text"]
    answer = browser.get("/api/site")
    assert (answer.status, answer.json["error"]["code"]) == (
        503,
        desk.failure.code,
    )
    assert "\n" not in answer.json["error"]["message"]


def test_what_nobody_foresaw_while_loading_is_named_by_its_kind(trial, monkeypatch):
    def broken(*_):
        raise KeyError("vh\n")

    monkeypatch.setattr("pipeline.desk.state.open_site", broken)
    desk = open_desk(trial.settings, site="town")
    desk.start()
    desk.wait(60)
    browser = browser_of(desk)
    for text in (
        browser.get("/api/progress").json["text"],
        browser.get("/api/site").json["error"]["message"],
    ):
        assert text.startswith("KeyError: ")
        assert text.isprintable()


@pytest.mark.slow
def test_without_a_product_the_desk_opens_from_scenes_and_says_so(trial):
    desk = loaded(open_desk(trial.settings, site="town"))
    browser = browser_of(desk)
    site = browser.get("/api/site").json
    assert site["exploratory_only"]
    assert any("no product yet" in note for note in site["notes"])
    assert site["tracks"][0]["looks"] == 21
    assert not (trial.out / "sites").exists()
    assert browser.post("/api/whatif", {}).json["agreed_findings"] == len(desk.findings)
    assert desk.detectability
    said = browser.post("/api/statements", {"kind": "note", "about": {}, "body": {}})
    assert (said.status, said.json["error"]["code"]) == (409, "no-product")


def test_a_site_without_scenes_has_no_track_and_says_so(trial):
    desk = loaded(open_desk(trial.settings, site="town", as_of="2021-11-02"))
    browser = browser_of(desk)
    site = browser.get("/api/site").json
    assert site["state"]["code"] == "no-scenes"
    assert "no scene" in site["state"]["text"]
    assert site["tracks"] == []
    assert browser.get("/api/findings").json["findings"] == []
    assert browser.get("/api/looks/x").status == 404


@pytest.mark.slow
def test_a_broken_scene_is_a_look_that_failed(trial):
    broken = trial.items("town")[-1]
    for path in broken.glob("*.tif"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    desk = loaded(open_desk(trial.settings, site="town"))
    browser = browser_of(desk)
    site = browser.get("/api/site").json
    assert site["failures"][0]["message"]
    key = site["tracks"][0]["key"]
    looks = browser.get(f"/api/looks/{key}").json
    failed = looks[-1]
    assert (failed["status"], failed["index"], failed["observed"]) == ("failed", None, 0.0)
    assert failed["failure"]
    assert failed["coverage"] == {"failed": 1.0}
    tile = browser.get(f"/api/tile/{key}/vv/{failed['id']}/0/0/0.png")
    assert tile.status == 200  # hatched all over: the track's other tests look at the pixels
    point = {
        "type": "Point",
        "coordinates": [sum(site["tracks"][0]["extent"][i::2]) / 2 for i in (0, 1)],
    }
    told = browser.post("/api/series", {"track": key, "feature": "vv_db", "geometry": point}).json
    assert told["looks"][-1]["value"] is None
    assert told["looks"][-1]["reason"] == "load-failed"


def test_all_scenes_broken_says_that_none_could_be_loaded(trial):
    for path in trial.tiles.rglob("*.tif"):
        path.write_bytes(b"not a tile")
    desk = loaded(open_desk(trial.settings, site="town"))
    site = browser_of(desk).get("/api/site").json
    assert site["state"] == {"code": "all-failed", "text": "not one scene could be loaded"}
    assert len(site["failures"]) == 21


@pytest.mark.slow
def test_a_product_of_other_rules_is_not_shown_as_agreed(town_trial, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(town_trial.folder, folder)
    agreement = folder / "agreement.yaml"
    agreement.write_text(agreement.read_text().replace("value: 7200", "value: 7300"))
    desk = loaded(open_desk(folder / "settings.yaml", site="town"))
    site = browser_of(desk).get("/api/site").json
    assert site["exploratory_only"]
    assert any("other rules" in note for note in site["notes"])


@pytest.mark.slow
def test_a_changed_product_is_not_shown(town_trial, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(town_trial.folder, folder)
    (report,) = folder.glob("out/sites/town/*/report.json")
    report.write_bytes(report.read_bytes().replace(b'"kind":"monitor"', b'"kind":"Monitor"'))
    desk = loaded(open_desk(folder / "settings.yaml", site="town"))
    assert desk.opened.report is None
    assert any("cannot be shown" in note for note in desk.opened.notes)


@pytest.mark.slow
def test_another_site_of_the_agreement_is_one_address_away(town, town_browser):
    answer = town_browser.get("/api/progress?site=hill")
    assert answer.status == 200
    assert town.of_site("hill") is town.of_site("hill")
    assert town.of_site("town") is town
    assert town_browser.get("/api/site?site=nowhere").json["error"]["code"] == "no-site"
    town.of_site("hill").wait(120)
    assert town_browser.get("/api/site?site=hill").json["site"]["id"] == "hill"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"site": "nowhere"}, UsageError),
        ({"as_of": "yesterday"}, UsageError),
    ],
)
def test_what_cannot_be_opened_is_refused_before_anything_is_served(trial, options, error):
    with pytest.raises(error):
        open_desk(trial.settings, **options)


def test_bad_settings_are_refused_with_file_and_line(trial):
    trial.edit("settings.yaml", "output: out", "outputs: out")
    with pytest.raises(SettingsError, match="unknown key 'outputs'"):
        open_desk(trial.settings)


@pytest.fixture
def monitored(town_trial, tmp_path):
    """A trial of its own whose town has a product."""
    folder = tmp_path / "copy"
    shutil.copytree(town_trial.folder, folder)
    shutil.rmtree(folder / "out" / ".state" / "desk", ignore_errors=True)
    return folder


def chips_of(folder, scene):
    """The chips of one scene as its product's evidence names them."""
    (path,) = folder.glob("out/sites/town/*/evidence.json")
    (item,) = (s for s in json.loads(path.read_text())["scenes"] if s["id"] == scene)
    digests = [asset["chip_sha256"] for asset in item["assets"].values()]
    return [folder / "out/.state/chips" / d[:2] / f"{d}.tif" for d in digests]


def used_scenes(folder):
    (path,) = folder.glob("out/sites/town/*/evidence.json")
    scenes = [s for s in json.loads(path.read_text())["scenes"] if s["status"] == "used"]
    return [s["id"] for s in sorted(scenes, key=lambda s: s["acquired"])]


def flip(path):
    """Change one byte in the middle of a file, as a failing disk does."""
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 0xFF
    path.write_bytes(held)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_chip_gone_or_damaged_is_made_again_and_the_product_is_shown(monitored, town, damage):
    chip = chips_of(monitored, used_scenes(monitored)[5])[0]
    before = chip.read_bytes()
    damage(chip)
    desk = loaded(open_desk(monitored / "settings.yaml", site="town"))
    assert chip.read_bytes() == before
    assert desk.opened.report == town.opened.report
    assert [note for note in desk.opened.notes if "1 scene" in note and "again" in note]
    (ours,), (theirs,) = desk.tracks.values(), town.tracks.values()
    np.testing.assert_array_equal(ours.outcome.series.codes, theirs.outcome.series.codes)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["file", "item", "all"])
def test_where_the_source_is_gone_too_the_look_has_failed_and_says_why(monitored, source):
    scene = used_scenes(monitored)[5]
    flip(chips_of(monitored, scene)[0])
    items = [p for p in (monitored / "tiles" / "town").iterdir() if p.name == scene]
    assert items
    if source == "file":
        for path in items[0].glob("*.tif"):
            path.unlink()
    elif source == "item":
        catalogue = monitored / "tiles" / "town" / "collection.json"
        document = json.loads(catalogue.read_text())
        document["links"] = [link for link in document["links"] if scene not in link["href"]]
        catalogue.write_text(json.dumps(document))
    else:
        shutil.rmtree(monitored / "tiles")
    desk = loaded(open_desk(monitored / "settings.yaml", site="town"))
    browser = browser_of(desk)
    site = browser.get("/api/site").json
    assert site["exploratory_only"]
    (note,) = (n for n in site["notes"] if scene in n)
    assert note.isprintable()
    assert [f["scene"] for f in site["failures"] if f["scene"]] == [scene]
    (track,) = site["tracks"]
    looks = browser.get(f"/api/looks/{track['key']}").json
    assert [look["status"] == "failed" for look in looks].count(True) == 1
    (failed,) = (look for look in looks if look["status"] == "failed")
    assert failed["failure"].startswith(scene)
    assert failed["failure"].isprintable()
    assert browser.get("/api/findings").status == 200
