from __future__ import annotations

import time

import pytest

from pipeline.errors import SceneError, SettingsError
from pipeline.parallel import Plan, WorkerDied, run_tasks
from pipeline.parallel.tasks import SCHEDULER_VARIABLE

from . import functions


@pytest.fixture(autouse=True)
def _no_scheduler(monkeypatch):
    monkeypatch.delenv(SCHEDULER_VARIABLE, raising=False)


def by_index(outcomes):
    return dict(outcomes)


def test_in_this_process_every_item_has_an_outcome_in_order():
    done = []
    items = [1, "refuse", 2, "raise", 3]
    outcomes = list(run_tasks(functions.misbehave_or_square, items, on_done=done.append))
    assert [index for index, _ in outcomes] == done == [0, 1, 2, 3, 4]
    results = by_index(outcomes)
    assert [results[i] for i in (0, 2, 4)] == [1, 4, 9]
    assert isinstance(results[1], SceneError)
    assert isinstance(results[3], KeyError)


def test_no_items_start_no_cluster():
    started = time.monotonic()
    assert list(run_tasks(functions.square, [], plan=Plan(workers=2))) == []
    assert time.monotonic() - started < 0.5  # a cluster takes seconds


def test_work_starts_only_with_the_first_item_asked_for_and_stops_when_left():
    seen = []
    outcomes = run_tasks(seen.append, [1, 2, 3])
    assert seen == []
    next(outcomes)
    outcomes.close()
    assert seen == [1]


@pytest.mark.parametrize("address", ["nonsense://x", "xx:yy", "tcp://", "tcp://h:1\n", "-"])
def test_a_scheduler_that_is_no_address_is_refused_before_anything_runs(address):
    with pytest.raises(SettingsError, match="no address"):
        Plan(scheduler=address)


def test_a_scheduler_of_any_usual_address_is_taken(monkeypatch):
    monkeypatch.setenv(SCHEDULER_VARIABLE, "tcp://10.0.0.1:1")
    assert Plan().address == "tcp://10.0.0.1:1"
    assert Plan(scheduler="tcp://h:2").address == "tcp://h:2"


@pytest.fixture(scope="module")
def outcomes_with_a_poison_item():
    items = [1, 2, "die", "refuse", "raise", 3, 4, 5]
    return by_index(run_tasks(functions.misbehave_or_square, items, plan=Plan(workers=2)))


@pytest.mark.slow
def test_an_item_that_kills_its_workers_is_blamed_alone(outcomes_with_a_poison_item):
    outcomes = outcomes_with_a_poison_item
    assert isinstance(outcomes[2], WorkerDied)
    assert isinstance(outcomes[3], SceneError)
    assert isinstance(outcomes[4], KeyError)
    assert [outcomes[i] for i in (0, 1, 5, 6, 7)] == [1, 4, 9, 16, 25]


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster  # noqa: PLC0415 - the one test that needs a foreign one

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0", silence_logs="CRITICAL",
    ) as cluster:  # fmt: skip
        yield cluster


@pytest.mark.slow
def test_a_running_scheduler_gives_the_same_bytes_as_this_process(cluster):
    here = by_index(run_tasks(functions.matrix_digest, range(6)))
    plan = Plan(scheduler=cluster.scheduler_address)
    assert by_index(run_tasks(functions.matrix_digest, range(6), plan=plan)) == here


@pytest.mark.slow
def test_workers_have_limited_children_of_their_own(cluster):
    plan = Plan(scheduler=cluster.scheduler_address)
    assert by_index(run_tasks(functions.call_limited, [2, 3], plan=plan)) == {0: 4, 1: 9}


@pytest.mark.slow
def test_local_workers_listen_on_loopback_only():
    outcomes = by_index(run_tasks(functions.listening, [0], plan=Plan(workers=1)))
    assert outcomes[0]
    assert {address for address, _ in outcomes[0]} <= {"127.0.0.1", "::1"}


@pytest.mark.slow
def test_local_workers_share_the_machine_unless_they_are_bounded():
    from distributed.system import MEMORY_LIMIT  # noqa: PLC0415 - slow to import

    shared = by_index(run_tasks(functions.memory_bound, [0, 1], plan=Plan(workers=2)))
    assert set(shared.values()) == {MEMORY_LIMIT // 2}
    bounded = Plan(workers=1, memory_megabytes=700)
    assert by_index(run_tasks(functions.memory_bound, [0], plan=bounded)) == {0: 700 << 20}
