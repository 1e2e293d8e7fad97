"""The analyst's objects: one run, its sites, their scenes, stacks and products.

>>> import pipeline
>>> run = pipeline.open_run("configs/demo.yaml")
>>> [site.id for site in run.sites()][:2]
['town', 'hill']
>>> town = run.site("town")
>>> town.scenes()[0].sensor, len(town.scenes())
('sentinel-1-rtc', 21)
>>> [zone.id for zone in town.zones]
['depot', 'motor-pool', 'hardstand']
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError
from pipeline.workflows.planning import Run, SiteScenes, load_run, site_scenes

if TYPE_CHECKING:
    import xarray as xr

    from pipeline.agreement import Site, Zone
    from pipeline.desk.notebook import Explored, Findings
    from pipeline.imagery.scene import Scene
    from pipeline.workflows.monitor import RunResult


def open_run(
    settings: str | Path, *, as_of: str | None = None, out: str | Path | None = None
) -> OpenRun:
    """Open run settings and the agreement they name.

    Parameters
    ----------
    settings
        Run settings (YAML).
    as_of
        Only what was acquired by this day, YYYY-MM-DD; None is each site's newest look.
    out
        Output folder in place of the settings'.

    Raises
    ------
    FairWitnessError
        In one line, with file and line, for what breaks a rule.
    """
    place = None if out is None else Path(out)
    return OpenRun(Path(settings), load_run(Path(settings), as_of=as_of, out=place))


def compare(before: str | Path, after: str | Path, **options: Any) -> Any:
    """Compare one pair outside any agreement; see `pipeline.workflows.compare.compare`."""
    from pipeline.workflows.compare import compare as compare_pair  # noqa: PLC0415

    return compare_pair(Path(before), Path(after), **options)


@dataclass(frozen=True)
class OpenRun:
    """A run that was opened: an agreement, and where its imagery is."""

    path: Path
    run: Run

    def sites(self) -> list[OpenSite]:
        """Return the declared sites, in the agreement's order."""
        return [OpenSite(self, site) for site in self.run.sites]

    def site(self, site_id: str) -> OpenSite:
        """Return one site; UsageError where the agreement declares none of that id."""
        for site in self.sites():
            if site.id == site_id:
                return site
        raise UsageError(f"no site {site_id!r}: {[site.id for site in self.sites()]}")

    def monitor(self) -> RunResult:
        """Monitor every site and write its product, as ``fairwitness run`` does."""
        from pipeline.workflows.monitor import run_sites  # noqa: PLC0415

        return run_sites(self.path, out=self.run.settings.output)

    def _repr_html_(self) -> str:
        from pipeline.desk.notebook import table_html  # noqa: PLC0415

        agreement = self.run.agreement
        title = f"Agreement {agreement.id} ({self.run.standing_at(self.run.as_of)})"
        rows = [
            (site.id, site.name, site.declared_by, f"{site.area_km2:.2f}", len(site.zones))
            for site in self.run.sites
        ]
        return table_html(title, ("site", "name", "declared by", "km²", "zones"), rows)

    def __repr__(self) -> str:
        sites = ", ".join(site.id for site in self.run.sites)
        return f"<run of agreement {self.run.agreement.id}: {sites}>"


@dataclass(frozen=True)
class OpenSite:
    """One declared site of an opened run."""

    owner: OpenRun
    site: Site

    @property
    def id(self) -> str:
        """The site's id."""
        return self.site.id

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The declared zones."""
        return self.site.zones

    @property
    def _run(self) -> Run:
        return replace(self.owner.run, sites=(self.site,))

    def found(self) -> SiteScenes:
        """Return what the catalogues hold: used, superseded and left out."""
        return site_scenes(self._run, self.site)

    def scenes(self) -> tuple[Scene, ...]:
        """Return the scenes that count, in order of (acquired, id)."""
        return self.found().scenes

    def stack(self, sensor: str, track: str | None = None) -> xr.Dataset:
        """Return the calibrated, masked, registered looks of one sensor and track.

        Parameters
        ----------
        sensor
            Key of the sensor table.
        track
            Track; may be omitted where there is only one.

        Returns
        -------
        ``value (time, band, y, x)`` float32, ``valid (time, y, x)`` bool and ``reason
        (time, y, x)`` uint8 coverage codes, with CRS; see `pipeline.imagery.stack`.

        Examples
        --------
        >>> import pipeline
        >>> stack = pipeline.open_run("configs/demo.yaml").site("town").stack("sentinel-1-rtc")
        >>> dict(stack.sizes) == {"time": 21, "band": 2, "y": 95, "x": 96}
        True
        >>> [str(name) for name in stack["band"].values]
        ['VV', 'VH']
        """
        from pipeline.workflows.monitor.stacks import site_stack  # noqa: PLC0415

        return site_stack(self._run, self.site, self.found(), sensor, track)

    def monitor(self) -> RunResult:
        """Monitor this site alone and write its product."""
        from pipeline.workflows.monitor import run_sites  # noqa: PLC0415

        out = self.owner.run.settings.output
        return run_sites(self.owner.path, sites=(self.id,), out=out)

    def explore(self, *, port: int = 0, host: str = "localhost", height: int = 760) -> Explored:
        """Open the analyst's desk on this site, in a frame of the notebook.

        Parameters
        ----------
        port
            Of this machine; 0 is any free one.
        host
            The name the notebook's own address has, ``localhost`` or ``127.0.0.1``: with
            another the browser withholds the session's cookie.
        height
            Of the frame, pixels.
        """
        from pipeline.desk.notebook import explore  # noqa: PLC0415 - brings in the server

        return explore(self._run, self.site, port=port, host=host, height=height)

    def findings(self) -> Findings:
        """Return the findings of this site's newest product: table, GeoJSON, plots.

        Raises UsageError where no product was made under these rules.
        """
        from pipeline.desk.notebook import findings_of  # noqa: PLC0415

        return findings_of(self._run, self.site)

    def plot(self, sensor: str, track: str | None = None, *, look: int = -1, ax: Any = None) -> Any:
        """Draw one look, in true colour or backscatter, cut to the declared site; return axes.

        Parameters
        ----------
        sensor, track
            As for `stack`.
        look
            Place among the looks; -1 is the newest.
        ax
            Matplotlib axes to draw on; None makes new ones.
        """
        from pipeline.desk.plots import draw_look  # noqa: PLC0415 - brings in matplotlib

        return draw_look(self.stack(sensor, track), self.site, look, ax)

    def _repr_html_(self) -> str:
        from pipeline.desk.notebook import table_html  # noqa: PLC0415

        agreement = self.owner.run.agreement
        rows = [
            (
                zone.id,
                zone.kind,
                f"{zone.area_m2 / 1e4:.2f}",
                ", ".join(item.id for item in agreement.indicators_for(self.site, zone)),
            )
            for zone in self.zones
        ]
        title = f"{self.id}: {self.site.name}, {self.site.area_km2:.2f} km²"
        return table_html(title, ("zone", "kind", "ha", "indicators"), rows)

    def __repr__(self) -> str:
        return f"<site {self.id}: {', '.join(zone.id for zone in self.zones)}>"
