"""Desks over the sample tiles, each loaded once: a real radar site, and the simulated garrison."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.desk.server import build_app
from pipeline.desk.state import open_desk
from pipeline.workflows.monitor import run_sites
from tests.desk.asking import PORT, TOKEN, Browser
from tests.workflows.runs import Trial

BRIGHT = """\
  - id: radar-bright-area
    observable: radar_bright_area
    unit: m2
    sensors: [sentinel-1-rtc]
    observability: proxy
    treaty_quantity: vehicles present
    direction: more
    method: {version: "1", minimum_area_m2: 3600}
    threshold: {kind: absolute, value: 7200}
    confirmation: {k: 2, n: 3, window_days: 45}
"""
DEMO = Path(__file__).resolve().parents[2] / "configs" / "demo.yaml"


def loaded(desk):
    desk.start()
    desk.wait(300)
    if desk.failure is not None:
        raise desk.failure
    return desk


def browser_of(desk):
    return Browser(build_app(desk, token=TOKEN, port=PORT)).open()


@pytest.fixture(scope="session")
def town_trial(tmp_path_factory):
    """A trial whose town has a product; nobody may change it."""
    trial = Trial(tmp_path_factory.mktemp("desk-town"))
    trial.edit("agreement.yaml", "baseline: {from", f"{BRIGHT}baseline: {{from")
    assert run_sites(trial.settings, sites=("town",)).exit_code == 0
    return trial


@pytest.fixture(scope="session")
def town(town_trial):
    """The desk of the town: 21 radar looks of a real place, with a product."""
    return loaded(open_desk(town_trial.settings, site="town"))


@pytest.fixture(scope="session")
def town_browser(town):
    return browser_of(town)


@pytest.fixture(scope="session")
def garrison_out(tmp_path_factory):
    """An output folder with the product of the simulated garrison: radar and optical, findings."""
    out = tmp_path_factory.mktemp("desk-garrison") / "out"
    assert run_sites(DEMO, sites=("garrison",), out=out).exit_code == 0
    return out


@pytest.fixture(scope="session")
def garrison(garrison_out):
    return loaded(open_desk(DEMO, site="garrison", out=garrison_out))


@pytest.fixture(scope="session")
def garrison_browser(garrison):
    return browser_of(garrison)
