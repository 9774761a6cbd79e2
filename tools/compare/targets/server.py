"""One worker of each variant behind the server that it is usually run with, and clients that load it.

The server, its clients and upstream share the machine's cores, so the share of a core that each of them
takes is recorded with every load.
"""

import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import IO, Any, Final

import httpx
import numpy as np
import psutil

from tools import environ
from tools.compare.benchmark import MeasurementError, Say
from tools.compare.plan import Cell, Plan, base, transport
from tools.compare.upstream import Upstream
from tools.runtime.processes import started

from .answers import PACKAGE, right_health, right_stats, without_time
from .load import Load, Outcome, put
from .worker import Worker, running_worker

AT_ONCE: Final = 50
"""Upstream calls at once, and threads of gunicorn: as many as there are clients at most.

As deployed it is 10, which suits one invocation on Lambda. On a server all requests share them: with
upstream at 200 ms, ten allow 50 requests a second.
"""

_START_WITHIN_S: Final = 30
_POLL_S: Final = 0.005
_NO_UPSTREAM_S: Final = 0.25
_MS_PER_S: Final = 1000
_HEALTH: Final = "/health"

# Pure Python in all: asyncio's own loop and h11, as gunicorn has no C either. Connections outlast a pause.
_UVICORN: Final = (
    "uvicorn --workers 1 --loop asyncio --http h11 --lifespan off --no-access-log --log-level warning "
    "--timeout-keep-alive 75 --timeout-graceful-shutdown 1 --host 127.0.0.1 --port {port}"
)
_GUNICORN: Final = (
    "gunicorn --workers 1 --no-control-socket --log-level warning --keep-alive 75 --graceful-timeout 0 "
    "--bind 127.0.0.1:{port}"
)
_COMMANDS: Final = {
    "fastapi": f"{_UVICORN} {{app}}",
    "flask": f"{_GUNICORN} --worker-class sync flask_app.app:app",
    "flask-threads": f"{_GUNICORN} --worker-class gthread --threads {AT_ONCE} flask_app.app:app",
}
_ENVIRONMENT: Final = {
    "CACHE": "off",
    "UPSTREAM_PER_SECOND": "0",
    "UPSTREAM_PER_MINUTE": "0",
    "UPSTREAM_CONCURRENCY": str(AT_ONCE),
    "UPSTREAM_TIMEOUT_S": "30",
    "DEADLINE_S": "60",
}
# The user's own settings are not what is measured.
_PASSED_ON: Final = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH")


def command(variant: str, port: int) -> list[str]:
    """What starts a variant's server on a port of the loopback."""
    carried = transport(variant)
    app = "fastapi_app.app:app" if carried == "httpx" else "tools.compare.transports:app"
    return [
        *(sys.executable, "-m"),
        *_COMMANDS[base(variant)].format(port=port, app=app).split(),
    ]


def environment(variant: str, upstream_url: str) -> dict[str, str]:
    """The whole environment of a server."""
    passed_on = {name: value for name, value in environ().items() if name in _PASSED_ON}
    chosen = {"PYPISTATS_URL": upstream_url, "TRANSPORT": transport(variant)}
    return {**passed_on, **_ENVIRONMENT, **chosen}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        url: Its base URL.
        usage: What it takes of the machine.
        start_ms: From the start of its process to its first answer.
    """

    url: str
    usage: "Usage"
    start_ms: float


@contextmanager
def serving(variant: str, upstream_url: str) -> Iterator[Running]:
    """A variant's server on a free port, for the length of a `with` block.

    Raises:
        MeasurementError: it ended, or does not answer; with what it logged.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log, httpx.Client(trust_env=False, timeout=1) as client:
        began = time.perf_counter()
        variables = environment(variant, upstream_url)
        with started(command(variant, port), environ=variables, stdout=log, stderr=log) as process:
            while not _answers(client, url):
                if process.poll() is not None or time.perf_counter() - began > _START_WITHIN_S:
                    raise MeasurementError(f"{variant} does not answer:\n{_written(log)}")
                time.sleep(_POLL_S)
            start_ms = (time.perf_counter() - began) * _MS_PER_S
            client.close()
            yield Running(url, Usage(process.pid), start_ms)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url + _HEALTH).is_success
    except httpx.TransportError:
        return False


