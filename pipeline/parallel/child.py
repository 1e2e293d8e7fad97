"""The limited child: answers calls on its standard input until that ends."""

from __future__ import annotations

import importlib
import math
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from pipeline.errors import FairWitnessError
from pipeline.parallel.frames import BrokenFrame, receive, send

if TYPE_CHECKING:
    from collections.abc import Callable


def main(megabytes: int) -> None:
    """Serve calls under `megabytes` of memory beyond what the imports took."""
    # Libraries may print; their words must not mix with our frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    calls = sys.stdin.buffer
    with suppress(KeyboardInterrupt, BrokenFrame, BrokenPipeError):
        send(answers, _prepared(receive(calls, byte_limit=0)))
        _limit_memory(megabytes)
        while True:
            send(answers, _answer(calls, megabytes))


def _prepared(modules: list[str]) -> str:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    for name in ("numpy", *modules):  # arrays travel on the pipe, and are not charged for it
        importlib.import_module(name)
    return "ready"


def _limit_memory(megabytes: int) -> None:
    try:
        import resource  # noqa: PLC0415 - the system may not have it
    except ImportError:  # Windows: the deadline is the only limit there
        return
    for what, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # a decoder has no file to write
        (resource.RLIMIT_AS, _address_space() + (megabytes << 20)),
    ):
        with suppress(ValueError, OSError):  # not every system enforces each of them
            resource.setrlimit(what, (limit, limit))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - not a file to find a path for
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 4 << 30


def _answer(calls: BinaryIO, megabytes: int) -> dict[str, Any]:
    # The call itself counts: bytes that do not fit are refused before they are decoded.
    try:
        call = receive(calls, byte_limit=megabytes << 20)
        _set_alarm(call["seconds"])
        return {"result": _function(call["function"])(*call["args"])}
    except FairWitnessError as refusal:
        return {"refused": _name(type(refusal)), "rule": refusal.rule}
    except MemoryError:
        return {"memory": True}
    except (BrokenFrame, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - the border of this process
        return {"raised": type(error).__name__, "text": f"{error.__cause__ or error}"}
    finally:
        _set_alarm(0)


def _set_alarm(seconds: float) -> None:
    # The parent kills at the deadline; should it be dead itself, the system does, a little later.
    if hasattr(signal, "alarm"):
        signal.alarm(math.ceil(seconds) + 5 if seconds else 0)


def _function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
