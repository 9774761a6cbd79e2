"""A call goes when its turn is, even where it took long to get a connection."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping

from pulse.names import PackageName
from pulse.problems import Problem, UnknownPackage, UpstreamThrottled
from pulse.questions import Breakdown, Question
from pulse_io.settings import Settings
from pulse_io.sources import Answer
from pulse_io.sources.pypistats import PypistatsSource
from pulse_io.sources.rate_limit import LATE_S, RateLimit
from pulse_io.wiring import utc_now

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nContent-Type: text/html\r\n\r\n404"
DEADLINE_S = 8
REQUESTS = Question(PackageName.parse("requests"), Breakdown.OVERALL)


class SlowConnections:
    """An upstream that knows nothing; each connection to it takes `delay_s` on the clock that calls go by."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.asked = 0
        self.lag_s = 0.0
        self.over = asyncio.Event()

    def clock(self) -> float:
        """Seconds since 1970, with all delays so far."""
        return time.time() + self.lag_s

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection and one request."""
        self.lag_s += self.delay_s
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            writer.write(NOT_FOUND)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        self.over.set()


async def ask_nothing(_: Collection[Question], __: float) -> Mapping[Question, Answer]:
    raise AssertionError("there are no counts")


async def next_moment_after_a_call(
    slow: SlowConnections, limit: RateLimit, expected: type[Problem] = UnknownPackage
) -> float:
    """Make a call; returns the next moment for one, as seconds after this one began."""
    async with await asyncio.start_server(slow.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings.from_environ({"PYPISTATS_URL": f"http://127.0.0.1:{port}"})
        source = PypistatsSource(settings, limit, utc_now)
        began = slow.clock()
        deadline = asyncio.get_running_loop().time() + DEADLINE_S
        async for _, answer in source.fetch([REQUESTS], deadline, ask_nothing):
            assert isinstance(answer, expected)
        await source.aclose()
        await slow.over.wait()
        return (await limit.take("overall", "another", float("inf"))) - began


def test_a_call_whose_moment_went_by_while_it_was_connecting_takes_another() -> None:
    slow = SlowConnections(delay_s=20 + LATE_S)
    limit = RateLimit(0, 1, slow.clock)
    assert asyncio.run(next_moment_after_a_call(slow, limit)) >= 20 + 62
    assert slow.asked == 1


def test_a_call_that_was_connected_in_time_keeps_its_moment() -> None:
    slow = SlowConnections(delay_s=0)
    limit = RateLimit(0, 1, slow.clock)
    asyncio.run(next_moment_after_a_call(slow, limit))
    assert slow.asked == 1


def test_where_others_took_all_moments_meanwhile_it_is_not_made() -> None:
    class Contended(RateLimit):
        async def take(
            self,
            endpoint: str,
            name: str,
            until: float,
            missed: float | None = None,
            *,
            known: bool = False,
        ) -> float:
            if missed:
                raise UpstreamThrottled(62)
            return await super().take(endpoint, name, until, known=known)

    slow = SlowConnections(delay_s=1)
    limit = Contended(0, 1, slow.clock)
    asyncio.run(next_moment_after_a_call(slow, limit, UpstreamThrottled))
    assert slow.asked == 0
