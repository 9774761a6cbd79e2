"""Upstream stalls, hangs or refuses: its limits hold, and each `Retry-After` is true."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import httpx
import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import (
    THROTTLED_RETRY_AFTER_S,
    Problem,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse_io.catalogue import Catalogue
from tests.unit.pulse_io.simulated.asking import fetch, fetch_all
from tests.unit.pulse_io.simulated.world import World, with_and_without_table
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

PACKAGES = [PackageName.parse(name) for name in sorted(DOWNLOADS_PER_DAY)][:50]
DAY_S = 24 * 3600

Open = Callable[[World], Catalogue]


async def asked(environment: Catalogue, package: PackageName) -> DailyCounts | UpstreamProblem:
    try:
        return await fetch(environment, package)
    except UpstreamProblem as problem:
        return problem


async def failed(environment: Catalogue, package: PackageName) -> UpstreamProblem:
    outcome = await asked(environment, package)
    assert isinstance(outcome, UpstreamProblem), outcome
    return outcome


async def broken_waits(environment: Catalogue, packages: Sequence[PackageName]) -> list[int]:
    """Request packages until all are there. Returns each `Retry-After` that brought none of them."""
    broken, wanted, wait_s = [], list(packages), 0
    while wanted:
        await asyncio.sleep(wait_s)
        outcomes = await fetch_all(environment, wanted)
        waits = {
            package: one.retry_after_s or 0
            for package, one in outcomes.items()
            if isinstance(one, Problem)
        }
        assert all(waits.values()), outcomes
        if wait_s and len(waits) == len(wanted):
            broken.append(wait_s)
        wanted, wait_s = list(waits), max(waits.values(), default=0)
    return broken


def run(world: World, main: Coroutine[Any, Any, None]) -> None:
    world.loop.run_until_complete(main)


@with_and_without_table
@pytest.mark.parametrize(
    ("stall_s", "after_s"), [(1.5, 1.4), (1.5, 2.9), (3, 0), (3, 1.6), (6, 0.1), (12, 1.4)]
)
def test_stalled_worker_refuses_no_call(
    world: World, open_one: Open, stall_s: float, after_s: float
) -> None:
    async def main() -> None:
        asking = asyncio.create_task(broken_waits(open_one(world), PACKAGES))
        await asyncio.sleep(after_s)
        world.upstream.stall(stall_s)
        broken = await asking
        assert stall_s > world.settings.upstream_timeout_s or broken == []

    run(world, main())
    assert world.upstream.refused == 0
    assert max(Counter(call.path for call in world.upstream.calls).values()) <= 1 + (
        stall_s > world.settings.upstream_timeout_s
    )


@pytest.mark.parametrize("stall_s", [1.5, 3, 12])
def test_environments_share_slow_calls(world: World, stall_s: float) -> None:
    async def main() -> None:
        shares = [PACKAGES[number::4] for number in range(4)]
        asking = [asyncio.create_task(broken_waits(world.environment(), share)) for share in shares]
        for pause_s in (1.4, 20, 41.3):
            await asyncio.sleep(pause_s)
            world.upstream.stall(stall_s)
        await asyncio.gather(*asking)

    run(world, main())
    assert world.upstream.refused == 0


@with_and_without_table
def test_stall_costs_little_extra_time(world: World, open_one: Open) -> None:
    async def main() -> None:
        environment = open_one(world)
        asking = asyncio.create_task(fetch_all(environment, PACKAGES[:10]))
        await asyncio.sleep(0.1)
        world.upstream.stall(2)
        outcomes = await asking
        assert not [one for one in outcomes.values() if isinstance(one, Problem)]
        assert world.loop.time() < 2.1 + 0.2 + 1.5 + 0.2 + 0.5

    run(world, main())


@with_and_without_table
def test_refusal_moves_reservations(world: World, open_one: Open) -> None:
    """After a 429, a reservation is not lost and does not expire at its old moment."""

    async def main() -> None:
        environment = open_one(world)
        outcomes = await fetch_all(environment, PACKAGES[:35])
        waits = {
            package: one.retry_after_s or 0
            for package, one in outcomes.items()
            if isinstance(one, Problem)
        }
        refused, *reserved = sorted(waits, key=waits.__getitem__)[:5]
        await asyncio.sleep(waits[refused] + 1)
        world.upstream.rules.set(["429:*:*:1"])
        await failed(environment, refused)
        for package in reserved:  # at this environment; at others they are as told before
            await failed(environment, package)
        await asyncio.sleep(THROTTLED_RETRY_AFTER_S)
        # Others want more than there is before these come.
        flood = [PackageName.parse(f"no-such-package-{number}") for number in range(40)]
        await fetch_all(environment, flood)
        served = [await asked(environment, package) for package in reserved]
        assert {type(one) for one in served} == {DailyCounts}

    run(world, main())


@with_and_without_table
def test_retry_after_is_true_across_a_refusal(world: World, open_one: Open) -> None:
    async def main() -> None:
        environment = open_one(world)
        outcomes = await fetch_all(environment, PACKAGES[:50])
        waits = {
            package: one.retry_after_s or 0
            for package, one in outcomes.items()
            if isinstance(one, Problem)
        }
        await asyncio.sleep(min(waits.values()) - 1)
        world.upstream.rules.set(["429:*:*:1"])
        await failed(environment, next(iter(waits)))
        closed_at = world.loop.time()

        async def come_back(package: PackageName, wait_s: int) -> None:
            await asyncio.sleep(wait_s)
            outcome = await asked(environment, package)
            if isinstance(outcome, UpstreamProblem):
                wait_s = outcome.retry_after_s or 0
                assert world.loop.time() + wait_s >= closed_at + THROTTLED_RETRY_AFTER_S
                await asyncio.sleep(wait_s)
                outcome = await asked(environment, package)
            assert isinstance(outcome, DailyCounts)

        left = [(package, max(0, wait - min(waits.values()))) for package, wait in waits.items()]
        await asyncio.gather(*(come_back(*one) for one in left))

    run(world, main())
    assert world.upstream.refused == 1


@with_and_without_table
def test_waiting_calls_are_not_made_after_a_refusal(world: World, open_one: Open) -> None:
    async def main() -> None:
        world.upstream.rules.set(["429:*:*:1"])
        await fetch_all(open_one(world), PACKAGES[:20])

    run(world, main())
    assert len(world.upstream.calls) == 5


@with_and_without_table
def test_freeze_is_not_held_against_upstream(world: World, open_one: Open) -> None:
    """Lambda freezes an environment after its answer; timeouts of calls that go on are overdue then."""

    async def main() -> None:
        environment = open_one(world)
        world.upstream.rules.set(["hang"])
        unfinished = asyncio.create_task(asked(environment, PACKAGES[0]))
        await asyncio.sleep(2)
        world.loop.freeze(600)
        world.upstream.rules.set([])
        outcome = await asked(environment, PACKAGES[1])
        assert isinstance(outcome, DailyCounts)
        assert isinstance(await unfinished, UpstreamProblem)

    run(world, main())


@with_and_without_table
@pytest.mark.parametrize(
    ("fault", "kind", "took_s"),
    [("hang", UpstreamTooSlow, 8), ("dropped", UpstreamBroken, 0.5)],
)
def test_failure_holds_off_all_packages(
    world: World, open_one: Open, fault: str, kind: type[UpstreamProblem], took_s: float
) -> None:
    async def main() -> None:
        environment = open_one(world)
        known, *others = PACKAGES[:4]
        await fetch(environment, known)
        await asyncio.sleep(DAY_S)
        world.upstream.rules.set([fault])
        began = world.loop.time()
        assert type(await failed(environment, others[0])) is kind
        assert world.loop.time() - began <= took_s + 0.1
        asked_so_far, failed_at = world.upstream.asked, world.loop.time()
        for package in others[1:]:
            problem = await failed(environment, package)
            assert type(problem) is kind
            assert 9 <= (problem.retry_after_s or 0) <= 11
        stale = await asked(environment, known)
        assert isinstance(stale, DailyCounts)
        assert stale.stale
        assert world.loop.time() - failed_at < 0.2
        assert world.upstream.asked == asked_so_far
        world.upstream.rules.set([])
        await asyncio.sleep(problem.retry_after_s or 0)
        assert isinstance(await asked(environment, others[1]), DailyCounts)

    run(world, main())


@with_and_without_table
def test_comparison_succeeds_after_the_hold_off(world: World, open_one: Open) -> None:
    """Each `Retry-After` is true, although upstream takes only a few calls a second."""

    async def main() -> None:
        environment = open_one(world)
        world.upstream.rules.set(["hang"])
        outcomes = await fetch_all(environment, PACKAGES[:20])
        problems = {
            package: one for package, one in outcomes.items() if isinstance(one, UpstreamTooSlow)
        }
        assert set(problems) == set(PACKAGES[:20])
        world.upstream.rules.set([])

        async def come_back(package: PackageName) -> None:
            await asyncio.sleep(problems[package].retry_after_s or 0)
            assert isinstance(await asked(environment, package), DailyCounts)

        await asyncio.gather(*map(come_back, problems))

    run(world, main())
    assert world.upstream.refused == 0


@with_and_without_table
def test_second_unusable_answer_holds_off(world: World, open_one: Open) -> None:
    async def main() -> None:
        environment = open_one(world)
        world.upstream.rules.set(["500"])
        for package in PACKAGES[:2]:
            assert isinstance(await failed(environment, package), UpstreamBroken)
        asked_so_far = world.upstream.asked
        assert isinstance(await failed(environment, PACKAGES[2]), UpstreamBroken)
        assert world.upstream.asked == asked_so_far == 2

    run(world, main())


@with_and_without_table
@pytest.mark.parametrize("fault", ["500:*:{}", "html:*:{}", "dropped:*:{}", "hang:*:{}"])
def test_failing_package_disturbs_no_other(world: World, open_one: Open, fault: str) -> None:
    async def main() -> None:
        environment = open_one(world)
        bad, *others = PACKAGES[:16]
        world.upstream.rules.set([fault.format(bad)])
        outcomes = await fetch_all(environment, [bad, *others])
        assert isinstance(outcomes.pop(bad), Problem)
        assert not [one for one in outcomes.values() if isinstance(one, Problem)]
        assert isinstance(await asked(environment, PACKAGES[20]), DailyCounts)

    run(world, main())


@with_and_without_table
@pytest.mark.parametrize("fault", ["hang:*:*:1", "dropped:*:*:1"])
def test_successful_retry_is_no_failure(world: World, open_one: Open, fault: str) -> None:
    async def main() -> None:
        environment = open_one(world)
        world.upstream.rules.set([fault])
        assert isinstance(await asked(environment, PACKAGES[0]), DailyCounts)
        assert isinstance(await asked(environment, PACKAGES[1]), DailyCounts)

    run(world, main())


def test_unreachable_upstream_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        environment = world.environment()
        first = await fetch_all(environment, PACKAGES[:20])
        assert {type(one) for one in first.values()} == {UpstreamUnreachable}
        assert world.loop.time() < 7  # each is tried twice at most, five a second

    async def refuse(*_: object) -> None:
        raise httpx.ConnectError("nobody listens")

    monkeypatch.setattr(world.upstream, "handle_async_request", refuse)
    run(world, main())


def test_hanging_upstream_is_too_slow_in_all_environments(world: World) -> None:
    async def main() -> None:
        world.upstream.rules.set(["hang"])
        one, other = world.environment(), world.environment()
        both = await asyncio.gather(failed(one, PACKAGES[0]), failed(other, PACKAGES[0]))
        assert {type(problem) for problem in both} == {UpstreamTooSlow}
        assert all(problem.retry_after_s for problem in both)

    run(world, main())
    assert len(world.upstream.calls) <= 2


def test_call_blocked_by_hanging_ones_is_too_slow(
    world: World,
) -> None:
    async def main() -> None:
        world.upstream.rules.set(["hang"])
        one, other = world.environment(), world.environment()
        many = asyncio.create_task(fetch_all(one, PACKAGES[:10]))
        await asyncio.sleep(1)
        assert isinstance(await failed(other, PACKAGES[20]), UpstreamTooSlow)
        assert {type(problem) for problem in (await many).values()} == {UpstreamTooSlow}

    run(world, main())
