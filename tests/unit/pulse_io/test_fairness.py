"""A single package, address or environment disturbs others as little as possible."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import Problem, UpstreamThrottled
from pulse.request_log import open_request_log
from pulse_io.catalogue import Catalogue
from tests.unit.pulse_io.simulated.asking import fetch, fetch_all
from tests.unit.pulse_io.simulated.world import World, with_and_without_table
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

PACKAGES = [PackageName.parse(name) for name in sorted(DOWNLOADS_PER_DAY) if name != "__all__"][:60]
HANGING = PACKAGES[:10]
GOOD = PACKAGES[10]
DAY_S = 24 * 3600
MOST_RETURNS = 12

Open = Callable[[World], Catalogue]


def run(world: World, main: Coroutine[Any, Any, None]) -> None:
    world.loop.run_until_complete(main)


async def answer(environment: Catalogue, package: PackageName) -> DailyCounts | Problem:
    try:
        return await fetch(environment, package)
    except Problem as problem:
        return problem


def hang(world: World) -> None:
    world.upstream.rules.set([f"hang:*:{package}" for package in HANGING])


async def insist(environment: Catalogue, package: PackageName) -> None:
    """Request a hanging package again and again, after each `Retry-After`."""
    while True:
        problem = await answer(environment, package)
        assert isinstance(problem, Problem)
        await asyncio.sleep(problem.retry_after_s or 1)


@with_and_without_table
def test_hanging_packages_leave_others_of_a_comparison_their_call(
    world: World, open_one: Open
) -> None:
    async def main() -> None:
        hang(world)
        answers = await fetch_all(open_one(world), [*HANGING, GOOD])
        assert isinstance(answers[GOOD], DailyCounts)

    run(world, main())
    assert world.upstream.refused == 0


def test_hanging_packages_leave_places_without_limits(world: World) -> None:
    async def main() -> None:
        hang(world)
        world.settings = world.settings.model_copy(
            update={"upstream_per_second": 0, "upstream_per_minute": 0}
        )
        world.upstream.behaviour.limits.switch(on=False)
        answers = await fetch_all(world.environment_without_table(), [*HANGING, GOOD])
        assert isinstance(answers[GOOD], DailyCounts)

    run(world, main())


@with_and_without_table
@pytest.mark.parametrize("after_s", [1, 6, 10, 17])
def test_clients_of_hanging_packages_leave_others_their_calls(
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
def test_retries_of_hanging_packages_leave_others_a_reservation(
    world: World, open_one: Open, after_s: float
) -> None:
    """Their retries may take all calls of a minute."""

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


async def attack(environments: Sequence[Catalogue], names: int, pause_s: float) -> None:
    """One address that requests random names."""
    rng = random.Random(12)  # noqa: S311 - the same names in every run
    asking = set()

    async def ask(environment: Catalogue) -> None:
        open_request_log(time.monotonic, "stranger", "stranger")
        unknown = [PackageName.parse(f"x{rng.getrandbits(60):x}") for _ in range(names)]
        await fetch_all(environment, unknown)

    while True:
        asking.add(asyncio.create_task(ask(rng.choice(environments))))
        await asyncio.sleep(pause_s)


async def served_after_s(environment: Catalogue, package: PackageName, client: str) -> float:
    """Seconds until a client that obeys `Retry-After` has a package."""
    open_request_log(time.monotonic, client, client)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(MOST_RETURNS):
        told = await answer(environment, package)
        if not isinstance(told, Problem):
            break
        await asyncio.sleep(told.retry_after_s or 1)
    return loop.time() - began


attacks = pytest.mark.parametrize(
    ("names", "pause_s"), [(50, 2), (5, 1)], ids=["fifty every two seconds", "five a second"]
)


def open_three(world: World, open_one: Open) -> list[Catalogue]:
    return [open_one(world) for _ in range(3 if open_one is World.environment else 1)]


@attacks
@with_and_without_table
def test_attack_leaves_patient_clients_their_calls(
    world: World, open_one: Open, names: int, pause_s: float
) -> None:
    async def main() -> None:
        environments = open_three(world, open_one)
        attacking = asyncio.create_task(attack(environments, names, pause_s))
        await asyncio.sleep(5)
        waits = []
        for number, package in enumerate(PACKAGES[:15]):
            environment = environments[number % len(environments)]
            waits.append(
                asyncio.create_task(served_after_s(environment, package, f"client-{number}"))
            )
            await asyncio.sleep(2)
        assert max(await asyncio.gather(*waits)) <= 90
        attacking.cancel()

    run(world, main())
    assert world.upstream.refused == 0


@attacks
@with_and_without_table
def test_attack_leaves_known_packages_their_refresh(
    world: World, open_one: Open, names: int, pause_s: float
) -> None:
    async def main() -> None:
        environments = open_three(world, open_one)
        known = PACKAGES[20:25]
        for environment in environments:
            await fetch_all(environment, known)
        await asyncio.sleep(DAY_S)
        attacking = asyncio.create_task(attack(environments, names, pause_s))
        await asyncio.sleep(5)
        patient = [
            asyncio.create_task(served_after_s(environments[0], one, f"client-{one}"))
            for one in PACKAGES[:11]
        ]

        async def renewed_after_s(package: PackageName) -> float:
            began = world.loop.time()
            for _ in range(MOST_RETURNS):
                if not (await fetch(environments[0], package)).stale:
                    break
                await asyncio.sleep(10)
            return world.loop.time() - began

        assert max(await asyncio.gather(*map(renewed_after_s, known))) <= 90
        assert max(await asyncio.gather(*patient)) <= 90
        attacking.cancel()

    run(world, main())
    assert world.upstream.refused == 0


@with_and_without_table
def test_single_client_gets_all_calls(world: World, open_one: Open) -> None:
    async def compare_50_s(environment: Catalogue, client: str) -> float:
        open_request_log(time.monotonic, client, client)
        began, wanted = world.loop.time(), PACKAGES[:50]
        while wanted:
            answers = await fetch_all(environment, wanted)
            told = {name: one for name, one in answers.items() if isinstance(one, Problem)}
            assert len(told) < len(wanted)
            await asyncio.sleep(max((one.retry_after_s or 0 for one in told.values()), default=0))
            wanted = list(told)
        return world.loop.time() - began

    async def main() -> None:
        unlimited_s = await compare_50_s(open_one(world), "")
        await asyncio.sleep(DAY_S)
        world.name += "-cold"
        await world.create_table()
        assert await compare_50_s(open_one(world), "alone") <= unlimited_s + 1

    run(world, main())


def test_missing_reservation_is_visible(world: World) -> None:
    async def main() -> None:
        open_request_log(time.monotonic, "many", "many")
        environment = world.environment()
        answers = await fetch_all(environment, PACKAGES[:50])
        last = [one for one in answers.values() if isinstance(one, Problem)][-1]
        assert last.details.reserved is False
        assert last.detail.endswith("No call is reserved for then.")
        open_request_log(time.monotonic, "other", "other")
        told = await answer(environment, PACKAGES[55])
        assert isinstance(told, Problem)
        assert told.details.reserved is None

    run(world, main())


def test_throttled_table_fails_closed(world: World) -> None:
    async def main() -> None:
        world.table.writes_per_second = 100
        environments = [world.environment() for _ in range(200)]
        answers = await asyncio.gather(
            *(
                answer(environment, PACKAGES[number % 60])
                for number, environment in enumerate(environments)
            )
        )
        told = [one for one in answers if isinstance(one, Problem)]
        assert told
        assert all(one.retry_after_s for one in told)
        await asyncio.sleep(60 - world.loop.time())
        assert len(world.upstream.calls) <= 30

    run(world, main())
    assert world.upstream.refused == 0


def test_throttled_table_gives_a_retry_after(world: World) -> None:
    async def main() -> None:
        world.table.writes_per_second = 0
        environment = world.environment()
        told = await answer(environment, GOOD)
        assert isinstance(told, Problem)
        assert told.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert told.retry_after_s
        assert told.details.reserved is False
        world.table.writes_per_second = 100
        await asyncio.sleep(told.retry_after_s)
        assert isinstance(await answer(environment, GOOD), DailyCounts)

    run(world, main())


def test_unavailable_table_leaves_a_small_share(world: World) -> None:
    async def main() -> None:
        environments = [world.environment() for _ in range(10)]
        world.table.away = True
        world.upstream.behaviour.limits.switch(on=False)  # each has an address of its own
        shares = [PACKAGES[number : number + 6] for number in range(10)]
        outcomes = await asyncio.gather(*map(fetch_all, environments, shares))
        served = [
            sum(isinstance(one, DailyCounts) for one in answers.values()) for answers in outcomes
        ]
        assert served == [3] * 10
        assert len(world.upstream.calls) == 30

    run(world, main())


def test_losing_the_table_exceeds_no_limit(world: World) -> None:
    async def main() -> None:
        environments = [world.environment() for _ in range(4)]
        await asyncio.gather(*(fetch_all(one, PACKAGES[:40]) for one in environments))
        world.table.away = True
        for _ in range(15):
            await asyncio.gather(*(fetch_all(one, PACKAGES[:40]) for one in environments))
            await asyncio.sleep(5)

    run(world, main())
    assert world.upstream.refused == 0


def test_no_write_without_a_free_call(world: World) -> None:
    async def main() -> None:
        environment = world.environment()
        await fetch_all(environment, [*PACKAGES, *many_more(80)])
        world.table.written = []
        await fetch_all(environment, many_more(5))
        assert world.table.written == []

    run(world, main())


def test_refusal_closes_one_environment(world: World) -> None:
    async def main() -> None:
        refused, *others = world.refused_environment(), *(world.environment() for _ in range(9))
        turns = [refused, *others] * 6
        outcomes = []
        for environment, package in zip(turns, PACKAGES, strict=True):
            outcomes.append(await answer(environment, package))
            await asyncio.sleep(3)
        served = sum(isinstance(one, DailyCounts) for one in outcomes)
        assert served == 54

    run(world, main())
    assert world.upstream.refused == 0


def test_several_refusals_close_all_environments(world: World) -> None:
    async def main() -> None:
        for package in PACKAGES[:2]:
            assert isinstance(await answer(world.refused_environment(), package), Problem)
        other = world.environment()
        told = await answer(other, GOOD)
        assert isinstance(told, UpstreamThrottled)
        assert world.upstream.asked == 0
        await asyncio.sleep(told.retry_after_s or 0)
        assert isinstance(await answer(other, GOOD), DailyCounts)

    run(world, main())


def test_reservation_of_refused_environment_holds_elsewhere(world: World) -> None:
    async def main() -> None:
        refused, other = world.refused_environment(), world.environment()
        for package in PACKAGES[:3]:
            told = await answer(refused, package)
            assert isinstance(told, UpstreamThrottled)
            assert told.details.reserved is None
            assert told.retry_after_s
            assert 50 < told.retry_after_s <= 62
        await asyncio.sleep(62)
        await fetch_all(other, many_more(40))
        for package in PACKAGES[:3]:
            assert isinstance(await answer(other, package), DailyCounts)

    run(world, main())
    assert world.upstream.refused == 0


def many_more(count: int) -> list[PackageName]:
    """Names of unknown packages."""
    return [PackageName.parse(f"no-such-package-{count}-{number}") for number in range(count)]
