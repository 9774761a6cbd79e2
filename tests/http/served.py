"""The FastAPI variant served over HTTP, on a clock that a test can move."""

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
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.wiring import open_catalogue
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
    catalogue = open_catalogue(settings, clock, clock.running)
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
            with httpx.Client(base_url=url, trust_env=False) as client:
                yield Served(url, client)
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """uvicorn that signals its start to another thread and closes the API's connections at the end."""

    def __init__(self, config: uvicorn.Config, catalogue: Catalogue) -> None:
        super().__init__(config)
        self._catalogue = catalogue
        self.started_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._catalogue.aclose()
