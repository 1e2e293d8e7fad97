"""The desk's answers, one function an address; all of them JSON but tiles and tables."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict
from functools import wraps
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from pipeline.desk import findings, series, statements, views
from pipeline.desk.codes import code_words
from pipeline.desk.guard import BODY_LIMIT, failure
from pipeline.desk.pixel import pixel_view
from pipeline.desk.proposal import read_proposal
from pipeline.desk.state import NotReady
from pipeline.desk.table import series_table
from pipeline.errors import FairWitnessError, UsageError, printable
from pipeline.store.atomic import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from pipeline.desk.state import Desk, DeskTrack

LOG = logging.getLogger(__name__)
IMMUTABLE = {"cache-control": "private, max-age=31536000, immutable"}


class Unanswerable(Exception):  # noqa: N818 - says what the caller met
    """A question that has no answer, and why."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(message)


def routes(desk: Desk) -> list[Route]:
    """Return every address of a desk below ``/api``."""
    answers = Answers(desk)
    table: list[tuple[str, str, Callable[..., Any]]] = [
        ("GET", "/api/progress", answers.progress),
        ("GET", "/api/words", answers.words),
        ("GET", "/api/site", answers.site),
        ("GET", "/api/looks/{track}", answers.looks),
        ("GET", "/api/value/{track}/{look}", answers.value),
        ("GET", "/api/features/{track}", answers.features),
        ("POST", "/api/series", answers.series),
        ("GET", "/api/export/series.csv", answers.series_table),
        ("POST", "/api/whatif", answers.whatif),
        ("GET", "/api/findings", answers.findings),
        ("GET", "/api/findings/{id}", answers.finding),
        ("GET", "/api/statements", answers.statements),
        ("POST", "/api/statements", answers.state),
        ("GET", "/api/tile/{track}/{layer}/{look}/{z:int}/{x:int}/{y:int}.png", answers.tile),
    ]
    return [Route(path, _answer(function), methods=[method]) for method, path, function in table]


