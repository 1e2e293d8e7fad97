"""Time the desk inside one process: tiles and other rules, beside what nobody can do without.

    python -m tests.benchmarks.desk SETTINGS

prints one JSON object. The floor of a tile is reading its pixels from the mapped file and
packing them as PNG; that of other rules is the agreed ones judged from nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from pipeline.desk.judging import Bench, TrackBench
from pipeline.desk.layers import Gallery
from pipeline.desk.proposal import read_proposal
from pipeline.desk.shades import png
from pipeline.desk.state import open_desk
from pipeline.desk.tiling import TILE, mean_of
from pipeline.desk.warm import COARSE, Pixels
from pipeline.imagery.sensors import SENSORS
from pipeline.workflows.monitor.layers import Cut

SIDE, LOOKS, FILLED = 1600, 100, 4
BANDS = ("B02", "B03", "B04", "B08", "B11")


def seconds(function, *arguments):
    """Return how long a call takes."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def anonymous_mb():
    """Return the memory of this process that no file stands behind, MB; 0 where unknown."""
    path = Path("/proc/self/smaps_rollup")
    lines = path.read_text().splitlines() if path.is_file() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


def limit_gallery(folder: Path) -> Gallery:
    """Return the gallery of a site at the size limit: 16 km, 10 m, 100 looks, five bands."""
    value = np.lib.format.open_memmap(
        folder / "value.npy", "w+", np.float32, (LOOKS, len(BANDS), SIDE, SIDE)
    )
    rng = np.random.default_rng(5)
    for look in range(FILLED):
        value[look] = rng.random((len(BANDS), SIDE, SIDE), np.float32) * 0.3
    reason = np.lib.format.open_memmap(folder / "reason.npy", "w+", np.uint8, (LOOKS, SIDE, SIDE))
    whole = (slice(0, SIDE), slice(0, SIDE))
    box = GeoBox((SIDE, SIDE), Affine(10, 0, 5e5, 0, -10, 5e6), "EPSG:32633")
    cut = Cut(whole, np.zeros((SIDE, SIDE), np.bool_), box)
    coarse = np.zeros((LOOKS, len(BANDS), SIDE // COARSE, SIDE // COARSE), np.float32)
    why = np.zeros((LOOKS, SIDE // COARSE, SIDE // COARSE), np.uint8)
    for look in range(FILLED):
        coarse[look] = mean_of(value[look], COARSE)
    pixels = Pixels(value, reason, BANDS, *whole, cut, (0, 0), folder, (coarse, why))
    quiet = np.arange(LOOKS) < FILLED
    series = SimpleNamespace(physical="reflectance", in_baseline=quiet)
    plan = SimpleNamespace(sensor=SENSORS["sentinel-2-l2a"])
    return Gallery(SimpleNamespace(series=series, plan=plan), pixels, None)


def floor_tile(gallery: Gallery, look: int, row: int, column: int) -> None:
    """Read three bands of a tile and pack four."""
    window = np.s_[look, :3, row : row + TILE, column : column + TILE]
    part = np.asarray(gallery.pixels.value[window])
    image = np.zeros((TILE, TILE, 4), np.uint8)
    image[: part.shape[1], : part.shape[2], :3] = np.moveaxis(part * 255, 0, -1).astype(np.uint8)
    png(image)


def limit_times(folder: Path) -> dict[str, float]:
    """Return times of tiles at the size limit, milliseconds, and memory."""
    gallery = limit_gallery(folder)
    layers = gallery.layers
    native = gallery.zooms - 1
    before, places = (
        anonymous_mb(),
        [(look, x, y) for look in range(2) for x, y in ((1, 1), (3, 2))],
    )
    floor = [seconds(floor_tile, gallery, look, y * TILE, x * TILE) for look, x, y in places * 2]
    found = {}
    for z in range(gallery.zooms):
        spots = places if z == native else [(look, 0, 0) for look in range(FILLED)]
        taken = [
            seconds(gallery.tile, layers[name], look, None, (z, x, y))
            for name in ("true-colour", "ndvi", "coverage")
            for look, x, y in spots
        ]
        found[f"level {z}"] = 1e3 * float(np.median(taken))
    found["floor"] = 1e3 * float(np.median(floor))
    found["ratio"] = found[f"level {native}"] / found["floor"]
    found["memory"] = anonymous_mb() - before
    return found


def site_times(settings: Path) -> dict[str, float]:
    """Return times on a site of 3 × 3 km with 100 looks, already admitted."""
    desk = open_desk(settings)
    found = {"open": seconds(lambda: (desk.start(), desk.wait()))}
    if desk.failure is not None:
        raise desk.failure
    (track,) = desk.tracks.values()
    scores = track.gallery.scores
    found["score a block"] = seconds(scores._scored, slice(0, 100), slice(0, 100))
    part = (track.gallery.zooms - 1, 0, 0)
    for name in ("vv", "anomaly", "change"):
        layer = track.gallery.layers[name]
        taken = [seconds(track.gallery.tile, layer, look, 0, part) for look in range(40, 80)]
        found[f"tile {name}"] = float(np.median(taken))
    fresh = Bench(desk.opened, (TrackBench(track.outcome, desk.opened.site),))
    as_of = desk.opened.scenes.as_of
    found["agreed rules"] = seconds(lambda: fresh.judged(desk.opened.run, as_of=as_of))
    for name, document in {
        "threshold": {"threshold": {"radar-excess": 1.1}},
        "k of n": {"confirmation": {"radar-excess": {"k": 3, "n": 4}}},
        "minimum area": {"minimum_area_m2": {"radar-bright-area": 5000}},
        "baseline": {"baseline": {"start": "2021-01-01", "end": "2022-10-31"}},
    }.items():
        found[name] = seconds(desk.whatif.answer, read_proposal(document), desk.findings)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        told = {"limit": limit_times(Path(made)), "site": site_times(Path(sys.argv[1]))}
    sys.stdout.write(json.dumps(told) + "\n")
