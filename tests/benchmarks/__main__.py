"""Measure the product side by side with its floors, in one run, as ratios.

    python -m tests.benchmarks

Ratios of one run mean something on any machine; seconds only on a quiet one. Targets:
`compare` of a ten-band pair within 6 s and 1 GB as a whole process; a site of 3 × 3 km
with 100 looks, admitted already, within 3 s, detectability included.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import synthetic
from tests.benchmarks.measuring import Measured, measured

FLOORS = "tests.benchmarks.floors"


def compared(folder: Path) -> list[tuple[Measured, str]]:
    """Compare a pair, after reading it and differencing it."""
    synthetic.write_pair(folder)
    before, after = folder / "before", folder / "after"
    floor = measured("read 2 × 10 bands (rasterio)", "-m", FLOORS, "read", before, after)
    plain = measured("plain CVA (numpy)", "-m", FLOORS, "cva", before, after, folder / "cva.npy")
    command = ("-m", "pipeline.cli", "compare", before, after, "--out")
    measured("compiling", *command, folder / "first")
    ours = measured("fairwitness compare", *command, folder / "second")
    return [(floor, ""), (plain, ""), (ours, "≤ 6 s, ≤ 1 000 MB")]


def monitored(folder: Path, pixel_m: float) -> list[tuple[Measured, str]]:
    """Monitor a site with 99 looks, with one look more, and with its 100 looks admitted."""
    settings = synthetic.write_site(folder, pixel_m)
    newest = sorted((folder / "tiles").iterdir())[-2:]
    for path in newest:
        path.rename(folder / path.name)
    first = measured("run, admitting 198 files", "-m", "pipeline.cli", "run", settings)
    for path in newest:
        (folder / path.name).rename(path)
    one_more = measured("run, one new look", "-m", "pipeline.cli", "run", settings)
    shutil.rmtree(folder / "out/sites")
    floor = measured("read 200 chips (rasterio)", "-m", FLOORS, "read", folder / "out/.state/chips")
    ours = measured("run, admitted already", "-m", "pipeline.cli", "run", settings)
    warm = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.warm", str(settings)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    wall, cpu = map(float, warm.stdout.split())
    inside = Measured("the same, in a warm process", wall, cpu, float("nan"))
    return [(floor, ""), (first, ""), (one_more, ""), (ours, ""), (inside, "≤ 3 s")]


def table(title: str, rows: list[tuple[Measured, str]]) -> Table:
    """Return measurements, each also as a multiple of the first one."""
    out = Table(title=title, title_justify="left")
    for head in ("what", "s", "CPU s", "peak MB", "× floor", "× floor, CPU", "target"):
        out.add_column(head, justify="left" if head in ("what", "target") else "right")
    floor = rows[0][0]
    for row, target in rows:
        out.add_row(
            row.name, f"{row.seconds:.2f}", f"{row.cpu_seconds:.2f}", f"{row.peak_mb:.0f}",
            f"{row.seconds / floor.seconds:.1f}", f"{row.cpu_seconds / floor.cpu_seconds:.1f}",
            target,
        )  # fmt: skip
    return out


def explored(folder: Path) -> Table:
    """Return times of the analyst's desk on the same site, and of tiles at the size limit."""
    told = json.loads(
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.desk", str(folder / "settings.yaml")],
            capture_output=True, check=True, text=True,
        ).stdout
    )  # fmt: skip
    limit, site = told["limit"], told["site"]
    out = Table(title="Desk: tiles at 16 km, 10 m, 100 looks; other rules on 3 × 3 km")
    for head in ("what", "s", "× floor", "target"):
        out.add_column(head, justify="left" if head in ("what", "target") else "right")
    for name in (key for key in limit if key.startswith("level")):
        goal = "≤ 0.030 s" if name == "level 3" else ""
        row = limit[name] / 1e3
        out.add_row(f"tile, {name}", f"{row:.3f}", f"{limit[name] / limit['floor']:.1f}", goal)
    for name in ("threshold", "k of n", "minimum area", "baseline"):
        goal = "≤ 1 s" if name != "baseline" else ""
        ratio = f"{site[name] / site['agreed rules']:.2f}"
        out.add_row(f"what if: {name}", f"{site[name]:.2f}", ratio, goal)
    out.add_row("agreed rules, from nothing", f"{site['agreed rules']:.2f}", "1", "")
    return out


def main() -> None:
    """Measure and print."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as made:
        pair = compared(Path(made) / "pair")
        console.print(table("Pair: 1 180 × 1 070 px, ten bands", pair))
        for pixel_m in (30.0, 10.0):
            site = monitored(Path(made) / f"site-{pixel_m:g}", pixel_m)
            title = f"Site: 3 × 3 km, 100 radar looks of {pixel_m:g} m pixels, four zones"
            console.print(table(title, site))
        console.print(explored(Path(made) / "site"))


if __name__ == "__main__":
    main()
