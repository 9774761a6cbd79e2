"""One run: the world, the clients in it, and what came of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from workbench.runtime.machine import Machine
from workbench.upstream.control import SETTINGS_PATH

from .calls import EndpointCalls, by_endpoint, read_calls
from .client import Client, Outcomes
from .plan import STALL_EVERY_S, Plan
from .world import World, world

FIRST_STALL_S: Final = 1.2
"""While calls are under way, or about to be."""


@dataclass(frozen=True)
class Result:
    """What upstream saw, what each client got, and how often environments logged which line."""

    plan: Plan
    endpoints: Sequence[EndpointCalls]
    clients: Sequence[Outcomes]
    logged: Counter[str]


def measure(machine: Machine, plan: Plan, say: Callable[[str], None]) -> Result:
    """Run it: starts and stops all that it needs; `say` is told how far it is.

    Raises:
        NeedError: something is missing here; says what to do.
    """
    with world(machine, plan.processes, say) as running:
        say(f"{plan.processes} clients ask for {plan.packages} packages, {plan.duration_s:.0f} s")
        clients = asyncio.run(_load(running, plan))
        endpoints = by_endpoint(read_calls(running.upstream))
        return Result(plan, endpoints, clients, running.logged())


async def _load(running: World, plan: Plan) -> list[Outcomes]:
    clients = [
        Client(running.environments, plan.names, plan.duration_s, seed=f"{plan.seed}/{number}")
        for number in range(plan.processes)
    ]
    stalling = asyncio.create_task(_stall_now_and_then(running.upstream, plan.stall_s))
    async with asyncio.TaskGroup() as asking:
        for client in clients:
            asking.create_task(client.run())
    stalling.cancel()
    return [client.outcomes for client in clients]


async def _stall_now_and_then(upstream_url: str, stall_s: float) -> None:
    """Let upstream's worker stall, in the first burst and again and again, until this is cancelled."""
    pause_s = FIRST_STALL_S
    async with httpx.AsyncClient(trust_env=False) as client:
        while stall_s:
            await asyncio.sleep(pause_s)
            await client.put(f"{upstream_url}{SETTINGS_PATH}?stall_ms={stall_s * 1000}")
            pause_s = STALL_EVERY_S
