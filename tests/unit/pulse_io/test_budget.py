"""The polite budget: no span of a second or a minute sees more calls than it allows."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.problems import UpstreamThrottled
from pulse_io.budget import OwnBudget
from pulse_io.slots import KEPT_S, Turn

FOREVER = float("inf")


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def take(
    budget: OwnBudget, until: float = FOREVER, endpoint: str = "overall", name: str = "requests"
) -> float:
    return asyncio.run(budget.take(endpoint, name, until)).moment


def moments(budget: OwnBudget, calls: int) -> list[float]:
    return [take(budget) for _ in range(calls)]


def test_calls_within_the_budget_go_at_once() -> None:
    assert moments(OwnBudget(5, 30, Seconds()), 5) == [1000.0] * 5


def test_a_sixth_call_in_a_second_waits_until_that_second_is_surely_over() -> None:
    assert moments(OwnBudget(5, 30, Seconds()), 11) == [1000.0] * 5 + [1001.5] * 5 + [1003.0]


def test_a_thirty_first_call_waits_for_the_next_minute() -> None:
    assert moments(OwnBudget(5, 30, Seconds()), 31)[-1] == 1062.0


def test_each_endpoint_has_a_budget_of_its_own() -> None:
    budget = OwnBudget(1, 30, Seconds())
    assert [take(budget, endpoint=name) for name in ("overall", "system", "overall")] == [
        1000.0,
        1000.0,
        1001.5,
    ]


def test_a_token_comes_back_a_minute_after_the_call_that_took_it() -> None:
    clock = Seconds()
    budget = OwnBudget(0, 2, clock)
    take(budget)
    clock.now += 30
    take(budget)
    assert take(budget) == 1062.0
    assert take(budget) == 1092.0


def test_a_call_that_would_come_too_late_is_throttled_until_it_would_not() -> None:
    clock = Seconds()
    budget = OwnBudget(0, 1, clock)
    take(budget)
    clock.now += 1.5
    with pytest.raises(UpstreamThrottled) as caught:
        take(budget, clock.now + 8)
    assert caught.value.retry_after_s == 61
    clock.now += caught.value.retry_after_s
    assert take(budget, clock.now) == clock.now


def test_a_call_that_is_throttled_takes_no_token() -> None:
    clock = Seconds()
    budget = OwnBudget(1, 0, clock)
    take(budget)
    for _ in range(3):
        with pytest.raises(UpstreamThrottled):
            take(budget, clock.now)
    assert take(budget) == 1001.5


def test_zero_switches_a_limit_off() -> None:
    assert moments(OwnBudget(0, 0, Seconds()), 1000) == [1000.0] * 1000


def test_after_a_refusal_nobody_calls_for_a_while() -> None:
    clock = Seconds()
    budget = OwnBudget(5, 30, clock)
    asyncio.run(budget.close("overall", 60))
    asyncio.run(budget.close("overall", 5))
    with pytest.raises(UpstreamThrottled) as caught:
        take(budget, clock.now + 8)
    assert caught.value.retry_after_s == 60
    assert take(budget, endpoint="system") == clock.now
    clock.now += 60
    assert take(budget) == clock.now


def test_without_limits_a_refusal_closes_nothing() -> None:
    budget = OwnBudget(0, 0, Seconds())
    asyncio.run(budget.close("overall", 60))
    assert take(budget) == 1000.0


def test_a_call_whose_moment_was_given_out_elsewhere_counts_too() -> None:
    budget = OwnBudget(1, 30, Seconds())
    budget.note("overall", 1000.5)
    assert take(budget) == 1002.0


def test_a_turn_that_was_missed_costs_no_other() -> None:
    clock = Seconds()
    budget = OwnBudget(1, 1, clock)

    async def turns() -> tuple[Turn, Turn]:
        missed = await budget.take("overall", "requests", FOREVER)
        clock.now += 0.5
        return missed, await budget.take("overall", "requests", FOREVER, missed)

    missed, taken = asyncio.run(turns())
    assert (missed.moment, taken.moment) == (1000.0, 1000.5)
    assert take(budget) == 1062.5


def test_a_turn_that_was_missed_for_good_is_given_back() -> None:
    clock = Seconds()
    budget = OwnBudget(0, 1, clock)
    missed = asyncio.run(budget.take("overall", "requests", FOREVER))
    asyncio.run(budget.close("overall", 10))
    with pytest.raises(UpstreamThrottled):
        asyncio.run(budget.take("overall", "requests", clock.now + 5, missed))
    clock.now += 10
    assert take(budget) == clock.now


def promised_s(budget: OwnBudget, name: str) -> float:
    return asyncio.run(budget.promise_s("overall", name))


def test_what_was_promised_is_kept_for_whom_it_was_promised() -> None:
    clock = Seconds()
    budget = OwnBudget(0, 1, clock)
    take(budget)
    clock.now += 2
    assert promised_s(budget, "flask") == 60
    clock.now += 60
    with pytest.raises(UpstreamThrottled) as caught:
        take(budget, clock.now + 8, name="django")
    assert caught.value.retry_after_s == KEPT_S
    assert take(budget, clock.now, name="flask") == clock.now


def test_who_asks_again_before_the_promised_moment_is_told_the_same_moment() -> None:
    clock = Seconds()
    budget = OwnBudget(0, 2, clock)
    assert promised_s(budget, "flask") == 5
    clock.now += 3
    assert promised_s(budget, "flask") == 2


def test_those_for_whom_no_slot_is_left_are_told_when_one_is_to_be_had_again() -> None:
    budget = OwnBudget(0, 1, Seconds())
    assert promised_s(budget, "flask") == 5
    assert promised_s(budget, "django") == 5 + KEPT_S + 62


@given(st.lists(st.floats(min_value=0, max_value=20), min_size=1, max_size=120))
def test_no_span_of_a_second_or_a_minute_sees_too_many_calls(pauses: list[float]) -> None:
    clock = Seconds()
    budget = OwnBudget(5, 30, clock)

    async def calls() -> list[float]:
        taken = []
        for pause in pauses:
            clock.now += pause
            taken.append((await budget.take("overall", "requests", FOREVER)).moment)
        return taken

    taken = asyncio.run(calls())
    assert taken == sorted(taken)
    for allowed, span in ((5, 1.5), (30, 62)):
        for first, later in zip(taken, taken[allowed:], strict=False):
            assert later >= first + span - 0.001
