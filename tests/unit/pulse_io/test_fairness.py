"""What one package, one address or one environment does disturbs the others as little as it can."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import Problem
from pulse_io.catalogue import Catalogue
from tests.unit.pulse_io.simulated.asking import fetch, fetch_all
from tests.unit.pulse_io.simulated.world import World
from workbench.upstream.packages import DOWNLOADS_PER_DAY

PACKAGES = [PackageName.parse(name) for name in sorted(DOWNLOADS_PER_DAY) if name != "__all__"][:60]
HANGING = PACKAGES[:10]
GOOD = PACKAGES[10]

Open = Callable[[World], Catalogue]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


with_and_without_table = pytest.mark.parametrize(
    "open_one",
    [World.environment, World.environment_without_table],
    ids=["with table", "without table"],
)


def run(world: World, main: Coroutine[Any, Any, None]) -> None:
    world.loop.run_until_complete(main)


async def answer(environment: Catalogue, package: PackageName) -> DailyCounts | Problem:
    try:
        return await fetch(environment, package)
    except Problem as problem:
        return problem


def hang(world: World) -> None:
    world.upstream.faults.set([f"hang:*:{package}" for package in HANGING])


async def insist(environment: Catalogue, package: PackageName) -> None:
    """Ask again and again for a package that hangs, as told."""
    while True:
        problem = await answer(environment, package)
        assert isinstance(problem, Problem)
        await asyncio.sleep(problem.retry_after_s or 1)


@with_and_without_table
def test_ten_hanging_packages_leave_the_eleventh_of_a_comparison_its_call(
    world: World, open_one: Open
) -> None:
    async def main() -> None:
        hang(world)
        answers = await fetch_all(open_one(world), [*HANGING, GOOD])
        assert isinstance(answers[GOOD], DailyCounts)

    run(world, main())
    assert world.upstream.refused == 0


def test_ten_hanging_packages_leave_the_eleventh_its_call_without_limits(world: World) -> None:
    async def main() -> None:
        hang(world)
        world.settings = world.settings.model_copy(
            update={"upstream_per_second": 0, "upstream_per_minute": 0}
        )
        world.upstream.conduct.limits.switch(on=False)
        answers = await fetch_all(world.environment_without_table(), [*HANGING, GOOD])
        assert isinstance(answers[GOOD], DailyCounts)

    run(world, main())


@with_and_without_table
@pytest.mark.parametrize("after_s", [1, 6, 10, 17])
def test_ten_clients_on_hanging_packages_leave_others_their_calls(
    world: World, open_one: Open, after_s: float
) -> None:
    async def main() -> None:
        hang(world)
        environment = open_one(world)
        insisting = [asyncio.create_task(insist(environment, one)) for one in HANGING]
        await asyncio.sleep(after_s)
        assert isinstance(await answer(environment, GOOD), DailyCounts)
        for task in insisting:
            task.cancel()

    run(world, main())
    assert world.upstream.refused == 0


@with_and_without_table
@pytest.mark.parametrize("after_s", [30, 50, 75])
def test_clients_that_insist_on_hanging_packages_leave_others_a_reservation(
    world: World, open_one: Open, after_s: float
) -> None:
    """They may take all calls of a minute, of which none is in vain for upstream."""

    async def main() -> None:
        hang(world)
        environment = open_one(world)
        insisting = [asyncio.create_task(insist(environment, one)) for one in HANGING]
        await asyncio.sleep(after_s)
        told = await answer(environment, GOOD)
        if isinstance(told, Problem):
            assert told.retry_after_s
            assert told.retry_after_s <= 72
            await asyncio.sleep(told.retry_after_s)
            assert isinstance(await answer(environment, GOOD), DailyCounts)
        for task in insisting:
            task.cancel()

    run(world, main())
    assert world.upstream.refused == 0
