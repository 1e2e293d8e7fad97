"""What ``check`` refuses, warns of and promises, before anything runs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from math import ceil, sqrt

import pytest

from pipeline.errors import AgreementError, GeometryError, SettingsError
from pipeline.imagery.scene import Scene
from pipeline.imagery.sensors import SENSORS
from pipeline.workflows.check import check_settings, looks_among, median_gap_days
from pipeline.workflows.monitor import run_sites
from tests.workflows.runs import Trial, tree

SECOND = """\
  - id: second
    observable: {observable}
    unit: m2
    sensors: [{sensors}]
    observability: direct
    treaty_quantity: works
    direction: more
    method: {{version: "1"}}
    threshold: {{kind: absolute, value: 5000}}
    confirmation: {{k: 2, n: 3, window_days: 45}}
baseline:"""


@pytest.fixture
def trial(tmp_path):
    """A fresh trial, free to be damaged; nothing here opens a raster."""
    return Trial(tmp_path)


def with_second(trial, observable, sensors):
    trial.edit("agreement.yaml", "baseline:", SECOND.format(observable=observable, sensors=sensors))


def texts(sheet, kind):
    return [line.text.strip() for line in sheet.lines if line.kind == kind]


def test_a_sound_run_is_described_and_nothing_is_written(trial):
    before = tree(trial.folder, state=True)
    sheet = check_settings(trial.settings)
    assert sheet.exit_code == 0
    text = "\n".join(line.text for line in sheet.lines)
    assert "agreement trial: A trial over two places" in text
    assert "site town: 7.9 km2, 3 zones" in text
    assert text.count("sentinel-1-rtc T137-ascending: 21 looks, 14 in the baseline window") == 2
    assert "radar-excess: zones depot, motor-pool, hardstand" in text
    assert tree(trial.folder, state=True) == before


def test_a_sensor_nobody_describes_is_refused_by_name(trial):
    trial.edit("agreement.yaml", "sensors: [sentinel-1-rtc]", "sensors: [sentinel-1-rtk]")
    with pytest.raises(AgreementError) as caught:
        check_settings(trial.settings)
    said = str(caught.value)
    assert "indicator radar-excess names sensor 'sentinel-1-rtk'" in said
    assert "did you mean 'sentinel-1-rtc'?" in said
    assert said.isprintable()
    assert caught.value.exit_code == 2


def test_a_sensor_the_settings_describe_is_known(trial):
    with_second(trial, "changed_area", "party-vhr")
    described = (
        "generic_sensors:\n  party-vhr:\n    physical: reflectance\n    resolution_m: 2\n"
        "    bands: [{name: red}, {name: nir}, {name: green}, {name: blue}]\n"
    )
    with pytest.raises(AgreementError, match="'party-vhr'"):
        check_settings(trial.settings)
    trial.settings.write_text(trial.settings.read_text() + described)
    sheet = check_settings(trial.settings)
    assert "second: zones depot, motor-pool, hardstand, sensors party-vhr" in texts(sheet, "ok")


def test_a_sensor_of_the_other_kind_is_warned_of(trial):
    with_second(trial, "hard_surface", "sentinel-2-l2a, sentinel-1-rtc")
    warned = texts(check_settings(trial.settings), "warn")
    assert warned.count("sentinel-1-rtc cannot carry hard_surface") == 2
    assert not any("not observable" in line for line in warned)


@pytest.mark.parametrize(
    ("observable", "sensors"), [("hard_surface", "sentinel-1-rtc"), ("burn_scar", "sentinel-1-rtc")]
)
def test_what_no_agreed_sensor_can_measure_is_not_observable(trial, observable, sensors):
    with_second(trial, observable, sensors)
    sheet = check_settings(trial.settings)
    assert f"second: not observable with {sensors}" in texts(sheet, "warn")
    assert sheet.exit_code == 0


def test_the_allowance_is_spent_on_what_is_measured(trial):
    def needed(sheet):
        return [
            line.split("needs ")[1].split()[0] for line in texts(sheet, "ok") if "needs" in line
        ]

    # Three zones and the sensor's published rhythm, not what was acquired: the run's own level.
    judged = 3 * 365.25 / SENSORS["sentinel-1-rtc"].revisit_days
    alone = check_settings(trial.settings)
    assert needed(alone)[0] == str(ceil(sqrt(3 * judged / 0.5)))
    # An indicator nobody can measure spends nothing; one that is measured halves α.
    with_second(trial, "burn_scar", "sentinel-1-rtc")
    assert needed(check_settings(trial.settings)) == needed(alone)
    trial.edit("agreement.yaml", "observable: burn_scar", "observable: radar_bright_area")
    assert needed(check_settings(trial.settings))[0] == str(ceil(sqrt(3 * 2 * judged / 0.5)))


def test_an_allowance_the_history_cannot_support_is_refused_with_what_would(trial):
    trial.edit("agreement.yaml", "alarms_per_site_year: 0.5", "alarms_per_site_year: 0.0001")
    sheet = check_settings(trial.settings)
    assert sheet.exit_code == 2
    (town, hill) = texts(sheet, "refused")
    # Three zones and their shapes where they lie apart on the ring, on 14 looks, are the quiet
    # looks; two of three at this α need √(3 / α), and 3 of 5 need (10 / α)^(1/3).
    judged = 3 * 365.25 / SENSORS["sentinel-1-rtc"].revisit_days
    needed = ceil(sqrt(3 * judged / 1e-4))
    sample, places = map(int, re.search(r"(\d+) quiet looks of (\d+) places", town).groups())
    assert sample == 14 * places
    assert 3 + 24 < places < 3 + 3 * 24
    assert f"refused; pooling over {ceil(needed / sample)} comparable sites" in town
    assert f"a baseline of {ceil(needed / places)} looks" in town
    assert town.endswith("or 3 of 5 on distinct days would carry it")
    assert re.search(r"(\d+) quiet looks of \d+ places", hill)


def test_the_quiet_looks_counted_are_those_the_run_calibrates_on(trial):
    sheet = check_settings(trial.settings)
    run_sites(trial.settings)
    (report,) = (trial.out / "sites" / "town").glob("*/report.json")
    rates = json.loads(report.read_text())["quiet_rates"]
    (used,) = [rate for rate in rates if rate["kind"] == "used"]
    town = next(text for text in texts(sheet, "ok") if "quiet looks of" in text)
    # The grid of the rasters is another than that of the check, which opens none.
    counted = int(re.search(r"(\d+) quiet looks of", town)[1])
    assert abs(counted / used["sample_size"] - 1) < 0.15


def test_looks_that_come_too_seldom_to_confirm_or_to_exempt_are_warned_of(trial):
    trial.edit("agreement.yaml", "k: 2, n: 3, window_days: 45", "k: 3, n: 4, window_days: 20")
    trial.edit("agreement.yaml", "    method:", "    transit_exemption_days: 7\n    method:")
    warned = texts(check_settings(trial.settings), "warn")
    assert (
        "cannot be confirmed: 3 looks within 20 days are asked, looks come every 12 days" in warned
    )
    exempt = "transit of up to 7 days cannot be told from a longer stay: looks come every 12 days"
    assert warned.count(exempt) == 2
    trial.edit("agreement.yaml", "transit_exemption_days: 7", "transit_exemption_days: 24")
    trial.edit("agreement.yaml", "window_days: 20", "window_days: 24")
    assert not texts(check_settings(trial.settings), "warn")


def test_too_few_looks_in_the_baseline_are_warned_of(trial):
    trial.edit("agreement.yaml", "minimum_looks: 8", "minimum_looks: 15")
    warned = texts(check_settings(trial.settings), "warn")
    assert len([line for line in warned if "14 in the baseline window, fewer than" in line]) == 2


def test_a_site_without_scenes_is_a_warning_and_no_site_with_any_an_error(trial):
    trial.edit("settings.yaml", "tiles/catalog.json", "tiles/hill/collection.json")
    sheet = check_settings(trial.settings)
    assert "no scene found: the report will read not observed" in texts(sheet, "warn")
    assert sheet.exit_code == 0
    text = (trial.folder / "agreement.yaml").read_text()
    start, end = text.index("  - {id: hill"), text.index("indicators:")
    (trial.folder / "agreement.yaml").write_text(text[:start] + text[end:])
    with pytest.raises(GeometryError, match="meets none of the 21 rasters"):
        check_settings(trial.settings)


def test_a_catalogue_that_cannot_be_read_fails_the_check(trial):
    trial.edit("settings.yaml", "tiles/catalog.json", "tiles/gone.json")
    sheet = check_settings(trial.settings)
    assert sheet.exit_code == 1
    assert len(texts(sheet, "fail")) == 2
    assert all(line.startswith("FAILED catalogue: ") for line in texts(sheet, "fail"))


def test_an_item_nobody_can_place_is_counted(trial):
    (trial.items("town")[0] / "item.json").write_text("{")
    warned = texts(check_settings(trial.settings), "warn")
    assert "items on file that name no place: 1 (see scenes)" in warned


def test_broken_files_are_refused_with_file_and_line(trial):
    trial.edit("agreement.yaml", "minimum_looks: 8", "minimum_loops: 8")
    with pytest.raises(AgreementError, match="minimum_loops") as caught:
        check_settings(trial.settings)
    assert caught.value.line
    trial.edit("settings.yaml", "output: out", "outputs: out")
    with pytest.raises(SettingsError, match="outputs"):
        check_settings(trial.settings)


def test_tiles_of_one_datatake_are_one_look_and_days_are_counted_once():
    def scene(number, day, take):
        return Scene(
            id=f"s{number}", sensor="sentinel-2-l2a", track="R081", tile=f"t{number}",
            acquired=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day), datatake=take,
            provider="test", assets={},
        )  # fmt: skip

    scenes = [
        scene(0, 0, "a"),
        scene(1, 0, "a"),
        scene(2, 5, "b"),
        scene(3, 5, ""),
        scene(4, 5, ""),
    ]
    assert [look.id for look in looks_among(scenes)] == ["s0", "s2", "s3", "s4"]
    assert median_gap_days([look.acquired for look in scenes]) == 5.0
    assert median_gap_days([scenes[0].acquired] * 3) == 1.0  # one day says nothing: the least


def test_a_refitted_baseline_is_the_one_in_force(trial):
    first = "baseline: {from: 2021-11-01, to: 2023-10-20,"
    trial.edit("agreement.yaml", first, f"{first} refit_dates: [2023-12-05],")
    # 14 looks of 718 days before; the window moves by 46 days, over the next two looks.
    text = "\n".join(line.text for line in check_settings(trial.settings).lines)
    moved = [line for line in text.splitlines() if "in the baseline window" in line]
    run_sites(trial.settings)
    (path,) = (trial.out / "sites" / "town").glob("*/report.json")
    record = json.loads(path.read_text())
    assert record["method"]["baseline"]["from"] == "2021-12-17"
    assert record["method"]["baseline"]["to"] == "2023-12-05"
    assert record["period"]["start"].startswith("2023-12-0")
    quiet = {look["acquired"] for look in record["assessments"] if look["phase"] == "baseline"}
    assert all("2021-12-17" <= moment[:10] <= "2023-12-05" for moment in quiet)
    assert f"{len(quiet)} in the baseline window" in moved[0]
    # A report as of the refit date itself still compares with the window before it.
    run_sites(trial.settings, as_of="2023-12-05")
    older = min((trial.out / "sites" / "town").glob("*/report.json"))
    assert json.loads(older.read_text())["method"]["baseline"]["to"] == "2023-10-20"
