"""The command line: parse, call one function, show. No step of the work is decided here."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli_exchange import exchange_app
from pipeline.errors import FairWitnessError, OutputError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERRUPTED = 130
#: What the system answers where a path the user named leads nowhere one may look.
_UNREACHABLE = frozenset({errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ELOOP})
#: What it answers where nothing more can be written, such as a log on a full disk.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# What other programs on a machine set for their own map libraries: another release's tables
# break ours or move a coordinate, plugins run code, and PROJ's network asks a host nobody named.
_FOREIGN = (
    "PROJ_LIB", "PROJ_DATA", "PROJ_NETWORK", "PROJ_NETWORK_ENDPOINT", "PROJ_AUX_DB", "GDAL_DATA",
    "GDAL_DRIVER_PATH", "GDAL_PYTHON_DRIVER_PATH", "OGR_DRIVER_PATH", "GDAL_CONFIG_FILE",
    "GDAL_VRT_ENABLE_PYTHON", "GDAL_VRT_PYTHON_TRUSTED_MODULES", "CPL_DEBUG", "CPL_LOG",
)  # fmt: skip
app = typer.Typer(
    name="fairwitness",
    help="Compare open satellite tiles over declared sites with each site's own history.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
site_app = typer.Typer(help="Prepare a site before anyone signs.", no_args_is_help=True)
app.add_typer(site_app, name="site")
app.add_typer(exchange_app)

Settings = Annotated[Path, typer.Argument(metavar="SETTINGS", help="Run settings (YAML).")]
Sites = Annotated[
    list[str] | None, typer.Option("--site", metavar="ID", help="Only this site; may be repeated.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Only what was acquired by then (YYYY-MM-DD)."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the output goes.")]
Json = Annotated[
    bool, typer.Option("--log-json", help="One JSON object a line instead of text, for schedulers.")
]


def _show(event: str, text: str, *, as_json: bool, **facts: Any) -> None:
    """Print one line of a command's outcome, as text or as a JSON object."""
    if as_json:
        import json  # noqa: PLC0415

        typer.echo(json.dumps({"event": event, "text": text, **facts}, sort_keys=True))
    else:
        typer.echo(text)


@app.command()
def run(
    settings: Settings,
    site: Sites = None,
    as_of: AsOf = None,
    out: Out = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="An existing Dask scheduler."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=0, help="Local workers; 0 is this process."),
    ] = None,
    log_json: Json = False,
) -> None:
    """Monitor the agreement's sites and write their reports."""
    from pipeline.progress import interruptible  # noqa: PLC0415
    from pipeline.workflows.monitor import run_sites  # noqa: PLC0415

    with interruptible(_shower(log_json)) as show:
        result = run_sites(
            settings, sites=tuple(site or ()), as_of=as_of, out=out, scheduler=scheduler,
            workers=workers, show=show,
        )  # fmt: skip
    for line in result.lines:
        _show("site", line.text, as_json=log_json, site=line.site, status=line.status)
    _show("done", f"Report: {printable(result.index)}", as_json=log_json, exit=result.exit_code)
    raise typer.Exit(result.exit_code)


def _shower(log_json: bool) -> Callable[..., None]:
    """Return the progress callback: a bar on a terminal, JSON lines on request, else silence."""
    from pipeline.progress import shower  # noqa: PLC0415

    return shower(log_json=log_json)


@app.command()
def check(settings: Settings, log_json: Json = False) -> None:
    """Validate agreement, sites, coverage and allowances; say what would run."""
    from pipeline.workflows.check import check_settings  # noqa: PLC0415

    sheet = check_settings(settings)
    for line in sheet.lines:
        _show(line.kind, line.text, as_json=log_json)
    raise typer.Exit(sheet.exit_code)


