"""Keeps the queue of queries in an item of the table, for all environments.

An environment replaces the whole item, on the condition that no other has replaced it since the last read. All
changes that wait at the same time are one write. While the table can't be used, each environment has a small share
of the limit.
"""

import asyncio
import contextlib
import math
import random
from typing import Any, Final

from aiodynamo.expressions import F

from pulse_io.clocks import Clock
from pulse_io.sources.local_queue import Change, LocalQueue, T
from pulse_io.sources.query_queue import WAITING_S, QueryQueue
from pulse_io.store.table import ConditionFailed, Table, TableUnavailable

KEY: Final = "query_queue#clickhouse"
FALLBACK_SHARE: Final = 10
"""Without the table, an environment makes a tenth of the queries, but at least one an hour."""

MAX_PAUSE_S: Final = 0.1
"""Before another attempt at a write that came too late."""


class SharedQueue(LocalQueue):
    """The queue of all environments with the same table."""

    def __init__(self, table: Table, per_hour: int, clock: Clock) -> None:
        super().__init__(per_hour, clock)
        self._table = table
        self._limit = QueryQueue(per_hour)
        self._fallback = QueryQueue(max(1, per_hour // FALLBACK_SHARE) if per_hour else 0)
        self._version = 0  # of the item that is known; 0 without one
        self._known_since = -math.inf
        self._pending: list[tuple[Change[Any], asyncio.Future[Any]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._random = random.Random()  # noqa: S311 - spreads retries, protects no secret

    async def change(self, change: Change[T]) -> T:
        """As `LocalQueue`, for all environments."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append((change, result))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_pending())
        return await result

    async def refresh(self, max_age_s: float) -> None:
        """As `LocalQueue`."""
        if self.clock() >= self._known_since + max_age_s:
            with contextlib.suppress(TableUnavailable):
                await self._read()

    async def _write_pending(self) -> None:
        """Make all changes that wait, and those that arrive meanwhile."""
        pending: list[tuple[Change[Any], asyncio.Future[Any]]] = []
        try:
            while self._pending:
                pending, self._pending = self._pending, []
                results = await self._make([change for change, _ in pending])
                for (_, future), result in zip(pending, results, strict=True):
                    if not future.done():
                        future.set_result(result)
        finally:
            self._writer = None
            for _, future in pending + self._pending:
                future.cancel()  # does nothing to those that are done
            self._pending = []

    async def _make(self, changes: list[Change[Any]]) -> list[Any]:
        """Make these changes in one write; returns their results."""
        try:
            await self._read()
            while True:
                before = self.queue
                after, results = _apply(changes, before)
                if after == before:
                    return results
                try:
                    await self._write(after)
                except ConditionFailed:
                    await asyncio.sleep(self._random.uniform(0, MAX_PAUSE_S))
                    await self._read()
                else:
                    return results
        except TableUnavailable:
            self._known_since = -math.inf
            self._fallback, results = _apply(changes, self._fallback.at(self.clock()))
            return results

    async def _write(self, queue: QueryQueue) -> None:
        # An item that is created after one expired never repeats a version of the old one.
        version = max(self._version + 1, math.ceil(self.clock() * 1000))
        item = {
            "key": KEY,
            "version": version,
            "queue": queue.pack(),
            "expires_at": math.ceil(self.clock() + WAITING_S),
        }
        before = F("version").equals(self._version) if self._version else F("key").does_not_exist()
        await self._table.put(item, before)
        self._version, self._queue, self._known_since = version, queue, self.clock()

    async def _read(self) -> None:
        item = await self._table.get(KEY)
        self._version = item["version"] if item else 0
        self._queue = self._limit.unpack(item["queue"]) if item else self._limit
        self._known_since = self.clock()


def _apply(changes: list[Change[Any]], queue: QueryQueue) -> tuple[QueryQueue, list[Any]]:
    """The queue after all changes, and their results."""
    results = []
    for change in changes:
        queue, result = change(queue)
        results.append(result)
    return queue, results
