"""The server itself: this machine alone, a real socket, a clean end."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from pipeline.desk.notebook import explore
from pipeline.desk.server import listening_socket, start_in_background
from pipeline.errors import UsageError


def asked(address, path, **headers):
    """Return status, headers and body over a real socket."""
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


@pytest.fixture(scope="module")
def address(town):
    served = start_in_background(town)
    yield served
    served.close()


def test_a_real_socket_answers_as_the_application_does(address, town):
    status, headers, _ = asked(address, f"/?token={address.token}")
    assert status == 303
    cookie = headers["set-cookie"].split(";")[0]
    status, headers, body = asked(address, "/", cookie=cookie)
    assert status == 200
    assert address.token in body.decode()
    assert "server" not in headers
    (track,) = town.tracks.values()
    status, _, body = asked(address, f"/api/looks/{track.key}", cookie=cookie)
    assert status == 200
    assert asked(address, "/api/site")[0] == 403
    assert asked(address, "/api/site", cookie=cookie, host="example.org")[0] == 403


def test_it_listens_on_this_machine_alone(address):
    listener = listening_socket(0)
    assert listener.getsockname()[0] == "127.0.0.1"
    listener.close()
    outer = [
        info[4][0]
        for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        if not info[4][0].startswith("127.")
    ]
    for place in outer:
        with socket.socket() as knock:
            knock.settimeout(2)
            assert knock.connect_ex((place, address.port)) != 0


def test_a_taken_or_impossible_port_is_refused_in_one_line(address):
    with pytest.raises(UsageError, match="cannot be used"):
        listening_socket(address.port)
    with pytest.raises(UsageError, match="0 to 65535"):
        listening_socket(70_000)


def test_closing_frees_the_port(town):
    served = start_in_background(town)
    served.close()
    with pytest.raises(OSError, match="refused"):
        asked(served, "/")


@pytest.mark.parametrize("host", ["0.0.0.0", "example.org", "::", ""])  # noqa: S104
def test_a_notebooks_desk_is_on_this_machine_too(town, host):
    with pytest.raises(UsageError, match="this machine alone"):
        explore(town.run, town.run.sites[0], host=host)


def command(*arguments):
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "explore", *map(str, arguments), "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_prints_its_address_serves_and_ends_cleanly(town_trial):
    process = command(town_trial.settings, "--site", "town")
    line = process.stdout.readline()
    url = re.search(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{30,}", line).group()
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
    connection.request("GET", f"/?{parts.query}")
    assert connection.getresponse().status == 303
    connection.close()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Desk closed." in out
    assert "Traceback" not in err


WRONG = (
    ("nowhere.yaml",),
    ("{}", "--host", "0.0.0.0"),  # noqa: S104 - what must be refused
    ("{}", "--site", "nix"),
    ("{}", "--port", "-1"),
)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_usage_is_one_line_and_exit_2(town_trial, arguments):
    process = command(*(str(part).format(town_trial.settings) for part in arguments))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("fairwitness: FW1")


def test_no_cluster_and_no_dashboard_come_with_the_desk():
    code = (
        "import sys; import pipeline.desk.command, pipeline.desk.notebook;"
        "print(sorted({'distributed', 'bokeh'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_command_line_loads_no_server_before_it_serves():
    code = (
        "import sys; import pipeline.cli;"
        "print(sorted({'starlette', 'uvicorn', 'xarray', 'pipeline.desk'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
