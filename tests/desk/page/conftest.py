"""The desk's page in a real Chromium, on the simulated garrison.

Every page that a test opens is held to the same rules when it closes: nothing refused by the
content policy, no error in the console, no request to another origin. Screenshots are kept for
the eye in ``out/desk-screens`` (or the folder that FAIRWITNESS_SCREENS names).
"""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.desk.server import start_in_background

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PROJECT = Path(__file__).resolve().parents[3]
SCREENS = Path(os.environ.get("FAIRWITNESS_SCREENS", PROJECT / "out" / "desk-screens"))
POST = """([path, asked]) => fetch(path, {
    method: "POST", body: JSON.stringify(asked),
    headers: {"content-type": "application/json",
              "X-Desk-Token": document.querySelector("meta[name=desk-token]").content},
}).then(answer => answer.json())"""
LAPTOP = {"width": 1280, "height": 720}


@pytest.fixture(scope="package")
def address(garrison):
    if CHROMIUM is None:
        pytest.skip("no Chromium on this system")
    found = start_in_background(garrison, framed=False)
    yield found
    found.close()


@pytest.fixture(scope="package")
def chromium():
    # Closed with this package: while it is open, no other event loop may run in this thread.
    if CHROMIUM is None:
        pytest.skip("no Chromium on this system")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is run

    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield running
        running.close()


@dataclass
class Sight:
    """One opened desk, and what it said and asked behind the analyst's back."""

    page: object
    address: object
    said: list = field(default_factory=list)
    foreign: list = field(default_factory=list)

    def __post_init__(self):
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))

    def _hear(self, message):
        if message.type in {"error", "warning"}:
            self.said.append(f"{message.text} {message.location.get('url', '')}")

    def _note(self, url):
        own = url.startswith((f"http://127.0.0.1:{self.address.port}/", "data:", "blob:"))
        if not own:
            self.foreign.append(url)

    def open(self, query=""):
        self.page.goto(self.address.url + query)
        self.page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
        self.settle()
        return self

    def part(self, name):
        """The element with this data-testid."""
        return self.page.get_by_test_id(name)

    def settle(self, ms=250):
        """Let pictures arrive and be drawn."""
        self.page.wait_for_timeout(ms)
        self.page.wait_for_selector("#stage[aria-busy=false]", state="attached", timeout=10_000)
        self.page.wait_for_timeout(60)

    def keep(self, name):
        """Keep a screenshot for the eye."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(SCREENS / f"{name}.png"))

    def stage(self):
        """The pixels of the map, (y, x, 3)."""
        raw = self.part("stage").screenshot()
        return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")).astype(int)

    def ask(self, path):
        """What the server answers to the page's own question."""
        return self.page.evaluate("path => fetch(path).then(answer => answer.json())", path)

    def post(self, path, document):
        """What the server answers to a computation the page could ask for."""
        return self.page.evaluate(POST, [path, document])

    def tracks(self):
        return self.ask("/api/site")["tracks"]

    def optical(self):
        return next(t for t in self.tracks() if t["sensor"] == "sentinel-2-l2a")["key"]

    def radar(self):
        return next(t for t in self.tracks() if t["sensor"] == "sentinel-1-rtc")["key"]

    def chosen(self, name):
        """The value of a select."""
        return self.part(name).input_value()


@pytest.fixture(scope="package")
def room(chromium):
    """One browser context for all well-behaved pages, so that the library is read once."""
    context = chromium.new_context(viewport=LAPTOP, accept_downloads=True, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def sight(room, address):
    """An opened desk, held to the rules at the end."""
    found = Sight(room.new_page(), address).open()
    yield found
    found.page.close()
    assert found.said == []
    assert found.foreign == []


@pytest.fixture
def rough_sight(chromium, address):
    """A desk on which something is made to go wrong: it may say so in the console."""
    context = chromium.new_context(viewport=LAPTOP)
    yield Sight(context.new_page(), address)
    context.close()
