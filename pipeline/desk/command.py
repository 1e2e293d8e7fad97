"""`fairwitness explore`: open a desk, say where it is, serve until interrupted."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from pipeline.desk.server import serve
from pipeline.desk.state import open_desk
from pipeline.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.desk.state import Desk
    from pipeline.progress import Show


def explore_site(
    settings: Path,
    *,
    site: str | None = None,
    port: int = 0,
    out: Path | None = None,
    as_of: str | None = None,
    browser: bool = True,
    say: Callable[[str], object] = print,
    show: Show = silent,
) -> None:
    """Serve the desk of one site until Ctrl-C.

    Parameters
    ----------
    settings
        Run settings.
    site
        Which site; None is the agreement's first.
    port
        Of 127.0.0.1; 0 is any free one.
    out, as_of
        As for a run.
    browser
        Whether to open the page in the browser.
    say, show
        Called with lines for the user, and as loading goes on.

    Raises
    ------
    FairWitnessError
        In one line, before anything is served.
    """
    desk = open_desk(settings, site=site, as_of=as_of, out=out, show=show)
    name = desk.run.sites[0].id
    Thread(target=_told_when_loaded, args=(desk, say), daemon=True).start()
    try:
        serve(
            desk,
            port=port,
            browser=browser,
            announce=lambda url: say(f"Desk of {name}: {url} (Ctrl-C ends it)"),
        )
    finally:
        desk.show = silent
        getattr(show, "close", silent_end)()
    say("Desk closed.")


def silent_end() -> None:
    """End a way of showing progress that has nothing on the screen."""


def _told_when_loaded(desk: Desk, say: Callable[[str], object]) -> None:
    """Say in the terminal, too, how loading ended."""
    desk.wait()
    if desk.failure is not None:
        say(f"fairwitness: {desk.progress.text}")
        return
    for note in desk.opened.notes:
        say(f"{desk.opened.site.id}: {note}")
    looks = sum(len(track.outcome.series.acquired) for track in desk.tracks.values())
    say(f"{desk.opened.site.id}: ready, {looks} looks on {len(desk.tracks)} tracks")
