"""A call keeps to its reserved time, even if connecting took long."""

import asyncio
import contextlib
from collections.abc import Collection, Mapping

from pulse.names import PackageName
from pulse.problems import Problem, UnknownPackage, UpstreamThrottled
from pulse.questions import Answer, Breakdown, Question
from pulse_io.clocks import utc_now
from pulse_io.settings import Settings
from pulse_io.sources.pypistats import PypistatsSource
from pulse_io.sources.rate_limit import RateLimit
from pulse_io.sources.window import MAX_DELAY_MS
from tests.counts import NOON

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nContent-Type: text/html\r\n\r\n404"
DEADLINE_S = 8
REQUESTS = Question(PackageName.parse("requests"), Breakdown.OVERALL)


class SlowConnections:
    """An upstream that answers 404; each connection takes `delay_s` on the clock of the rate limit."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.asked = 0
        self.lag_s = 0.0
        self.over = asyncio.Event()

    def clock(self) -> float:
        """Seconds since 1970, including all delays so far."""
        return NOON.timestamp() + self.lag_s

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Accept one connection and answer one request."""
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


async def next_call_s(
    slow: SlowConnections, limit: RateLimit, expected: type[Problem] = UnknownPackage
) -> float:
    """Make a call; returns when the next one is permitted, in seconds after this one began."""
    async with await asyncio.start_server(slow.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings.from_environ({"PYPISTATS_URL": f"http://127.0.0.1:{port}"})
        source = PypistatsSource(settings, lambda _: limit, utc_now)
        began = slow.clock()
        deadline = asyncio.get_running_loop().time() + DEADLINE_S
        async for _, answer in source.fetch([REQUESTS], deadline, ask_nothing):
            assert isinstance(answer, expected)
        await source.aclose()
        await slow.over.wait()
        return (await limit.grant("another", float("inf"))) - began


def test_slow_connection_takes_new_reservation() -> None:
    """A reservation that expired while the call was connecting is replaced by a new one."""
    slow = SlowConnections(delay_s=20 + MAX_DELAY_MS / 1000)
    limit = RateLimit(0, 1, slow.clock)
    assert asyncio.run(next_call_s(slow, limit)) >= 20 + 62
    assert slow.asked == 1


def test_fast_connection_keeps_reservation() -> None:
    slow = SlowConnections(delay_s=0)
    limit = RateLimit(0, 1, slow.clock)
    asyncio.run(next_call_s(slow, limit))
    assert slow.asked == 1


def test_slow_connection_without_new_reservation_is_throttled() -> None:
    """No call is made if others reserved every slot in the meantime."""

    class Contended(RateLimit):
        async def grant(
            self, name: str, until: float, missed: float | None = None, *, priority: bool = False
        ) -> float:
            if missed:
                raise UpstreamThrottled(62)
            return await super().grant(name, until, priority=priority)

    slow = SlowConnections(delay_s=1)
    limit = Contended(0, 1, slow.clock)
    asyncio.run(next_call_s(slow, limit, UpstreamThrottled))
    assert slow.asked == 0
