"""The desk's answers, one function an address; all of them JSON but tiles and tables."""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from pipeline.desk import views
from pipeline.desk.guard import BODY_LIMIT, failure
from pipeline.desk.state import NotReady
from pipeline.errors import FairWitnessError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from pipeline.desk.state import Desk, DeskTrack

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
        ("GET", "/api/site", answers.site),
        ("GET", "/api/looks/{track}", answers.looks),
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
        except FairWitnessError as error:
            return failure(409, error.code, str(error))
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
    from pipeline.store.atomic import parse_json  # noqa: PLC0415

    try:
        found = parse_json(bytes(received))
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
        Whose site it is.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def progress(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Say what is being built."""
        now = self.desk.progress
        return {
            "phase": now.phase, "done": now.done, "total": now.total, "text": now.text,
            "pictures": self.desk.pictures, "ready": self.desk.ready,
            "failed": self.desk.failure is not None,
        }  # fmt: skip

    def site(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return the site, its rules and tracks."""
        self._needs_pictures()
        return views.site_view(self.desk)

    def looks(self, request: Request, body: None) -> Any:  # noqa: ARG002
        """Return the looks of a track."""
        track = self._track(request.path_params)
        return views.looks_view(self.desk, track)

    def tile(self, request: Request, body: None) -> Response:  # noqa: ARG002
        """Return one tile as PNG."""
        asked = request.path_params
        track = self._track(asked)
        layer = track.gallery.layers.get(asked["layer"])
        if layer is None:
            raise Unanswerable("no-layer", f"{track.key} has no layer {asked['layer']!r}", 404)
        look = self._look(track, asked["look"])
        before = None
        if layer.needs_before:
            before = self._look(track, request.query_params.get("before", ""))
        found = track.gallery.tile(layer, look, before, (asked["z"], asked["x"], asked["y"]))
        if found is None:
            raise Unanswerable("no-tile", "outside the site's grid", 404)
        named = request.query_params.get("v") == views.tile_digest(track)
        return Response(found, media_type="image/png", headers=IMMUTABLE if named else None)

    def _needs_pictures(self) -> None:
        if not self.desk.pictures:
            raise self.desk.unready()

    def _track(self, asked: Mapping[str, Any]) -> DeskTrack:
        self._needs_pictures()
        key = str(asked.get("track", ""))
        if key not in self.desk.tracks:
            raise Unanswerable("no-track", f"no track {key!r}: {sorted(self.desk.tracks)}", 404)
        return self.desk.tracks[key]

    def _look(self, track: DeskTrack, name: str) -> int:
        names = views.look_ids(track)
        if name not in names:
            raise Unanswerable("no-look", f"{track.key} has no look {name!r}", 404)
        return names.index(name)
