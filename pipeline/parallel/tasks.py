"""One pure function over many items: in this process, on local workers, on a cluster."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pipeline.errors import FairWitnessError, LimitError, SettingsError
from pipeline.threads import allow_threads, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client

SCHEDULER_VARIABLE = "DASK_SCHEDULER_ADDRESS"
_RETRIES = 2
# What the client makes of anything else is a long wait and a traceback.
_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx|inproc)://)?[\w.\-\[\]:/%]+?:\d{1,5}|inproc://\S+")


class WorkerDied(LimitError):  # noqa: N818 - names what was met
    """An item whose processing ended its worker, time and again."""

    code: ClassVar[str] = "FW222"


@dataclass(frozen=True)
class Plan:
    """Where tasks run.

    Attributes
    ----------
    workers
        Local worker processes of one thread each; 0 is this process, which
        starts at once.
    scheduler
        Address of a running Dask scheduler, used instead of local workers.
        None: the environment's ``DASK_SCHEDULER_ADDRESS``, where it is set.
    memory_megabytes
        Bound of each local worker; one that exceeds it is replaced. None is an even share of
        the machine's memory: what a site needs grows with its size and its looks, and no
        smaller bound tells a large site from a fault.
    """

    workers: int = 0
    scheduler: str | None = None
    memory_megabytes: int | None = None

    def __post_init__(self) -> None:
        """Raise SettingsError for a scheduler that is no address."""
        if self.address is not None and not _ADDRESS.fullmatch(self.address):
            raise SettingsError(f"scheduler {self.address} is no address such as tcp://host:8786")

    @property
    def address(self) -> str | None:
        """The scheduler that will be used, if any."""
        return self.scheduler or os.environ.get(SCHEDULER_VARIABLE) or None


def run_tasks(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    plan: Plan | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Iterator[tuple[int, Any]]:
    """Yield (index, ``function(item)`` or the exception it raised) as items complete.

    One item's exception never stops the others. BLAS runs on one thread in each
    task, so results do not depend on the number of workers; their order does. Loops
    over independent parts share the processors that the other workers leave.

    Parameters
    ----------
    function
        Importable, pure, one argument.
    items
        Sent to the workers as they are: keep them small.
    plan
        None runs in this process.
    on_done
        Called with the index of each item that completed, before it is yielded.

    Raises
    ------
    SettingsError
        The scheduler cannot be reached.
    """
    chosen = plan or Plan()
    runner = _run_on_cluster if items and (chosen.address or chosen.workers) else _run_here
    for index, outcome in runner(function, items, chosen):
        if on_done is not None:
            on_done(index)
        yield index, outcome


def _run_here(
    function: Callable[[Any], Any], items: Sequence[Any], _: Plan
) -> Iterator[tuple[int, Any]]:
    for index, item in enumerate(items):
        try:
            outcome = _pinned(function, item, processors())
        except Exception as error:  # noqa: BLE001 - the border between items
            outcome = error
        yield index, outcome


def _pinned(function: Callable[[Any], Any], item: Any, threads: int) -> Any:
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - small, but not for --help

    with threadpool_limits(limits=1), allow_threads(threads):
        return function(item)


def _guarded(item: Any, *, function: Callable[[Any], Any], threads: int) -> tuple[bool, Any]:
    # A refusal is an answer; what is left to raise may be a passing fault, and is retried.
    try:
        return True, _pinned(function, item, threads)
    except FairWitnessError as refusal:
        return False, refusal


def _run_on_cluster(
    function: Callable[[Any], Any], items: Sequence[Any], plan: Plan
) -> Iterator[tuple[int, Any]]:
    with _client(plan) as client:
        suspects = []
        # Of a cluster's machines nothing is known; here the workers share the processors.
        threads = 1 if plan.address else max(1, processors() // plan.workers)
        guarded = partial(_guarded, function=function, threads=threads)
        for index, outcome in _outcomes(client, guarded, dict(enumerate(items))):
            if isinstance(outcome, WorkerDied):
                suspects.append(index)  # or only a neighbour of the one that did it
            else:
                yield index, outcome
        for index in sorted(suspects):
            yield from _outcomes(client, guarded, {index: items[index]})


def _outcomes(
    client: Client, guarded: Callable[[Any], Any], items: dict[int, Any]
) -> Iterator[tuple[int, Any]]:
    from distributed import as_completed  # noqa: PLC0415 - only when there is a cluster

    futures = client.map(guarded, list(items.values()), retries=_RETRIES, pure=False)
    places = dict(zip((future.key for future in futures), items, strict=True))
    for future in as_completed(futures, loop=client.loop, raise_errors=False):
        yield places[future.key], _outcome(future)
        future.release()


def _outcome(future: Any) -> Any:
    from distributed import KilledWorker  # noqa: PLC0415 - only when there is a cluster

    if future.status == "finished":
        return future.result()[1]
    error = future.exception() if future.status == "error" else None
    if error is None:
        return WorkerDied("was lost with the cluster it ran on")
    if isinstance(error, KilledWorker):
        return WorkerDied(
            "ended the worker that processed it, by a crash or by memory: "
            "of fewer workers each has more"
        )
    return error


@contextmanager
def _client(plan: Plan) -> Iterator[Client]:
    from distributed import Client  # noqa: PLC0415 - only when there is a cluster

    if plan.address is None:
        with _local_cluster(plan) as cluster, Client(cluster, set_as_default=False) as client:
            yield client
        return
    try:
        client = Client(plan.address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TypeError) as cause:
        raise SettingsError(f"scheduler {plan.address} cannot be reached: {cause}") from cause
    with client:
        yield client


def _local_cluster(plan: Plan) -> Any:
    import dask  # noqa: PLC0415 - only when there is a cluster
    from distributed import LocalCluster  # noqa: PLC0415

    from pipeline.parallel.limited import GDAL_LIMITS, ONE_THREAD  # noqa: PLC0415

    settings = {
        "distributed.worker.memory.spill": False,
        "distributed.scheduler.allowed-failures": 0,  # suspects get a second hearing, alone
    }
    with dask.config.set(settings):
        return LocalCluster(
            n_workers=plan.workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # None would still listen, on every interface
            worker_dashboard_address="127.0.0.1:0",
            memory_limit=_worker_bytes(plan),
            env={**GDAL_LIMITS, **ONE_THREAD, "NUMBA_NUM_THREADS": "1"},
            silence_logs="CRITICAL",
        )


def _worker_bytes(plan: Plan) -> int:
    from distributed.system import MEMORY_LIMIT  # noqa: PLC0415 - only when there is a cluster

    if plan.memory_megabytes is not None:
        return plan.memory_megabytes << 20
    return int(MEMORY_LIMIT) // plan.workers
