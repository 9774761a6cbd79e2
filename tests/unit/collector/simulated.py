"""A simulated world with a table of history, in which the collector runs."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

import httpx

from collector.run import Collector
from collector.settings import CollectorSettings
from pulse.history import Cells
from pulse.names import PackageName
from pulse.questions import ENDPOINTS, Question
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import Table
from pulse_io.store.tracked import Collected, Progress
from tests.unit.collector.memory_table import Life, MemoryDynamo, MemoryTable
from tests.unit.pulse_io.simulated.world import World
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

PACKAGES = [PackageName.parse(name) for name in sorted(DOWNLOADS_PER_DAY) if name != "__all__"][:40]
REQUESTS, FLASK, HTTPX = map(PackageName.parse, ("requests", "flask", "httpx"))
UNKNOWN = PackageName.parse("no-such-package")

CACHE, HISTORY = "cache", "history"

QUARTER_S = 15 * 60
LEFT_S = QUARTER_S - 15
"""What the handler leaves of Lambda's longest time."""

YESTERDAY = dt.date(2026, 11, 21)
"""The newest loaded day when a world begins, at noon."""


class Mortal(httpx.AsyncBaseTransport):
    """Upstream as one environment sees it."""

    def __init__(self, upstream: httpx.AsyncBaseTransport, life: Life) -> None:
        self._upstream = upstream
        self._life = life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._life.check()
        response = await self._upstream.handle_async_request(request)
        self._life.step()
        return response


class CollectorWorld(World):
    """A world whose collector tracks some packages. All tables are in memory."""

    def __init__(self, *tracked: str) -> None:
        self.clock_error = dt.timedelta()
        super().__init__()
        self.upstream.behaviour = replace(self.upstream.behaviour, now=super().now)
        self.tracked = tracked
        self.dynamo = MemoryDynamo()
        self._life = Life()

    def now(self) -> dt.datetime:
        """The time by the clock of environments."""
        return super().now() + self.clock_error

    def clock(self) -> float:
        """Seconds since 1970 by the same clock."""
        return super().clock() + self.clock_error.total_seconds()

    async def run(self, left_s: float = LEFT_S, life: Life | None = None) -> None:
        """One run, as the handler makes it."""
        settings = CollectorSettings.from_environ(
            {
                "PYPISTATS_URL": "http://upstream.invalid",
                "AWS_REGION": "eu-central-1",
                "CACHE_TABLE": CACHE,
                "HISTORY_TABLE": HISTORY,
                "TRACKED_PACKAGES": ",".join(self.tracked),
            }
        )
        self._life = life = life or Life()
        catalogue = self.environment(
            Mortal(self.upstream, life), settings, HistoryStore(self.open_table(HISTORY))
        )
        collector = Collector(settings, catalogue, self.open_table(HISTORY), self.now)
        self._life = Life()
        await collector.run(left_s)

    def open_table(self, name: str = CACHE) -> Table:
        """The client of one environment; those of a run share its life."""
        return MemoryTable(self.dynamo, name, self._life)

    async def history(self, packages: Iterable[PackageName] = PACKAGES) -> dict[Question, Cells]:
        """All counts that are kept of some packages."""
        store = HistoryStore(self.open_table(HISTORY))
        questions = [Question(package, one) for package in packages for one in ENDPOINTS]
        return {
            one: await store.read(one, "simulated", dt.date.min, dt.date.max) for one in questions
        }

    async def progress(self) -> dict[PackageName, Collected]:
        return dict(await Progress(self.open_table(HISTORY)).read())

    def calls(self, endpoint: str = "") -> list[str]:
        """The paths of all calls to an endpoint, or of all."""
        return [call.path for call in self.upstream.calls if call.path.endswith(endpoint)]

    def sleep_until(self, hour: int, minute: int = 0, days: int = 0) -> None:
        """Let the time pass until this time of a later day, or of this one."""
        at = self.now().replace(hour=hour, minute=minute, second=0) + dt.timedelta(days=days)
        self.loop.freeze((at - self.now()).total_seconds())
