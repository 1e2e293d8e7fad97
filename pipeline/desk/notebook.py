"""The desk's objects in a notebook: the view in a frame, findings as tables and maps, plots."""

from __future__ import annotations

import html
import importlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.desk.opening import newest_product
from pipeline.desk.server import start_in_background
from pipeline.desk.state import Desk
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import xarray as xr

    from pipeline.agreement import Site
    from pipeline.assessment.record import Assessment, Finding, Report
    from pipeline.desk.server import Address
    from pipeline.workflows.planning import Run

HEADS = ("zone", "indicator", "state", "direction", "onset (UTC)", "end (UTC)", "peak", "notified")
COLOURS = {"persistent": "#b93207", "provisional": "#9a6700", "tentative": "#9a6700",
           "ended": "#4d565e", "insufficient-data": "#8496a5"}  # fmt: skip


@dataclass(frozen=True)
class Explored:
    """A desk that runs beside a notebook; shown as a frame.

    Attributes
    ----------
    address
        Where it listens, and how to stop it.
    host
        Name in the frame's address: that of the notebook's own page (``localhost`` or
        ``127.0.0.1``), or the browser keeps the session's cookie back.
    height
        Of the frame, pixels.
    """

    address: Address
    site: str
    host: str = "localhost"
    height: int = 760

    @property
    def url(self) -> str:
        """The address to open, token included."""
        return self.address.url.replace("127.0.0.1", self.host, 1)

    def close(self) -> None:
        """End the desk."""
        self.address.close()

    def _repr_html_(self) -> str:
        url = html.escape(self.url, quote=True)
        title = html.escape(f"Desk of {self.site}", quote=True)
        return (
            f'<iframe src="{url}" title="{title}" width="100%" height="{int(self.height)}" '
            'style="border:1px solid #c9d0d6"></iframe>'
            f'<p><a href="{url}" target="_blank" rel="noreferrer">{title} in its own window</a></p>'
        )

    def __repr__(self) -> str:
        return f"<desk of {self.site}: {self.url}>"


def explore(
    run: Run, site: Site, *, port: int = 0, host: str = "localhost", height: int = 760
) -> Explored:
    """Open the desk of one site beside the notebook; see `Explored`.

    Raises
    ------
    UsageError
        A host that is not this machine, or a port that cannot be had.
    """
    if host not in {"localhost", "127.0.0.1"}:
        raise UsageError(f"a desk is on this machine alone: localhost or 127.0.0.1, not {host!r}")
    known = tuple(item.id for item in run.agreement.sites)
    desk = Desk(replace(run, sites=(site,)), known)
    return Explored(start_in_background(desk, port=port), site.id, host, height)


