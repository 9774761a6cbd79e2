"""A run that is killed at any of its steps, and run again, leaves what an undisturbed one leaves."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from pulse.daily_counts import DAY
from tests.unit.collector.memory_table import Life, MemoryDynamo
from tests.unit.collector.simulated import CACHE, PACKAGES, YESTERDAY, CollectorWorld
from tests.unit.pulse_io.simulated.world import Call, SimulatedUpstream, Streamed

DAYS = 3


class SmallUpstream(SimulatedUpstream):
    """Its answers have a few rows, so that thousands of runs are quick."""

    async def _process(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        _, _, _, package, endpoint = path.split("/")
        call = Call(asyncio.get_running_loop().time(), path)
        self.calls.append(call)
        await asyncio.sleep(0.2)
        rows = [
            {"category": category, "date": str(day), "downloads": len(package) * day.day}
            for category in ("null", endpoint)
            for day in (YESTERDAY - ago * DAY for ago in range(DAYS))
        ]
        body = {"data": rows, "package": package, "type": f"{endpoint}_downloads"}
        headers = {"X-Pulse-Source": "simulated"}
        stream = Streamed(json.dumps(body).encode())
        return httpx.Response(200, headers=headers, stream=stream, extensions={"call": call})


@dataclass
class Moment:
    """The world at a moment, to go back to it."""

    world: CollectorWorld

    def __post_init__(self) -> None:
        self.dynamo = self.world.dynamo.copy()
        self.time = self.world.loop.time()
        self.called = len(self.world.upstream.calls)

    def restore(self) -> None:
        self.world.dynamo = self.dynamo.copy()
        self.world.loop.freeze(self.time - self.world.loop.time())
        del self.world.upstream.calls[self.called :]


@pytest.fixture
def world() -> Iterator[CollectorWorld]:
    world = CollectorWorld()
    world.upstream = SmallUpstream(world.upstream.behaviour, world.upstream.rules)
    yield world
    world.close()


async def live(world: CollectorWorld, life: Life) -> None:
    """A run until its end or until it is killed."""
    running = asyncio.create_task(world.run(life=life))
    over = asyncio.create_task(life.over.wait())
    await asyncio.wait({running, over}, return_when=asyncio.FIRST_COMPLETED)
    if not life.over.is_set():
        await running
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def rows(dynamo: MemoryDynamo) -> set[str]:
    """The paths of calls whose answers are in the cache."""
    keys = [key for key, _ in dynamo.tables.get(CACHE, {}) if key.startswith("rows#")]
    return {
        f"/api/packages/{package}/{one}" for _, one, package in (key.split("#") for key in keys)
    }


def test_run_that_is_killed_at_any_step_is_made_good(world: CollectorWorld) -> None:
    """Each package is begun again and again, and killed one step later each time.

    When it is collected, the next one follows, in the state that the last killed run has left. Only a call
    whose answer was not written yet is repeated.
    """

    async def main() -> None:
        start = Moment(world)
        world.tracked = tuple(PACKAGES)
        await live(world, Life())
        history, progress = await world.history(), await world.progress()
        start.restore()
        for number, package in enumerate(PACKAGES, 1):
            world.tracked = tuple(PACKAGES[:number])
            before = Moment(world)
            await live(world, undisturbed := Life())
            for step in range(1, undisturbed.steps + 1):
                before.restore()
                await live(world, Life(step))
                stored = rows(world.dynamo)
                await live(world, Life())
                calls = Counter(world.calls()[before.called :])
                assert not {path for path, count in calls.items() if count > 1} & stored, step
                assert max(calls.values()) <= 2, step
                kept = await world.history([package])
                assert kept == {one: history[one] for one in kept}, step
                assert (await world.progress())[package] == progress[package], step
        assert (await world.history(), await world.progress()) == (history, progress)
        assert all(history.values())

    world.loop.run_until_complete(main())
