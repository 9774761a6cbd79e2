"""The rate limit: no span of a second or a minute sees more calls than it allows."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.problems import UpstreamThrottled
from pulse_io.sources.rate_limit import KEPT_S, RateLimit
from tests.unit.pulse_io.simulated.loop import SimulatedLoop

FOREVER = float("inf")


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def loop() -> Iterator[SimulatedLoop]:
    loop = SimulatedLoop()
    yield loop
    loop.close()


def take(
    limit: RateLimit, until: float = FOREVER, endpoint: str = "overall", name: str = "requests"
) -> float:
    return asyncio.run(limit.take(endpoint, name, until))


def moments(limit: RateLimit, calls: int) -> list[float]:
    return [take(limit) for _ in range(calls)]


def test_calls_within_the_limit_go_at_once() -> None:
    assert moments(RateLimit(5, 30, Seconds()), 5) == [1000.0] * 5


def test_a_sixth_call_in_a_second_waits_until_that_second_is_surely_over() -> None:
    assert moments(RateLimit(5, 30, Seconds()), 11) == [1000.0] * 5 + [1001.5] * 5 + [1003.0]


def test_a_thirty_first_call_waits_for_the_next_minute() -> None:
    assert moments(RateLimit(5, 30, Seconds()), 31)[-1] == 1062.0


def test_each_endpoint_has_a_limit_of_its_own() -> None:
    limit = RateLimit(1, 30, Seconds())
    assert [take(limit, endpoint=name) for name in ("overall", "system", "overall")] == [
        1000.0,
        1000.0,
        1001.5,
    ]


def test_a_token_comes_back_a_minute_after_the_call_that_took_it() -> None:
    clock = Seconds()
    limit = RateLimit(0, 2, clock)
    take(limit)
    clock.now += 30
    take(limit)
    assert take(limit) == 1062.0
    assert take(limit) == 1092.0


def test_a_call_that_would_come_too_late_is_throttled_until_it_would_not() -> None:
    clock = Seconds()
    limit = RateLimit(0, 1, clock)
    take(limit)
    clock.now += 1.5
    with pytest.raises(UpstreamThrottled) as caught:
        take(limit, clock.now + 8)
    assert caught.value.retry_after_s == 61
    clock.now += caught.value.retry_after_s
    assert take(limit, clock.now) == clock.now


def test_a_call_that_is_throttled_takes_no_token() -> None:
    clock = Seconds()
    limit = RateLimit(1, 0, clock)
    take(limit)
    for _ in range(3):
        with pytest.raises(UpstreamThrottled):
            take(limit, clock.now)
    assert take(limit) == 1001.5


def test_zero_switches_a_limit_off() -> None:
    assert moments(RateLimit(0, 0, Seconds()), 1000) == [1000.0] * 1000


def test_after_a_refusal_nobody_calls_for_a_while() -> None:
    clock = Seconds()
    limit = RateLimit(5, 30, clock)
    asyncio.run(limit.close("overall", 60))
    asyncio.run(limit.close("overall", 5))
    with pytest.raises(UpstreamThrottled) as caught:
        take(limit, clock.now + 8)
    assert caught.value.retry_after_s == 60
    assert take(limit, endpoint="system") == clock.now
    clock.now += 60
    assert take(limit) == clock.now


def test_without_limits_a_refusal_closes_nothing() -> None:
    limit = RateLimit(0, 0, Seconds())
    asyncio.run(limit.close("overall", 60))
    assert take(limit) == 1000.0


def test_a_turn_that_was_missed_costs_no_other() -> None:
    clock = Seconds()
    limit = RateLimit(1, 1, clock)

    async def turns() -> tuple[float, float]:
        missed = await limit.take("overall", "requests", FOREVER)
        clock.now += 0.5
        return missed, await limit.take("overall", "requests", FOREVER, missed)

    missed, taken = asyncio.run(turns())
    assert (missed, taken) == (1000.0, 1000.5)
    assert take(limit) == 1062.5


def test_a_turn_that_was_missed_for_good_is_given_back() -> None:
    clock = Seconds()
    limit = RateLimit(0, 1, clock)
    missed = asyncio.run(limit.take("overall", "requests", FOREVER))
    asyncio.run(limit.close("overall", 10))
    with pytest.raises(UpstreamThrottled):
        asyncio.run(limit.take("overall", "requests", clock.now + 5, missed))
    clock.now += 10
    assert take(limit) == clock.now


def reserved_s(limit: RateLimit, name: str) -> float:
    return asyncio.run(limit.reserve_s("overall", name))


def test_a_reservation_is_kept_for_whom_it_was_made() -> None:
    clock = Seconds()
    limit = RateLimit(0, 1, clock)
    take(limit)
    clock.now += 2
    assert reserved_s(limit, "flask") == 60
    clock.now += 60
    with pytest.raises(UpstreamThrottled) as caught:
        take(limit, clock.now + 8, name="django")
    assert caught.value.retry_after_s == KEPT_S + 62
    assert take(limit, clock.now, name="flask") == clock.now


def test_asking_again_before_a_reserved_moment_tells_the_same_moment() -> None:
    clock = Seconds()
    limit = RateLimit(0, 2, clock)
    assert reserved_s(limit, "flask") == 5
    clock.now += 3
    assert reserved_s(limit, "flask") == 2


def test_reservations_go_on_after_those_of_a_minute() -> None:
    limit = RateLimit(0, 1, Seconds())
    assert reserved_s(limit, "flask") == 5
    assert reserved_s(limit, "django") == 5 + KEPT_S + 62


def test_a_call_that_takes_long_holds_its_place_until_it_is_answered(loop: SimulatedLoop) -> None:
    limit = RateLimit(1, 30, lambda: 1000 + loop.time())

    async def main() -> tuple[float, float]:
        moment = await limit.take("overall", "requests", FOREVER)
        async with limit.counting("overall", "requests", moment, longest_s=15):
            await asyncio.sleep(3)
            assert limit.is_blocked("overall")
            assert limit.is_unanswered("overall", "requests")
            granted = await limit.take("overall", "flask", FOREVER)
            await asyncio.sleep(1.5)
            assert not await limit.allows("overall", granted)
        return granted, await limit.take("overall", "flask", FOREVER, granted)

    assert loop.run_until_complete(main()) == (1004.5, 1005.5)
    assert not limit.is_blocked("overall")


def test_a_call_without_an_answer_holds_its_place_for_a_while(loop: SimulatedLoop) -> None:
    limit = RateLimit(1, 30, lambda: 1000 + loop.time())

    async def main() -> float:
        moment = await limit.take("overall", "requests", FOREVER)
        with pytest.raises(TimeoutError):
            async with limit.counting("overall", "requests", moment, longest_s=15):
                raise TimeoutError
        await asyncio.sleep(14)
        assert limit.is_blocked("overall")
        await asyncio.sleep(1)
        assert not limit.is_blocked("overall")
        return await limit.take("overall", "flask", FOREVER)

    assert loop.run_until_complete(main()) == 1016.5


def test_a_quick_call_costs_no_more_than_its_second(loop: SimulatedLoop) -> None:
    limit = RateLimit(1, 30, lambda: 1000 + loop.time())

    async def main() -> float:
        moment = await limit.take("overall", "requests", FOREVER)
        async with limit.counting("overall", "requests", moment, longest_s=15):
            await asyncio.sleep(0.4)
        await asyncio.sleep(1)
        return await limit.take("overall", "flask", FOREVER)

    assert loop.run_until_complete(main()) == 1001.5


@given(st.lists(st.floats(min_value=0, max_value=20), min_size=1, max_size=120))
def test_no_span_of_a_second_or_a_minute_sees_too_many_calls(pauses: list[float]) -> None:
    clock = Seconds()
    limit = RateLimit(5, 30, clock)

    async def calls() -> list[float]:
        taken = []
        for pause in pauses:
            clock.now += pause
            taken.append(await limit.take("overall", "requests", FOREVER))
        return taken

    taken = asyncio.run(calls())
    assert taken == sorted(taken)
    for allowed, span in ((5, 1.5), (30, 62)):
        for first, later in zip(taken, taken[allowed:], strict=False):
            assert later >= first + span - 0.001
