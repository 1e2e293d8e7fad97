"""Parts of one task side by side in the processors it may use.

Only for parts that do not depend on each other and whose loops leave the interpreter alone: what
they come to never depends on the number of threads.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

Part = TypeVar("Part")
Result = TypeVar("Result")

# All processors, unless somebody who knows what else runs says otherwise.
_allowed: ContextVar[int | None] = ContextVar("allowed", default=None)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """Return how many threads a loop may use here."""
    return _allowed.get() or processors()


@contextmanager
def allow_threads(number: int) -> Iterator[None]:
    """Let the loops inside use so many threads, at least one."""
    before = _allowed.set(max(1, number))
    try:
        yield
    finally:
        _allowed.reset(before)


def side_by_side(function: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Return ``function(part)`` of every part, in their order; the first error is raised.

    A part that asks for threads itself gets one.
    """
    if min(threads(), len(parts)) <= 1:
        return [function(part) for part in parts]

    def alone(part: Part) -> Result:
        with allow_threads(1):
            return function(part)

    from concurrent.futures import wait  # noqa: PLC0415 - few commands have two threads

    with _borrowed(threads()) as pool:
        futures = [pool.submit(alone, part) for part in parts]
        try:
            return [future.result() for future in futures]
        finally:  # nothing goes on behind the back of who meets an error
            for future in futures:
                future.cancel()
            wait(futures)


# Pools that nobody uses, by their threads.
_idle: dict[int, list[ThreadPoolExecutor]] = {}


@contextmanager
def _borrowed(number: int) -> Iterator[ThreadPoolExecutor]:
    """Lend so many threads to one caller at a time, so that none waits for what another does.

    They are kept: GDAL and PROJ take 15 ms to begin in a new one.
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - see above

    idle = _idle.setdefault(number, [])
    try:
        pool = idle.pop()
    except IndexError:
        pool = ThreadPoolExecutor(number, thread_name_prefix="side")
    try:
        yield pool
    finally:
        idle.append(pool)


if hasattr(os, "register_at_fork"):  # a forked child has the pools and none of their threads
    os.register_at_fork(after_in_child=_idle.clear)


def in_ranges(function: Callable[[int, int], object], size: int, *, fewest: int) -> None:
    """Call ``function(first, last)`` for ranges that cover `size` items, side by side.

    No range is shorter than `fewest`, unless there are fewer: less is done before a second
    thread has begun.
    """
    parts = max(1, min(threads(), size // max(1, fewest)))
    bounds = [size * part // parts for part in range(parts + 1)]
    side_by_side(lambda part: function(bounds[part], bounds[part + 1]), range(parts))