@app.command()
def scenes(
    settings: Settings, site: Sites = None, as_of: AsOf = None, log_json: Json = False
) -> None:
    """List what is found per site and date, and why a scene is left out."""
    from pipeline.workflows.scenes import list_scenes  # noqa: PLC0415

    for line in list_scenes(settings, sites=tuple(site or ()), as_of=as_of):
        _show(line.kind, line.text, as_json=log_json)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="Folder or file of the earlier date.")],
    after: Annotated[Path, typer.Argument(help="Folder or file of the later date.")],
    dates: Annotated[
        str | None, typer.Option("--dates", metavar="A,B", help="Dates, where names say nothing.")
    ] = None,
    area: Annotated[
        Path | None, typer.Option("--area", metavar="GEOJSON", help="Only inside this polygon.")
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="two-way, or as named alternatives: cva, irmad.")
    ] = "two-way",
    out: Out = None,
    log_json: Json = False,
) -> None:
    """Compare one pair outside any agreement: for evaluation, and stamped so."""
    from pipeline.workflows.compare import compare as compare_pair  # noqa: PLC0415

    product = compare_pair(
        before, after, dates=dates, area=area, out=out or Path("out/compare"), method=method,
        show=_shower(log_json),
    )  # fmt: skip
    _show("done", f"{product.sentence}\nReport: {printable(product.report)}", as_json=log_json)


@app.command()
def evaluate(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]",
            help="Folder of labelled pairs, quiet series, rehearsals; or a scenario. "
            "Default: what the repository ships.",
        ),
    ] = None,
    out: Out = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="KIND", help="pairs, series or rehearsal.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Draws of each scenario.")] = 1,
    log_json: Json = False,
) -> None:
    """Score the product on data with known answers, beside what other tools do."""
    from pipeline.workflows.evaluate import evaluate as score  # noqa: PLC0415

    done = score(path, out=out, only=only, seeds=seeds, show=_shower(log_json))
    if not log_json:
        from pipeline.workflows.evaluate.console import print_tables  # noqa: PLC0415

        print_tables(done.document)
    _show("done", f"Report: {printable(done.page)}", as_json=log_json, exit=done.exit_code)
    raise typer.Exit(done.exit_code)


@app.command()
def report(
    product: Annotated[Path, typer.Argument(metavar="PRODUCT", help="Folder with report.json.")],
    language: Annotated[
        str, typer.Option("--language", metavar="[en|ru|ar]", help="Language of the text.")
    ] = "en",
    form: Annotated[
        str,
        typer.Option(
            "--format", metavar="[html|pdf|gpkg|stac|message|all]", help="Which view to write."
        ),
    ] = "html",
    out: Out = None,
    ledger: Annotated[
        list[Path] | None,
        typer.Option("--ledger", metavar="FILE", help="Say what it holds by now; may repeat."),
    ] = None,
) -> None:
    """Render a product again, from disk: into itself, or with --out into another folder."""
    from pipeline.workflows.rerender import rerender  # noqa: PLC0415

    found = rerender(product, language=language, form=form, out=out, ledgers=tuple(ledger or ()))
    for path in found:
        typer.echo(f"Report: {printable(path)}")


@app.command()
def schema(
    which: Annotated[
        str,
        typer.Argument(
            metavar="[WHICH]", help="agreement, settings, notifications or report (default)."
        ),
    ] = "report",
) -> None:
    """Print the JSON Schema of a file this tool reads or writes."""
    import json  # noqa: PLC0415

    typer.echo(json.dumps(_schema(which), indent=2, sort_keys=True, ensure_ascii=False))


def _schema(which: str) -> dict[str, Any]:
    if which == "report":
        from pipeline.assessment.record import Report  # noqa: PLC0415

        return Report.model_json_schema(by_alias=True)
    if which in {"agreement", "settings", "notifications"}:
        from pipeline.agreement import json_schema  # noqa: PLC0415

        return json_schema(which)
    raise UsageError(f"no schema named {which}: use agreement, settings, notifications or report")


@app.command()
def passes(
    settings: Settings,
    site: Sites = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="First day; default: a plan's, or the newest look."
        ),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days.")] = 30,
    plan: Annotated[
        list[Path] | None,
        typer.Option("--plan", metavar="FILE", help="Published plan (KML, GeoJSON); may repeat."),
    ] = None,
) -> None:
    """List the next looks per site: planned ones, and opportunities by repeat cycle."""
    from pipeline.workflows.passes import next_passes  # noqa: PLC0415

    for line in next_passes(
        settings, sites=tuple(site or ()), start=start, days=days, plans=tuple(plan or ())
    ):
        typer.echo(line)


