"""Execution environments, their table and pypistats.org, all in one process and on simulated time.

The table is moto, called in process; pypistats.org is the fake's behaviour, including its limits.
"""

import asyncio
import datetime as dt
import math
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx
import pytest
from aiodynamo.client import Client
from aiodynamo.credentials import Key, StaticCredentials
from aiodynamo.http.httpx import HTTPX
from aiodynamo.models import KeySchema, KeySpec, KeyType, PayPerRequest, StaticDelayRetry
from moto.moto_server.werkzeug_app import create_backend_app
from yarl import URL

from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources.pypistats import PypistatsSource
from pulse_io.sources.rate_limit import RateLimit
from pulse_io.sources.shared_rate_limit import SharedRateLimit
from pulse_io.store.history import HistoryStore
from pulse_io.store.rows import RowStore
from pulse_io.store.table import Table
from pulse_io.wiring import lease_s
from tests.unit.pulse_io.simulated.loop import SimulatedLoop
from tools.fake_pypistats.behaviour import Behaviour
from tools.fake_pypistats.limits import Limits
from tools.fake_pypistats.rules import Effect, Rules

BEGAN = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TABLE_LATENCY_S = 0.005
UPSTREAM_LATENCY_S = 0.2
FOREVER_S = 1e9
_DATE = re.compile(rb'"date":"([0-9-]{10})"')


@dataclass
class Call:
    """One call to upstream: its time, its request and its response.

    `status` is None without a response, `newest` is None without rows. `received` is false if nobody waited for
    the response any more.
    """

    at: float
    path: str
    status: int | None = None
    newest: dt.date | None = None
    received: bool = False


class Streamed(httpx.AsyncByteStream):
    """A body that is still to be read, as from a network; httpx reads given bytes at once."""

    def __init__(self, body: bytes, chunk_bytes: int = 65_536) -> None:
        self._chunks = [
            body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)
        ]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


@dataclass
class SimulatedUpstream(httpx.AsyncBaseTransport):
    """An in-process pypistats.org; it returns nothing for packages in `gone`.

    While its worker stalls, calls queue up. They are counted when it wakes up, even those that nobody
    waits for any more.
    """

    behaviour: Behaviour
    rules: Rules
    calls: list[Call] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    stalled_until: float = 0
    asked: int = 0

    def stall(self, seconds: float) -> None:
        """Let the worker stall from now on."""
        until = asyncio.get_running_loop().time() + seconds
        self.stalled_until = max(self.stalled_until, until)

    @property
    def refused(self) -> int:
        """How many calls were answered with 429."""
        return sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in self.calls)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        trace = request.extensions.get("trace")
        if trace:
            await trace("http11.send_request_headers.started", {})
        response = await asyncio.shield(self._queue(request))
        response.extensions["call"].received = True
        return response

    async def _queue(self, request: httpx.Request) -> httpx.Response:
        time = asyncio.get_running_loop().time
        while time() < self.stalled_until:  # noqa: ASYNC110 - it may stall again meanwhile
            await asyncio.sleep(self.stalled_until - time())
        return await self._process(request)

    async def _process(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        response = self.behaviour.respond(request.method, path, "203.0.113.7")
        call = Call(asyncio.get_running_loop().time(), path)
        self.calls.append(call)
        await asyncio.sleep(UPSTREAM_LATENCY_S + response.delay_s)
        if path.split("/")[3] in self.gone:
            return httpx.Response(404, stream=Streamed(b"404"), extensions={"call": call})
        if response.fault is Effect.HANG:
            await asyncio.sleep(FOREVER_S)
        if response.fault is not None:
            raise httpx.ReadError("it broke off")
        call.status = response.answer.status.value
        if dates := _DATE.findall(response.answer.body):
            call.newest = dt.date.fromisoformat(max(dates).decode())
        return httpx.Response(
            call.status,
            headers=response.answer.headers,
            stream=Streamed(response.answer.body),
            extensions={"call": call},
        )


_THROTTLED = "ProvisionedThroughputExceededException"


@dataclass
class SimulatedTable(httpx.AsyncBaseTransport):
    """An in-process DynamoDB.

    `away` refuses every connection; the next `hanging_up` requests get no response. Writes beyond
    `writes_per_second` are throttled.
    """

    dynamodb: httpx.WSGITransport
    away: bool = False
    hanging_up: int = 0
    writes_per_second: float = math.inf
    written: list[float] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        await asyncio.sleep(TABLE_LATENCY_S)
        if self.away:
            raise httpx.ConnectError("nobody listens")
        if self.hanging_up:
            self.hanging_up -= 1
            raise httpx.RemoteProtocolError("it was idle for too long")
        if self._is_throttled(request.headers["x-amz-target"]):
            return httpx.Response(400, json={"__type": f"com.amazonaws#{_THROTTLED}"})
        answer = self.dynamodb.handle_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())

    def _is_throttled(self, target: str) -> bool:
        if not target.endswith("PutItem"):
            return False
        now = asyncio.get_running_loop().time()
        self.written = [at for at in self.written if at > now - 1]
        if len(self.written) >= self.writes_per_second:
            return True
        self.written.append(now)
        return False


