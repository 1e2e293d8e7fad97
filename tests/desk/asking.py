"""A browser in thirty lines: asks an application as the page does, or as somebody else would."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TOKEN, PORT = "a-token-for-tests", 4321


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Browser:
    app: object
    cookies: dict = field(default_factory=dict)

    def ask(self, method, address, *, body=b"", headers=None):
        """Return the answer to one request; `headers` replace those of the page."""
        parts = urlsplit(address)
        sent = {"host": f"127.0.0.1:{PORT}"}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if method == "POST":
            sent |= {"x-desk-token": TOKEN, "content-type": "application/json"}
            sent["content-length"] = str(len(body))
        sent |= headers or {}
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "root_path": "",
            "query_string": parts.query.encode(), "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", PORT),
            "headers": [(k.encode(), v.encode()) for k, v in sent.items() if v is not None],
        }  # fmt: skip
        return asyncio.run(self._exchange(scope, body))

    async def _exchange(self, scope, body):
        messages = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            messages.append(message)

        await self.app(scope, receive, send)
        start = messages[0]
        headers = {k.decode(): v.decode() for k, v in start["headers"]}
        payload = b"".join(m.get("body", b"") for m in messages[1:])
        return Answer(start["status"], headers, payload)

    def open(self):
        """Visit the printed address and keep the cookie."""
        answer = self.ask("GET", f"/?token={TOKEN}")
        name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)
        self.cookies[name] = value
        return self

    def get(self, address):
        return self.ask("GET", address)

    def post(self, address, document):
        return self.ask("POST", address, body=json.dumps(document).encode())
