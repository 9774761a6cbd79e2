"""The fake pypistats.org in a process of its own: told how to behave, and asked what it saw."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from tools import environ
from tools.fake_pypistats.control import REQUESTS_PATH, SETTINGS_PATH
from tools.runtime.processes import started

_PATIENCE_S: Final = 10
_POLL_S: Final = 0.002


class Upstream:
    """The fake server, which serves others meanwhile."""

    def __init__(self, url: str, pid: int, client: httpx.Client) -> None:
        self.url = url
        self.pid = pid
        self._client = client

    def behave(self, *, latency_ms: int, limits: bool = False) -> None:
        """Hold back every answer, and refuse or don't; all limits are unspent, and the record is empty."""
        settings = {"rule": f"delay={latency_ms}", "limits": "on" if limits else "off"}
        self._client.put(SETTINGS_PATH, params=settings).raise_for_status()
        self._client.delete(REQUESTS_PATH).raise_for_status()

    def calls(self) -> list[tuple[str, float]]:
        """The package and the duration in ms of each call since `behave`.

        Raises:
            TimeoutError: an answer is still under way after ten seconds.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            record: dict[str, Any] = self._client.get(REQUESTS_PATH).raise_for_status().json()
            requests = record["requests"]
            if all(request["duration_ms"] is not None for request in requests):
                return [(_package(one["path"]), one["duration_ms"]) for one in requests]
            # A duration is recorded just after the client has its answer.
            time.sleep(_POLL_S)
        raise TimeoutError("the fake pypistats.org does not finish its answers")

    def get(self, path: str) -> httpx.Response:
        """Its answer to anyone."""
        return self._client.get(path)


def _package(path: str) -> str:
    return urlsplit(path).path.split("/")[3]


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """The fake server on loopback, with a clock that stands still, for the length of a `with` block."""
    now = datetime.now(UTC).isoformat()
    command = [sys.executable, "-m", "tools.fake_pypistats", "--no-limits", "--now", now]
    with started(command, environ=environ(), stdout=subprocess.PIPE) as process:
        assert process.stdout  # noqa: S101 - a pipe, for mypy
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            raise RuntimeError(f"the fake pypistats.org did not start; it said {line!r}")
        with httpx.Client(base_url=found[0], trust_env=False, timeout=_PATIENCE_S) as client:
            yield Upstream(found[0], process.pid, client)