class World:
    """The table, upstream and the event loop; time starts at noon."""

    def __init__(self) -> None:
        self.loop = SimulatedLoop()
        rules = Rules()
        behaviour = Behaviour(self.now, Limits(self.loop.time), rules)
        self.upstream = SimulatedUpstream(behaviour, rules)
        self.table = SimulatedTable(httpx.WSGITransport(create_backend_app("dynamodb")))
        self.settings = Settings.from_environ({"PYPISTATS_URL": "http://upstream.invalid"})
        self.name = f"cache-{id(self)}"
        self.loop.run_until_complete(self.create_table())

    def now(self) -> dt.datetime:
        """The time of day, in whole seconds."""
        return BEGAN + dt.timedelta(seconds=int(self.loop.time()))

    def clock(self) -> float:
        """Seconds since 1970."""
        return BEGAN.timestamp() + self.loop.time()

    def environment(
        self,
        upstream: httpx.AsyncBaseTransport | None = None,
        settings: Settings | None = None,
        history: HistoryStore | None = None,
    ) -> Catalogue:
        """A new execution environment, with nothing in its memory."""
        settings = settings or self.settings
        table = self.open_table()
        limits = settings.upstream_per_second, settings.upstream_per_minute
        source = PypistatsSource(
            settings,
            lambda endpoint: SharedRateLimit(table, endpoint, *limits, self.clock),
            self.now,
            upstream or self.upstream,
        )
        rows = RowStore(table, lease_s(settings), self.clock)
        return Catalogue(settings, source, rows, self.now, history)

    def refused_environment(self) -> Catalogue:
        """As `environment`, at an address of which upstream takes no calls."""

        async def refuse(_: httpx.Request) -> httpx.Response:
            return httpx.Response(429, stream=Streamed(b"429 RATE LIMIT EXCEEDED"))

        return self.environment(httpx.MockTransport(refuse))

    def environment_without_table(self) -> Catalogue:
        """As `environment`, but without the shared table."""
        limits = self.settings.upstream_per_second, self.settings.upstream_per_minute
        source = PypistatsSource(
            self.settings, lambda _: RateLimit(*limits, self.clock), self.now, self.upstream
        )
        return Catalogue(self.settings, source, None, self.now)

    def open_table(self) -> Table:
        """The table client of one environment."""
        return Table(self._client(), self.name, self._http())

    def close(self) -> None:
        """Cancel all running tasks."""
        self.loop.run_until_complete(self._end())
        # Python 3.13 warns about aiodynamo's generators that are not closed yet.
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.table)

    def _client(self) -> Client:
        return Client(
            HTTPX(self._http()),
            StaticCredentials(Key("simulated", "simulated")),
            "eu-central-1",
            endpoint=URL("http://dynamodb.invalid"),
            numeric_type=int,
            throttle_config=StaticDelayRetry(time_limit_secs=-1),
        )

    async def _end(self) -> None:
        self.table.away = False
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client().delete_table(self.name)
        await self.loop.shutdown_asyncgens()

    async def create_table(self) -> None:
        """Create the table of that name."""
        schema = KeySchema(KeySpec("key", KeyType.string))
        await self._client().create_table(self.name, PayPerRequest(), schema)


with_and_without_table = pytest.mark.parametrize(
    "open_one",
    [World.environment, World.environment_without_table],
    ids=["with table", "without table"],
)
"""For a test that takes `open_one`, which opens an environment of a world."""
