"""Who may ask: every route of the router, every method, every foreign host, page and token."""

from __future__ import annotations

import asyncio
import json

import pytest

from pipeline.desk.guard import BODY_LIMIT, Guard
from pipeline.desk.server import build_app
from tests.desk.asking import PORT, TOKEN, Browser

FILL = {
    "track": "t", "layer": "vv", "look": "l", "z": "0", "x": "0", "y": "0", "id": "i",
    "name": "desk.css",
}  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO")
HOSTS = (
    "example.org", f"example.org:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}", f"0.0.0.0:{PORT}",
    f"127.0.0.1.example.org:{PORT}", f"[::1]:{PORT}", "", None, f"127.0.0.1:{PORT}, example.org",
)  # fmt: skip
ORIGINS = (
    "http://example.org", "null", f"https://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT + 1}",
    f"http://127.0.0.1:{PORT}.example.org", "file://", "",
)  # fmt: skip


def addresses(app, **fill):
    """Return (address, methods) of every route, its parameters filled in."""
    fill = FILL | fill
    for route in app.routes:
        path = route.path
        for name in route.param_convertors:
            for form in (f"{{{name}}}", f"{{{name}:int}}"):
                path = path.replace(form, fill[name])
        assert "{" not in path
        yield path, route.methods


@pytest.fixture(scope="module")
def app(town):
    return build_app(town, token=TOKEN, port=PORT)


@pytest.fixture
def browser(app):
    return Browser(app).open()


def test_the_router_holds_what_the_page_needs(app):
    assert len(list(addresses(app))) >= 15


@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_is_refused_on_every_route(app, browser, host):
    for path, _ in [*addresses(app), ("/nowhere", None)]:
        for method in METHODS:
            answer = browser.ask(method, path, headers={"host": host})
            assert answer.status == 403, (method, path)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_foreign_page_is_refused_on_every_route(app, browser, origin):
    for path, _ in addresses(app):
        for method in METHODS:
            assert browser.ask(method, path, headers={"origin": origin}).status == 403


def test_without_the_cookie_every_route_is_refused(app):
    stranger = Browser(app)
    for path, _ in addresses(app):
        for method in METHODS:
            assert stranger.ask(method, path).status == 403, (method, path)


@pytest.mark.parametrize("value", ["", "x", TOKEN, "a" * 64])
def test_a_made_up_cookie_is_refused(app, value):
    forger = Browser(app, {f"fairwitness-{PORT}": value})
    assert forger.get("/api/progress").status == 403


@pytest.mark.parametrize(
    "query", ["", "?token=", "?token=x", f"?token={TOKEN}x", f"?token={TOKEN}&token={TOKEN}"]
)
def test_only_the_token_opens_the_door(app, query):
    answer = Browser(app).get(f"/{query}")
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


