"""Who wants the same at the same time shares one call, and loses nothing by it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest

from pulse.problems import UpstreamBroken, UpstreamThrottled
from pulse_io.flights import Flights, TooLate
from tests.unit.pulse_io.simulated.loop import SimulatedLoop


@dataclass
class Asking:
    """An errand that takes `takes_s` and ends as `end` does; it counts in `asked` how often it was run."""

    takes_s: float
    end: Callable[[], str]
    asked: list[float] = field(default_factory=list)

    async def find(self, *, consistent: bool) -> str | None:
        raise AssertionError("without leases there is nothing to find", consistent)

    async def check(self) -> None:
        raise AssertionError("without leases there is nothing to check")

    async def ask(self) -> str:
        loop = asyncio.get_running_loop()
        self.asked.append(loop.time())
        await asyncio.sleep(self.takes_s)
        return self.end()


@pytest.fixture
def loop() -> Iterator[SimulatedLoop]:
    loop = SimulatedLoop()
    yield loop
    loop.close()


def together(loop: SimulatedLoop, *asks: Awaitable[str]) -> list[str | BaseException]:
    async def main() -> list[str | BaseException]:
        return await asyncio.gather(*asks, return_exceptions=True)

    return loop.run_until_complete(main())


def refused() -> str:
    raise UpstreamThrottled(60)


def broken() -> str:
    raise UpstreamBroken.because("its status is 500")


def test_those_who_join_share_the_answer(loop: SimulatedLoop) -> None:
    errand, flights = Asking(1, lambda: "rows"), Flights(None)
    outcomes = together(loop, *(flights.join("flask", deadline, errand) for deadline in (8, 9)))
    assert outcomes == ["rows", "rows"]
    assert errand.asked == [0]


def test_those_who_have_more_time_than_whom_they_joined_ask_again_once(loop: SimulatedLoop) -> None:
    first, second, flights = Asking(1, refused), Asking(1, lambda: "rows"), Flights(None)
    outcomes = together(
        loop,
        flights.join("flask", 2, first),
        *(flights.join("flask", deadline, second) for deadline in (8, 8, 9)),
    )
    assert isinstance(outcomes[0], UpstreamThrottled)
    assert outcomes[1:] == ["rows", "rows", "rows"]
    assert (first.asked, second.asked) == ([0], [1])


def test_those_who_have_no_more_time_share_the_refusal(loop: SimulatedLoop) -> None:
    errand, flights = Asking(1, refused), Flights(None)
    outcomes = together(loop, *(flights.join("flask", 8, errand) for _ in range(3)))
    assert [type(one) for one in outcomes] == [UpstreamThrottled] * 3
    assert errand.asked == [0]


def test_those_who_have_more_time_share_a_failure_all_the_same(loop: SimulatedLoop) -> None:
    errand, flights = Asking(1, broken), Flights(None)
    outcomes = together(loop, *(flights.join("flask", deadline, errand) for deadline in (8, 9)))
    assert [type(one) for one in outcomes] == [UpstreamBroken] * 2
    assert errand.asked == [0]


def test_an_answer_that_is_late_for_one_is_in_time_for_another(loop: SimulatedLoop) -> None:
    errand, flights = Asking(5, lambda: "rows"), Flights(None)
    outcomes = together(loop, *(flights.join("flask", deadline, errand) for deadline in (3, 9)))
    assert isinstance(outcomes[0], TooLate)
    assert outcomes[1] == "rows"
    assert errand.asked == [0]