def _answer(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a route: the work beside the server's loop, refusals as one line of JSON."""

    @wraps(function)
    async def route(request: Request) -> Response:
        try:
            body = await _body(request) if request.method == "POST" else None
            found = await run_in_threadpool(function, request, body)
        except NotReady as error:
            return failure(503, error.code, error.message)
        except Unanswerable as error:
            return failure(error.status, error.code, printable(error.message))
        except UsageError as error:
            return failure(400, error.code, printable(error.rule))
        except FairWitnessError as error:
            return failure(409, error.code, str(error))
        except Exception as error:
            # Whatever it is, it is answered here, inside the guard that adds the headers.
            LOG.exception("the desk failed at %s", request.url.path)
            return failure(500, "FW999", printable(f"{type(error).__name__}: see the terminal"))
        return found if isinstance(found, Response) else json_response(found)

    return route


def json_response(document: Any) -> Response:
    """Return plain JSON without NaN."""
    text = json.dumps(views.plain(document), allow_nan=False, ensure_ascii=False)
    return Response(text, media_type="application/json")


async def _body(request: Request) -> dict[str, Any]:
    """Return what was posted: one JSON object of at most 1 MB, no key twice, no NaN."""
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > BODY_LIMIT:
            raise Unanswerable("too-large", "a request is at most 1 MB", 413)
    return _object(bytes(received))


def _object(payload: bytes) -> dict[str, Any]:
    """Return the JSON object of some bytes: no key twice, no NaN, nothing deep."""
    try:
        found = parse_json(payload, depth_limit=20)
    except (ValueError, FairWitnessError) as cause:
        raise Unanswerable("json", f"the request is no JSON: {cause}") from cause
    if not isinstance(found, dict):
        raise Unanswerable("json", "a request is a JSON object")
    return found


class Answers:
    """What a desk answers.

    Parameters
    ----------
    desk
        The one that was opened; ``?site=`` asks another site of the same agreement.
    """

    def __init__(self, desk: Desk) -> None:
        self.opened = desk

    def progress(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Say what is being built."""
        desk = self._desk(request)
        now = desk.progress
        return {
            "phase": now.phase, "done": now.done, "total": now.total, "text": now.text,
            "pictures": desk.pictures, "ready": desk.ready, "failed": desk.failure is not None,
        }  # fmt: skip

    def words(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return the words for codes of the record."""
        return code_words()

    def site(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return the site, its rules and tracks."""
        return views.site_view(self._pictured(request))

    def looks(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return the looks of a track; alarms are among them once all is judged."""
        desk = self._pictured(request)
        return views.looks_view(desk, _track(desk, request.path_params["track"]))

    def tile(self, request: Request, body: None) -> Response:  # noqa: ARG002
        """Return one tile as PNG."""
        desk, asked, query = self._pictured(request), request.path_params, request.query_params
        track = _track(desk, asked["track"])
        layer = track.gallery.layers.get(asked["layer"])
        if layer is None:
            raise Unanswerable("no-layer", f"{track.key} has no layer {asked['layer']!r}", 404)
        look = _look(track, asked["look"])
        before = _look(track, query.get("before", "")) if layer.needs_before else None
        at = (asked["z"], asked["x"], asked["y"])
        found = track.gallery.tile(layer, look, before, at)
        if found is None:
            raise Unanswerable("no-tile", "outside the site's grid", 404)
        named = query.get("v") == views.tile_digest(track) and track.gallery.kept(
            layer, look, before, at
        )
        return Response(found, media_type="image/png", headers=IMMUTABLE if named else None)

    def value(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return what is known of one pixel on one look."""
        desk = self._pictured(request)
        track = _track(desk, request.path_params["track"])
        look = _look(track, request.path_params["look"])
        x, y = (_coordinate(request.query_params.get(name, "")) for name in ("x", "y"))
        return pixel_view(desk, track, look, x, y)

    def features(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return what can be followed on a track."""
        track = _track(self._pictured(request), request.path_params["track"])
        return [asdict(choice) for choice in series.choices(track)]

    def series(self, request: Request, body: dict[str, Any]) -> Any:
        """Return a series of a place or a zone."""
        return asked_series(self._ready(request), body)

    def series_table(self, request: Request, body: None) -> Response:  # noqa: ARG002
        """Return the same as CSV."""
        query = request.query_params
        names = ("track", "feature", "indicator", "zone")
        asked: dict[str, Any] = {name: query[name] for name in names if name in query}
        if "geometry" in query:
            asked["geometry"] = _object(query["geometry"].encode())
        text = series_table(asked_series(self._ready(request), asked))
        name = "-".join(str(asked[key]) for key in ("indicator", "zone", "feature") if key in asked)
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name) or "series"
        headers = {"content-disposition": f'attachment; filename="{safe}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

    def whatif(self, request: Request, body: dict[str, Any]) -> Any:
        """Return what other rules would have found."""
        desk = self._ready(request)
        return desk.whatif.answer(read_proposal(body), desk.findings)

    def findings(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return the queue."""
        return findings.queue_view(self._ready(request))

    def finding(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return one finding."""
        desk, wanted = self._ready(request), request.path_params["id"]
        for item in desk.findings:
            if item.id == wanted:
                return findings.finding_view(desk, item)
        raise Unanswerable("no-finding", f"no finding {wanted!r}", 404)

    def statements(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return the ledger."""
        return statements.listed(self._desk(request).run.settings)

    def state(self, request: Request, body: dict[str, Any]) -> Any:
        """Append a statement to the ledger."""
        desk = self._ready(request)
        if desk.opened.report is None:
            raise Unanswerable("no-product", views.NO_PRODUCT_TO_SPEAK_OF, 409)
        return statements.add(
            desk.opened.run.settings, body,
            site=desk.opened.site.id, findings=desk.findings, report=desk.opened.digest,
            notifications=[item.id for item in desk.notifications],
        )  # fmt: skip

    def _desk(self, request: Request) -> Desk:
        wanted = request.query_params.get("site", "")
        try:
            return self.opened.of_site(wanted)
        except KeyError:
            known = ", ".join(self.opened.sites)
            raise Unanswerable("no-site", f"no site {wanted!r}: {known}", 404) from None

    def _pictured(self, request: Request) -> Desk:
        desk = self._desk(request)
        if not desk.pictures:
            raise desk.unready()
        return desk

    def _ready(self, request: Request) -> Desk:
        desk = self._desk(request)
        if not desk.ready:
            raise desk.unready()
        return desk


def asked_series(desk: Desk, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the series that a request names: a feature at a place, or an indicator in a zone."""
    track = _track(desk, str(asked.get("track", "")))
    if "indicator" in asked or "zone" in asked:
        indicator, zone = str(asked.get("indicator", "")), str(asked.get("zone", ""))
        return series.zone_series(desk, track, indicator, zone)
    return series.feature_series(desk, track, str(asked.get("feature", "")), asked.get("geometry"))


def _track(desk: Desk, key: str) -> DeskTrack:
    if key not in desk.tracks:
        raise Unanswerable("no-track", f"no track {key!r}: {sorted(desk.tracks)}", 404)
    return desk.tracks[key]


def _look(track: DeskTrack, name: str) -> int:
    names = track.looks
    if name not in names:
        raise Unanswerable("no-look", f"{track.key} has no look {name!r}", 404)
    return names.index(name)


def _coordinate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Unanswerable("coordinate", f"x and y are numbers, got {text[:40]!r}") from None
