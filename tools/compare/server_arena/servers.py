"""Starts a variant's server, waits until it answers, and stops it in any case."""

import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

import httpx

from tools.compare.problems import MeasurementError
from tools.compare.samples import Variant
from tools.runtime.processes import started

from .commands import HOST, command, environment

HEALTH_PATH: Final = "/health"

_START_WITHIN_S: Final = 30
_LOOK_EVERY_S: Final = 0.005
_MS_PER_S: Final = 1000
_HTTP_OK: Final = 200


class ServerDidNotStart(MeasurementError):
    """A server did not answer; the message ends with what it logged."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers.

    Attributes:
        url: Its base URL.
        pid: Its first process; gunicorn's worker is a child of it.
        start_ms: From the start of the process to its first answer.
    """

    url: str
    pid: int
    start_ms: float


@contextmanager
def serving(variant: Variant, upstream_url: str) -> Iterator[Server]:
    """A variant's server on a free port, while the block lasts.

    Raises:
        ServerDidNotStart: it ended, or does not answer in time.
    """
    port = _free_port()
    url = f"http://{HOST}:{port}"
    # The client is made before the clock starts: that takes a part of what a start takes.
    with tempfile.TemporaryFile() as log, httpx.Client(trust_env=False, timeout=1) as client:
        began = time.perf_counter()
        with started(
            command(variant, port), environ=environment(upstream_url), stdout=log, stderr=log
        ) as process:
            while not _answers(client, url):
                if process.poll() is not None or time.perf_counter() - began > _START_WITHIN_S:
                    raise ServerDidNotStart(f"{variant} does not answer:\n{_written(log)}")
                time.sleep(_LOOK_EVERY_S)
            start_ms = (time.perf_counter() - began) * _MS_PER_S
            client.close()
            yield Server(url, process.pid, start_ms)


def _free_port() -> int:
    """A port that nobody had a moment ago."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url + HEALTH_PATH).status_code == _HTTP_OK
    except httpx.TransportError:
        return False


def _written(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")
