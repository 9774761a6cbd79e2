"""Many execution environments over one table, on simulated time, whatever goes wrong around them."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from pulse.names import PackageName
from pulse.problems import Problem, UpstreamProblem, UpstreamThrottled
from pulse_io.catalogue import Catalogue
from tests.unit.pulse_io.simulated.asking import fetch, fetch_all
from tests.unit.pulse_io.simulated.world import World
from workbench.upstream.packages import DOWNLOADS_PER_DAY

PACKAGES = [PackageName.parse(name) for name in sorted(DOWNLOADS_PER_DAY)][:35]
"""More than upstream answers in a minute."""

REQUESTS = PackageName.parse("requests")


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def test_what_one_environment_fetched_every_other_has(world: World) -> None:
    async def main() -> None:
        first = await fetch(world.environment(), REQUESTS)
        assert await fetch(world.environment(), REQUESTS) == first

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1


def test_environments_that_ask_at_the_same_time_cost_one_call(world: World) -> None:
    async def main() -> None:
        supplies = await asyncio.gather(*(fetch(world.environment(), REQUESTS) for _ in range(20)))
        assert all(supply == supplies[0] for supply in supplies)

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1


def test_a_cold_start_of_all_of_them_stays_within_upstreams_limits_and_keeps_its_promises(
    world: World,
) -> None:
    async def until_had(environment: Catalogue, packages: Sequence[PackageName]) -> None:
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
            assert not (waited and len(throttled) == len(wanted)), "nothing was there by then"
            wanted = set(throttled)
            await asyncio.sleep(max(throttled.values(), default=0))

    async def client(environment: Catalogue, number: int) -> None:
        """Some packages one by one, the rest in two requests; each client others."""
        turned = PACKAGES[number * 5 :] + PACKAGES[: number * 5]
        requests = [*([package] for package in turned[:5]), turned[5:12], turned[12:]]
        await asyncio.gather(*(until_had(environment, packages) for packages in requests))

    async def main() -> None:
        await asyncio.gather(*(client(world.environment(), number) for number in range(6)))

    world.loop.run_until_complete(main())
    assert Counter(call.path for call in world.upstream.calls).most_common(1)[0][1] == 1
    assert len(world.upstream.calls) == len(PACKAGES)
    assert {call.status for call in world.upstream.calls} == {200}
    assert world.loop.time() < 62 + 8 + 14 + 8


def test_after_all_environments_died_what_was_asked_is_still_there_stale_and_then_fresh(
    world: World,
) -> None:
    async def main() -> None:
        fresh = await fetch(world.environment(), REQUESTS)
        await asyncio.sleep(24 * 3600)
        world.upstream.faults.set(["dropped"])
        stale = await fetch(world.environment(), REQUESTS)
        assert stale.stale
        assert stale.counts == fresh.counts
        world.upstream.faults.set([])
        await asyncio.sleep(10)  # a failure is kept for all
        survivor = world.environment()
        again = await fetch(survivor, REQUESTS)
        assert not again.stale
        assert again.fetched_at > fresh.fetched_at

    world.loop.run_until_complete(main())


def test_a_connection_that_the_table_has_closed_meanwhile_is_not_a_table_away(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        world.table.hanging_up = 1
        await fetch(world.environment(), REQUESTS)
        await fetch(world.environment(), REQUESTS)

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1
    assert not caplog.records


def test_while_the_table_is_away_upstream_answers(world: World) -> None:
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


def test_environment_that_dies_is_followed_when_its_lease_ends(world: World) -> None:
    async def main() -> None:
        world.upstream.faults.set(["hang:overall:requests:1"])
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


def test_those_who_wait_for_another_environment_share_its_failure(world: World) -> None:
    async def main() -> None:
        world.upstream.faults.set(["500"])
        outcomes = await asyncio.gather(
            *(fetch(world.environment(), REQUESTS) for _ in range(5)), return_exceptions=True
        )
        assert {type(one).__name__ for one in outcomes} == {"UpstreamBroken"}

    world.loop.run_until_complete(main())
    assert len(world.upstream.calls) == 1


def test_refusals_of_two_keep_all_from_asking_for_a_while(world: World) -> None:
    async def main() -> None:
        world.upstream.faults.set(["429:*:*:2"])
        for package in (REQUESTS, PACKAGES[1]):
            with pytest.raises(UpstreamThrottled):
                await fetch(world.environment(), package)
        with pytest.raises(UpstreamThrottled) as caught:
            await fetch(world.environment(), PACKAGES[0])
        assert len(world.upstream.calls) == 2
        await asyncio.sleep(caught.value.retry_after_s or 0)
        await fetch(world.environment(), PACKAGES[0])

    world.loop.run_until_complete(main())


def test_an_answer_that_is_suddenly_empty_does_not_take_the_place_of_a_good_one(
    world: World,
) -> None:
    async def main() -> None:
        fresh = await fetch(world.environment(), REQUESTS)
        await asyncio.sleep(24 * 3600)
        world.upstream.gone.add("requests")
        first, second = world.environment(), world.environment()
        for environment in (first, second):
            supply = await fetch(environment, REQUESTS)
            assert supply.stale
            assert supply.counts == fresh.counts
        assert len(world.upstream.calls) == 2

    world.loop.run_until_complete(main())
