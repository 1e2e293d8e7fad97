"""Who may ask the desk anything: this machine's browser, with the token it was opened with."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "x-desk-token"  # noqa: S105 - the name of a header
BODY_LIMIT = 1 << 20
SAFE = frozenset({"GET", "HEAD"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
NOBODY, NOTEBOOKS = "'none'", "'self' http://localhost:* http://127.0.0.1:*"


@dataclass(frozen=True)
class Guard:
    """Wraps an application; nothing passes that did not come from the opened page.

    Attributes
    ----------
    app
        What is guarded.
    token
        Shown once, in the address the desk was opened with.
    port
        Of the listening socket.
    framed
        Whether pages of this machine may show the desk in a frame, as a notebook does.
    """

    app: ASGIApp
    token: str
    port: int
    framed: bool = False

    @property
    def cookie(self) -> str:
        """Name of the session cookie; of the port, because cookies do not keep ports apart."""
        return f"fairwitness-{self.port}"

    @property
    def session(self) -> str:
        """Value of the session cookie, from which the token cannot be found."""
        return hmac.new(
            self.token.encode(), b"fairwitness desk session", hashlib.sha256
        ).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, hand out the session cookie, or let the request pass."""
        if scope["type"] != "http":
            return
        answer = self._answer(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message), scope)
            await send(message)

        await (answer or self.app)(scope, receive, send_with_headers)

    def _answer(self, scope: Scope) -> Response | None:
        """Return what to say to a request that may not pass; None where it may."""
        headers = Headers(scope=scope)
        refusal = self._misplaced(headers)
        if refusal:
            return _refused(refusal)
        method, path = str(scope["method"]), str(scope["path"])
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if method in SAFE and path == "/" and "token" in query:
            return self._welcomed(query["token"])
        if not self._has_cookie(headers):
            return _refused("open the desk with the address that fairwitness explore printed")
        if method not in SAFE:
            return self._unsafe(headers)
        return None

    def _misplaced(self, headers: Headers) -> str:
        """Return why the request came to, or from, another place; or nothing."""
        places = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in places:
            return "the desk answers on 127.0.0.1 and localhost only"
        origins = {origin.lower() for origin in headers.getlist("origin")}
        if origins - {f"http://{place}" for place in places}:
            return "a request from another page"
        return ""

    def _welcomed(self, tokens: list[str]) -> Response:
        if len(tokens) != 1 or not _equal(tokens[0], self.token):
            return _refused("wrong token: open the desk with the address that was printed")
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(
            self.cookie, self.session, httponly=True, samesite="strict", path="/"
        )  # fmt: skip
        return response

    def _has_cookie(self, headers: Headers) -> bool:
        for line in headers.getlist("cookie"):
            try:
                found = SimpleCookie(line).get(self.cookie)
            except CookieError:
                continue
            if found is not None and _equal(found.value, self.session):
                return True
        return False

    def _unsafe(self, headers: Headers) -> Response | None:
        if not _equal(headers.get(TOKEN_HEADER, ""), self.token):
            return _refused("a change needs the page's own token")
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            return failure(415, "content-type", "requests carry application/json")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            return failure(413, "too-large", "a request is at most 1 MB")
        return None

    def _add_headers(self, headers: MutableHeaders, scope: Scope) -> None:
        headers["content-security-policy"] = _POLICY + (NOTEBOOKS if self.framed else NOBODY)
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "no-referrer"
        headers["cross-origin-resource-policy"] = "same-origin"
        headers["cross-origin-opener-policy"] = "same-origin"
        if not self.framed:
            headers["x-frame-options"] = "DENY"
        if "cache-control" not in headers or scope["path"].startswith("/api/site"):
            headers["cache-control"] = "no-store"


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _refused(message: str) -> Response:
    return failure(403, "refused", message)


def failure(status: int, code: str, message: str, **facts: Any) -> Response:
    """Return the answer to a request that cannot be met."""
    return JSONResponse({"error": {"code": code, "message": message, **facts}}, status_code=status)
