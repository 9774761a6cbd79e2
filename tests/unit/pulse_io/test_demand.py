"""How many calls are wanted: by those who ask, and by those who were told to come back."""

import pytest

from pulse.problems import UpstreamThrottled
from pulse_io.budget import OwnBudget
from pulse_io.demand import COMING_BACK_S, Demand
from tests.unit.pulse_io.test_budget import Seconds, take


def test_what_several_ask_for_counts_once_for_each_name_and_endpoint() -> None:
    demand = Demand(Seconds())
    with (
        demand.wanting("overall", "a"),
        demand.wanting("overall", "b"),
        demand.wanting("system", "a"),
    ):
        assert (demand.count("overall"), demand.count("system")) == (2, 1)
    assert demand.count("overall") == 0


def test_who_was_told_to_come_back_counts_until_then() -> None:
    clock = Seconds()
    demand = Demand(clock)
    with pytest.raises(UpstreamThrottled), demand.wanting("overall", "a"):
        raise UpstreamThrottled(50)
    clock.now += 49
    assert demand.count("overall") == 1
    clock.now += 1
    assert demand.count("overall") == 0


def test_who_left_without_a_word_counts_for_a_while() -> None:
    clock = Seconds()
    demand = Demand(clock)
    with pytest.raises(TimeoutError), demand.wanting("overall", "a"):
        raise TimeoutError
    clock.now += COMING_BACK_S - 1
    assert demand.count("overall") == 1
    clock.now += 1
    assert demand.count("overall") == 0


def test_who_has_come_back_and_had_it_counts_no_more() -> None:
    demand = Demand(Seconds())
    with pytest.raises(UpstreamThrottled), demand.wanting("overall", "a"):
        raise UpstreamThrottled(50)
    with demand.wanting("overall", "a"):
        assert demand.count("overall") == 1
    assert demand.count("overall") == 0


def test_the_more_is_wanted_the_later_a_caller_is_told_to_come_back() -> None:
    clock = Seconds()
    budget = OwnBudget(0, 3, clock)
    for _ in range(3):
        take(budget)
        clock.now += 10
    promised = []
    for name in "abcd":
        with pytest.raises(UpstreamThrottled) as caught, budget.wanting("overall", name):
            take(budget, clock.now)
        promised.append(caught.value.retry_after_s)
    assert promised == [32, 42, 52, 52]
