"""Many execution environments that ask ClickHouse within one limit, on simulated time."""

import asyncio
import datetime as dt
import gzip
import math
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from pulse.daily_counts import DailyCounts
from pulse.problems import (
    Problem,
    UnknownPackage,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.questions import Answer, View
from pulse_io.catalogue import Catalogue
from tests.unit.pulse_io.simulated.clickhouse import (
    YESTERDAY,
    SimulatedClickHouse,
    open_source,
    open_source_without_table,
    question,
    refused,
)
from tests.unit.pulse_io.simulated.world import Streamed, World

Open = Callable[[World, httpx.AsyncBaseTransport, int], Catalogue]
with_and_without_table = pytest.mark.parametrize(
    "open_one", [open_source, open_source_without_table], ids=["with table", "without table"]
)

PER_HOUR = 40
NEXT_QUERY_S = 3600 / 31
"""Between two queries, once the first ten are used up."""

ENVIRONMENTS = 40
PACKAGES = 2_000


async def ask(environment: Catalogue, *names: str) -> Answer:
    """The answer to the first question of a request about these packages."""
    questions = [question(name) for name in names]
    return (await environment.fetch_all(questions))[questions[0]]


def test_2000_packages_from_40_environments(
    world: World, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each client asks for another package within an hour, and comes back when it is told to, once."""
    # pytest prints this seed at its start, and --hypothesis-seed sets it.
    chance = random.Random(int(pytestconfig.option.hypothesis_seed))  # noqa: S311 - not a secret
    server = SimulatedClickHouse()
    waited: list[int] = []
    visits: Counter[int] = Counter()

    async def client(environment: Catalogue, number: int) -> None:
        await asyncio.sleep(chance.uniform(0, 3600))
        told_s: list[int] = []
        while not isinstance(answer := await ask(environment, f"package-{number}"), DailyCounts):
            assert isinstance(answer, UpstreamThrottled)
            assert answer.reserved is None
            told_s.append(answer.retry_after_s or 0)
            await asyncio.sleep(told_s[-1])
        visits[len(told_s) + 1] += 1
        waited.append(sum(told_s))

    async def main() -> None:
        environments = [open_source(world, server, PER_HOUR) for _ in range(ENVIRONMENTS)]
        await asyncio.gather(
            *(client(environments[number % ENVIRONMENTS], number) for number in range(PACKAGES))
        )

    world.loop.run_until_complete(main())
    waited.sort()
    table = {
        "clients, each with a package of its own": PACKAGES,
        "execution environments": ENVIRONMENTS,
        "queries": len(server.queries),
        "most queries in an hour": server.most_in_an_hour(),
        "packages in a query, the most": max(server.packages),
        "answered at once": visits[1],
        "answered when they came back as told": visits[2],
        "told to come back a second time": sum(visits.values()) - visits[1] - visits[2],
        "longest Retry-After, in seconds": waited[-1],
        "median Retry-After, in seconds": waited[PACKAGES // 2],
    }
    with capsys.disabled():
        lines = [f"  {name:<40}{value:>8,}" for name, value in table.items()]
        print("", *lines, sep="\n")  # noqa: T201 - the table that the test is for
    assert server.most_in_an_hour() <= PER_HOUR
    assert visits[1] + visits[2] == PACKAGES
    assert waited[-1] <= math.ceil(NEXT_QUERY_S)
    assert sum(server.packages) == PACKAGES


def test_comparison_of_fifty_is_one_query(world: World) -> None:
    server = SimulatedClickHouse()
    world.loop.run_until_complete(
        ask(open_source(world, server), *(f"package-{number}" for number in range(50)))
    )
    assert server.packages == [50]


def test_concurrent_environments_make_one_query(world: World) -> None:
    server = SimulatedClickHouse()

    async def main() -> None:
        answers = await asyncio.gather(
            *(ask(open_source(world, server), "requests") for _ in range(20))
        )
        assert all(answer == answers[0] for answer in answers)
        assert isinstance(answers[0], DailyCounts)

    world.loop.run_until_complete(main())
    assert server.packages == [1]


@with_and_without_table
def test_waiting_questions_ride_along(world: World, open_one: Open) -> None:
    """The first client to come back makes the query for all; the others find their answers."""
    server = SimulatedClickHouse()

    async def main() -> None:
        environment = open_one(world, server, 4)
        assert isinstance(await ask(environment, "first"), DailyCounts)
        told = [await ask(environment, name) for name in ("one", "two", "three")]
        waits = [one.retry_after_s or 0 for one in told if isinstance(one, UpstreamThrottled)]
        assert waits == [900, 900, 900]
        await asyncio.sleep(900)
        answers = await asyncio.gather(*(ask(environment, name) for name in ("two", "one")))
        assert all(isinstance(answer, DailyCounts) for answer in answers)
        assert isinstance(await ask(environment, "three"), DailyCounts)

    world.loop.run_until_complete(main())
    assert server.packages == [1, 3]


def test_oldest_batch_is_asked_first(world: World) -> None:
    """Another kind's question comes first to the moment; the promise to the older one is kept."""
    server = SimulatedClickHouse()
    other = question("other", View(start=dt.date(2025, 1, 1), mirrors=True))

    async def main() -> None:
        environment = open_source(world, server, 4)
        await ask(environment, "first")
        throttled = await ask(environment, "waiting")
        assert isinstance(throttled, UpstreamThrottled)
        await asyncio.sleep(throttled.retry_after_s or 0)
        stranger = (await open_source(world, server, 4).fetch_all([other]))[other]
        assert isinstance(stranger, UpstreamThrottled)
        assert isinstance(await ask(environment, "waiting"), DailyCounts)
        await asyncio.sleep(stranger.retry_after_s or 0)
        assert isinstance((await environment.fetch_all([other]))[other], DailyCounts)

    world.loop.run_until_complete(main())
    assert server.packages == [1, 1, 1]


@with_and_without_table
def test_answers_are_kept_until_the_data_move_on(world: World, open_one: Open) -> None:
    """A stalled load: one query an hour finds out, and the other packages stay as they are."""
    server = SimulatedClickHouse(newest=YESTERDAY - dt.timedelta(days=3))

    async def main() -> None:
        environment = open_one(world, server, 40)
        names = ["one", "two", "three", "four"]
        await ask(environment, *names)
        await asyncio.sleep(3700)
        for name in names:
            answer = await ask(environment, name)
            assert isinstance(answer, DailyCounts)
            assert not answer.stale
        assert server.packages == [4, 1]
        server.newest = YESTERDAY
        await asyncio.sleep(3700)
        for name in names:
            answer = await ask(environment, name)
            assert isinstance(answer, DailyCounts)
            assert answer.as_of == YESTERDAY
        assert server.packages == [4, 1, 1, 1, 1, 1]

    world.loop.run_until_complete(main())


def test_other_environments_know_the_newest_day(world: World) -> None:
    server = SimulatedClickHouse(newest=YESTERDAY - dt.timedelta(days=3))

    async def main() -> None:
        await ask(open_source(world, server), "one", "two")
        await asyncio.sleep(3700)
        await ask(open_source(world, server), "one")
        assert isinstance(await ask(open_source(world, server), "two"), DailyCounts)

    world.loop.run_until_complete(main())
    assert server.packages == [2, 1]


@with_and_without_table
def test_used_up_quota_closes_until_it_says(world: World, open_one: Open) -> None:
    """And what is kept is served as stale."""
    server = SimulatedClickHouse(newest=YESTERDAY - dt.timedelta(days=3))

    async def main() -> None:
        environment = open_one(world, server, 40)
        kept = await ask(environment, "kept")
        await asyncio.sleep(3700)
        server.failures = [refused(201, "Interval will end at 2026-11-22 13:30:00.")]
        told = await ask(environment, "asked")
        assert isinstance(told, UpstreamThrottled)
        assert told.retry_after_s == pytest.approx(1699, abs=2)
        stale = await ask(environment, "kept")
        assert isinstance(kept, DailyCounts)
        assert isinstance(stale, DailyCounts)
        assert (stale.stale, stale.counts) == (True, kept.counts)
        assert len(server.queries) == 2
        await asyncio.sleep(told.retry_after_s or 0)
        assert isinstance(await ask(environment, "asked"), DailyCounts)

    world.loop.run_until_complete(main())


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        (httpx.ConnectError("refused"), UpstreamUnreachable),
        (httpx.ReadTimeout("slow"), UpstreamTooSlow),
        (httpx.Response(200, stream=Streamed(b"Ok.")), UpstreamBroken),
        (httpx.Response(502, stream=Streamed(b"Bad gateway")), UpstreamBroken),
    ],
    ids=repr,
)
def test_failing_server_is_left_alone(
    world: World, failure: httpx.Response | Exception, problem: type[Problem]
) -> None:
    server = SimulatedClickHouse(failures=[failure])

    async def main() -> None:
        environment = open_source(world, server)
        told = await ask(environment, "one")
        assert type(told) is problem
        assert isinstance(told, UpstreamProblem)
        assert "ClickHouse" in told.detail
        assert told.retry_after_s == 10
        elsewhere = await ask(open_source(world, server), "two")
        assert isinstance(elsewhere, UpstreamThrottled)
        assert len(server.queries) == 1
        await asyncio.sleep(10)
        assert isinstance(await ask(environment, "one"), DailyCounts)
        assert isinstance(await ask(environment, "two"), DailyCounts)

    world.loop.run_until_complete(main())
    assert server.packages == [1, 2]


