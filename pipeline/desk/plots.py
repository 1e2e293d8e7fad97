"""Plots for a notebook: findings over time, one series with its quiet band, one look of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from odc.geo.geobox import GeoBox

from pipeline.desk.shades import robust_range
from pipeline.errors import UsageError
from pipeline.report.figures.colour import GAMMA
from pipeline.workflows.monitor.layers import site_cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from pipeline.agreement import Site
    from pipeline.assessment.record import Assessment, Finding, Report

ALARM, QUIET, LINE = "#c2410c", "#8496a5", "#0b5fa5"
BAND = "#dbe3ea"


def _axes(ax: Any, *, height: float) -> Any:
    if ax is not None:
        return ax
    from matplotlib import pyplot  # noqa: PLC0415 - heavy

    return pyplot.subplots(figsize=(9, height), layout="constrained")[1]


def draw_findings(report: Report, ax: Any = None) -> Any:
    """Draw one bar a finding, from its first look over to its end or the period's; return axes."""
    items = report.findings
    ax = _axes(ax, height=1.2 + 0.28 * max(1, len(items)))
    for row, item in enumerate(items):
        last = item.end[0] if item.end else report.as_of or item.onset[1]
        colour = ALARM if item.confirmed else QUIET
        hatch = None if item.evidence_state == "persistent" else "//"
        ax.barh(row, last - item.onset[1], left=item.onset[1], color=colour, hatch=hatch,
                edgecolor="white", height=0.7)  # fmt: skip
        ax.plot([*item.onset], [row, row], color="#14181c", linewidth=1)
        ax.plot(item.onset[1], row, "D", color=colour, markersize=4)  # a finding of one look, too
    ax.set_yticks(range(len(items)), [f"{i.zone}: {i.indicator} ({i.headline})" for i in items])
    ax.invert_yaxis()
    ax.set_title(f"{report.site.id if report.site else ''}: findings; thin lines: onset between")
    ax.set_xlabel("UTC")
    _few_dates(ax)
    return ax


def _few_dates(ax: Any) -> None:
    from matplotlib import dates  # noqa: PLC0415 - heavy

    made: Any = dates  # its types are not told
    locator = made.AutoDateLocator(maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(made.ConciseDateFormatter(locator))


def draw_series(looks: Sequence[Assessment], findings: Sequence[Finding], ax: Any = None) -> Any:
    """Draw one indicator in one zone with its quiet band, threshold and alarms; return axes."""
    ax = _axes(ax, height=3.2)
    times = [look.acquired for look in looks]
    band = np.array([look.baseline_interval or (np.nan, np.nan) for look in looks], float)
    ax.fill_between(
        times, band[:, 0], band[:, 1], color=BAND, step="mid", label="95 % of quiet looks"
    )
    for look in looks:
        if look.value is None:
            continue
        alarm = look.outcome == "change" and look.phase == "monitoring"
        colour = ALARM if alarm else QUIET if look.phase == "baseline" else LINE
        if look.interval is not None:
            ax.vlines(look.acquired, *look.interval, color=colour, linewidth=0.8)
        ax.plot(look.acquired, look.value, "D" if alarm else "o", color=colour, markersize=4)
    unseen = [look.acquired for look in looks if look.value is None]
    ax.plot(unseen, [0.02] * len(unseen), "x", color="#4d565e", markersize=4,
            transform=ax.get_xaxis_transform(), label="not observed")  # fmt: skip
    limit = next((look.threshold for look in looks if look.threshold is not None), None)
    if limit is not None and limit.kind in {"absolute", "deviation"}:
        ax.axhline(limit.value, color=ALARM, linestyle="--", linewidth=1, label="threshold")
    for item in findings:
        ax.axvspan(
            item.onset[1], item.end[0] if item.end else times[-1], color="#f2dfae", alpha=0.5
        )
    ax.set_title(f"{looks[0].indicator} in {looks[0].zone}, {looks[0].sensor} {looks[0].track}")
    ax.set_ylabel(looks[0].unit)
    ax.legend(loc="upper left", fontsize="small")
    _few_dates(ax)
    return ax


def draw_look(stack: xr.Dataset, site: Site, look: int, ax: Any = None) -> Any:
    """Draw one look of a stack, stretched as all its looks; unseen ground is grey; return axes.

    No pixel beyond the declared site is drawn.

    Raises UsageError where the stack has no such look.
    """
    count = stack.sizes["time"]
    if not -count <= look < count:
        raise UsageError(f"a look is {-count} to {count - 1}, got {look}", site=site.id)
    shape = (stack.sizes["y"], stack.sizes["x"])
    cut = site_cut(site.polygon, GeoBox(shape, stack.rio.transform(), stack.rio.crs))
    image = _picture(stack, look, cut)
    ax = _axes(ax, height=6)
    box = cut.geobox.boundingbox
    ax.imshow(image, extent=(box.left, box.right, box.bottom, box.top), interpolation="nearest")
    moment = str(stack["time"].values[look])[:16].replace("T", " ")
    ax.set_title(f"{site.id}, {stack.attrs['sensor']}, {moment} UTC")
    ax.ticklabel_format(useOffset=False, style="plain")
    return ax


def _picture(stack: xr.Dataset, look: int, cut: Any) -> NDArray[np.uint8]:
    """Return one look as (y, x, 4): true colour, or VV in dB."""
    from pipeline.imagery.sensors import SENSORS  # noqa: PLC0415

    sensor = SENSORS.get(stack.attrs["sensor"])
    names = [str(name) for name in stack["band"].values]
    roles = [sensor.band(name).role if sensor else name.lower() for name in names]
    wanted = [roles.index(role) for role in ("red", "green", "blue") if role in roles]
    wanted = wanted if len(wanted) == 3 else [0]
    values = np.where(stack["valid"].values[:, None], stack["value"].values[:, wanted], np.nan)
    values = values[..., *cut.window]
    if stack.attrs["physical"] == "gamma0":
        with np.errstate(divide="ignore", invalid="ignore"):
            values = 10.0 * np.log10(values)
    ends = [robust_range(values[:, band]) for band in range(len(wanted))]
    low = np.array([end[0] for end in ends])[:, None, None]
    high = max(end[1] for end in ends)
    shown = np.clip((values[look] - low) / (high - low), 0, 1)
    if stack.attrs["physical"] != "gamma0":
        shown = shown**GAMMA
    seen = np.isfinite(shown).all(axis=0)
    grey = np.where(seen, np.nan_to_num(shown) * 255, 200).astype(np.uint8)
    colour = np.broadcast_to(np.moveaxis(grey, 0, -1), (*seen.shape, 3))
    opaque = np.where(cut.beyond, 0, 255).astype(np.uint8)
    return np.dstack([colour, opaque])
