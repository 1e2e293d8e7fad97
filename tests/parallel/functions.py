"""Functions that children and workers import by name."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np

from pipeline.errors import SceneError


def echo(value):
    return value


def total(values):
    return float(values.sum())


def environment():
    return dict(os.environ)


def process_id():
    return os.getpid()


def square(item):
    return item * item


def matrix_digest(seed):
    values = np.random.default_rng(seed).normal(size=(200, 200))
    return (values @ values.T).tobytes()


def misbehave(how):
    if how == "sleep":
        time.sleep(60)
    if how == "spin without the interpreter's lock":
        np.linalg.svd(np.random.default_rng(0).normal(size=(6000, 6000)))
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        os._exit(0)
    if how == "eat":
        return len([np.ones(1 << 20) for _ in range(4096)])
    if how == "raise":
        raise KeyError("a\nb")
    if how == "refuse":
        raise SceneError("is not a TIFF")
    if how == "quit":
        sys.exit(3)
    if how == "print":
        print("to standard output", flush=True)  # noqa: T201 - that is the point
        os.write(1, b"garbage")
    if how == "answer what cannot travel":
        return object()
    if how == "write":
        with open("written-by-child", "wb") as file:  # noqa: PTH123
            file.write(b"x" * 100_000)
    return how


def misbehave_or_square(item):
    return misbehave(item) if isinstance(item, str) else item * item


def call_limited(item):
    from pipeline.parallel import limited_process  # noqa: PLC0415 - in the worker

    return limited_process(512).call(square, item, seconds=30)


def listening(_item):
    """Addresses this worker and its parents listen on."""
    import psutil  # noqa: PLC0415 - distributed brings it to the worker

    me = psutil.Process()
    return [
        tuple(connection.laddr)
        for process in (me, me.parent())
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]


def memory_bound(_item):
    """Bytes this worker may use."""
    from distributed import get_worker  # noqa: PLC0415 - in the worker

    return get_worker().memory_manager.memory_limit