@with_and_without_table
def test_slow_answer_is_stored_when_it_comes(world: World, open_one: Open) -> None:
    """A query can't be cancelled; meanwhile it is not made again."""
    server = SimulatedClickHouse(latency_s=30)

    async def main() -> None:
        environment = open_one(world, server, 40)
        told = await ask(environment, "slow")
        assert isinstance(told, UpstreamTooSlow)
        assert world.loop.time() == pytest.approx(8, abs=0.5)
        assert isinstance(await ask(environment, "slow"), UpstreamTooSlow)
        await asyncio.sleep(30)
        assert isinstance(await ask(environment, "slow"), DailyCounts)

    world.loop.run_until_complete(main())
    assert server.packages == [1]


def test_frozen_environment_is_no_failure_of_the_server(world: World) -> None:
    """Lambda froze it while it waited for an answer; others ask as soon as they like."""
    server = SimulatedClickHouse(latency_s=80)

    async def main() -> None:
        assert isinstance(await ask(open_source(world, server), "slow"), UpstreamTooSlow)
        world.loop.freeze(100)
        await asyncio.sleep(0.1)
        server.latency_s = 0.1
        assert isinstance(await ask(open_source(world, server), "other"), DailyCounts)

    world.loop.run_until_complete(main())


def test_closed_connection_is_opened_again(world: World) -> None:
    server = SimulatedClickHouse(failures=[httpx.RemoteProtocolError("it was idle for too long")])
    answer = world.loop.run_until_complete(ask(open_source(world, server), "one"))
    assert isinstance(answer, DailyCounts)


