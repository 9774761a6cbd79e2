"""The stand-in upstream in a process of its own, so that it shares no interpreter with what is measured."""

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tools import environ
from tools.runtime.processes import started

from .problems import MeasurementError
from .upstream_control import PATIENCE_S, UpstreamControl


@dataclass(frozen=True, slots=True)
class Calls:
    """What upstream was asked: how long it took over each call, and on how many new connections."""

    durations_ms: Sequence[float]
    connections: int


class UpstreamProcess(UpstreamControl):
    """The stand-in, asked and changed from here while it serves others."""

    def __init__(self, url: str, pid: int, client: httpx.Client) -> None:
        super().__init__(client)
        self.url = url
        self.pid = pid

    def get(self, path: str) -> httpx.Response:
        """Its answer, asked as any client does."""
        return self._client.get(path)

    def calls(self) -> Calls:
        """What was asked since `forget_calls`.

        Raises:
            MeasurementError: an answer is still under way after a while.
        """
        record = self.record()
        return Calls([one["duration_ms"] for one in record["requests"]], record["connections"])


@contextmanager
def upstream_process() -> Iterator[UpstreamProcess]:
    """The stand-in, without limits, while the block lasts.

    Its clock stands still, so that what it answers is the same however long the block lasts.

    Raises:
        MeasurementError: it does not start.
    """
    now = dt.datetime.now(dt.UTC).isoformat()
    command = [sys.executable, "-m", "tools.fake_pypistats", "--no-limits", "--now", now]
    with started(command, environ=environ(), stdout=subprocess.PIPE) as process:
        url = _url(process)
        with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE_S) as client:
            yield UpstreamProcess(url, process.pid, client)


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if not found:
        raise MeasurementError(f"the stand-in upstream did not start; it said {line!r}")
    return found[0]
