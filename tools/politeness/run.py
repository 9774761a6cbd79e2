"""One run: a table, upstream with its limits on, execution environments as processes, and clients."""

import asyncio
import random
import re
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import httpx

from tools import environ
from tools.dynamodb.account import local_account
from tools.dynamodb.local import dynamodb_local
from tools.dynamodb.table import create_table, dynamodb_client
from tools.fake_pypistats.control import REQUESTS_PATH, SETTINGS_PATH
from tools.runtime.machine import Machine
from tools.runtime.processes import started
from tools.serve import loopback_listener

from .client import Client, Outcomes
from .plan import KILL_EVERY_S, STALL_EVERY_S, Plan
from .promises import Result, by_endpoint

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

FIRST_S: Final = 1.2
"""When upstream first stalls or an environment is first killed: during the first burst's calls."""

SLOW: Final = "delay=400"
"""Upstream's rule where environments are killed: some hold leases at any moment of a burst."""

STARTING_AT_ONCE: Final = 2
"""Each start takes a processor some seconds."""

START_S: Final = 120
WARM_UPS: Final = 200
OWN_SETTINGS: Final = (
    *("UPSTREAM_TIMEOUT_S", "DEADLINE_S", "UPSTREAM_PER_SECOND", "UPSTREAM_PER_MINUTE"),
    *("UPSTREAM_CONCURRENCY", "CACHE", "HISTORY_TABLE"),
)
"""Tested at their defaults, whatever this process's environment says."""


class Environment:
    """A server of the API, on a socket that outlives it: requests wait while it starts again."""

    def __init__(self, settings: dict[str, str], log: IO[bytes], ending: ExitStack) -> None:
        listener = ending.enter_context(loopback_listener(0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._fd = listener.fileno()
        self._settings = settings
        self._log = log
        self._ending = ending
        self._process = self._start()

    def wait_until_healthy(self) -> None:
        """Wait for its first answer."""
        httpx.get(f"{self.url}/health", timeout=START_S, trust_env=False).raise_for_status()

    def kill_and_start(self) -> None:
        """Kill it, with all that it knows and does, and start another in its place."""
        self._process.kill()
        self._process.wait()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tools.politeness.environment", str(self._fd)]
        return self._ending.enter_context(
            started(command, environ=self._settings, stderr=self._log, pass_fds=[self._fd])
        )


@dataclass(frozen=True)
class World:
    """All that runs; `upstream` is a base URL."""

    upstream: str
    environments: list[Environment]
    log: Path
    kill_table: Callable[[], None]


def measure(machine: Machine, plan: Plan, say: Callable[[str], None]) -> Result:
    """Start everything, let clients ask, and stop everything; reports progress to `say`.

    Raises:
        NeedError: DynamoDB Local can't be installed here; says what to do.
    """
    with _world(machine, plan.processes, say) as world:
        say(f"{plan.processes} clients ask for {plan.packages} packages, {plan.duration_s:.0f} s")
        outcomes = asyncio.run(_load(world, plan))
        requests = httpx.get(world.upstream + REQUESTS_PATH, trust_env=False).json()["requests"]
        # Lines that differ in the package alone count together.
        lines = re.sub(r" package=\S+", "", world.log.read_text(errors="replace")).splitlines()
        return Result(plan, by_endpoint(requests), outcomes, Counter(lines))


@contextmanager
def _world(machine: Machine, processes: int, say: Callable[[str], None]) -> Iterator[World]:
    with (
        ExitStack() as table_life,
        _upstream() as upstream,
        # Many processes append to it.
        tempfile.NamedTemporaryFile("ab", prefix="pypi-pulse-politeness-") as log,
        ExitStack() as ending,
    ):
        dynamodb = table_life.enter_context(dynamodb_local(machine))
        table = create_table(dynamodb)
        _warm_up(dynamodb, table)
        settings = environ(
            **dict.fromkeys(OWN_SETTINGS, ""),
            **local_account(dynamodb),
            CACHE_TABLE=table,
            PYPISTATS_URL=upstream,
        )
        say(f"Starting {processes} execution environments")
        environments: list[Environment] = []
        for number in range(processes):
            environments.append(Environment(settings, log, ending))
            if number >= STARTING_AT_ONCE:
                environments[number - STARTING_AT_ONCE].wait_until_healthy()
        for environment in environments:
            environment.wait_until_healthy()
        yield World(upstream, environments, Path(log.name), table_life.close)


def _warm_up(dynamodb: str, table: str) -> None:
    """Let DynamoDB Local compile itself: just started, it is slower than AWS's ever is."""
    client = dynamodb_client(dynamodb)
    key: dict[str, AttributeValueTypeDef] = {"key": {"S": "warm-up"}}
    for _ in range(WARM_UPS):
        client.put_item(
            TableName=table, Item=key, ConditionExpression="attribute_not_exists(expires_at)"
        )
        client.get_item(TableName=table, Key=key, ConsistentRead=True)
        client.delete_item(TableName=table, Key=key)


@contextmanager
def _upstream() -> Iterator[str]:
    """The fake pypistats.org, in its own process: its counting must not wait for the clients."""
    command = [sys.executable, "-m", "tools.fake_pypistats"]
    with started(command, environ=environ(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
        said, _, url = process.stdout.readline().strip().rpartition(" ")
        if said != "listening on":  # without its URL, environments would ask the real one
            raise RuntimeError("the fake pypistats.org did not start")
        yield url


async def _load(world: World, plan: Plan) -> Outcomes:
    outcomes = Outcomes()
    urls = [environment.url for environment in world.environments]
    clients = [
        Client(urls, plan, outcomes, _from_own_address(number), number)
        for number in range(plan.processes)
    ]
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.TaskGroup() as group:
        troubles = [group.create_task(trouble) for trouble in _troubles(world, plan, http)]
        await asyncio.gather(*(client.run() for client in clients))
        for trouble in troubles:
            trouble.cancel()
    return outcomes


def _from_own_address(number: int) -> httpx.AsyncHTTPTransport:
    """A loopback address for each client, since only a few calls are reserved for one address.

    Linux has all of 127.0.0.0/8; elsewhere clients share one.
    """
    address = f"127.0.0.{number + 2}"
    try:
        with socket.socket() as one:
            one.bind((address, 0))
    except OSError:
        return httpx.AsyncHTTPTransport()
    return httpx.AsyncHTTPTransport(local_address=address)


def _troubles(
    world: World, plan: Plan, http: httpx.AsyncClient
) -> Iterator[Coroutine[Any, Any, None]]:
    """What goes wrong meanwhile, each until it is cancelled."""
    settings = world.upstream + SETTINGS_PATH

    async def stall() -> None:
        pause_s = FIRST_S
        while True:
            await asyncio.sleep(pause_s)
            await http.put(settings, params={"stall_ms": plan.stall_s * 1000})
            pause_s = STALL_EVERY_S

    async def kill_table() -> None:
        await asyncio.sleep(plan.kill_table_s)
        await asyncio.to_thread(world.kill_table)

    async def kill_holders() -> None:
        await http.put(settings, params={"rule": SLOW})
        generator = random.Random(plan.seed)  # noqa: S311 - not a secret
        pause_s = FIRST_S
        while True:
            await asyncio.sleep(pause_s)
            for environment in generator.sample(world.environments, plan.kill_holders):
                await asyncio.to_thread(environment.kill_and_start)
            pause_s = KILL_EVERY_S

    if plan.stall_s:
        yield stall()
    if plan.kill_table_s:
        yield kill_table()
    if plan.kill_holders:
        yield kill_holders()
