"""A layer as the page reads it: its name, unit, range and legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.desk import shades

if TYPE_CHECKING:
    from pipeline.desk.layers import Layer


def layer_entry(layer: Layer) -> dict[str, Any]:
    """Return a layer as the page reads it."""
    entry: dict[str, Any] = {"id": layer.id, "label": layer.label, "kind": layer.kind}
    if layer.kind == "class":
        wanted = {"observed", "cloud"} if layer.id == "valid" else None
        entry["legend"] = [
            {"label": word if wanted is None or word == "observed" else "not observed",
             "colour": colour}
            for word, colour in shades.CLASSES.values() if wanted is None or word in wanted
        ]  # fmt: skip
        return entry
    entry["unit"] = layer.unit
    entry["needs_before"] = layer.needs_before
    low, high = layer.stretch.low, layer.stretch.high
    entry["range"] = [float(f"{low[0]:.3g}"), float(f"{high[0]:.3g}")]
    if layer.colours:
        entry["legend"] = shades.legend_of(layer.colours, low[0], high[0])
    else:
        entry["legend"] = []
    return entry
