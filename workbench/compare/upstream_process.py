"""The stand-in upstream in a process of its own, so that it shares no interpreter with what is measured."""

import datetime as dt
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from workbench import environ
from workbench.runtime.processes import started
from workbench.upstream.control import RECORD_PATH, SETTINGS_PATH

_PATIENCE_S: Final = 10
_LOOK_EVERY_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Calls:
    """What upstream was asked: how long it took over each call, and on how many new connections."""

    durations_ms: Sequence[float]
    connections: int


class UpstreamProcess:
    """The stand-in, asked and changed from here while it serves others."""

    def __init__(self, url: str, pid: int, client: httpx.Client) -> None:
        self.url = url
        self.pid = pid
        self._client = client

    def hold_back(self, latency_ms: int) -> None:
        """Take so long over every answer from now on."""
        self._client.put(SETTINGS_PATH, params={"latency_ms": latency_ms}).raise_for_status()

    def get(self, path: str) -> httpx.Response:
        """Its answer, asked as any client does."""
        return self._client.get(path)

    def forget_calls(self) -> None:
        """Begin the record anew."""
        self._client.delete(RECORD_PATH).raise_for_status()

    def calls(self) -> Calls:
        """What was asked since then; all of it must be answered, or be about to.

        Raises:
            RuntimeError: an answer is still under way after a while.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            record = self._client.get(RECORD_PATH).raise_for_status().json()
            durations = [request["duration_ms"] for request in record["requests"]]
            if None not in durations:
                return Calls(durations, record["connections"])
            # It enters how long it took just after its client has the answer.
            time.sleep(_LOOK_EVERY_S)
        raise RuntimeError("the stand-in upstream does not come to an end with its answers")


@contextmanager
def upstream_process() -> Iterator[UpstreamProcess]:
    """The stand-in, without limits, while the block lasts.

    Its clock stands still, so that what it answers is the same however long the block lasts.

    Raises:
        RuntimeError: it does not start.
    """
    now = dt.datetime.now(dt.UTC).isoformat()
    command = [sys.executable, "-m", "workbench.upstream", "--no-limits", "--now", now]
    with started(command, environ=environ(), stdout=subprocess.PIPE) as process:
        url = _url(process)
        with httpx.Client(base_url=url, trust_env=False, timeout=_PATIENCE_S) as client:
            yield UpstreamProcess(url, process.pid, client)


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if not found:
        raise RuntimeError(f"the stand-in upstream did not start; it said {line!r}")
    return found[0]
