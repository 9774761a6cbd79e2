"""Work done in a process of its own."""

import os
import time
from functools import partial

import pytest

from tests.unit.tools.compare.leftovers import Leftovers
from tools.compare.own_process import JobFailed, OwnProcess


def test_jobs_are_done_one_after_the_other_in_one_other_process() -> None:
    with OwnProcess() as process:
        first, second = process.do(os.getpid), process.do(os.getpid)
    assert first == second != os.getpid()


def test_somebody_may_watch_while_a_job_is_done() -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    with OwnProcess() as process:
        process.do(partial(time.sleep, 0.5), look)
    assert looks


def test_a_job_that_raises_says_why_and_the_next_is_done() -> None:
    with OwnProcess() as process:
        with pytest.raises(JobFailed, match="ValueError: invalid literal"):
            process.do(partial(int, "seven"))
        assert process.do(partial(int, "7")) == 7


def test_a_process_that_ends_is_not_waited_for() -> None:
    with OwnProcess() as process, pytest.raises(JobFailed, match="ended with 3"):
        process.do(partial(os._exit, 3))


def test_the_process_is_ended_in_the_middle_of_a_job() -> None:
    def give_up() -> None:
        raise KeyboardInterrupt

    leftovers = Leftovers()

    def sleep_in_it() -> None:
        with OwnProcess() as process:
            process.do(partial(time.sleep, 600), give_up)

    with pytest.raises(KeyboardInterrupt):
        sleep_in_it()
    assert leftovers.commands() == []


def test_the_process_asks_no_proxy() -> None:
    with OwnProcess() as process:
        assert process.do(partial(os.getenv, "NO_PROXY")) == "*"
