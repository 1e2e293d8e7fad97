"""What a track can show, and one tile of it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeline.assessment.features import FEATURES, decibels
from pipeline.desk import shades
from pipeline.desk.scores import feature_window
from pipeline.desk.shades import Stretch
from pipeline.desk.tiling import (
    TILE,
    coarser,
    commonest_of,
    farthest_of,
    mean_of,
    part_of,
    zoom_levels,
)
from pipeline.desk.warm import COARSE
from pipeline.kernels.masking import OBSERVED
from pipeline.kernels.ranks import ring_medians
from pipeline.report.layers import BEYOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.desk.scores import ScoreMaps
    from pipeline.desk.tiling import Part
    from pipeline.desk.warm import Pixels
    from pipeline.workflows.monitor.record import TrackOutcome

Kind = Literal["picture", "scalar", "class"]
UNSTRETCHED = Stretch((0.0,), (1.0,))
#: Values at the ends of the signed maps: the same at all sites, so that colours can be compared.
ANOMALY_END = 8.0
CHANGE_END = {"dB": 8.0, "reflectance": 0.15, "index": 0.4}
STRETCH_LOOKS, STRETCH_PIXELS = 8, 200_000
KEPT_TILES = 400
INDICES = {
    "ndvi": "Vegetation (NDVI)",
    "bare_soil": "Bare soil index",
    "nbr": "Burn ratio (NBR)",
    "brightness": "Brightness",
}


@dataclass(frozen=True)
class Layer:
    """One way to see a look.

    Attributes
    ----------
    id, label, kind
        Name in addresses, words for people, and what its values are.
    roles
        Band roles it is made from; empty for scores and classes.
    unit
        Of the values; empty for pictures.
    stretch
        From values to colour, the same for all dates.
    colours
        Name of the colour map; empty for pictures and classes.
    needs_before
        Whether it compares two looks.
    """

    id: str
    label: str
    kind: Kind
    roles: tuple[str, ...] = ()
    unit: str = ""
    stretch: Stretch = UNSTRETCHED
    colours: str = ""
    needs_before: bool = False


@dataclass
class Gallery:
    """The layers of one track and their tiles.

    Attributes
    ----------
    track, pixels, scores
        What is drawn; `scores` is None where nothing can be scored.
    """

    track: TrackOutcome
    pixels: Pixels
    scores: ScoreMaps | None

    def __post_init__(self) -> None:
        self._tiles: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._lock = Lock()

    @property
    def zooms(self) -> int:
        """Number of zoom levels."""
        return zoom_levels(self.pixels.shape)

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """Roles of the stored bands, in their order."""
        return tuple(self.track.plan.sensor.band(name).role for name in self.pixels.bands)

    @cached_property
    def layers(self) -> dict[str, Layer]:
        """What this track can show, by id."""
        radar = self.track.series.physical == "gamma0"
        found = self._radar() if radar else [*self._pictures(), *self._indices()]
        if self.scores is not None:
            found.append(_anomaly())
            found.append(self._change())
        found.append(Layer("valid", "Observed", "class"))
        found.append(Layer("coverage", "Coverage", "class"))
        return {layer.id: layer for layer in found}

    def _radar(self) -> list[Layer]:
        found = [
            Layer(role, f"{role.upper()} backscatter", "scalar", (role,), "dB",
                  self._stretch((role,)), shades.GREY)
            for role in ("vv", "vh") if role in self.roles
        ]  # fmt: skip
        if {"vv", "vh"} <= set(self.roles):
            ratio = self._stretch(("ratio",))
            found.append(
                Layer("ratio", "VV / VH", "scalar", ("ratio",), "dB", ratio, shades.SEQUENTIAL)
            )
            three = ("vv", "vh", "ratio")
            low_high = [self._stretch((role,)) for role in three]
            stretch = Stretch(tuple(s.low[0] for s in low_high), tuple(s.high[0] for s in low_high))
            label = "False colour (VV, VH, VV/VH)"
            found.insert(0, Layer("false-colour", label, "picture", three, stretch=stretch))
        return found

    def _pictures(self) -> list[Layer]:
        wanted = (
            ("true-colour", "True colour", ("red", "green", "blue")),
            ("false-colour", "False colour (near infrared)", ("nir", "red", "green")),
            ("swir", "False colour (shortwave infrared)", ("swir16", "nir", "red")),
        )
        found = []
        for name, label, roles in wanted:
            if set(roles) <= set(self.roles):
                apart = self._stretch(roles)
                joint = Stretch(apart.low, (max(apart.high),) * 3, shades.GAMMA)
                found.append(Layer(name, label, "picture", roles, stretch=joint))
        if not found and self.roles:
            role = self.roles[0]
            found.append(Layer(role, role.capitalize(), "scalar", (role,), "reflectance",
                               self._stretch((role,)), shades.GREY))  # fmt: skip
        return found

    def _indices(self) -> list[Layer]:
        return [
            Layer(name, label, "scalar", (name,), FEATURES[name].unit,
                  self._stretch((name,)), shades.SEQUENTIAL)
            for name, label in INDICES.items() if set(FEATURES[name].roles) <= set(self.roles)
        ]  # fmt: skip

    def _change(self) -> Layer:
        if self.scores is None:
            raise ValueError("change is measured in what is scored")
        unit = FEATURES[self.scores.features[0]].unit
        end = CHANGE_END.get(unit, 1.0)
        label = f"Change, before to after ({self.scores.features[0].removesuffix('_db').upper()})"
        stretch = Stretch((-end,), (end,))
        return Layer("change", label, "scalar", (), unit, stretch, shades.DIVERGING, True)

    def _stretch(self, roles: tuple[str, ...]) -> Stretch:
        """Return robust ranges over looks of the baseline, or over all where there are none."""
        ends = [shades.robust_range(self._shown(role, self._sample)) for role in roles]
        return Stretch(tuple(low for low, _ in ends), tuple(high for _, high in ends))

    @cached_property
    def _sample(self) -> NDArray[np.float32]:
        """Evenly spaced pixels of quiet looks, (band, look, y, x), NaN not observed."""
        quiet = np.flatnonzero(self.track.series.in_baseline)
        looks = quiet if quiet.size else np.arange(len(self.pixels.value))
        looks = looks[np.unique(np.linspace(0, looks.size - 1, STRETCH_LOOKS).astype(int))]
        height, width = self.pixels.value.shape[2:]
        step = max(1, int(np.sqrt(height * width * looks.size / STRETCH_PIXELS)))
        sample = np.stack([self.pixels.value[i, :, ::step, ::step] for i in looks])
        seen = np.stack([self.pixels.reason[i, ::step, ::step] for i in looks]) == OBSERVED
        return np.where(seen[:, None], sample, np.nan).transpose(1, 0, 2, 3)

    def _shown(self, role: str, bands: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (band, ...) physical values as what `role` shows: dB, index or reflectance."""
        at = {name: bands[index] for index, name in enumerate(self.roles)}
        if role == "ratio":
            return decibels(at["vv"]) - decibels(at["vh"])
        if role in FEATURES:
            return FEATURES[role].compute(at)
        return decibels(at[role]) if role in {"vv", "vh", "hh", "hv"} else at[role]

    def codes(self, look: int, part: Part) -> NDArray[np.uint8]:
        """Return the coverage codes of a part as it is drawn, beyond the site marked so."""
        small = coarser(part, COARSE) if self.pixels.coarse is not None else None
        if small is not None and self.pixels.coarse is not None:
            found = self.pixels.coarse[1][look, small.rows, small.columns]
            beyond = self._coarse_beyond[small.rows, small.columns]
            return commonest_of(np.where(beyond, np.uint8(BEYOND), found), small.factor)
        window = self.pixels.window(part.rows, part.columns)
        beyond = self.pixels.cut.beyond[part.rows, part.columns]
        codes = np.where(beyond, np.uint8(BEYOND), self.pixels.reason[look][window])
        return commonest_of(codes, part.factor)

    @cached_property
    def _coarse_beyond(self) -> NDArray[np.bool_]:
        """Where most of a coarse block lies beyond the site, (y, x)."""
        codes = np.where(self.pixels.cut.beyond, np.uint8(BEYOND), np.uint8(OBSERVED))
        return np.asarray(commonest_of(codes, COARSE) == BEYOND)

    def tile(
        self, layer: Layer, look: int, before: int | None, at: tuple[int, int, int]
    ) -> bytes | None:
        """Return a PNG of 256 × 256 pixels; None outside the grid.

        Parameters
        ----------
        look, before
            Places in the track's looks; `before` for layers that compare.
        at
            z, x, y.
        """
        key = _key(layer, look, before, at)
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
                return self._tiles[key]
        part = part_of(self.pixels.shape, *at)
        if part is None:
            return None
        whole = self.whole(layer, look, part)
        image = np.zeros((TILE, TILE, 4), np.uint8)
        drawn = self.drawn(layer, look, before, part)
        image[: drawn.shape[0], : drawn.shape[1]] = drawn
        found = shades.png(image)
        if not whole:
            return found
        with self._lock:
            self._tiles[key] = found
            while len(self._tiles) > KEPT_TILES:
                self._tiles.popitem(last=False)
        return found

    def kept(self, layer: Layer, look: int, before: int | None, at: tuple[int, int, int]) -> bool:
        """Return whether a tile was drawn whole, and is what it will always be."""
        with self._lock:
            return _key(layer, look, before, at) in self._tiles

    def drawn(self, layer: Layer, look: int, before: int | None, part: Part) -> NDArray[np.uint8]:
        """Return a part of a look as (y, x, 4) colours, its detail reduced."""
        codes = self.codes(look, part)
        origin = (part.rows.start // part.factor, part.columns.start // part.factor)
        if layer.id == "coverage":
            return shades.class_colours(codes)
        if layer.id == "valid":
            codes = np.where((codes != OBSERVED) & (codes != BEYOND), np.uint8(1), codes)
            return shades.marked(shades.class_colours(codes), codes, origin)
        values = self._values(layer, look, before, part)
        if layer.kind == "picture":
            image = shades.coloured(values, layer.stretch)
        else:
            low, high = layer.stretch.low[0], layer.stretch.high[0]
            image = shades.mapped(values[0], low, high, layer.colours)
        without = ~np.isfinite(values).all(axis=0) & (codes == OBSERVED)
        image[without] = (246, 246, 244, 160)
        if layer.needs_before and before is not None:
            earlier = self.codes(before, part)
            codes = np.where(codes == OBSERVED, earlier, codes)
        return shades.marked(image, codes, origin)

    def _values(
        self, layer: Layer, look: int, before: int | None, part: Part
    ) -> NDArray[np.float32]:
        """Return what a layer shows of a part, (band, y, x), NaN without a value."""
        if layer.id == "anomaly" and self.scores is not None:
            return farthest_of(self._scores(look, part)[None], part.factor)
        if layer.id == "change":
            if before is None:
                raise ValueError("a change needs a look before")
            step = self.difference(before, look, part)
            return farthest_of(step[None], part.factor)
        bands = self._bands(look, part)
        return np.stack([self._shown(role, bands) for role in layer.roles])

    def _scores(self, look: int, part: Part) -> NDArray[np.float32]:
        """Return scores of a part; an overview shows what is scored already, and waits for none."""
        if self.scores is None:
            raise ValueError("nothing is scored")
        if part.factor == 1:
            return self.scores.window(look, part.rows, part.columns)
        return self.scores.made(look, part.rows, part.columns)[0]

    def whole(self, layer: Layer, look: int, part: Part) -> bool:
        """Return whether a tile drawn now is what it will always be."""
        if layer.id != "anomaly" or self.scores is None or part.factor == 1:
            return True
        return self.scores.made(look, part.rows, part.columns)[1]

    def _bands(self, look: int, part: Part) -> NDArray[np.float32]:
        """Return a part's bands as they are drawn, (band, y, x), NaN not observed."""
        small = coarser(part, COARSE) if self.pixels.coarse is not None else None
        if small is not None and self.pixels.coarse is not None:
            found = self.pixels.coarse[0][look][:, small.rows, small.columns]
            return mean_of(np.asarray(found), small.factor)
        window = self.pixels.window(part.rows, part.columns)
        seen = self.pixels.reason[look][window] == OBSERVED
        return mean_of(np.where(seen, self.pixels.value[look][:, *window], np.nan), part.factor)

    def difference(self, before: int, after: int, part: Part) -> NDArray[np.float32]:
        """Return the main feature's step between two looks less that of the ring, (y, x)."""
        if self.scores is None:
            raise ValueError("change is measured in what is scored")
        name, track = self.scores.features[0], self.scores.track
        pair = feature_window(
            track, self.pixels, name, part.rows, part.columns, looks=(before, after)
        )
        ring = ring_medians(track.series.features[name][[before, after]], track.series.ring)
        return np.asarray((pair[1] - pair[0]) - np.float32(ring[1] - ring[0]), dtype=np.float32)


def _key(layer: Layer, look: int, before: int | None, at: tuple[int, int, int]) -> tuple[Any, ...]:
    return (layer.id, look, before if layer.needs_before else None, at)


def _anomaly() -> Layer:
    stretch = Stretch((-ANOMALY_END,), (ANOMALY_END,))
    label = "Anomaly against the site's own history"
    return Layer("anomaly", label, "scalar", (), "standard deviations", stretch, shades.DIVERGING)
