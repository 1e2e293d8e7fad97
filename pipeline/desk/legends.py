"""A layer as the page reads it: its name, unit, range and legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.desk import shades

if TYPE_CHECKING:
    from pipeline.desk.layers import Layer


MINUS = "\N{MINUS SIGN}"
CHANNELS = (("red", "#c2410c"), ("green", "#2f6b3f"), ("blue", "#0b5fa5"))
NAMES = {"vv": "VV", "vh": "VH", "ratio": "VV/VH", "nir": "near infrared", "swir16": "shortwave"}


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
        entry["unit"] = "dB" if {"vv", "vh"} & set(layer.roles) else "reflectance"
        entry["legend"] = channels(layer)
    return entry


def channels(layer: Layer) -> list[dict[str, str]]:
    """Return what each channel of a picture shows, with its range, the same on all dates."""
    ends = zip(layer.stretch.low, layer.stretch.high, strict=True)
    return [
        {"label": f"{_shown(name, role)} {_short(low)} to {_short(high)}", "colour": ink}
        for (name, ink), role, (low, high) in zip(CHANNELS, layer.roles, ends, strict=True)
    ]


def _shown(channel: str, role: str) -> str:
    """Return ``red`` for red ground shown in red, and ``red: near infrared`` for what is not."""
    return channel if channel == role else f"{channel}: {NAMES.get(role, role)}"


def _short(value: float) -> str:
    return f"{value:.2g}".replace("-", MINUS)
