"""One run: the world, the clients in it, and what came of it."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from tools.fake_pypistats.control import SETTINGS_PATH
from tools.runtime.machine import Machine

from .calls import EndpointCalls, by_endpoint, read_calls
from .client import Client, Outcomes
from .plan import KILL_EVERY_S, SLOW_MS, STALL_EVERY_S, Plan
from .world import World, world

FIRST_S: Final = 1.2
"""When upstream stalls or an environment is killed: while calls are under way, or about to be."""


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
    urls = [environment.url for environment in running.environments]
    clients = [
        Client(
            urls,
            plan.names,
            plan.duration_s,
            seed=f"{plan.seed}/{number}",
            address=own_address(number),
            mortal=plan.killed > 0,
        )
        for number in range(plan.processes)
    ]
    async with asyncio.TaskGroup() as troubling:
        troubles = [
            troubling.create_task(_stall_now_and_then(running.upstream, plan.stall_s)),
            troubling.create_task(_kill_table(running, plan)),
            troubling.create_task(_kill_now_and_then(running, plan)),
        ]
        async with asyncio.TaskGroup() as asking:
            for client in clients:
                asking.create_task(client.run())
        for trouble in troubles:
            trouble.cancel()
    return [client.outcomes for client in clients]


def own_address(number: int) -> str | None:
    """An address on the loopback for each client: so many calls are reserved for one address at most.

    Linux has all of 127.0.0.0/8; where only 127.0.0.1 is there, all clients are one.
    """
    address = f"127.0.0.{number + 2}"
    with socket.socket() as one:
        try:
            one.bind((address, 0))
        except OSError:
            return None
    return address


async def _stall_now_and_then(upstream_url: str, stall_s: float) -> None:
    """Let upstream's worker stall, in the first burst and again and again, until this is cancelled."""
    pause_s = FIRST_S
    async with httpx.AsyncClient(trust_env=False) as client:
        while stall_s:
            await asyncio.sleep(pause_s)
            await client.put(f"{upstream_url}{SETTINGS_PATH}?stall_ms={stall_s * 1000}")
            pause_s = STALL_EVERY_S


async def _kill_table(running: World, plan: Plan) -> None:
    if plan.table_dies_after_s:
        await asyncio.sleep(plan.table_dies_after_s)
        await asyncio.to_thread(running.kill_table)


async def _kill_now_and_then(running: World, plan: Plan) -> None:
    """Kill some environments in the first burst, and some again and again, until this is cancelled."""
    if not plan.killed:
        return
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.put(f"{running.upstream}{SETTINGS_PATH}?latency_ms={SLOW_MS}")
    chance = random.Random(plan.seed)  # noqa: S311 - not a secret
    pause_s = FIRST_S
    while True:
        await asyncio.sleep(pause_s)
        for environment in chance.sample(running.environments, plan.killed):
            await asyncio.to_thread(environment.begin_anew)
        pause_s = KILL_EVERY_S
