"""The polite budget: no span of a second or a minute sees more calls than it allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.problems import UpstreamThrottled
from pulse_io.budget import Budget

FOREVER = float("inf")


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def moments(budget: Budget, calls: int) -> list[float]:
    return [budget.take(FOREVER) for _ in range(calls)]


def test_calls_within_the_budget_go_at_once() -> None:
    assert moments(Budget(5, 30, Seconds()), 5) == [1000.0] * 5


def test_a_sixth_call_in_a_second_waits_until_that_second_is_surely_over() -> None:
    assert moments(Budget(5, 30, Seconds()), 11) == [1000.0] * 5 + [1001.25] * 5 + [1002.5]


def test_a_thirty_first_call_waits_for_the_next_minute() -> None:
    assert moments(Budget(5, 30, Seconds()), 31)[-1] == 1060.25


def test_a_token_comes_back_a_minute_after_the_call_that_took_it() -> None:
    clock = Seconds()
    budget = Budget(0, 2, clock)
    budget.take(FOREVER)
    clock.now += 30
    budget.take(FOREVER)
    assert budget.take(FOREVER) == 1060.25
    assert budget.take(FOREVER) == 1090.25


def test_a_call_that_would_come_too_late_is_throttled_until_it_would_not() -> None:
    clock = Seconds()
    budget = Budget(0, 1, clock)
    budget.take(FOREVER)
    clock.now += 1.5
    with pytest.raises(UpstreamThrottled) as caught:
        budget.take(clock.now + 8)
    assert caught.value.retry_after_s == 59
    clock.now += caught.value.retry_after_s
    assert budget.take(clock.now) == clock.now


def test_a_call_that_is_throttled_takes_no_token() -> None:
    clock = Seconds()
    budget = Budget(1, 0, clock)
    budget.take(FOREVER)
    for _ in range(3):
        with pytest.raises(UpstreamThrottled):
            budget.take(clock.now)
    assert budget.take(FOREVER) == 1001.25


def test_zero_switches_a_limit_off() -> None:
    assert moments(Budget(0, 0, Seconds()), 1000) == [1000.0] * 1000


@given(st.lists(st.floats(min_value=0, max_value=20), min_size=1, max_size=120))
def test_no_span_of_a_second_or_a_minute_sees_too_many_calls(pauses: list[float]) -> None:
    clock = Seconds()
    budget = Budget(5, 30, clock)
    taken = []
    for pause in pauses:
        clock.now += pause
        taken.append(budget.take(FOREVER))
    assert taken == sorted(taken)
    for calls, span in ((5, 1.25), (30, 60.25)):
        for first, later in zip(taken, taken[calls:], strict=False):
            assert later >= first + span
