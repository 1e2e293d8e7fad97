"""The map: newest picture, zones by state, findings or regions, scale bar and north."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report.figures.canvas import (
    Canvas,
    Figure,
    frame_of,
    furniture,
    moment_text,
    outlines,
    shown,
    track_title,
)
from pipeline.report.figures.frame import Frame, bounds_frame, rings
from pipeline.report.figures.svg import add, drawing, markup

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from pipeline.assessment.record import Region
    from pipeline.report.layers import Layer, Track

MOST_REGIONS = 60  # numbered on the map; the table lists all
_GAP, _DIGIT = 4, 10  # between ring and number, and a digit's width, drawing units


def chosen_track(canvas: Canvas, preferred: tuple[str, ...]) -> tuple[int, Track, Layer] | None:
    """Return the track drawn on the map: a finding's sensor, then optical, then any."""
    ranked = sorted(
        (item.sensor not in preferred, item.after.radar, number)
        for number, item in enumerate(canvas.layers.tracks, start=1)
        if item.after is not None
    )
    if not ranked:
        return None
    number = ranked[0][2]
    item = canvas.layers.tracks[number - 1]
    return (number, item, item.after) if item.after is not None else None


def site_map(
    canvas: Canvas, regions: tuple[Region, ...], preferred: tuple[str, ...]
) -> Figure | None:
    """Return the map; without any picture the zones alone, or None without those.

    The pictures must have been drawn before: the map shows the kept image again.
    """
    words = canvas.words
    zones = words.listed(tuple(words.told(z.id, z.state_text) for z in canvas.page.zones))
    chosen = chosen_track(canvas, preferred)
    if chosen is None:
        return _plain_map(canvas, zones)
    number, item, layer = chosen
    frame, date, title = frame_of(layer), moment_text(layer, words), track_title(item, words)
    root = shown(
        canvas, (f"img-after-{number}", f"nan-after-{number}"), frame, name="map",
        title=words("map.title", title=canvas.page.title, date=date),
        text=words("map.description", sensor=title, date=date, zones=zones),
    )  # fmt: skip
    _over(root, frame, canvas, regions)
    return Figure(markup(root), words.joined(title, date))


def _over(root: Element, frame: Frame, canvas: Canvas, regions: tuple[Region, ...]) -> None:
    outlines(root, frame, canvas, labels=True)
    furniture(root, frame, canvas.words)
    region_marks(root, frame, regions)  # last: north arrow and scale bar hide no number


def _plain_map(canvas: Canvas, zones: str) -> Figure | None:
    words = canvas.words
    points = [p for z in canvas.layers.zones for ring in rings(z["geometry"]) for p in ring]
    frame = bounds_frame(points)
    if frame is None:
        return None
    root = drawing(
        frame.width, frame.height, name="map", title=canvas.page.title,
        description=words("map.no-image", zones=zones),
    )  # fmt: skip
    add(root, "rect", x=0, y=0, width=frame.width, height=frame.height, class_="blank")
    _over(root, frame, canvas, ())
    return Figure(markup(root), words("none.picture"))


def region_marks(root: Element, frame: Frame, regions: tuple[Region, ...]) -> None:
    """Draw a numbered ring on the strongest regions of a pair, each number inside the map."""
    if frame.place is None:
        return
    for region in sorted(regions, key=lambda r: (-r.peak_score, r.id))[:MOST_REGIONS]:
        x, y = frame.place(*region.centroid)
        radius = max(9.0, (region.area_m2 / 3.14) ** 0.5 / frame.metres + 4)
        for name in ("region-case", "region"):
            add(root, "circle", cx=x, cy=y, r=radius, class_=name)
        beside = x + radius + _GAP
        width = _DIGIT * len(str(region.id))
        if beside + width > frame.width:
            beside = x - radius - _GAP - width
        line = min(max(y + 5, 1.5 * _DIGIT), frame.height - _GAP)
        add(root, "text", text=str(region.id), x=beside, y=line, class_="region-name")
