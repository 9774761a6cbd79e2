"""Opens the table that the environment variables name."""

import asyncio
import datetime as dt
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from pulse_io.settings import Settings
from pulse_io.store.table import Table, open_table

NOON = dt.datetime(2099, 11, 22, 12, tzinfo=dt.UTC)
"""Far in the future, since DynamoDB Local deletes items that have expired by the real clock."""

T = TypeVar("T")


class MovedClock:
    """The real clock plus an offset that a test sets."""

    def __init__(self) -> None:
        self.moved_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.moved_s


@asynccontextmanager
async def opened() -> AsyncIterator[Table]:
    """The table that the environment variables name."""
    settings = Settings.from_environ(os.environ)
    assert settings.cache_table
    table = open_table(settings, settings.cache_table)
    try:
        yield table
    finally:
        await table.aclose()


def asking(ask: Callable[[Table], Awaitable[T]]) -> T:
    """Run `ask` with the table, on an event loop of its own."""

    async def main() -> T:
        async with opened() as table:
            return await ask(table)

    return asyncio.run(main())
