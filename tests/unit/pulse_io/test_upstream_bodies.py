"""A large or endless response neither exhausts memory nor blocks the event loop."""

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Callable, Collection, Iterator, Mapping

import httpx
import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import UpstreamBroken
from pulse.pypistats import read_answer
from pulse.questions import Answer, Breakdown, Question
from pulse_io.settings import Settings
from pulse_io.sources.calls import LARGE_BYTES
from pulse_io.sources.pypistats import PypistatsSource
from pulse_io.sources.rate_limit import RateLimit
from tests.raw_upstream import Send, answer, bomb, raw_upstream, rows_body
from tests.unit.pulse_io.simulated.world import BEGAN, Streamed

QUESTION = Question(PackageName.parse("requests"), Breakdown.PYTHON_MINOR)
ROW = {"category": "3.13", "date": "2026-11-21", "downloads": 7}
ROOM = b" " * 3_000_000
"""Trailing spaces are valid JSON; `python_minor` may have 3.5 MB."""

GOOD = rows_body([ROW], by="python_minor")


def upstream_at(url: str, transport: httpx.AsyncBaseTransport | None = None) -> PypistatsSource:
    settings = Settings.from_environ(
        {"PYPISTATS_URL": url, "UPSTREAM_PER_SECOND": "0", "UPSTREAM_PER_MINUTE": "0"}
    )
    return PypistatsSource(settings, lambda _: RateLimit(0, 0), lambda: BEGAN, transport)


def answering(body: Streamed) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(200, stream=body))


async def ask_nothing(_: Collection[Question], __: float) -> Mapping[Question, Answer]:
    raise AssertionError("the day is known")


async def fetch(source: PypistatsSource) -> int:
    """The number of rows, or -1 if upstream is broken."""
    deadline = asyncio.get_running_loop().time() + 30
    async for _, outcome in source.fetch([QUESTION], deadline, ask_nothing):
        if isinstance(outcome, DailyCounts):
            return len(list(outcome.rows()))
        assert isinstance(outcome, UpstreamBroken)
    return -1


@pytest.fixture
def without_collection() -> Iterator[None]:
    """Switch garbage collection off, so that reference cycles stay in memory."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("send", "rows"),
    [
        (answer(GOOD + ROOM), 1),
        (answer(GOOD + ROOM + b"]"), -1),
        (answer(GOOD + 2 * ROOM), -1),
        (answer(bomb(10_000_000), "Content-Encoding: gzip"), -1),
        (answer(bomb(10_000_000), "Content-Encoding: gzip, gzip"), -1),
    ],
    ids=["good", "not JSON", "too large", "bomb", "two codings"],
)
@pytest.mark.usefixtures("without_collection")
def test_answer_leaves_no_garbage(send: Send, rows: int) -> None:
    """Memory is freed without a run of the garbage collector."""

    async def left_bytes(url: str) -> float:
        upstream = upstream_at(url)
        await fetch(upstream)  # warm up caches
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(5):
            assert await fetch(upstream) == rows
        # Ends the threads, which hold on to the body.
        await asyncio.get_running_loop().shutdown_default_executor()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await upstream.aclose()
        return (after - before) / 5

    with raw_upstream(send) as upstream:
        assert asyncio.run(left_bytes(upstream.url)) < 100_000


def test_small_chunks_do_not_block_event_loop() -> None:
    async def ticks() -> int:
        transport = answering(Streamed(GOOD, chunk_bytes=1))
        upstream = upstream_at("http://upstream.invalid", transport)
        fetching = asyncio.create_task(fetch(upstream))
        ticks = 0
        while not fetching.done():
            await asyncio.sleep(0)
            ticks += 1
        assert fetching.result() == 1
        return ticks

    assert asyncio.run(ticks()) >= len(GOOD)


@pytest.mark.parametrize(("more", "elsewhere"), [(0, False), (LARGE_BYTES, True)])
def test_large_body_is_parsed_in_a_thread(
    monkeypatch: pytest.MonkeyPatch, more: int, elsewhere: bool
) -> None:
    threads = []

    def noting(read: Callable[..., object]) -> Callable[..., object]:
        def note(*args: object) -> object:
            threads.append(threading.get_ident())
            return read(*args)

        return note

    monkeypatch.setattr("pulse_io.sources.pypistats.read_answer", noting(read_answer))
    transport = answering(Streamed(GOOD + b" " * more))
    assert asyncio.run(fetch(upstream_at("http://upstream.invalid", transport))) == 1
    assert (threads != [threading.get_ident()]) is elsewhere
