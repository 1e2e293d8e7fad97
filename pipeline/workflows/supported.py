"""Whether quiet history carries the agreed allowance, from dates and geometry alone.

The run holds a look against the quiet looks of zones of like area and of the same shapes laid
on the context ring. How many those are follows from the agreement and the dates: no raster is
opened for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affine import Affine
from odc.geo import CRS

from pipeline.assessment.allowance import budget
from pipeline.assessment.quiet_ground import apart, placements_of
from pipeline.assessment.rarity import comparable_zones
from pipeline.imagery.grid import ring_mask, site_grid, zone_fractions
from pipeline.workflows.planning import in_window, known_sensors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.agreement import Indicator, Site
    from pipeline.assessment.allowance import Budget
    from pipeline.assessment.quiet_ground import Ground
    from pipeline.imagery.scene import Scene
    from pipeline.workflows.planning import Run

STRICTEST = 3  # steps of one look more of two more, beyond what was agreed


@dataclass(frozen=True)
class Support:
    """What the quiet looks of one sensor and track carry of one indicator.

    Attributes
    ----------
    zones
        Those of like area, which are judged by the same quiet looks.
    places
        These zones, and their shapes on the context ring.
    looks
        Quiet looks in the baseline window, if all of them turn out usable.
    """

    sensor: str
    track: str
    zones: tuple[str, ...]
    places: int
    looks: int

    @property
    def sample(self) -> int:
        """Quiet looks of places."""
        return self.places * self.looks

    def carries(self, spent: Budget) -> bool:
        """Whether these are enough for the level a look may alarm at."""
        return self.sample + 1 >= spent.quiet_looks_needed

    def remedies(self, spent: Budget, k: int, n: int) -> str:
        """Return what would carry it."""
        needed = spent.quiet_looks_needed
        found = [f"pooling over {-(-needed // max(self.sample, 1))} comparable sites"]
        found.append(f"a baseline of {-(-needed // self.places)} looks")
        found += _stricter(k, n, spent.alpha, self.sample)
        return " or ".join(found)


def _stricter(k: int, n: int, alpha: float, sample: int) -> list[str]:
    """Return the mildest stricter confirmation that the sample carries, if any does."""
    for step in range(1, STRICTEST + 1):
        more, of = k + step, n + 2 * step
        spent = budget(alarms_per_site_year=alpha, judgements_per_year=1.0, k=more, n=of)
        if spent.quiet_looks_needed <= sample + 1:
            return [f"{more} of {of} on distinct days"]
    return []


class SiteSupport:
    """Counts the quiet looks of one site; the places of its zones are found once a sensor."""

    def __init__(self, run: Run, site: Site, looks: Sequence[Scene]) -> None:
        self._run, self._site, self._looks = run, site, looks
        self._places: dict[str, _Places] = {}

    def of(self, indicator: Indicator, sensor: str) -> list[Support]:
        """Return what each track and each group of like zones carries."""
        window = self._run.baseline_for(indicator)
        tracks = {look.track for look in self._looks if look.sensor == sensor}
        quiet = Counter(
            look.track
            for look in self._looks
            if look.sensor == sensor and in_window(look.acquired, window)
        )
        places = self._placed(sensor)
        named = {
            zone.id: places.areas[zone.id]
            for zone in self._site.zones
            if indicator in self._run.agreement.indicators_for(self._site, zone)
        }
        return [
            Support(sensor, track, members, places.count(members), quiet[track])
            for track in sorted(tracks)
            for members in comparable_zones(named)
        ]

    def _placed(self, sensor: str) -> _Places:
        if sensor not in self._places:
            self._places[sensor] = _places(self._run, self._site, sensor)
        return self._places[sensor]


@dataclass(frozen=True)
class _Places:
    """The zones of a site on the grid of one sensor, and where else their shapes fit.

    Attributes
    ----------
    areas
        Zone to its pixels.
    ground
        Zone to its placements on the ring.
    shape
        Of the grid.
    """

    areas: Mapping[str, float]
    ground: Ground
    shape: tuple[int, int]

    def count(self, zones: Sequence[str]) -> int:
        """Return how many places there are for some zones: these, and placements that lie apart."""
        height, width = self.shape
        placed = (
            (f"{zone}/{number}", place.rows * width + place.columns)
            for zone in zones
            for number, place in enumerate(self.ground[zone])
        )
        return len(zones) + len(apart(placed, height * width))


def _places(run: Run, site: Site, sensor: str) -> _Places:
    pixel = min(band.resolution_m for band in known_sensors(run.settings)[sensor].bands)
    polygons = [zone.polygon for zone in site.zones]
    geobox = site_grid(
        [site.polygon, site.context_ring],
        crs=CRS.utm(site.polygon.centroid.x, site.polygon.centroid.y),
        transform=Affine.scale(pixel, -pixel),
    )
    weights = zone_fractions(polygons, geobox)
    ids = [zone.id for zone in site.zones]
    areas = {zone: float((weight > 0).sum()) for zone, weight in zip(ids, weights, strict=True)}
    ground = placements_of(
        dict(zip(ids, weights, strict=True)), ring_mask(site.context_ring, polygons, geobox)
    )
    height, width = geobox.shape
    return _Places(areas, ground, (int(height), int(width)))
