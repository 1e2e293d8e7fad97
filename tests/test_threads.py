"""Loops over parts: as many threads as allowed, the same results whatever their number."""

from __future__ import annotations

import os
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from pipeline.kernels.baseline import fit_with_left_out
from pipeline.kernels.lanes import FEWEST_PIXELS
from pipeline.threads import allow_threads, in_ranges, processors, side_by_side, threads


def test_a_loop_has_all_processors_until_somebody_says_otherwise():
    assert threads() == processors() >= 1
    with allow_threads(3):
        assert threads() == 3
        with allow_threads(0):
            assert threads() == 1
        assert threads() == 3
    assert threads() == processors()


def test_parts_meet_and_keep_their_order():
    meeting = threading.Barrier(2, timeout=10)

    def part(number):
        meeting.wait()  # passes only where two parts run at the same time
        return number, threads()

    with allow_threads(2):
        assert side_by_side(part, [5, 4, 3, 2]) == [(5, 1), (4, 1), (3, 1), (2, 1)]


def test_the_first_error_is_raised():
    def part(number):
        raise ValueError(f"part {number}")

    with allow_threads(2), pytest.raises(ValueError, match="part 1"):
        side_by_side(part, [1, 2])


def test_nothing_goes_on_after_an_error():
    begun, ended = [], []

    def part(number):
        begun.append(number)
        if number == 1:
            raise ValueError(number)
        time.sleep(0.05)
        ended.append(number)

    with allow_threads(2), pytest.raises(ValueError, match="1"):
        side_by_side(part, [1, 2, 3, 4, 5, 6, 7, 8])
    assert sorted(ended) == sorted(begun)[1:]
    assert len(begun) < 8


def test_threads_are_kept():
    with allow_threads(2):
        names = {name for _ in range(5) for name in side_by_side(_name, range(4))}
    assert len(names) <= 2


def test_nobody_waits_for_what_another_caller_does():
    begun, done, in_time = threading.Event(), threading.Event(), []

    def until_the_others_are_done(_part):
        begun.set()
        in_time.append(done.wait(10))

    other = threading.Thread(target=lambda: _two_at_once(until_the_others_are_done, 4))
    other.start()
    begun.wait(10)
    _two_at_once(_name, 4)
    done.set()
    other.join()
    assert in_time == [True] * 4


def _two_at_once(function, number):
    with allow_threads(2):
        side_by_side(function, range(number))


def test_a_part_that_takes_threads_for_itself_does_not_wait_for_itself():
    with allow_threads(2):
        found = side_by_side(lambda part: _two_at_once(_name, 3) or part, range(4))
    assert found == [0, 1, 2, 3]


def _name(_part):
    time.sleep(0.001)
    return threading.current_thread().name


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    with allow_threads(2):
        side_by_side(_name, range(4))
        child = os.fork()
        if not child:
            os._exit(0 if side_by_side(int, ["1", "2"]) == [1, 2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("size", "fewest", "ranges"), [(0, 5, 1), (9, 5, 1), (10, 5, 2), (31, 5, 3)]
)
def test_ranges_cover_every_item_once_and_none_is_too_short(size, fewest, ranges):
    found = []
    with allow_threads(3):
        in_ranges(lambda first, last: found.append((first, last)), size, fewest=fewest)
    found.sort()
    assert len(found) == ranges
    assert [found[0][0], found[-1][1]] == [0, size]
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert size < fewest or min(last - first for first, last in found) >= fewest


@pytest.mark.parametrize("number", [2, 3])
def test_fits_have_the_same_bits_in_any_number_of_threads(number):
    rng = np.random.default_rng(4)
    pixels = 3 * FEWEST_PIXELS + 17
    values = rng.normal(size=(12, 1, pixels)).astype(np.float32)
    usable = rng.random(values.shape) > 0.1
    days = np.arange(12) * 60.0
    with allow_threads(1):
        alone = fit_with_left_out(values, usable, days, harmonics=1, trend=False)
    with allow_threads(number):
        shared = fit_with_left_out(values, usable, days, harmonics=1, trend=False)
    for one, other in zip(alone[0], shared[0], strict=True):
        assert np.array_equal(one, other, equal_nan=isinstance(one, np.ndarray))
    assert np.array_equal(alone[1], shared[1], equal_nan=True)
