"""Progress of long work: a bar on a terminal, JSON lines for schedulers, otherwise silence."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType


class Show(Protocol):
    """What a workflow calls as its work goes on."""

    def __call__(self, event: str, *, done: int = 0, total: int = 0, text: str = "") -> None:
        """Say that `done` of `total` steps of `event` are finished."""


def silent(event: str, *, done: int = 0, total: int = 0, text: str = "") -> None:
    """Show nothing."""


class JsonLines:
    """One JSON object a line on standard error."""

    def __call__(self, event: str, *, done: int = 0, total: int = 0, text: str = "") -> None:
        """Write the event."""
        facts = {"event": event, "done": done, "total": total, "text": text}
        sys.stderr.write(json.dumps(facts, sort_keys=True) + "\n")
        sys.stderr.flush()


class Bars:
    """A rich progress bar per event; removed from the screen when all are finished."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def __call__(self, event: str, *, done: int = 0, total: int = 0, text: str = "") -> None:
        """Draw the event's bar."""
        if self._progress is None:
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import Progress  # noqa: PLC0415

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
        if event not in self._tasks:
            self._tasks[event] = self._progress.add_task(event, total=total)
        self._progress.update(
            self._tasks[event], completed=done, total=total, description=f"{event} {text}".strip()
        )
        if all(task.finished for task in self._progress.tasks):
            self.close()

    def close(self) -> None:
        """Take the bars off the screen."""
        if self._progress is not None:
            self._progress.stop()
        self._progress, self._tasks = None, {}

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def shower(*, log_json: bool) -> Show:
    """Return the way of showing progress that fits where the output goes."""
    if log_json:
        return JsonLines()
    return Bars() if sys.stderr.isatty() else silent


@contextmanager
def interruptible(show: Show) -> Iterator[Show]:
    """Lend a way of showing progress at whose next call an interrupt is raised that was lost.

    What Python raises inside a callback of a library, the library may swallow: the work would go on
    as if nobody had asked it to end. For the main thread; where interrupts are ignored, as in the
    background of a script, they stay so.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield show
        return
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.default_int_handler(number, frame)

    def shown(event: str, *, done: int = 0, total: int = 0, text: str = "") -> None:
        if asked:
            raise KeyboardInterrupt
        show(event, done=done, total=total, text=text)

    signal.signal(signal.SIGINT, note)
    try:
        yield shown
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if asked:
        raise KeyboardInterrupt
