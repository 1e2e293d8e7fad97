"""A page as a sequence of blocks for paper: the same facts as on screen, in the same order.

Paper folds nothing away: what a screen shows on demand is left out where the record has
it in full (files and their digests), and printed everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.report.figures import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.report.facts.model import Fact, FindingView, Page, Table
    from pipeline.report.figures.canvas import Figure
    from pipeline.report.render import Drawings
    from pipeline.report.words import Words

Block = dict[str, Any]
LONGEST_NAME = 24


@dataclass
class Sheet:
    """Blocks in order, and the drawings they show.

    Attributes
    ----------
    drawings
        File name → SVG as it stands on the page.
    """

    words: Words
    drawings: dict[str, str] = field(default_factory=dict)

    def drawing(self, svg: str) -> str:
        """Keep a drawing and return its file name; equal drawings are kept once."""
        for name, kept in self.drawings.items():
            if kept == svg:
                return name
        name = f"drawing-{len(self.drawings) + 1}.svg"
        self.drawings[name] = svg
        return name

    def heading(self, key: str, level: int = 1) -> Block:
        """Return the heading of a section."""
        return {"kind": "heading", "level": level, "text": self.words(f"section.{key}")}

    def facts(self, items: Iterable[Fact], *, mono: bool = False) -> Block:
        """Return labelled lines."""
        lines = [[i.label, self.words.isolated(i.text), self.words.isolated(i.note)] for i in items]
        return {"kind": "facts", "lines": lines, "mono": mono}

    def table(self, item: Table) -> Block:
        """Return a table, or the sentence that stands for an empty one."""
        if not item.rows:
            return text(item.empty, "empty")
        rows = [
            [
                self.words.isolated(soft(cell) if column in item.mono or unbroken(cell) else cell)
                for column, cell in enumerate(row)
            ]
            for row in item.rows
        ]
        return {
            "kind": "table", "heads": list(item.heads), "rows": rows, "mono": list(item.mono),
            "numeric": list(item.numeric), "status": item.status, "weights": weights(item),
        }  # fmt: skip

    def figures(self, items: Iterable[Figure | None], columns: int, width: float = 1.0) -> Block:
        """Return drawings side by side; `width` is a share of the sheet."""
        shown = [
            {"file": self.drawing(str(item.svg)), "caption": item.caption}
            for item in items
            if item is not None
        ]
        return {"kind": "figures", "items": shown, "columns": columns, "width": width}

    def key(self, items: keys.Key, columns: int) -> Block:
        """Return swatches with what they stand for."""
        told = [
            {"file": self.drawing(str(swatch)) if swatch else None, "text": said}
            for swatch, said in items
        ]
        return {"kind": "key", "items": told, "columns": columns}

    def items(self, lines: Iterable[str]) -> Block:
        """Return a plain list."""
        return {"kind": "list", "items": list(lines)}


def text(said: str, style: str = "plain") -> Block:
    """Return a paragraph."""
    return {"kind": "text", "text": said, "style": style}


def soft(name: str) -> str:
    """Return a long id with places where it may break."""
    return name.replace("_", "_\u200b").replace("/", "/\u200b").replace(":", ":\u200b")


def unbroken(cell: str) -> bool:
    """Say whether a cell is one long name that a narrow column could not break."""
    return len(cell) > LONGEST_NAME and " " not in cell


def weights(item: Table) -> list[float]:
    """Return relative widths of columns: by their longest cells, so that none is crushed.

    The longest word of a head, which does not break, sets the least.
    """
    columns = zip(item.heads, *item.rows, strict=True)
    return [round(min(max(max(map(len, c)) ** 0.62, _least(c[0])), 12.0), 2) for c in columns]


def _least(head: str) -> float:
    return max(2.6, 0.62 * max(map(len, head.split()), default=0))


def blocks(page: Page, drawings: Drawings, sheet: Sheet) -> list[Block]:
    """Return everything a page says, as blocks."""
    monitor = page.kind == "monitor"
    told = [*first(page, sheet), *maps(page, drawings, sheet)]
    if monitor:
        told += findings(page, drawings, sheet)
        told += looks(page, drawings, sheet)
    else:
        told += pair(page, sheet)
    return told + sources(page, sheet)


def first(page: Page, sheet: Sheet) -> list[Block]:
    """Return page one."""
    words = sheet.words
    limit = "standing-limit.declared" if page.kind == "monitor" else "standing-limit.pair"
    told: list[Block] = [{"kind": "stamp", "text": s.text, "why": s.why} for s in page.stamps]
    told += [
        text(page.sentence, "state"),
        {
            "kind": "columns",
            "left": [sheet.facts(page.leading + page.looks)],
            "right": [sheet.facts(page.identity), sheet.facts(page.handling)],
        },
        sheet.facts(page.digests, mono=True),
        text(f"{words(limit)} {words('standing-limit.meaning')}", "standing"),
    ]
    if len(page.findings) > 1:
        told.append(sheet.table(page.overview))
    if page.failures.rows:
        told += [sheet.heading("failures"), sheet.table(page.failures)]
    return told


def maps(page: Page, drawings: Drawings, sheet: Sheet) -> list[Block]:
    """Return map, pictures and anomaly maps."""
    words = sheet.words
    told = [{"kind": "break"}, sheet.heading("map")]
    told.append(
        sheet.figures((drawings.map,), 1, 0.78) if drawings.map
        else text(words("none.picture"), "empty")
    )  # fmt: skip
    zones = tuple(
        (keys.zone(z.state), words.joined(z.id, z.kind, z.state_text)) for z in page.zones
    )
    if zones:
        told += [sheet.key(zones, 2), text(words("hint.map"), "note")]
    if drawings.pairs:
        told.append(sheet.heading("pictures"))
    for item in drawings.pairs:
        told += [
            {"kind": "heading", "level": 2, "text": item.title},
            sheet.figures((item.before, item.after), 2),
            text(item.stretch, "note"),
        ]
    if drawings.scores:
        told.append(sheet.heading("scores" if page.kind == "monitor" else "score-pair"))
    for score in drawings.scores:
        bar = {"kind": "figures", "columns": 1, "width": 0.5,
               "items": [{"file": sheet.drawing(str(score.bar)), "caption": ""}]}  # fmt: skip
        told += [sheet.figures((score.figure,), 1, 0.6), bar, sheet.key(score.legend, 2)]
    return told


def findings(page: Page, drawings: Drawings, sheet: Sheet) -> list[Block]:
    """Return all findings, or that there are none, and what came closest."""
    words = sheet.words
    told: list[Block] = [sheet.heading("findings")]
    for number, item in enumerate(page.findings, start=1):
        told += finding(number, item, page, drawings, sheet)
    if not page.findings:
        told.append(text(page.leading[0].text, "empty"))
    return [
        *told,
        sheet.heading("quiet", 2), text(words("hint.quiet"), "note"), sheet.table(page.closest),
        sheet.heading("notified", 2), sheet.table(page.notified),
    ]  # fmt: skip


def finding(
    number: int, item: FindingView, page: Page, drawings: Drawings, sheet: Sheet
) -> list[Block]:
    """Return one finding."""
    words = sheet.words
    right = [
        sheet.heading("likelihood", 3), *map(text, item.likelihood),
        sheet.heading("confidence", 3), text(item.confidence),
        sheet.heading("would-change", 3), text(item.would_change),
    ]  # fmt: skip
    for key, lines in (("limits-finding", item.limits), ("dissent", item.dissent)):
        if lines:
            right += [sheet.heading(key, 3), sheet.items(lines)]
    checklist = [
        {
            "tag": h.kind_text, "text": h.text,
            "note": words.listed((h.fit_text, *((h.measured,) if h.measured else ()))),
        }
        for h in item.hypotheses
    ]  # fmt: skip
    title = words.joined(item.indicator, item.zone)
    told: list[Block] = [
        {"kind": "finding", "badge": item.headline_text, "text": f"{number}. {title}"},
        text(item.sentence, "lead"),
        {"kind": "columns", "left": [sheet.facts(item.facts)], "right": right},
        sheet.heading("hypotheses", 3),
        {"kind": "checklist", "items": checklist},
    ]
    for closeup in drawings.closeups[number - 1]:
        told += [
            {"kind": "heading", "level": 3, "text": closeup.title},
            sheet.figures(closeup.figures, 3, 0.85),
        ]
    told += [charts(page, drawings, sheet, item.anchor, 1, 0.7)]
    told += [sheet.heading("calibration", 3), sheet.table(item.calibration)]
    if item.posteriors:
        told += [sheet.heading("posteriors", 3), sheet.table(item.posteriors)]
    return [*told, text(words.isolated(item.id), "mono")]


def charts(
    page: Page, drawings: Drawings, sheet: Sheet, anchor: str, columns: int, width: float
) -> Block:
    """Return the series charts that belong to a finding, or with "" to none."""
    shown = [
        {"file": sheet.drawing(str(drawings.series[position])), "caption": chart.title}
        for position, chart in enumerate(page.charts)
        if chart.finding == anchor
    ]
    return {"kind": "figures", "items": shown, "columns": columns, "width": width}


def looks(page: Page, drawings: Drawings, sheet: Sheet) -> list[Block]:
    """Return what was seen, what silence is worth, the other series and scene steps."""
    words = sheet.words
    told: list[Block] = [
        sheet.heading("coverage"), text(words("hint.coverage"), "note"),
        sheet.key(drawings.coverage_key, 4),
    ]  # fmt: skip
    for grid, svg in zip(page.grids, drawings.coverage, strict=True):
        shown = [{"file": sheet.drawing(str(svg)), "caption": ""}]
        told += [
            {"kind": "heading", "level": 2, "text": grid.title},
            {"kind": "figures", "items": shown, "columns": 1, "width": 1.0},
        ]
    told += [
        sheet.table(page.coverage),
        sheet.heading("silence"), text(words("hint.silence"), "note"), sheet.table(page.silence),
        *reliability(page, drawings, sheet),
        sheet.heading("series"), text(words("hint.series"), "note"),
        sheet.key(drawings.series_key, 4),
        charts(page, drawings, sheet, "", 2, 1.0),
        sheet.heading("rhythm"), text(words("hint.rhythm"), "note"), sheet.table(page.rhythm),
        text(page.rhythm_kept, "note"),
        sheet.heading("steps"), text(words("hint.steps"), "note"), sheet.table(page.steps),
    ]  # fmt: skip
    return told


def reliability(page: Page, drawings: Drawings, sheet: Sheet) -> list[Block]:
    """Return whether rates and likelihoods hold, with the diagram."""
    words = sheet.words
    told: list[Block] = [sheet.heading("reliability"), text(words("hint.reliability"), "note")]
    if drawings.reliability:
        drawn = sheet.drawing(str(drawings.reliability))
        shown = [{"file": drawn, "caption": words("reliability.caption")}]
        told.append({"kind": "figures", "items": shown, "columns": 1, "width": 0.5})
    return [
        *told,
        sheet.table(page.reliability),
        sheet.heading("foretold", 2), text(words("hint.foretold"), "note"),
        text(page.foretold_told), sheet.table(page.foretold),
    ]  # fmt: skip


def pair(page: Page, sheet: Sheet) -> list[Block]:
    """Return the regions of a compared pair and what was seen of it."""
    told = [sheet.heading("regions"), sheet.table(page.regions)]
    if page.more_regions.rows:
        told += [sheet.heading("more-regions", 2), sheet.table(page.more_regions)]
    return [*told, sheet.heading("coverage"), sheet.table(page.coverage)]


def sources(page: Page, sheet: Sheet) -> list[Block]:
    """Return checks, limits, inputs and method."""
    words = sheet.words
    limit = "standing-limit.declared" if page.kind == "monitor" else "standing-limit.pair"
    drift = (
        [sheet.heading("drift"), text(page.drift_told, "note"), sheet.table(page.drift)]
        if page.drift
        else []
    )
    return [
        *drift,
        sheet.heading("checks"), sheet.table(page.checks),
        sheet.heading("limits"),
        sheet.items((words(limit), words("standing-limit.meaning"), *page.limits)),
        sheet.heading("inputs"), text(words("hint.inputs"), "note"), sheet.table(page.scene_list),
        text(words("hint.files-paper"), "note"),
        sheet.heading("unused", 2), sheet.table(page.unused),
        sheet.heading("method"), sheet.table(page.method),
        sheet.heading("versions", 2), sheet.table(page.versions),
    ]  # fmt: skip
