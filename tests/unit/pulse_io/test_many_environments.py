"""Many execution environments with one table, on simulated time, with all kinds of failures."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from pulse.names import PackageName
from pulse.problems import Problem, UpstreamProblem, UpstreamThrottled
from pulse_io.catalogue import Catalogue
from tests.unit.pulse_io.simulated.asking import fetch, fetch_all
from tests.unit.pulse_io.simulated.world import World
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

PACKAGES = [PackageName.parse(name) for name in sorted(DOWNLOADS_PER_DAY)][:35]
"""More than upstream answers in a minute."""

REQUESTS = PackageName.parse("requests")


def test_environments_share_fetched_counts(world: World) -> None:
    async def main() -> None:
        first = await fetch(world.environment(), REQUESTS)
        assert await fetch(world.environment(), REQUESTS) == first

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1


def test_concurrent_environments_make_one_call(world: World) -> None:
    async def main() -> None:
        answers = await asyncio.gather(*(fetch(world.environment(), REQUESTS) for _ in range(20)))
        assert all(answer == answers[0] for answer in answers)

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1


def test_simultaneous_cold_starts_stay_within_limits(
    world: World,
) -> None:
    """Each Retry-After that was given is kept, too."""

    async def fetch_until_complete(environment: Catalogue, packages: Sequence[PackageName]) -> None:
        wanted = set(packages)
        while wanted:
            outcomes = await fetch_all(environment, sorted(wanted))
            throttled = {
                package: problem.retry_after_s or 0
                for package, problem in outcomes.items()
                if isinstance(problem, UpstreamThrottled)
            }
            others = {one for one in outcomes.values() if isinstance(one, Problem)}
            assert len(others) == len(throttled), others
            waited = wanted != set(packages)
            assert not (waited and len(throttled) == len(wanted)), "no call was made by then"
            wanted = set(throttled)
            await asyncio.sleep(max(throttled.values(), default=0))

    async def client(environment: Catalogue, number: int) -> None:
        """Some packages one by one, the rest in two requests; a different mix for each client."""
        turned = PACKAGES[number * 5 :] + PACKAGES[: number * 5]
        requests = [*([package] for package in turned[:5]), turned[5:12], turned[12:]]
        await asyncio.gather(
            *(fetch_until_complete(environment, packages) for packages in requests)
        )

    async def main() -> None:
        await asyncio.gather(*(client(world.environment(), number) for number in range(6)))

    world.loop.run_until_complete(main())
    assert Counter(call.path for call in world.upstream.calls).most_common(1)[0][1] == 1
    assert len(world.upstream.calls) == len(PACKAGES)
    assert {call.status for call in world.upstream.calls} == {200}
    assert world.loop.time() < 62 + 8 + 14 + 8


def test_counts_survive_all_environments(
    world: World,
) -> None:
    """Served stale while upstream fails, then fresh."""

    async def main() -> None:
        fresh = await fetch(world.environment(), REQUESTS)
        await asyncio.sleep(24 * 3600)
        world.upstream.rules.set(["dropped"])
        stale = await fetch(world.environment(), REQUESTS)
        assert stale.stale
        assert stale.counts == fresh.counts
        world.upstream.rules.set([])
        await asyncio.sleep(10)  # failures are shared that long
        survivor = world.environment()
        again = await fetch(survivor, REQUESTS)
        assert not again.stale
        assert again.fetched_at > fresh.fetched_at

    world.loop.run_until_complete(main())


def test_closed_connection_is_not_an_outage(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        world.table.hanging_up = 1
        await fetch(world.environment(), REQUESTS)
        await fetch(world.environment(), REQUESTS)

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1
    assert not caplog.records


def test_table_outage_falls_back_to_upstream(world: World) -> None:
    async def main() -> None:
        environment = world.environment()
        world.table.away = True
        assert not (await fetch(environment, REQUESTS)).stale
        assert len(world.upstream.calls) == 1
        await fetch(environment, REQUESTS)
        assert len(world.upstream.calls) == 1
        world.table.away = False
        await asyncio.sleep(24 * 3600)
        await fetch(environment, REQUESTS)
        await fetch(world.environment(), REQUESTS)
        assert len(world.upstream.calls) == 2

    world.loop.run_until_complete(main())


def test_lease_of_dead_environment_is_taken_over(world: World) -> None:
    async def main() -> None:
        world.upstream.rules.set(["hang:overall:requests:1"])
        dying = asyncio.create_task(fetch(world.environment(), REQUESTS))
        await asyncio.sleep(0.5)
        frozen = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in [dying, *frozen]:
            task.cancel()
        with pytest.raises(UpstreamProblem) as caught:
            await fetch(world.environment(), REQUESTS)
        await asyncio.sleep(caught.value.retry_after_s or 0)
        assert not (await fetch(world.environment(), REQUESTS)).stale
        assert world.loop.time() < 14 + 1

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 2


def test_waiting_environments_share_a_failure(world: World) -> None:
    async def main() -> None:
        world.upstream.rules.set(["500"])
        outcomes = await asyncio.gather(
            *(fetch(world.environment(), REQUESTS) for _ in range(5)), return_exceptions=True
        )
        assert {type(one).__name__ for one in outcomes} == {"UpstreamBroken"}

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1


def test_two_refusals_hold_back_all_environments(world: World) -> None:
    async def main() -> None:
        world.upstream.rules.set(["429:*:*:2"])
        for package in (REQUESTS, PACKAGES[1]):
            with pytest.raises(UpstreamThrottled):
                await fetch(world.environment(), package)
        with pytest.raises(UpstreamThrottled) as caught:
            await fetch(world.environment(), PACKAGES[0])
        assert len(world.upstream.calls) == 2
        await asyncio.sleep(caught.value.retry_after_s or 0)
        await fetch(world.environment(), PACKAGES[0])

    world.loop.run_until_complete(main())


def test_sudden_empty_answer_does_not_replace_counts(
    world: World,
) -> None:
    async def main() -> None:
        fresh = await fetch(world.environment(), REQUESTS)
        await asyncio.sleep(24 * 3600)
        world.upstream.gone.add("requests")
        first, second = world.environment(), world.environment()
        for environment in (first, second):
            answer = await fetch(environment, REQUESTS)
            assert answer.stale
            assert answer.counts == fresh.counts
        assert len(world.upstream.calls) == 2

    world.loop.run_until_complete(main())
