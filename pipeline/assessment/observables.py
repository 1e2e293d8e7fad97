"""One table of what an agreement may name as an indicator, and how it is measured.

Physics and floors are those published for 10-30 m open data; what has no method here is
answered "not observable", never with a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Measure = Literal["zone-sum", "area", "share", "length", "snow", "none"]


@dataclass(frozen=True)
class Guard:
    """A condition on a feature's own value on the look: `name` `above` or `below` `level`."""

    name: str
    level: float
    side: Literal["above", "below"]


@dataclass(frozen=True)
class Method:
    """How one observable is measured with one kind of sensor.

    Attributes
    ----------
    measure
        ``zone-sum``: excess of the zone's summed power, dB. ``area``: ground whose score
        passes the pixel cut, m². ``share``: the same in per cent of the zone. ``length``: the
        stretch of the zone's long axis that it takes, m. ``snow``: ground free of snow while
        the ring is white, m².
    features
        Features whose scores are combined and self-normalised again.
    combine
        ``sum``: features that move together, as two polarisations do. ``largest``: any of
        them may carry the change.
    sign
        +1: "more" is a rise of the feature; −1: a fall; 0: either way.
    smallest_step
        Change of the first feature below which a pixel does not count, in its unit: a
        significant difference may still be too small to mean anything on the ground.
    guards
        Conditions on the look's own values.
    local
        Feature whose change is held against the rest of the zone (`assessment.local`), beside
        the scores of `features`; empty: none.
    local_only
        The scores of `features` have no vote.
    local_step
        Change of that feature below which a pixel does not count, in its unit.
    floor
        Half width below which no interval may shrink, in the indicator's unit.
    shortest_m
        Lengths only: stretches shorter than this are not counted.
    smallest_m2
        Regions smaller than this are not counted, however small the agreed ones may be.
    """

    measure: Measure
    features: tuple[str, ...] = ()
    combine: Literal["sum", "largest"] = "sum"
    sign: int = 1
    smallest_step: float = 0.0
    guards: tuple[Guard, ...] = ()
    local: str = ""
    local_step: float = 0.0
    local_only: bool = False
    floor: float = 0.0
    shortest_m: float = 0.0
    smallest_m2: float = 0.0

    def region_m2(self, agreed_m2: float) -> float:
        """Return the area from which a region counts, m², given the agreed least one."""
        return max(agreed_m2, self.smallest_m2)


NO_METHOD = Method("none")
BARE = Guard("ndvi", 0.35, "below")

# Ships from 50 m, known to 20 m; trains known to 30 m: published floors of 10 m looks.
_SHIPS: dict[str, Any] = {"local_only": True, "floor": 20.0, "shortest_m": 50.0}
_TRAINS: dict[str, Any] = {"local_only": True, "floor": 30.0, "shortest_m": 60.0}

_RADAR = {
    "radar_excess": Method("zone-sum", ("span",)),
    "radar_bright_area": Method("area", ("vv_db", "vh_db"), smallest_step=3.0),
    "changed_area": Method("area", ("vv_db", "vh_db"), sign=0, smallest_step=2.0),
    "occupancy": Method("share", ("vv_db", "vh_db"), smallest_step=2.0),
    "berth_occupied": Method("length", ("vv_db",), local="vv_db", local_step=4.0, **_SHIPS),
    "train_length": Method("length", ("vv_db",), local="vv_db", local_step=3.0, **_TRAINS),
}
_OPTICAL = {
    "changed_area": Method(
        "area", ("brightness", "ndvi"), combine="largest", sign=0, smallest_step=0.02,
        local="brightness", local_step=0.015,
    ),
    "hard_surface": Method("area", ("brightness",), smallest_step=0.04, guards=(BARE,)),
    "disturbed_ground": Method("area", ("bare_soil",), smallest_step=0.08, guards=(BARE,)),
    "vegetation_cleared": Method("area", ("ndvi",), sign=-1, smallest_step=0.15),
    "burn_scar": Method("area", ("nbr",), sign=-1, smallest_step=0.2),
    "occupancy": Method(
        "share", ("brightness",), sign=0, local="brightness", local_step=0.015, local_only=True
    ),
    "berth_occupied": Method(
        "length", ("brightness",), sign=0, local="brightness", local_step=0.02, **_SHIPS
    ),
    "train_length": Method(
        "length", ("brightness",), sign=0, local="brightness", local_step=0.015, **_TRAINS
    ),
    "snow_cleared": Method("snow", floor=400.0, smallest_m2=400.0),
}  # fmt: skip
UNITS = {
    "radar_excess": "dB",
    "occupancy": "percent",
    "berth_occupied": "m",
    "train_length": "m",
}


def method_for(observable: str, physical: str) -> Method:
    """Return how an observable is measured with a kind of sensor; `NO_METHOD` if it is not.

    Parameters
    ----------
    observable
        Name as in the agreement.
    physical
        ``gamma0`` or ``reflectance``.
    """
    return (_RADAR if physical == "gamma0" else _OPTICAL).get(observable, NO_METHOD)


def features_needed(methods: list[Method]) -> tuple[str, ...]:
    """Return the features some methods need, each once, in a fixed order."""
    names = {name for method in methods for name in method.features}
    names |= {guard.name for method in methods for guard in method.guards}
    names |= {method.local for method in methods if method.local}
    return tuple(sorted(names))
