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
"""Another format of `QueryQueue.pack` needs another key: environments of two versions run at the same time."""

FALLBACK_SHARE: Final = 10
"""Without the table, an environment makes a tenth of the queries, but at least one an hour."""

MAX_AGE_S: Final = 0.1
"""A change is tried on a queue at most this old; the write fails if another environment has changed it."""

MAX_PAUSE_S: Final = 0.1
"""Before another attempt at a write that came too late."""


class SharedQueue(LocalQueue):
    """The queue of all environments with the same table."""

    def __init__(self, table: Table, per_hour: int, clock: Clock) -> None:
        super().__init__(per_hour, clock)
        self._table = table
        self._limit = QueryQueue(per_hour)
        self._share = QueryQueue(max(1, per_hour // FALLBACK_SHARE) if per_hour else 0)
        self._is_away = False
        self._version = 0  # of the item that is known; 0 without one
        self._known_since = -math.inf
        self._pending: list[tuple[Change[Any], asyncio.Future[Any]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._random = random.Random()  # noqa: S311 - spreads retries, protects no secret

    @property
    def queue(self) -> QueryQueue:
        """As `LocalQueue`; while the table is away, that of this environment."""
        return (self._share if self._is_away else self._queue).at(self.clock())

    async def change(self, change: Change[T]) -> T:
        """As `LocalQueue`, for all environments."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append((change, result))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_pending())
        return await result

    async def refresh(self, max_age_s: float) -> None:
        """As `LocalQueue`."""
        try:
            await self._read_if_older(max_age_s)
        except TableUnavailable:
            self._go_away()

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
            await self._read_if_older(MAX_AGE_S)
            while True:
                before = self.queue
                after, results = _apply(changes, before)
                if after == before:
                    return results
                version = self._random.getrandbits(62)
                with contextlib.suppress(ConditionFailed):
                    await self._write(after, version)
                    return results
                await asyncio.sleep(self._random.uniform(0, MAX_PAUSE_S))
                await self._read()
                if self._version == version:  # a write that was retried had succeeded
                    return results
        except TableUnavailable:
            self._go_away()
            self._share, results = _apply(changes, self.queue)
            return results

    def _go_away(self) -> None:
        self._is_away, self._known_since = True, -math.inf

    async def _write(self, queue: QueryQueue, version: int) -> None:
        item = {
            "key": KEY,
            "version": version,
            "queue": queue.pack(),
            "expires_at": math.ceil(self.clock() + WAITING_S),
        }
        before = F("version").equals(self._version) if self._version else F("key").does_not_exist()
        await self._table.put(item, before)
        self._version, self._queue, self._known_since = version, queue, self.clock()

    async def _read_if_older(self, max_age_s: float) -> None:
        if self.clock() >= self._known_since + max_age_s:
            await self._read()

    async def _read(self) -> None:
        item = await self._table.get(KEY)
        self._version = item["version"] if item else 0
        self._queue = self._limit.unpack(item["queue"]) if item else self._limit
        self._known_since, self._is_away = self.clock(), False


def _apply(changes: list[Change[Any]], queue: QueryQueue) -> tuple[QueryQueue, list[Any]]:
    """The queue after all changes, and their results."""
    results = []
    for change in changes:
        queue, result = change(queue)
        results.append(result)
    return queue, results