def test_without_the_table_there_is_a_tenth_of_the_queries(world: World) -> None:
    server = SimulatedClickHouse()
    world.table.away = True

    async def client(environment: Catalogue, number: int) -> None:
        await asyncio.sleep(number * 36)
        await ask(environment, f"package-{number}")

    async def main() -> None:
        environment = open_source(world, server, PER_HOUR)
        await asyncio.gather(*(client(environment, number) for number in range(100)))

    world.loop.run_until_complete(main())
    assert len(server.queries) == PER_HOUR // 10


def test_no_limit(world: World) -> None:
    server = SimulatedClickHouse()

    async def main() -> None:
        environment = open_source(world, server, 0)
        for number in range(100):
            assert isinstance(await ask(environment, f"package-{number}"), DailyCounts)

    world.loop.run_until_complete(main())
    assert len(server.queries) == 100


def test_unknown_package_is_remembered(world: World) -> None:
    server = SimulatedClickHouse()

    async def main() -> None:
        environment = open_source(world, server)
        for _ in range(2):
            assert isinstance(await ask(environment, "no-such-package"), UnknownPackage)

    world.loop.run_until_complete(main())
    assert len(server.queries) == 1


class BrokenOff(Streamed):
    """A body of which half comes, before the connection is lost."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"meta": ['
        raise httpx.ReadError("lost")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, stream=BrokenOff(b"")),
        httpx.Response(
            200, headers={"content-encoding": "gzip"}, stream=Streamed(gzip.compress(b"{}")[:-9])
        ),
        httpx.Response(200, headers={"content-encoding": "br"}, stream=Streamed(b"{}")),
        httpx.Response(200, stream=Streamed(b" " * 40_000_000)),
        httpx.Response(200, stream=Streamed(b"")),
        httpx.Response(302, headers={"location": "/play"}, stream=Streamed(b"")),
    ],
    ids=["broken off", "half a gzip", "brotli", "far too large", "empty", "redirect"],
)
def test_half_an_answer_is_no_answer(world: World, answer: httpx.Response) -> None:
    server = SimulatedClickHouse(failures=[answer])
    told = world.loop.run_until_complete(ask(open_source(world, server), "one"))
    assert isinstance(told, UpstreamBroken)
    assert len(server.queries) == 1


def test_numbers_of_another_server_are_no_answer(world: World) -> None:
    """It answers with what pypistats.org would."""
    body = (
        b'{"data":[{"category":"with_mirrors","date":"2026-11-21","downloads":7}],"package":"one"}'
    )
    server = SimulatedClickHouse(failures=[httpx.Response(200, stream=Streamed(body))])
    told = world.loop.run_until_complete(ask(open_source(world, server), "one"))
    assert isinstance(told, UpstreamBroken)
