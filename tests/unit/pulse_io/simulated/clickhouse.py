"""A simulated ClickHouse with a quota, and the environments that ask it."""

import asyncio
import datetime as dt
import json
import re
from dataclasses import dataclass, field

import httpx

from pulse.clickhouse.answer import META
from pulse.clickhouse.errors import CODE_HEADER
from pulse.names import PackageName
from pulse.questions import Breakdown, Question, View
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources.clickhouse import ClickHouseSource
from pulse_io.sources.clickhouse_server import ClickHouseServer
from pulse_io.sources.local_queue import LocalQueue
from pulse_io.sources.shared_queue import SharedQueue
from pulse_io.store.rows import RowStore
from pulse_io.wiring import lease_s
from tests.unit.pulse_io.simulated.world import Streamed, World

EPOCH = dt.date(1970, 1, 1)
YESTERDAY = dt.date(2026, 11, 21)
SETTINGS = Settings.from_environ({})

_PACKAGES = re.compile(rb'name="param_packages"\r\n\r\n\[(.*?)\]\r\n')


def row(package: str, role: str, category: str, cells: dict[dt.date, int]) -> list[object]:
    """A row of an answer."""
    days = [(day - EPOCH).days for day in sorted(cells)]
    return [package, role, category, days, [cells[day] for day in sorted(cells)]]


def body(rows: list[list[object]]) -> bytes:
    """An answer with these rows, as JSONCompact."""
    return json.dumps({"meta": META, "data": rows, "rows": len(rows), "statistics": {}}).encode()


def refused(code: int, text: str) -> httpx.Response:
    """An error of ClickHouse's."""
    return httpx.Response(500, headers={CODE_HEADER: str(code)}, stream=Streamed(text.encode()))


@dataclass
class SimulatedClickHouse(httpx.AsyncBaseTransport):
    """Knows every package except `no-such-package`, with as many downloads on each day as its name is long.

    `newest` is the newest day that is loaded. Queries take `latency_s`. `failures` are answers that replace the
    next ones.
    """

    newest: dt.date = YESTERDAY
    latency_s: float = 0.1
    queries: list[float] = field(default_factory=list)
    packages: list[int] = field(default_factory=list)
    failures: list[httpx.Response | Exception] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        found = _PACKAGES.search(content)
        assert found
        names = found[1].decode().replace("'", "").split(",")
        self.queries.append(asyncio.get_running_loop().time())
        self.packages.append(len(names))
        await asyncio.sleep(self.latency_s)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        days = [self.newest - dt.timedelta(days=ago) for ago in range(20)]
        rows = [row("", "steady", "", dict.fromkeys(days[:15], 10**9))]
        for name in set(names) - {"no-such-package"}:
            rows.append(row(name, "first", "", {days[-1]: 0}))
            rows.append(row(name, "named", "with_mirrors", dict.fromkeys(days, len(name))))
        return httpx.Response(200, stream=Streamed(body(rows)))

    def most_in_an_hour(self) -> int:
        """The most queries in any hour."""
        return max(sum(begin <= at < begin + 3600 for at in self.queries) for begin in self.queries)


def open_source(world: World, server: httpx.AsyncBaseTransport, per_hour: int = 40) -> Catalogue:
    """ClickHouse's catalogue in a new environment of a world."""
    table = world.open_table()
    rows = RowStore(table, lease_s(SETTINGS), world.clock)
    queue = SharedQueue(table, per_hour, world.clock)
    asked = ClickHouseServer("http://clickhouse.invalid", SETTINGS, world.now, server)
    return Catalogue(SETTINGS, ClickHouseSource(asked, queue, rows, world.now), rows, world.now)


def open_source_without_table(
    world: World, server: httpx.AsyncBaseTransport, per_hour: int = 40
) -> Catalogue:
    """As `open_source`, but without the shared table."""
    asked = ClickHouseServer("http://clickhouse.invalid", SETTINGS, world.now, server)
    source = ClickHouseSource(asked, LocalQueue(per_hour, world.clock), None, world.now)
    return Catalogue(SETTINGS, source, None, world.now)


def question(package: str, view: View | None = None) -> Question:
    """With mirrors, since the year 2026 began."""
    return Question(
        PackageName.parse(package),
        Breakdown.OVERALL,
        view or View(start=dt.date(2026, 1, 1), mirrors=True),
    )