@dataclass(frozen=True)
class Findings:
    """The findings of one site's product.

    Attributes
    ----------
    report
        Its record.
    site
        The declared site.
    folder
        Of the product.
    """

    report: Report
    site: Site
    folder: Path

    def __len__(self) -> int:
        return len(self.report.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.report.findings)

    def __getitem__(self, place: int) -> Finding:
        return self.report.findings[place]

    def to_geojson(self) -> dict[str, Any]:
        """Return the findings as a GeoJSON feature collection, WGS 84, by zone and never finer."""
        from pipeline.report.exports import findings_geojson  # noqa: PLC0415 - brings in templates
        from pipeline.workflows.monitor.product import zones_geojson  # noqa: PLC0415

        return findings_geojson(self.report, zones_geojson(self.site))

    def to_geodataframe(self) -> Any:
        """Return the findings as a GeoDataFrame, EPSG:4326, one row each.

        Raises UsageError where geopandas is not installed.
        """
        try:
            geopandas = importlib.import_module("geopandas")
        except ImportError as cause:
            raise UsageError("to_geodataframe needs geopandas: pip install geopandas") from cause
        features = self.to_geojson()["features"]
        if not features:
            columns = ["id", "zone", "indicator", "headline", "geometry"]
            return geopandas.GeoDataFrame(columns=columns, geometry="geometry", crs="EPSG:4326")
        return geopandas.GeoDataFrame.from_features(features, crs="EPSG:4326")

    def to_xarray(self) -> xr.Dataset:
        """Return the findings along one dimension, ``finding``, labelled by id.

        Times are UTC; NaT is an end that was not seen, NaN a bound that was not measured.
        """
        import numpy as np  # noqa: PLC0415
        import xarray as xr  # noqa: PLC0415

        items = self.report.findings
        columns: dict[str, Any] = {
            name: [getattr(item, name) for item in items]
            for name in ("zone", "indicator", "direction", "evidence_state", "headline", "unit",
                         "peak", "confirmed", "looks_over", "looks_observed")
        }  # fmt: skip
        for place, name in enumerate(("peak_low", "peak_high")):
            columns[name] = [i.peak_interval[place] if i.peak_interval else np.nan for i in items]
        times: dict[str, list[Any]] = {
            "onset_after": [item.onset[0] for item in items],
            "onset_by": [item.onset[1] for item in items],
            "end_after": [item.end[0] if item.end else None for item in items],
            "end_by": [item.end[1] if item.end else None for item in items],
        }
        columns |= {name: _times(moments) for name, moments in times.items()}
        variables = {name: ("finding", column) for name, column in columns.items()}
        coords = {"finding": [item.id for item in items]}
        attrs = {"site": self.site.id, "standing": self.report.standing}
        return xr.Dataset(variables, coords=coords, attrs=attrs)

    def series(self, zone: str, indicator: str, track: str | None = None) -> xr.Dataset:
        """Return what one indicator was assessed as in one zone, look by look.

        Parameters
        ----------
        track
            ``sensor track`` as in ``sentinel-1-rtc 144``; may be omitted where there is one.

        Returns
        -------
        Along ``time`` (UTC): ``value``, ``low``, ``high``, ``expected``, ``expected_low``,
        ``expected_high``, ``p`` and ``observed``, float64, NaN where not observed; ``outcome``.

        Raises
        ------
        UsageError
            Nothing of the kind was assessed, or on several tracks and none is named.
        """
        import xarray as xr  # noqa: PLC0415

        looks = self._looks(zone, indicator, track)
        values: dict[str, list[Any]] = {
            "value": [item.value for item in looks],
            "low": [_bound(item.interval, 0) for item in looks],
            "high": [_bound(item.interval, 1) for item in looks],
            "expected": [item.baseline for item in looks],
            "expected_low": [_bound(item.baseline_interval, 0) for item in looks],
            "expected_high": [_bound(item.baseline_interval, 1) for item in looks],
            "p": [item.p for item in looks],
            "observed": [item.observed_fraction for item in looks],
        }
        variables: dict[str, Any] = {
            name: ("time", _floats(column)) for name, column in values.items()
        }
        variables["outcome"] = ("time", [item.outcome for item in looks])
        attrs = {"zone": zone, "indicator": indicator, "unit": looks[0].unit}
        coords = {"time": _times([item.acquired for item in looks])}
        return xr.Dataset(variables, coords=coords, attrs=attrs)

    def _looks(self, zone: str, indicator: str, track: str | None) -> list[Assessment]:
        wanted = (zone, indicator)
        found = [i for i in self.report.assessments if (i.zone, i.indicator) == wanted]
        names = sorted({f"{item.sensor} {item.track}" for item in found})
        if not found:
            raise UsageError(f"{indicator!r} was not assessed in zone {zone!r}", site=self.site.id)
        if track is None and len(names) > 1:
            raise UsageError(f"{indicator} is on several tracks, name one: {', '.join(names)}")
        name = track or names[0]
        found = [item for item in found if f"{item.sensor} {item.track}" == name]
        if not found:
            raise UsageError(f"no track {name!r}: {', '.join(names)}", site=self.site.id)
        return sorted(found, key=lambda item: item.acquired)

    def plot(
        self,
        zone: str | None = None,
        indicator: str | None = None,
        *,
        track: str | None = None,
        ax: Any = None,
    ) -> Any:
        """Draw all findings over time, or one indicator in one zone; return the axes.

        Parameters
        ----------
        zone, indicator
            Both for a series with its quiet band; neither for bars, one a finding.
        track
            As for `series`.
        ax
            Matplotlib axes to draw on; None makes new ones.
        """
        from pipeline.desk import plots  # noqa: PLC0415 - brings in matplotlib

        if (zone is None) != (indicator is None):
            raise UsageError("a series needs both a zone and an indicator")
        if zone is None or indicator is None:
            return plots.draw_findings(self.report, ax)
        looks = self._looks(zone, indicator, track)
        found = self.report.findings
        own = [item for item in found if (item.zone, item.indicator) == (zone, indicator)]
        return plots.draw_series(looks, own, ax)

    def _repr_html_(self) -> str:
        rows = "".join(_row(item) for item in self.report.findings)
        heads = "".join(f"<th>{head}</th>" for head in HEADS)
        none = "" if rows else f"<p>{_silence(self.report)}</p>"
        return f"<div>{_caption(self)}<table><tr>{heads}</tr>{rows}</table>{none}</div>"

    def __repr__(self) -> str:
        return f"<{len(self)} findings of {self.site.id} as of {self.report.as_of:%Y-%m-%d}>"