@app.command()
def explore(
    settings: Settings,
    site: Annotated[
        str | None,
        typer.Option("--site", metavar="ID", help="Which site; default: the agreement's first."),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port; 0 is any free one.")
    ] = 0,
    out: Out = None,
    as_of: AsOf = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in the browser.")
    ] = True,
) -> None:
    """Open the analyst's desk on one site: a local web page, on this machine alone."""
    from pipeline.desk.command import explore_site  # noqa: PLC0415

    explore_site(
        settings, site=site, port=port, out=out, as_of=as_of, browser=browser, say=typer.echo,
        show=_shower(log_json=False),
    )  # fmt: skip


@app.command()
def rehearse(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario (YAML).")],
    out: Out = None,
) -> None:
    """Simulate a site with a scripted plot and its truth, to test a regime before signing."""
    from pipeline.workflows.rehearse import rehearse as write_rehearsal  # noqa: PLC0415

    typer.echo(f"Settings: {write_rehearsal(scenario, out or Path('out/rehearsal'))}")


# Corners south of the equator begin with a minus sign and are no option.
@site_app.command("new", context_settings={"ignore_unknown_options": True})
def site_new(
    polygon: Annotated[
        str,
        typer.Argument(
            metavar="POLYGON",
            help="GeoJSON file, or corners in degrees (latitude first), DMS or MGRS, split by ;",
        ),
    ],
    site_id: Annotated[str, typer.Option("--id", help="Id of the new site.")],
    zone: Annotated[
        list[str] | None,
        typer.Option("--zone", metavar="ID=KIND=POLYGON", help="A zone; may be repeated."),
    ] = None,
    datum: Annotated[
        str, typer.Option("--datum", help="Datum of all numbers: WGS84, SK-42 or GCJ-02.")
    ] = "WGS84",
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="Catalogues to look in for the site's history."),
    ] = None,
    dem: Annotated[
        Path | None,
        typer.Option("--dem", metavar="FILE", help="Elevation model (GeoTIFF, metres)."),
    ] = None,
    out: Out = None,
) -> None:
    """Draft a site and print its observability sheet, before anyone signs."""
    from pipeline.workflows.onboarding import new_site  # noqa: PLC0415

    result = new_site(
        polygon, site_id=site_id, zones=tuple(zone or ()), datum=datum, settings=settings,
        dem=dem, out=out,
    )  # fmt: skip
    for line in result.lines:
        typer.echo(line)
    raise typer.Exit(result.exit_code)


def main() -> None:
    """Run the command line; every refusal is one line and a stable exit code."""
    for name in _FOREIGN:
        os.environ.pop(name, None)
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        code = app(standalone_mode=False)
    except Exception as error:
        if debug:
            raise
        code = _told(error)
    if code == _INTERRUPTED:
        typer.echo("fairwitness: interrupted; the next run completes", err=True)
    sys.exit(code or 0)


def _file_of(error: OSError) -> str:
    return "the output" if error.filename is None else os.fsdecode(error.filename)


def _told(error: Exception) -> int:
    """Print an error in one line and return its exit code."""
    if isinstance(error, OSError) and error.errno in _UNREACHABLE and error.filename is not None:
        rule = f"cannot be reached: {error.strerror}"
        error = UsageError(rule, file=os.fsdecode(error.filename))
    if isinstance(error, OSError) and error.errno in _FULL:
        error = OutputError(f"could not be written: {error.strerror}", file=_file_of(error))
    if isinstance(error, FairWitnessError):
        typer.echo(f"fairwitness: {error}", err=True)
        return error.exit_code
    words = getattr(error, "format_message", None)  # of click, or of the copy typer brings along
    if words is None:
        line, code = f"FW999: {printable(f'{type(error).__name__}: {error}')}", 1
    elif type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(words(), err=True)
        return UsageError.exit_code
    else:
        line, code = str(UsageError(words())), UsageError.exit_code
    typer.echo(f"fairwitness: {line}", err=True)
    return code


if __name__ == "__main__":
    main()