def _written(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")


class Usage:
    """Processor time and memory of a process and its children."""

    def __init__(self, pid: int) -> None:
        root = psutil.Process(pid)
        self._processes = [root, *root.children(recursive=True)]

    def cpu_s(self) -> float:
        """Seconds of one core so far."""
        times = [process.cpu_times() for process in self._processes]
        return sum(one.user + one.system for one in times)

    def rss_bytes(self) -> int:
        """Resident memory now; what several processes share counts for each."""
        return sum(process.memory_info().rss for process in self._processes)


class Server:
    """The servers, what they ask, and the clients that ask them."""

    settings: Mapping[str, Any] = {"commands": _COMMANDS, "environment": _ENVIRONMENT}

    def __init__(
        self, plan: Plan, upstream: Upstream, clients: Worker, servers: Mapping[str, Running]
    ) -> None:
        self._plan = plan
        self._upstream = upstream
        self._upstream_usage = Usage(upstream.pid)
        self._clients = clients
        self._servers = servers
        self._right_stats = without_time(right_stats(upstream).model_dump_json().encode())

    def cells(self, round_: int) -> Sequence[Cell]:
        """A start, both kinds of load for every number of clients, and the memory after them."""
        del round_
        return [
            Cell("server", "start"),
            *(Cell("server", "no upstream", clients=clients) for clients in self._plan.clients),
            *(
                Cell("server", "load", 1, self._plan.latency_ms, clients)
                for clients in self._plan.clients
            ),
            Cell("server", "memory"),
        ]

    def measure(self, variant: str, cell: Cell) -> Mapping[str, float]:
        """Measure one cell; `limit_ms` is the median of the upstream calls, of which each answer needs one."""
        try:
            if cell.measure == "start":
                with serving(variant, self._upstream.url) as fresh:
                    return {"start_ms": fresh.start_ms}
            if cell.measure == "memory":
                return {"rss_bytes": self._servers[variant].usage.rss_bytes()}
            return self._put(variant, cell)
        except psutil.NoSuchProcess as gone:
            raise MeasurementError(f"{variant}: process {gone.pid} ended") from gone

    def _put(self, variant: str, cell: Cell) -> Mapping[str, float]:
        load, usage = self._load(variant, cell), self._servers[variant].usage
        self._upstream.behave(latency_ms=cell.latency_ms or 0)
        began, server_s, upstream_s = (
            time.perf_counter(),
            usage.cpu_s(),
            self._upstream_usage.cpu_s(),
        )
        outcome = self._clients.do(put, load)
        took_s = time.perf_counter() - began
        shares = {
            "server_cpu": (usage.cpu_s() - server_s) / took_s,
            "upstream_cpu": (self._upstream_usage.cpu_s() - upstream_s) / took_s,
        }
        durations_ms = [duration for _, duration in self._upstream.calls()]
        asks_upstream = cell.measure == "load"
        if asks_upstream and len(durations_ms) < outcome.answers:
            raise MeasurementError(f"{variant} gave more answers than it made upstream calls")
        limit = {"limit_ms": median(durations_ms)} if asks_upstream and durations_ms else {}
        return {**answered(outcome, load.clients), **shares, **limit}

    def _load(self, variant: str, cell: Cell) -> Load:
        url, clients = self._servers[variant].url, cell.clients or 1
        if cell.measure == "no upstream":
            return Load(url + _HEALTH, right_health(variant), clients, _NO_UPSTREAM_S)
        arriving_s = (cell.latency_ms or 0) / _MS_PER_S
        asked = f"{url}/packages/{PACKAGE}"
        return Load(asked, self._right_stats, clients, self._plan.load_s, arriving_s)


def answered(outcome: Outcome, clients: int) -> dict[str, float]:
    """What the clients saw, as metrics; no percentiles where nothing was answered."""
    percentiles = {
        f"p{percent}_ms": float(np.percentile(outcome.latencies_ms, percent))
        for percent in (50, 95, 99)
        if outcome.latencies_ms
    }
    return {
        "requests_per_s": outcome.requests_per_s(clients),
        **percentiles,
        "errors": outcome.errors.total(),
        "clients_cpu": outcome.cpu,
    }


@contextmanager
def opened(plan: Plan, upstream: Upstream, say: Say) -> Iterator[Server]:
    """The target, after every server was warmed up with all threads and connections."""
    with ExitStack() as running:
        clients = running.enter_context(running_worker())
        say("server: starting")
        servers = {
            variant: running.enter_context(serving(variant, upstream.url))
            for variant in plan.variants
        }
        server = Server(plan, upstream, clients, servers)
        say("server: warming up")
        for variant in plan.variants:
            most = 1 if variant == "flask" else max(plan.clients)
            server.measure(variant, Cell("server", "no upstream", clients=most))
            server.measure(variant, Cell("server", "load", 1, 0, most))
        yield server
