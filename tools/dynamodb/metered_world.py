"""Execution environments over one table, each with a meter between, and what their requests cost."""

import datetime as dt
import math
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Self

from pulse.questions import Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources.shared_rate_limit import SharedRateLimit
from pulse_io.store.table import open_table
from pulse_io.wiring import open_catalogue

from .account import local_account
from .meter import Meter, Operation, metered
from .table import create_table

NOW: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


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

    catalogue: Catalogue
    meter: Meter

    async def cost(self, situation: str, questions: Collection[Question]) -> Cost:
        """What one request costs."""
        before = len(self.meter.read())
        await self.ask(questions)
        return Cost(situation, tuple(self.meter.read()[before:]))

    async def ask(self, questions: Collection[Question]) -> None:
        """Make a request, whatever becomes of it."""
        await self.catalogue.fetch_all(questions)


@dataclass(frozen=True)
class World:
    """A table, and an upstream. The clocks are at `now` when it is made."""

    dynamodb_url: str
    table: str
    upstream_url: str
    now: dt.datetime = NOW
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def new(cls, dynamodb_url: str, upstream_url: str) -> Self:
        """With a table that nobody has used."""
        return cls(dynamodb_url, create_table(dynamodb_url, expiring=False), upstream_url)

    def at(self, now: dt.datetime, upstream_url: str) -> Self:
        """The same table, at another time."""
        return replace(self, now=now, upstream_url=upstream_url)

    def settings(self, dynamodb_url: str) -> Settings:
        """What an execution environment is told; its table is the one at that URL."""
        variables = {"CACHE_TABLE": self.table, "PYPISTATS_URL": self.upstream_url}
        return Settings.from_environ({**local_account(dynamodb_url), **variables})

    def clock(self) -> float:
        """Seconds since 1970, as all environments have them."""
        return self.now.timestamp() + time.monotonic() - self.began

    @asynccontextmanager
    async def environment(self) -> AsyncIterator[Environment]:
        """An execution environment that has nothing in memory."""
        with metered(self.dynamodb_url) as meter:
            catalogue = open_catalogue(self.settings(meter.url), lambda: self.now, self.clock)
            try:
                yield Environment(catalogue, meter)
            finally:
                await catalogue.aclose()

    async def exhaust(self, breakdown: Breakdown) -> None:
        """Take all calls of a minute, as other environments would."""
        settings = self.settings(self.dynamodb_url)
        table = open_table(settings, self.table)
        limits = settings.upstream_per_second, settings.upstream_per_minute
        rate_limit = SharedRateLimit(table, *limits, self.clock)
        for _ in range(settings.upstream_per_minute):
            await rate_limit.take(breakdown, "another", math.inf)
        await table.aclose()
