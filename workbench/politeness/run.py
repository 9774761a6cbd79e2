"""One run: the world, the clients in it, and what came of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.runtime.machine import Machine

from .calls import EndpointCalls, by_endpoint, read_calls
from .client import Client, Outcomes
from .plan import Plan
from .world import world


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
        clients = asyncio.run(_load(running.environments, plan))
        endpoints = by_endpoint(read_calls(running.upstream))
        return Result(plan, endpoints, clients, running.logged())


async def _load(environments: Sequence[str], plan: Plan) -> list[Outcomes]:
    clients = [
        Client(environments, plan.names, plan.duration_s, seed=f"{plan.seed}/{number}")
        for number in range(plan.processes)
    ]
    async with asyncio.TaskGroup() as running:
        for client in clients:
            running.create_task(client.run())
    return [client.outcomes for client in clients]
