"""The desk's web server: this machine only, and nothing that the page did not ask for."""

from __future__ import annotations

import html
import secrets
import socket
import webbrowser
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from pipeline.desk import answers
from pipeline.desk.guard import Guard, failure
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn
    from starlette.requests import Request

    from pipeline.desk.state import Desk

LOOPBACK = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".md": "text/plain; charset=utf-8",
    ".json": "application/json",
}
TOKEN_MARK = "{{ token }}"  # noqa: S105 - what the page has in place of the token


def build_app(desk: Desk, *, token: str, port: int, framed: bool = False) -> Starlette:
    """Return the application of one desk.

    Parameters
    ----------
    desk
        What is shown.
    token
        Who has it may look.
    port
        Of the listening socket: requests to any other are refused.
    framed
        Whether pages of this machine may show it in a frame.
    """
    routes = [
        Route("/", partial(_page, token), methods=["GET"]),
        Route("/static/{name}", _static, methods=["GET"]),
        *answers.routes(desk),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, token=token, port=port, framed=framed)],
        exception_handlers={HTTPException: _http_failure},
    )


def _page(token: str, request: Request) -> Response:  # noqa: ARG001 - a route's signature
    path = STATIC / "index.html"
    if not path.is_file():
        return failure(404, "no-page", "this installation has no page")
    text = path.read_text(encoding="utf-8").replace(TOKEN_MARK, html.escape(token, quote=True))
    return Response(text, media_type=KINDS[".html"])


def _static(request: Request) -> Response:
    """Return a file that lies in the folder itself; names are compared, never joined."""
    wanted = request.path_params["name"]
    found = {path.name: path for path in STATIC.iterdir() if path.is_file()}
    path = found.get(wanted)
    if path is None or path.suffix not in KINDS or path.name == "index.html":
        return failure(404, "no-file", "no such file")
    return Response(path.read_bytes(), media_type=KINDS[path.suffix])


async def _http_failure(request: Request, error: Exception) -> Response:  # noqa: ARG001
    status = getattr(error, "status_code", 500)
    words = {404: ("not-found", "no such address"), 405: ("method", "not in this way")}
    code, message = words.get(status, ("failed", str(getattr(error, "detail", ""))))
    return failure(status, code, message)


@dataclass(frozen=True)
class Address:
    """Where a desk listens."""

    url: str
    port: int
    token: str
    server: uvicorn.Server
    thread: Thread | None = None

    def close(self) -> None:
        """Stop listening, and wait for it."""
        self.server.should_exit = True
        if self.thread is not None:
            self.thread.join(timeout=10)


def listening_socket(port: int) -> socket.socket:
    """Return a socket that listens on this machine alone; UsageError where the port is taken."""
    if not 0 <= port <= 65535:
        raise UsageError(f"a port is 0 to 65535, got {port}")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(100)  # who comes before the server is up waits, and is not turned away
    except OSError as cause:
        listener.close()
        raise UsageError(f"port {port} of {LOOPBACK} cannot be used: {cause.strerror}") from cause
    return listener


def _server(desk: Desk, token: str, port: int, *, framed: bool) -> uvicorn.Server:
    import uvicorn  # noqa: PLC0415 - only where something is served

    config = uvicorn.Config(
        build_app(desk, token=token, port=port, framed=framed),
        log_level="error", access_log=False, server_header=False, proxy_headers=False,
        lifespan="off", ws="none", timeout_graceful_shutdown=2, timeout_keep_alive=30,
    )  # fmt: skip
    return uvicorn.Server(config)


def serve(
    desk: Desk,
    *,
    port: int = 0,
    announce: Callable[[str], Any] = print,
    browser: bool = False,
) -> None:
    """Serve a desk until it is interrupted.

    Parameters
    ----------
    port
        0 is any free one.
    announce
        Called once with the address, token included.
    browser
        Whether to open it in the browser.

    Raises
    ------
    UsageError
        The port cannot be had.
    """
    listener = listening_socket(port)
    token = secrets.token_urlsafe(24)
    number = int(listener.getsockname()[1])
    url = f"http://{LOOPBACK}:{number}/?token={token}"
    announce(url)
    desk.start()
    server = _server(desk, token, number, framed=False)
    if browser:
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # uvicorn raises the signal again once everything is closed
    finally:
        listener.close()


def start_in_background(desk: Desk, *, port: int = 0, framed: bool = True) -> Address:
    """Serve a desk beside the caller's own work, as a notebook does, and return where."""
    listener = listening_socket(port)
    token = secrets.token_urlsafe(24)
    number = int(listener.getsockname()[1])
    desk.start()
    server = _server(desk, token, number, framed=framed)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://{LOOPBACK}:{number}/?token={token}"
    return Address(url, number, token, server, thread)
