"""Requests in all situations that the table knows, and what each of them asks of it.

Every request is made by a real library, as an execution environment has one, with the limits of upstream
that a stack has. Figures and day are the same in every run. What depends on how long things take is how
often a lease is renewed, how often one who waits looks whether it is over, and which reads are one operation.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable
from typing import Final

from pulse.names import PackageName
from pulse.pypistats import Endpoint
from pulse_io.library import Library
from workbench.upstream import StandIn
from workbench.upstream.packages import DOWNLOADS_PER_DAY

from .metered_world import NOW, Ask, Cost, World
from .table import create_table

TYPICAL: Final = PackageName.parse("requests")
UNKNOWN: Final = PackageName.parse("no-such-package")
SLOW_MS: Final = 1000
"""How long upstream takes where an environment is to wait for another's call."""

ENDPOINTS: Final = (Endpoint.OVERALL, Endpoint.SYSTEM, Endpoint.PYTHON_MINOR)

_POLL_S: Final = 0.01


async def costs(dynamodb_url: str, compared: int) -> list[Cost]:
    """What requests cost; comparisons are of so many packages.

    The process's own environment has to have credentials, as of `local_account`: the client looks there.
    """
    with (
        StandIn(now=NOW, limits=False) as quick,
        StandIn(now=NOW, limits=False, latency_ms=SLOW_MS) as slow,
    ):

        def world(upstream: StandIn = quick) -> World:
            return World(dynamodb_url, create_table(dynamodb_url), upstream.url)

        return [
            *[cost for one in ENDPOINTS for cost in await _of_one_package(world(), one)],
            *await _of_an_unknown_package(world()),
            *await _of_a_throttled_one(world()),
            *await _of_a_comparison(world(), compared),
            *await _of_two_at_once(world(slow)),
        ]


def _fetching(endpoint: Endpoint, package: PackageName = TYPICAL) -> Ask:
    return lambda library: library.fetch(package, endpoint)


async def _of_one_package(world: World, endpoint: Endpoint) -> list[Cost]:
    ask = _fetching(endpoint)
    async with (
        world.environment() as first,
        world.environment() as second,
        world.environment(dt.timedelta(days=1)) as next_day,
    ):
        nobody = await first.cost(f"`{endpoint}`: nobody has it", ask)
        return [
            await first.cost(f"`{endpoint}`: fresh in memory", ask),
            await second.cost(f"`{endpoint}`: fresh in the table", ask),
            nobody,
            await next_day.cost(f"`{endpoint}`: gone stale in the table", ask),
        ]


async def _of_an_unknown_package(world: World) -> list[Cost]:
    ask = _fetching(Endpoint.OVERALL, UNKNOWN)
    async with world.environment() as first, world.environment() as second:
        return [
            await first.cost("unknown package: asked for first", ask),
            await second.cost("unknown package: remembered in the table", ask),
        ]


async def _of_a_throttled_one(world: World) -> list[Cost]:
    await world.exhaust(Endpoint.OVERALL)
    ask = _fetching(Endpoint.OVERALL)
    async with world.environment() as one:
        return [
            await one.cost("rate limit reached: the environment finds out", ask),
            await one.cost("rate limit reached: the environment knows", ask),
        ]


async def _of_a_comparison(world: World, compared: int) -> list[Cost]:
    packages = [PackageName.parse(name) for name in list(DOWNLOADS_PER_DAY)[1 : compared + 1]]

    def ask(library: Library) -> Awaitable[object]:
        return library.fetch_all(packages, Endpoint.OVERALL)

    async with world.environment() as first, world.environment() as second:
        return [
            await first.cost(f"comparison of {compared}: nobody has them", ask),
            await second.cost(f"comparison of {compared}: fresh in the table", ask),
        ]


async def _of_two_at_once(world: World) -> list[Cost]:
    ask = _fetching(Endpoint.OVERALL)
    async with world.environment() as holder, world.environment() as waiting:
        asking = asyncio.create_task(holder.try_to(ask))
        while not any(one.name == "PutItem" for one in holder.meter.read()):  # noqa: ASYNC110 - the meter is on a thread
            await asyncio.sleep(_POLL_S)
        cost = await waiting.cost(
            f"another environment's call, of {SLOW_MS} ms, is waited for", ask
        )
        await asking
        return [cost]
