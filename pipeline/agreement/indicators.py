"""Indicators: what is measured, from which threshold it counts, how it is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.agreement.terms import (
    Day,
    Id,
    Interval,
    Name,
    Number,
    Sha256,
    Terms,
    Text,
    Whole,
    broken,
    refuse_repeated,
)

if TYPE_CHECKING:
    from datetime import date

ZoneKind = Literal[
    "apron", "hardstand", "motor-pool", "pier", "depot", "barracks", "rail-yard",
    "training-ground", "other",
]  # fmt: skip
ObservableName = Literal[
    "radar_excess", "radar_bright_area", "changed_area", "hard_surface", "disturbed_ground",
    "vegetation_cleared", "snow_cleared", "occupancy", "burn_scar", "berth_occupied",
    "train_length", "none",
]  # fmt: skip
Comparator = Literal[">", ">=", "<", "<="]
MaskKind = Literal["cloud", "shadow", "haze", "snow", "water", "interference"]


@dataclass(frozen=True)
class Observable:
    """A physical quantity that 10-30 m open data can carry.

    Attributes
    ----------
    unit
        The only unit it may be agreed in; empty where nothing is measured.
    domain
        ``radar``, ``optical`` or ``either``: the sensors that can carry it.
    description
        What is measured, and its floor.
    """

    unit: str
    domain: Literal["radar", "optical", "either"]
    description: str


OBSERVABLES: dict[str, Observable] = {
    "radar_excess": Observable("dB", "radar", "backscatter of the zone's sum above expectation"),
    "radar_bright_area": Observable("m2", "radar", "area of radar-bright objects in the zone"),
    "changed_area": Observable("m2", "either", "area that departs from the zone's own history"),
    "hard_surface": Observable("m2", "optical", "new sealed or compacted surface"),
    "disturbed_ground": Observable("m2", "optical", "bare or dug ground; ploughing mimics it"),
    "vegetation_cleared": Observable("m2", "optical", "lasting loss of green; mowing mimics it"),
    "snow_cleared": Observable("m2", "optical", "snow-free area inside snow, at least 400 m2"),
    "occupancy": Observable("percent", "either", "share of the zone that is occupied"),
    "burn_scar": Observable("m2", "optical", "burnt area"),
    "berth_occupied": Observable("m", "either", "length of berth taken, ships of 50 m or more"),
    "train_length": Observable("m", "either", "length of standing trains, within 30 m"),
    "none": Observable("", "either", "a treaty quantity that open tiles cannot measure"),
}


class ProxyRelation(Terms):
    """How a measure stands for a treaty quantity, signed by both sides."""

    quantity_unit: Name = Field(description="unit of notified quantities, such as vehicles")
    per_quantity: Number = Field(
        gt=0, le=1e9, description="amount of the indicator's unit that one such quantity takes"
    )
    relative_uncertainty: Number = Field(
        default=0.5, ge=0, le=10, description="one standard deviation of that factor, as a fraction"
    )


class Method(Terms):
    """The measuring rule and its parameters."""

    version: Name = Field(description="version of the measuring method")
    minimum_area_m2: Number = Field(
        default=0.0, ge=0, le=1e8, description="connected areas below this are not counted, m2"
    )
    mask_dilation_px: Whole = Field(
        default=1,
        ge=0,
        le=50,
        description="growth of cloud and shadow masks, pixels of the mask band",
    )
    masks: tuple[MaskKind, ...] | None = Field(
        default=None, description="what is masked out; null: what the method version prescribes"
    )


class Threshold(Terms):
    """From which value on the indicator counts."""

    kind: Literal["absolute", "relative", "deviation", "rate"] = Field(
        description="absolute: the value itself; relative: fraction of `reference`; deviation: "
        "departure from the expectation of a quiet look; rate: change per `per_days`"
    )
    value: Number = Field(
        ge=-1e12, le=1e12, description="in the indicator's unit; a fraction where relative"
    )
    comparator: Comparator = Field(
        default=">=", description="how the measured value is held against `value`"
    )
    reference: Literal["last-declaration", "baseline"] | None = Field(
        default=None, description="what a relative threshold is a fraction of"
    )
    per_days: Number | None = Field(
        default=None, gt=0, le=3660, description="days over which a rate is taken"
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind == "relative") != (self.reference is not None):
            raise broken(
                "'reference' belongs to a relative threshold, and to no other", "reference"
            )
        if (self.kind == "rate") != (self.per_days is not None):
            raise broken("'per_days' belongs to a rate threshold, and to no other", "per_days")
        if self.kind != "absolute" and (self.value <= 0 or "<" in self.comparator):
            raise broken(
                f"a {self.kind} threshold is a size: above 0, with > or >=, "
                f"got {self.comparator} {self.value}; `direction` says which way",
                "value",
            )
        return self


class Aggregate(Terms):
    """Several small changes at once, seen as one."""

    sites: tuple[Id, ...] = Field(
        default=(), max_length=200, description="sites summed with this one"
    )
    days: Whole = Field(
        default=0, ge=0, le=366, description="days over which looks are summed; 0: one look"
    )


class Confirmation(Terms):
    """k of n looks over the threshold, and for how long."""

    k: Whole = Field(ge=1, le=50, description="looks over the threshold that are needed")
    n: Whole = Field(ge=1, le=50, description="among so many consecutive observed looks")
    window_days: Whole = Field(ge=1, le=1830, description="all of them within so many days")
    duration_min_days: Whole = Field(
        default=0, ge=0, le=1830, description="days from first to last look over the threshold"
    )
    end_after_looks: Whole = Field(
        default=2, ge=1, le=50, description="observed looks below the threshold that end a finding"
    )

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.k > self.n:
            raise broken(f"k-of-n needs k at most n, got {self.k} of {self.n}", "k")
        if self.duration_min_days > self.window_days:
            raise broken(
                f"duration_min_days {self.duration_min_days} cannot be reached within "
                f"window_days {self.window_days}",
                "duration_min_days",
            )
        return self


class RatifiedScene(Terms):
    """One scene of the baseline that both sides accepted."""

    id: Name = Field(description="scene id in its catalogue")
    sha256: Sha256 = Field(description="digest of its ratified bytes")


class Baseline(Interval):
    """The quiet history everything is compared with. It may precede the agreement."""

    start: Day = Field(alias="from", description="first day of the baseline window, UTC")
    end: Day = Field(alias="to", description="last day of the baseline window; monitoring follows")
    refit_dates: tuple[Day, ...] = Field(
        default=(),
        max_length=100,
        description="days on which the window moves, to end on that day, and the baseline is"
        " fitted again; ascending",
    )
    minimum_looks: Whole = Field(
        default=8, ge=3, le=10_000, description="usable looks without which there is no baseline"
    )
    max_age_days: Whole = Field(
        default=400, ge=1, le=36_600, description="older than this, nothing is called calibrated"
    )
    scenes: tuple[RatifiedScene, ...] = Field(
        default=(), max_length=20_000, description="ratified scene list; empty: not ratified"
    )
    validation_days: Whole = Field(
        default=120,
        ge=0,
        le=3660,
        description="time to object to the ratified list (CFE: 120 days)",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = (self.end, *self.refit_dates)
        for position in range(len(self.refit_dates)):
            if days[position + 1] <= days[position]:
                rule = f"refit date {days[position + 1]} does not come after {days[position]}"
                raise broken(rule, "refit_dates", position)
        refuse_repeated((scene.id for scene in self.scenes), "scene", "scenes")
        return self

    def fitted_on(self, day: date) -> Baseline:
        """Return the window in force for a report as of a day.

        On a refit date the window moves, as long as it is, until it ends on that date; reports
        as of later days compare with it. It is a new window, and no scene of it is ratified.
        """
        past = [refit for refit in self.refit_dates if refit < day]
        if not past:
            return self
        moved = {"start": self.start + (past[-1] - self.end), "end": past[-1]}
        return self.model_copy(update=moved | {"refit_dates": (), "scenes": ()})


class Indicator(Terms):
    """One measured quantity and what it obliges."""

    id: Id = Field(description="unique name within the agreement")
    observable: ObservableName = Field(description="what is measured; none: not observable")
    unit: Name = Field(description="unit of value and threshold; it must fit the observable")
    sensors: tuple[Id, ...] = Field(max_length=20, description="sensors whose looks count")
    observability: Literal["direct", "proxy", "not_observable"] = Field(
        description="direct: the treaty quantity itself; proxy: a stand-in that says so"
    )
    treaty_quantity: Annotated[Text, Field(min_length=1)] = Field(
        description="the quantity of the treaty that this measures or stands for"
    )
    proxy_relation: ProxyRelation | None = Field(
        default=None, description="signed relation to notified quantities; null: not comparable"
    )
    zone_kinds: tuple[ZoneKind, ...] = Field(
        default=(), description="zones it applies to; empty: all kinds"
    )
    sites: tuple[Id, ...] = Field(
        default=(), max_length=200, description="sites it applies to; empty: all"
    )
    direction: Literal["more", "less", "both"] = Field(
        description="which way counts: more, less, or both"
    )
    method: Method = Field(description="how it is measured")
    threshold: Threshold = Field(description="from which value on it counts")
    aggregate_over: Aggregate = Field(
        default_factory=lambda: Aggregate(),  # noqa: PLW0108 - mypy sees no factory in a model
        description="sites and days over which it is summed",
    )
    confirmation: Confirmation = Field(description="k of n looks in a window, and duration")
    transit_exemption_days: Whole | None = Field(
        default=None,
        ge=0,
        le=366,
        description="units in transit for up to so many days do not count (CFE: 7)",
    )
    baseline: Baseline | None = Field(
        default=None, description="its own baseline window; null: that of the agreement"
    )

    @model_validator(mode="after")
    def _fits_its_observable(self) -> Self:
        measured = OBSERVABLES[self.observable]
        if (self.observable == "none") != (self.observability == "not_observable"):
            raise broken(
                "observable 'none' and observability 'not_observable' belong together",
                "observability",
            )
        if measured.unit and self.unit != measured.unit:
            rule = f"unit of {self.observable} is '{measured.unit}', got '{self.unit}'"
            raise broken(rule, "unit")
        if not self.sensors and self.observable != "none":
            raise broken("at least one sensor is needed", "sensors")
        if self.proxy_relation is not None and self.observability != "proxy":
            raise broken("a proxy_relation belongs to observability 'proxy'", "proxy_relation")
        falling = "<" in self.threshold.comparator
        if self.threshold.kind == "absolute" and self.direction == ("more" if falling else "less"):
            rule = (
                f"direction '{self.direction}' contradicts a value that counts when it is"
                f" {self.threshold.comparator} {self.threshold.value:g}"
            )
            raise broken(rule, "threshold", "comparator")
        for field in ("sensors", "zone_kinds", "sites"):
            refuse_repeated(getattr(self, field), field.removesuffix("s"), field)
        return self
