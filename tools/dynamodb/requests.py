"""Requests in all situations that the table knows, and what each of them asks of it.

Every request is made by a real catalogue, as an execution environment has one, with the limits of upstream
that a stack has. Figures and day are the same in every run. What depends on how long things take is how
often an environment that waits for another looks whether it is done, and how often two of them want the
rate limit at the same time.
"""

import asyncio
import datetime as dt
from typing import Final

from pulse.names import PackageName
from pulse.questions import Breakdown, Question
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

from .metered_world import NOW, Cost, World

TYPICAL: Final = PackageName.parse("requests")
OTHER: Final = PackageName.parse("flask")
UNKNOWN: Final = PackageName.parse("no-such-package")
SLOW_MS: Final = 1000
"""How long upstream takes where an environment is to wait for another's call."""

BREAKDOWNS: Final = (Breakdown.OVERALL, Breakdown.SYSTEM, Breakdown.PYTHON_MINOR)

NEXT_DAY: Final = NOW + dt.timedelta(days=1)

_POLL_S: Final = 0.01


async def costs(dynamodb_url: str, compared: int) -> list[Cost]:
    """What requests cost; comparisons are of so many packages.

    The process's own environment has to have credentials, as of `local_account`: the client looks there.
    """
    with (
        FakePypistats(now=NOW, limits=False) as quick,
        FakePypistats(now=NOW, limits=False, rules=[f"delay={SLOW_MS}"]) as slow,
        FakePypistats(now=NEXT_DAY, limits=False) as next_day,
    ):

        def world(upstream: FakePypistats = quick) -> World:
            return World.new(dynamodb_url, upstream.url)

        return [
            *[
                cost
                for one in BREAKDOWNS
                for cost in await _of_one_package(world(), next_day.url, one)
            ],
            *await _of_an_unknown_package(world()),
            *await _of_a_throttled_one(world()),
            *await _of_a_comparison(world(), compared),
            *await _of_two_at_once(world(slow)),
        ]


async def _of_one_package(world: World, next_day_url: str, breakdown: Breakdown) -> list[Cost]:
    asked, other = [Question(TYPICAL, breakdown)], [Question(OTHER, breakdown)]
    async with (
        world.environment() as first,
        world.environment() as second,
        world.at(NEXT_DAY, next_day_url).environment() as next_day,
    ):
        nobody = await first.cost(f"`{breakdown}`: nobody has it", asked)
        another = await first.cost(
            f"`{breakdown}`: nobody has it, and no other called since", other
        )
        return [
            await first.cost(f"`{breakdown}`: fresh in memory", asked),
            await second.cost(f"`{breakdown}`: fresh in the table", asked),
            nobody,
            another,
            await next_day.cost(f"`{breakdown}`: gone stale in the table", asked),
        ]


async def _of_an_unknown_package(world: World) -> list[Cost]:
    asked = [Question(UNKNOWN, Breakdown.OVERALL)]
    async with world.environment() as first, world.environment() as second:
        return [
            await first.cost("unknown package: asked for first", asked),
            await second.cost("unknown package: remembered in the table", asked),
        ]


async def _of_a_throttled_one(world: World) -> list[Cost]:
    await world.exhaust(Breakdown.OVERALL)
    asked = [Question(TYPICAL, Breakdown.OVERALL)]
    async with world.environment() as one:
        return [
            await one.cost("rate limit reached: the environment finds out", asked),
            await one.cost("rate limit reached: the environment knows", asked),
        ]


async def _of_a_comparison(world: World, compared: int) -> list[Cost]:
    packages = [PackageName.parse(name) for name in list(DOWNLOADS_PER_DAY)[1 : compared + 1]]
    asked = [Question(package, Breakdown.OVERALL) for package in packages]
    async with world.environment() as first, world.environment() as second:
        return [
            await first.cost(f"comparison of {compared}: nobody has them", asked),
            await second.cost(f"comparison of {compared}: fresh in the table", asked),
        ]


async def _of_two_at_once(world: World) -> list[Cost]:
    asked = [Question(TYPICAL, Breakdown.OVERALL)]
    async with world.environment() as holder, world.environment() as waiting:
        asking = asyncio.create_task(holder.ask(asked))
        while "PutItem" not in holder.meter.names:  # noqa: ASYNC110 - the meter is on a thread
            await asyncio.sleep(_POLL_S)
        cost = await waiting.cost(
            f"another environment's call, of {SLOW_MS} ms, is waited for", asked
        )
        await asking
        return [cost]
