"""The world of a run: a table, an upstream with its limits on, and execution environments, each a process."""

import re
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import httpx

from tools import environ
from tools.dynamodb.account import local_account
from tools.dynamodb.local import dynamodb_local
from tools.dynamodb.table import create_table, dynamodb_client
from tools.runtime.machine import Machine
from tools.runtime.processes import started
from tools.serve import loopback_listener

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

STARTING_AT_ONCE: Final = 2
"""Each costs a processor some seconds."""

START_S: Final = 120
WARM_UPS: Final = 200
OWN_SETTINGS: Final = (
    *("UPSTREAM_TIMEOUT_S", "DEADLINE_S", "UPSTREAM_PER_SECOND", "UPSTREAM_PER_MINUTE"),
    *("UPSTREAM_CONCURRENCY", "CACHE", "HISTORY_TABLE"),
)
"""Measured at their defaults, whatever this process's environment says."""


class Environment:
    """A server of the API on a socket that outlives it, so that requests wait while it begins anew."""

    def __init__(
        self, listener: socket.socket, settings: dict[str, str], log: IO[bytes], ending: ExitStack
    ) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._fd = listener.fileno()
        self._settings = settings
        self._log = log
        self._ending = ending
        self._process = self._start()

    def begin_anew(self) -> None:
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
    """Where everything answers; `upstream` is a base URL."""

    upstream: str
    environments: tuple[Environment, ...]
    log: Path
    kill_table: Callable[[], None]

    def logged(self) -> Counter[str]:
        """The lines that execution environments have logged so far, each with how often."""
        return Counter(self.log.read_text(errors="replace").splitlines())


@contextmanager
def world(machine: Machine, processes: int, say: Callable[[str], None]) -> Iterator[World]:
    """Start all of it, cold, for the length of a `with` block.

    Raises:
        NeedError: DynamoDB Local can't be had here; says what to do.
    """
    with (
        ExitStack() as table_life,
        _upstream() as upstream,
        # Appended to, so that many processes can write to it.
        tempfile.NamedTemporaryFile("ab", prefix="pypi-pulse-politeness-") as log,
    ):
        dynamodb = table_life.enter_context(dynamodb_local(machine))
        table = create_table(dynamodb)
        _warm_up(dynamodb, table)
        settings = {
            **dict.fromkeys(OWN_SETTINGS, ""),
            **local_account(dynamodb),
            "CACHE_TABLE": table,
            "PYPISTATS_URL": upstream,
        }
        say(f"Starting {processes} execution environments")
        with _environments(processes, environ(**settings), log) as environments:
            yield World(upstream, environments, Path(log.name), table_life.close)


def _warm_up(dynamodb: str, table: str) -> None:
    """Have DynamoDB Local compiled what it does: just started, it is slower than AWS's ever is."""
    client = dynamodb_client(dynamodb)
    key: dict[str, AttributeValueTypeDef] = {"key": {"S": "warm-up"}}
    for _ in range(WARM_UPS):
        client.put_item(
            TableName=table, Item=key, ConditionExpression="attribute_not_exists(expires_at)"
        )
        client.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET expires_at = :zero",
            ConditionExpression="attribute_not_exists(expires_at)",
            ExpressionAttributeValues={":zero": {"N": "0"}},
        )
        client.get_item(TableName=table, Key=key, ConsistentRead=True)
        client.delete_item(TableName=table, Key=key)


@contextmanager
def _upstream() -> Iterator[str]:
    """The stand-in, in a process of its own: what it counts must not wait for what is measured."""
    command = [sys.executable, "-m", "tools.fake_pypistats", "--limits"]
    with started(command, environ=environ(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            message = f"the stand-in upstream did not start; it said {line!r}"
            raise RuntimeError(message)
        yield found[0]


@contextmanager
def _environments(
    count: int, settings: dict[str, str], log: IO[bytes]
) -> Iterator[tuple[Environment, ...]]:
    """So many servers of the API; started a few at a time, and ready."""
    with ExitStack() as stack:
        started_ones: list[Environment] = []
        for number in range(count):
            listener = stack.enter_context(loopback_listener(0))
            started_ones.append(Environment(listener, settings, log, stack))
            if number >= STARTING_AT_ONCE:
                _wait_until_healthy(started_ones[number - STARTING_AT_ONCE].url)
        for environment in started_ones:
            _wait_until_healthy(environment.url)
        yield tuple(started_ones)


def _wait_until_healthy(url: str) -> None:
    """The socket is open from the start, so the first answer only takes as long as the start does."""
    httpx.get(f"{url}/health", timeout=START_S, trust_env=False).raise_for_status()
