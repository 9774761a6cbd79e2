"""The rate limit: no span of a second or a minute sees more calls than it allows."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.problems import UpstreamThrottled
from pulse_io.sources.rate_limit import RateLimit
from pulse_io.sources.slow_calls import watched
from pulse_io.sources.window import RESERVATION_MS
from tests.unit.pulse_io.simulated.loop import SimulatedLoop

FOREVER = float("inf")
RESERVATION_S = RESERVATION_MS / 1000


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


def grant(limit: RateLimit, until: float = FOREVER, name: str = "requests") -> float:
    return asyncio.run(limit.grant(name, until))


def moments(limit: RateLimit, calls: int) -> list[float]:
    return [grant(limit) for _ in range(calls)]


def test_calls_within_the_limit_start_at_once() -> None:
    assert moments(RateLimit(5, 30, Seconds()), 5) == [1000.0] * 5


def test_sixth_call_in_a_second_waits() -> None:
    assert moments(RateLimit(5, 30, Seconds()), 11) == [1000.0] * 5 + [1001.5] * 5 + [1003.0]


def test_31st_call_in_a_minute_waits() -> None:
    assert moments(RateLimit(5, 30, Seconds()), 31)[-1] == 1062.0


def test_place_is_free_a_minute_after_its_call() -> None:
    clock = Seconds()
    limit = RateLimit(0, 2, clock)
    grant(limit)
    clock.now += 30
    grant(limit)
    assert grant(limit) == 1062.0
    assert grant(limit) == 1092.0


def test_retry_after_of_a_late_call_is_true() -> None:
    clock = Seconds()
    limit = RateLimit(0, 1, clock)
    grant(limit)
    clock.now += 1.5
    with pytest.raises(UpstreamThrottled) as caught:
        grant(limit, clock.now + 8)
    assert caught.value.retry_after_s == 61
    clock.now += caught.value.retry_after_s
    assert grant(limit, clock.now) == clock.now


def test_throttled_call_takes_no_place() -> None:
    clock = Seconds()
    limit = RateLimit(1, 0, clock)
    grant(limit)
    for _ in range(3):
        with pytest.raises(UpstreamThrottled):
            grant(limit, clock.now)
    assert grant(limit) == 1001.5


def test_zero_is_no_limit() -> None:
    assert moments(RateLimit(0, 0, Seconds()), 1000) == [1000.0] * 1000


def test_closed_limit_grants_no_call() -> None:
    clock = Seconds()
    limit = RateLimit(5, 30, clock)
    asyncio.run(limit.close(60))
    asyncio.run(limit.close(5))
    with pytest.raises(UpstreamThrottled) as caught:
        grant(limit, clock.now + 8)
    assert caught.value.retry_after_s == 60
    clock.now += 60
    assert grant(limit) == clock.now


def test_no_limit_can_not_be_closed() -> None:
    limit = RateLimit(0, 0, Seconds())
    asyncio.run(limit.close(60))
    assert grant(limit) == 1000.0


def test_missed_moment_is_granted_again() -> None:
    clock = Seconds()
    limit = RateLimit(1, 1, clock)

    async def moments_of() -> tuple[float, float]:
        missed = await limit.grant("requests", FOREVER)
        clock.now += 0.5
        return missed, await limit.grant("requests", FOREVER, missed)

    missed, taken = asyncio.run(moments_of())
    assert (missed, taken) == (1000.0, 1000.5)
    assert grant(limit) == 1062.5


def test_missed_moment_is_given_back() -> None:
    clock = Seconds()
    limit = RateLimit(0, 1, clock)
    missed = asyncio.run(limit.grant("requests", FOREVER))
    asyncio.run(limit.close(10))
    with pytest.raises(UpstreamThrottled):
        asyncio.run(limit.grant("requests", clock.now + 5, missed))
    clock.now += 10
    assert grant(limit) == clock.now


def reserved_s(limit: RateLimit, name: str) -> float:
    return asyncio.run(limit.reserve_s(name))


def test_reservation_is_for_its_name() -> None:
    clock = Seconds()
    limit = RateLimit(0, 1, clock)
    grant(limit)
    clock.now += 2
    assert reserved_s(limit, "flask") == 60
    clock.now += 60
    with pytest.raises(UpstreamThrottled) as caught:
        grant(limit, clock.now + 8, name="django")
    assert caught.value.retry_after_s == RESERVATION_S + 62
    assert grant(limit, clock.now, name="flask") == clock.now


def test_reserving_again_returns_the_same_moment() -> None:
    clock = Seconds()
    limit = RateLimit(0, 2, clock)
    assert reserved_s(limit, "flask") == 5
    clock.now += 3
    assert reserved_s(limit, "flask") == 2


def test_reservations_continue_in_the_next_minute() -> None:
    limit = RateLimit(0, 1, Seconds())
    assert reserved_s(limit, "flask") == 5
    assert reserved_s(limit, "django") == 5 + RESERVATION_S + 62


def is_blocked(limit: RateLimit) -> bool:
    return limit.window.blocked_ms is not None


def test_slow_call_keeps_its_place_until_its_answer(loop: SimulatedLoop) -> None:
    limit = RateLimit(1, 30, lambda: 1000 + loop.time())

    async def main() -> tuple[float, float]:
        moment = await limit.grant("requests", FOREVER)
        async with watched(limit, "requests", max_s=15) as watch:
            watch.sent(moment)
            await asyncio.sleep(3)
            assert is_blocked(limit)
            assert limit.window.is_unanswered("requests")
            granted = await limit.grant("flask", FOREVER)
            await asyncio.sleep(1.5)
            assert not await limit.permits(granted)
        return granted, await limit.grant("flask", FOREVER, granted)

    assert loop.run_until_complete(main()) == (1004.5, 1005.5)
    assert not is_blocked(limit)


def test_call_without_an_answer_keeps_its_place(loop: SimulatedLoop) -> None:
    limit = RateLimit(1, 30, lambda: 1000 + loop.time())

    async def time_out(moment: float) -> None:
        async with watched(limit, "requests", max_s=15) as watch:
            watch.sent(moment)
            raise TimeoutError

    async def main() -> float:
        moment = await limit.grant("requests", FOREVER)
        with pytest.raises(TimeoutError):
            await time_out(moment)
        await asyncio.sleep(14)
        assert is_blocked(limit)
        await asyncio.sleep(1)
        assert not is_blocked(limit)
        return await limit.grant("flask", FOREVER)

    assert loop.run_until_complete(main()) == 1016.0


def test_quick_call_keeps_its_place_for_a_second(loop: SimulatedLoop) -> None:
    limit = RateLimit(1, 30, lambda: 1000 + loop.time())

    async def main() -> float:
        moment = await limit.grant("requests", FOREVER)
        async with watched(limit, "requests", max_s=15) as watch:
            watch.sent(moment)
            await asyncio.sleep(0.4)
        await asyncio.sleep(1)
        return await limit.grant("flask", FOREVER)

    assert loop.run_until_complete(main()) == 1001.5


@given(st.lists(st.floats(min_value=0, max_value=20), min_size=1, max_size=120))
def test_limits_hold_in_any_second_and_minute(pauses: list[float]) -> None:
    clock = Seconds()
    limit = RateLimit(5, 30, clock)

    async def calls() -> list[float]:
        taken = []
        for pause in pauses:
            clock.now += pause
            taken.append(await limit.grant("requests", FOREVER))
        return taken

    taken = asyncio.run(calls())
    assert taken == sorted(taken)
    for allowed, span in ((5, 1.5), (30, 62)):
        for first, later in zip(taken, taken[allowed:], strict=False):
            assert later >= first + span - 0.001