def test_the_first_visit_sets_a_strict_cookie_without_the_token_in_it(app):
    answer = Browser(app).get(f"/?token={TOKEN}")
    cookie = answer.headers["set-cookie"]
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert cookie.startswith(f"fairwitness-{PORT}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {p.strip() for p in cookie.split(";")}
    assert TOKEN not in cookie


def test_the_token_opens_no_other_route(app):
    for path, _ in addresses(app):
        if path != "/":
            assert Browser(app).get(f"{path}?token={TOKEN}").status == 403


@pytest.mark.parametrize("token", [None, "", "x", TOKEN.upper()])
def test_what_computes_or_writes_needs_the_token_in_a_header(app, browser, token):
    for path, methods in addresses(app):
        if "POST" in methods:
            answer = browser.ask("POST", path, body=b"{}", headers={"x-desk-token": token})
            assert answer.status == 403, path


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_forms_are_no_requests(app, browser, kind):
    for path, methods in addresses(app):
        if "POST" in methods:
            answer = browser.ask("POST", path, body=b"{}", headers={"content-type": kind})
            assert answer.status == 415, path


def test_get_never_reaches_what_is_posted(app, browser):
    gets = {path for path, methods in addresses(app) if "GET" in methods}
    for path, methods in addresses(app):
        if "POST" in methods and path not in gets:
            assert browser.get(path).status == 405


def test_reading_every_route_changes_nothing(town, town_trial, browser, app):
    before = snapshot(town_trial.folder)
    track = next(iter(town.tracks))
    look = browser.get(f"/api/looks/{track}").json[-1]["id"]
    finding = next((item.id for item in town.findings), "i")
    for fill in ({}, {"track": track, "look": look, "id": finding, "name": "ol.css"}):
        for path, methods in addresses(app, **fill):
            if "GET" in methods:
                browser.get(path)
    assert snapshot(town_trial.folder) == before


def snapshot(folder):
    """Return every file outside the desk's own cache, with its bytes."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".state/desk" not in path.as_posix()
    }


def test_every_answer_carries_the_policy(app, browser):
    strict = Browser(app)
    answers = [browser.get(path) for path, _ in addresses(app)] + [strict.get("/")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "unsafe" not in policy
        assert policy.endswith("frame-ancestors 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers


def test_only_a_notebooks_desk_may_be_framed(town):
    framed = Browser(build_app(town, token=TOKEN, port=PORT, framed=True)).open()
    policy = framed.get("/api/progress").headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' http://localhost:* http://127.0.0.1:*")


def test_api_answers_are_not_kept_and_named_tiles_are(browser, town):
    track = next(iter(town.tracks.values()))
    site = browser.get("/api/site")
    entry = site.json["tracks"][0]
    look = browser.get(f"/api/looks/{track.key}").json[0]["id"]
    address = f"/api/tile/{track.key}/vv/{look}/{entry['zooms'] - 1}/0/0.png"
    assert site.headers["cache-control"] == "no-store"
    assert browser.get(address).headers["cache-control"] == "no-store"
    named = browser.get(f"{address}?v={entry['digest']}")
    assert "immutable" in named.headers["cache-control"]


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"nonsense", b'{"a": NaN}', b'{"a": 1, "a": 2}', b'{"a":' * 40 + b"1" + b"}" * 40],
)
def test_what_is_posted_must_be_one_plain_object(browser, payload):
    answer = browser.ask("POST", "/api/whatif", body=payload)
    assert answer.status == 400
    assert answer.json["error"]["code"]


def test_a_large_body_is_refused_by_its_length_and_by_its_bytes(browser):
    body = json.dumps({"a": "x" * BODY_LIMIT}).encode()
    assert browser.ask("POST", "/api/whatif", body=body).status == 413
    unsaid = browser.ask("POST", "/api/whatif", body=body, headers={"content-length": None})
    assert unsaid.status == 413


@pytest.mark.parametrize(
    "name", ["..%2f..%2fstate.py", "../state.py", "index.html", ".gitkeep", "nothing.js", "%00"]
)
def test_static_files_are_those_of_the_folder_alone(browser, name):
    assert browser.get(f"/static/{name}").status in {403, 404}


def test_texts_of_the_request_come_back_escaped_and_plain(browser):
    answer = browser.get("/api/looks/<script>alert(1)</script>")
    assert answer.headers["content-type"] == "application/json"
    assert answer.status == 404
    long = browser.get("/api/looks/" + "\x1b[31m" * 3)
    assert "\x1b" not in long.body.decode()


def test_the_guard_answers_nothing_but_http():
    called = []

    async def inner(*arguments):
        called.append(arguments)

    guard = Guard(inner, TOKEN, PORT)
    asyncio.run(guard({"type": "websocket", "headers": []}, None, None))
    assert called == []


def test_a_failure_of_our_own_is_one_line_inside_the_policy(browser, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret/path")

    monkeypatch.setattr("pipeline.desk.views.site_view", broken)
    answer = browser.get("/api/site")
    assert (answer.status, answer.json["error"]["code"]) == (500, "FW999")
    assert "secret" not in answer.body.decode()
    assert "default-src 'none'" in answer.headers["content-security-policy"]
