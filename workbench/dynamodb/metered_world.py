"""Execution environments over one table, each with a meter between, and what their requests cost."""

import datetime as dt
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from pulse.problems import Problem
from pulse.pypistats import Endpoint
from pulse_io.library import Library
from pulse_io.opening import open_library
from pulse_io.settings import Settings
from pulse_io.shared_rate_limit import SharedRateLimit
from pulse_io.table import open_table

from .account import local_account
from .meter import Meter, Operation, metered

NOW: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NO_TIME: Final = dt.timedelta()

Ask = Callable[[Library], Awaitable[object]]


@dataclass(frozen=True)
class Cost:
    """What a request in one situation asked of the table."""

    situation: str
    operations: tuple[Operation, ...]

    @property
    def reads(self) -> float:
        """Read units."""
        return sum(one.reads for one in self.operations)

    @property
    def writes(self) -> float:
        """Write units."""
        return sum(one.writes for one in self.operations)


@dataclass(frozen=True)
class Environment:
    """One execution environment, and what it has asked of the table."""

    library: Library
    meter: Meter

    async def cost(self, situation: str, ask: Ask) -> Cost:
        """What one request costs."""
        before = len(self.meter.read())
        await self.try_to(ask)
        return Cost(situation, tuple(self.meter.read()[before:]))

    async def try_to(self, ask: Ask) -> None:
        """Make a request, whatever becomes of it."""
        try:
            await ask(self.library)
        except Problem:
            return


@dataclass(frozen=True)
class World:
    """A table that nobody has used, and an upstream."""

    dynamodb_url: str
    table: str
    upstream_url: str

    def settings(self, dynamodb_url: str) -> Settings:
        """What an execution environment is told; its table is the one at that URL."""
        variables = {"CACHE_TABLE": self.table, "PYPISTATS_URL": self.upstream_url}
        return Settings.from_environ({**local_account(dynamodb_url), **variables})

    @asynccontextmanager
    async def environment(self, later: dt.timedelta = NO_TIME) -> AsyncIterator[Environment]:
        """An execution environment that has nothing in memory, and whose clocks are ahead by so much."""
        with metered(self.dynamodb_url) as meter:
            library = open_library(
                self.settings(meter.url),
                lambda: NOW + later,
                lambda: time.time() + later.total_seconds(),
            )
            try:
                yield Environment(library, meter)
            finally:
                await library.aclose()

    async def exhaust(self, endpoint: Endpoint) -> None:
        """Take all calls of a minute, as other environments would."""
        settings = self.settings(self.dynamodb_url)
        table = open_table(settings, self.table)
        limits = settings.upstream_per_second, settings.upstream_per_minute
        rate_limit = SharedRateLimit(table, *limits)
        for _ in range(settings.upstream_per_minute):
            await rate_limit.take(endpoint, "another", math.inf)
        await table.aclose()