def findings_of(run: Run, site: Site) -> Findings:
    """Return the findings of a site's newest product.

    Raises UsageError where there is none.
    """
    found = newest_product(run, site)
    if found is None:
        rule = "has no product yet under these rules: call .monitor(), or fairwitness run"
        raise UsageError(rule, site=site.id)
    return Findings(found[1], site, found[0])


def _silence(report: Report) -> str:
    """Return what no finding means: not that nothing happened."""
    usable, found = report.summary.looks_usable, report.summary.looks_found
    if not usable:
        return "Not observed: no look of the period saw the zones. That is not “no change”."
    return f"No finding on {usable} usable of {found} looks; see detectability for its worth."


def _caption(item: Findings) -> str:
    report = item.report
    as_of = f"{report.as_of:%Y-%m-%d %H:%M} UTC" if report.as_of else "no look"
    words = f"{item.site.id}: {len(item)} findings as of {as_of}; standing: {report.standing}"
    return f"<p><b>{html.escape(words)}</b></p>"


def _row(item: Finding) -> str:
    onset = f"{item.onset[0]:%Y-%m-%d} – {item.onset[1]:%Y-%m-%d}"
    end = f"{item.end[0]:%Y-%m-%d} – {item.end[1]:%Y-%m-%d}" if item.end else "open"
    matched = item.notification.notification or item.notification.relation
    cells = (item.zone, item.indicator, item.headline, item.direction, onset, end,
             f"{item.peak:.4g} {item.unit}", matched)  # fmt: skip
    return "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>"


def table_html(title: str, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a small table, every text escaped."""
    head = "".join(f"<th>{html.escape(word)}</th>" for word in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<div><p><b>{html.escape(title)}</b></p><table><tr>{head}</tr>{body}</table></div>"


def _bound(interval: tuple[float, float] | None, which: int) -> float | None:
    return None if interval is None else interval[which]


def _floats(column: list[Any]) -> Any:
    import numpy as np  # noqa: PLC0415

    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)


def _times(column: list[Any]) -> Any:
    """Return UTC times as datetime64[ns], which carries no zone; None is NaT."""
    import numpy as np  # noqa: PLC0415

    plain = [None if moment is None else moment.replace(tzinfo=None) for moment in column]
    return np.array(plain, dtype="datetime64[us]").astype("datetime64[ns]")
