"""Before and after of each sensor and track, whole and close up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.report import formatting as f
from pipeline.report.figures import colour
from pipeline.report.figures.canvas import (
    Canvas,
    Figure,
    Window,
    frame_of,
    furniture,
    moment_text,
    outlines,
    shown,
    track_title,
    zone_rings,
)
from pipeline.report.figures.svg import markup
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from pipeline.report.facts.model import FindingView
    from pipeline.report.figures.frame import Frame
    from pipeline.report.layers import Layer, Track
    from pipeline.report.words import Words

MARGIN = 0.6  # of a zone's extent, shown around it in a close-up
SMALLEST_M = 300.0  # a close-up shows at least this much ground
KINDS = ("before", "after", "anomaly")


@dataclass(frozen=True)
class Pair:
    """Before and after of one sensor and track."""

    name: str
    title: str
    before: Figure | None
    after: Figure | None
    stretch: str


@dataclass(frozen=True)
class Closeup:
    """Before, after and anomaly around the zone of a finding."""

    title: str
    figures: tuple[Figure, ...]


def pairs(canvas: Canvas) -> tuple[Pair, ...]:
    """Return before and after of every sensor and track that has a picture."""
    numbered = enumerate(canvas.layers.tracks, start=1)
    return tuple(_pair(n, item, canvas) for n, item in numbered if item.before or item.after)


def _pair(number: int, item: Track, canvas: Canvas) -> Pair:
    words, title = canvas.words, track_title(item, canvas.words)
    present = [layer for layer in (item.before, item.after) if layer is not None]
    how = colour.stretch(*present)

    def packed(layer: Layer | None) -> str:
        image = None if layer is None else colour.picture(layer, how)
        return "" if image is None else (colour.png if canvas.lossless else colour.jpeg)(image)

    hrefs = side_by_side(packed, [item.before, item.after])
    before, after = (
        _picture(f"{which}-{number}", layer, href, title, canvas) if layer is not None else None
        for which, layer, href in zip(
            ("before", "after"), (item.before, item.after), hrefs, strict=True
        )
    )
    return Pair(f"pair-{number}", title, before, after, stretch_text(how, present[0], words))


def _picture(name: str, layer: Layer, href: str, title: str, canvas: Canvas) -> Figure:
    words, frame, date = canvas.words, frame_of(layer), moment_text(layer, canvas.words)
    which = words(f"picture.{name.partition('-')[0]}")
    canvas.keep(f"img-{name}", href, layer.size)
    canvas.keep_overlay(f"nan-{name}", colour.hatch(layer.seen))
    root = shown(
        canvas, (f"img-{name}", f"nan-{name}"), frame, name=name,
        title=words("picture.title", sensor=title, when=which, date=date),
        text=words("picture.description", sensor=title, date=date),
    )  # fmt: skip
    outlines(root, frame, canvas, labels=False)
    furniture(root, frame, words)
    return Figure(markup(root), words.joined(which, date))


def stretch_text(how: colour.Stretch, layer: Layer, words: Words) -> str:
    """Return how the pictures were stretched."""
    if how.radar:
        band = f.readable(layer.bands[how.bands[0]])
        low, high = words.style.number(min(how.low), 1), words.style.number(how.high, 1)
        return words("picture.stretch-radar", band=band, low=low, high=high)
    low, high = words.style.number(min(how.low), 2), words.style.number(how.high, 2)
    return words(
        "picture.stretch-optical", low=low, high=high, gamma=words.style.number(colour.GAMMA, 2)
    )


def closeups(finding: FindingView, canvas: Canvas) -> tuple[Closeup, ...]:
    """Return the surroundings of a finding's zone, for each sensor that carries it."""
    numbered = enumerate(canvas.layers.tracks, start=1)
    found = (_closeup(n, t, finding, canvas) for n, t in numbered if t.sensor in finding.sensors)
    return tuple(item for item in found if item.figures)


def _closeup(number: int, item: Track, finding: FindingView, canvas: Canvas) -> Closeup:
    title, figures = track_title(item, canvas.words), []
    for kind, layer in zip(KINDS, (item.before, item.after, item.anomaly), strict=True):
        if layer is None:
            continue
        frame = frame_of(layer)
        window = window_around(zone_rings(canvas, finding.zone, frame), frame)
        if window is None:
            continue
        name = f"{kind}-{number}"
        date = moment_text(layer, canvas.words)
        said = canvas.words(
            "closeup.title", zone=finding.zone, when=canvas.words(f"picture.{kind}"), sensor=title
        )
        root = shown(
            canvas, (f"img-{name}", f"nan-{name}", f"edge-{name}"), frame, window=window,
            name=f"{finding.anchor}-{name}", title=said, text=f"{said}, {date}",
        )  # fmt: skip
        outlines(root, frame, canvas, labels=False)
        furniture(root, frame, canvas.words, window)
        figures.append(
            Figure(markup(root), canvas.words.joined(canvas.words(f"picture.{kind}"), date))
        )
    return Closeup(title, tuple(figures))


def window_around(outline: list[list[tuple[float, float]]], frame: Frame) -> Window | None:
    """Return a square window around a zone, inside the frame where that is possible."""
    points = [point for ring in outline for point in ring]
    if not points:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    extent = max(max(xs) - min(xs), max(ys) - min(ys)) * (1 + 2 * MARGIN)
    side = min(max(extent, SMALLEST_M / frame.metres), frame.width, frame.height)
    left = (min(xs) + max(xs)) / 2 - side / 2
    top = (min(ys) + max(ys)) / 2 - side / 2
    return (
        min(max(left, 0.0), frame.width - side), min(max(top, 0.0), frame.height - side), side, side
    )  # fmt: skip
