"""A small run to break: two real sites, a few dates each, copied from the sample tiles."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TILES = PROJECT / "sample_tiles" / "sentinel-1-rtc"
AGREEMENTS = PROJECT / "configs" / "agreements"

AGREEMENT = """\
schema: fairwitness/agreement/1
id: trial
title: A trial over two places
rehearsal: true
in_force: {from: 2021-11-01, to: 2026-12-31}
parties:
  - {id: north, name: Northern Party, role: party}
  - {id: south, name: Southern Party, role: party}
sites:
  - {id: town, name: Town, declared_by: north, geometry: sites/town.geojson,
     timezone: America/Los_Angeles, valid: {from: 2021-11-01, to: 2026-12-31}}
  - {id: hill, name: Hill, declared_by: south, geometry: sites/hill.geojson,
     timezone: America/Los_Angeles, valid: {from: 2021-11-01, to: 2026-12-31}}
indicators:
  - id: radar-excess
    observable: radar_excess
    unit: dB
    sensors: [sentinel-1-rtc]
    observability: proxy
    treaty_quantity: vehicles present
    direction: both
    method: {version: "1", minimum_area_m2: 3600}
    threshold: {kind: deviation, value: 1.5}
    confirmation: {k: 2, n: 3, window_days: 45}
baseline: {from: 2021-11-01, to: 2023-10-20, minimum_looks: 8}
false_alarm_allowance: {alarms_per_site_year: 0.5}
clock: {reply_hours: 48, meeting_hours: 48, consequence: a meeting}
permitted_use: trial
"""
SETTINGS = """\
schema: fairwitness/settings/1
agreement: agreement.yaml
catalogues: [{kind: stac, path: tiles/catalog.json}]
output: out
"""


class Trial:
    """A folder with settings, agreement, tiles and output, free to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "settings.yaml"
        self.out = folder / "out"
        self.tiles = folder / "tiles"
        shutil.copytree(TILES, self.tiles)
        (folder / "sites").mkdir()
        for name in ("town", "hill"):
            shutil.copy(AGREEMENTS / "sites" / f"{name}.geojson", folder / "sites")
        (folder / "agreement.yaml").write_text(AGREEMENT)
        self.settings.write_text(SETTINGS)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in one of the trial's files."""
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def items(self, site: str) -> list[Path]:
        """Return a site's item folders by date."""
        return sorted(
            (path.parent for path in (self.tiles / site).glob("*/item.json")),
            key=lambda folder: folder.name.split("_")[4],
        )

    def product(self, site: str) -> Path:
        """Return the one product of a site."""
        (folder,) = (self.out / "sites" / site).iterdir()
        return folder

    def report(self, site: str) -> dict:
        """Return a site's record."""
        return json.loads((self.product(site) / "report.json").read_text())


KEY = (
    "keys: [{{id: {name}-1, public: {public}, valid_from: 2020-01-01T00:00:00Z, "
    "valid_to: 2030-01-01T00:00:00Z, roles: [authority]}}]"
)


def with_keys(trial: Trial) -> Trial:
    """Give both parties of a trial the keys of the exchange tests' world."""
    from tests.exchange.world import NORTH, SOUTH  # noqa: PLC0415

    for name, key in (("north", NORTH), ("south", SOUTH)):
        old = f"{name.capitalize()}ern Party, role: party}}"
        text = KEY.format(name=name, public=key.public_text)
        trial.edit("agreement.yaml", old, f"{old[:-1]}, {text}}}")
    return trial


def tree(folder: Path, *, state: bool = False) -> dict[str, bytes]:
    """Return every file of a folder by relative path; `.state` only if asked for."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (state or ".state" not in path.parts)
    }
