"""The FastAPI variant served over HTTP, on a clock that a test can move."""

import asyncio
import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn

from fastapi_app.app import create_app
from pulse_io.catalogues import Catalogues
from pulse_io.settings import Settings
from pulse_io.wiring import open_catalogues
from tests.serving import NO_CERTIFICATES, POLL_S
from tools.serve import loopback_listener

SERVER_KEEPS_ALIVE_S = 60
"""Keep-alive, longer than httpx's: with both at 5 s, uvicorn sometimes closes a connection
that httpx is about to reuse."""

NO_LIMITS = {"UPSTREAM_PER_SECOND": "0", "UPSTREAM_PER_MINUTE": "0"}


@dataclass
class Clock:
    """The time of day, UTC; it stands still until a test moves it."""

    now: dt.datetime
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> dt.datetime:
        return self.now

    def running(self) -> float:
        """Seconds since 1970, for leases and the rate limit; this time goes on between moves."""
        return self.now.timestamp() + time.monotonic() - self.began

    def reset(self, now: dt.datetime) -> None:
        """Set the clock anew."""
        self.now, self.began = now, time.monotonic()

    def move(self, **span: float) -> None:
        """Move the clock; takes the arguments of `timedelta`."""
        self.now += dt.timedelta(**span)


@dataclass(frozen=True)
class Served:
    """The running API: its base URL and a client for it."""

    url: str
    client: httpx.Client


@contextmanager
def served(upstream_url: str, clock: Clock, **environ: str) -> Iterator[Served]:
    """Serve the API over the upstream at `upstream_url`, with these environment variables."""
    settings = Settings.from_environ({"PYPISTATS_URL": upstream_url, **NO_LIMITS, **environ})
    catalogue = open_catalogues(settings, clock, clock.running)
    config = uvicorn.Config(
        create_app(catalogue),
        log_level="warning",
        lifespan="off",
        timeout_keep_alive=SERVER_KEEPS_ALIVE_S,
    )
    with loopback_listener(0) as listener:
        server = _Server(config, catalogue)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        server.started_up.wait()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with httpx.Client(base_url=url, trust_env=False, verify=NO_CERTIFICATES) as client:
                yield Served(url, client)
        finally:
            server.stop()
            thread.join()


class _Server(uvicorn.Server):
    """uvicorn that starts and stops at once: its own loops wait up to 0.2 s, longer than most tests take."""

    def __init__(self, config: uvicorn.Config, catalogue: Catalogues) -> None:
        super().__init__(config)
        self._catalogue = catalogue
        self.started_up = threading.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)  # sets the default headers
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.started_up.set()
        await self._stopping.wait()

    def stop(self) -> None:
        """Stop serving; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - as uvicorn has it
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections:  # noqa: ASYNC110 - uvicorn has a set of them, and no event
            await asyncio.sleep(POLL_S)
        await self._catalogue.aclose()
