"""The rate limit of one endpoint for all execution environments: its window is an item of the table.

An environment replaces the whole item, on the condition that no other has replaced it since the last read. All
changes that wait at the same time are one write.

If the table is throttled, nothing is granted: a thousand other environments may be getting through. If it is
missing or can't be reached, that is so for all of them, and each falls back to a small share of the limits.

A refusal by upstream may concern the address of one environment, so it closes the limit for that one. It closes
for all if several environments are refused within a minute.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from aiodynamo.expressions import F

from pulse.problems import UpstreamThrottled
from pulse_io.clocks import Clock
from pulse_io.sources.rate_limit import (
    RETRY_SPREAD_S,
    Change,
    RateLimit,
    T,
    milliseconds,
    whole_seconds,
)
from pulse_io.sources.reservations import refuse
from pulse_io.sources.window import Window
from pulse_io.store.table import ConditionFailed, Table, TableThrottled, TableUnavailable

MAX_AGE_S: Final = 1.0
"""A call is refused by a window at most this old."""

MAX_REFRESH_S: Final = 0.5
MAX_RESERVING_S: Final = 2.0
"""How long a request waits for its `Retry-After` at most."""

MAX_WRITE_S: Final = 1.0
MAX_BACKOFF_S: Final = 0.2

_EXPIRES_AFTER_S: Final = 7200
"""Longer than a call counts, and than upstream can ask to be left alone."""


class _PendingChange(NamedTuple):
    """A change that waits to be written, and the future of its result."""

    change: Change[Any]
    result: asyncio.Future[Any]


class SharedRateLimit(RateLimit):
    """As `RateLimit`, for all environments with the same table."""

    def __init__(
        self,
        table: Table,
        endpoint: str,
        per_second: int,
        per_minute: int,
        clock: Clock = time.time,
    ) -> None:
        super().__init__(per_second, per_minute, clock)
        self._table = table
        self._key = f"rate_limit#{endpoint}"
        self._environment = f"{self._random.getrandbits(32):08x}"
        self._limits = self._stored
        self._version = 0  # of the item that `_stored` is from; 0 without one
        self._known_since = -math.inf
        self._is_fallback = False
        # Whether another environment has written since this one did. If not, no read is needed before a
        # write: its condition fails if the item has changed.
        self._is_contended = True
        self._pending: list[_PendingChange] = []
        self._writer: asyncio.Task[None] | None = None
        # How long the last write took. A call granted for a moment before its end would be late.
        self._write_s = 0.0

    async def close(self, seconds: float) -> None:
        """As `RateLimit`, for this environment; for all if another one was refused within a minute."""
        until = self._now() + milliseconds(seconds)
        self._closed_until = max(until, self._closed_until)
        await self._note(lambda window: refuse(window, until, self._environment))

    async def refresh(self) -> None:
        """As `RateLimit`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MAX_REFRESH_S):
                await self._refresh(MAX_AGE_S)

    async def reserve_s(self, name: str, after_s: float = 0, client: str = "") -> float:
        """As `RateLimit`; an estimate if the table does not respond in time."""
        after_s = max(after_s, self._closed_until / 1000 - self.clock())
        try:
            async with asyncio.timeout(MAX_RESERVING_S):
                return await super().reserve_s(name, after_s, client)
        except (TimeoutError, UpstreamThrottled):
            reserved = self.window.reservations.get(name)
            known_s = reserved.moment / 1000 - self.clock() if reserved else 0
            return known_s if known_s > after_s else self._spread_s()

    def _spread_s(self) -> int:
        """A time to retry if the table is too slow to tell; spread, since many clients are told one."""
        return whole_seconds(RETRY_SPREAD_S + self._random.uniform(0, RETRY_SPREAD_S))

    async def _change(self, change: Change[T]) -> T:
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append(_PendingChange(change, result))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_pending())
        return await result

    async def _note(self, note: Callable[[Window], Window]) -> None:
        try:
            await super()._note(note)
        except UpstreamThrottled:
            self._stored = note(self.window)

    async def _refresh(self, max_age_s: float) -> None:
        with contextlib.suppress(TableUnavailable):
            await self._read_if_older(max_age_s)

    async def _write_pending(self) -> None:
        """Write all pending changes, and those that arrive meanwhile."""
        batch: list[_PendingChange] = []
        try:
            while batch := self._take_pending():
                try:
                    results = await self._write_all(batch)
                except TableThrottled:
                    for one in batch:
                        if not one.result.done():
                            one.result.set_exception(UpstreamThrottled(self._spread_s()))
                    continue
                for one, result in zip(batch, results, strict=True):
                    if not one.result.done():
                        one.result.set_result(result)
        finally:
            self._writer = None
            for one in batch + self._take_pending():
                one.result.cancel()

    def _take_pending(self) -> list[_PendingChange]:
        pending, self._pending = self._pending, []
        return pending

    async def _write_all(self, batch: list[_PendingChange]) -> list[Any]:
        """Apply a batch in one write, with the changes that arrive meanwhile. Returns the results."""
        failures = 0
        try:
            if self._is_contended or self._known_since == -math.inf:
                await self._read_if_older(MAX_AGE_S)
            while True:
                batch += self._take_pending()
                began = self.clock()
                before = self._stored.at(self._now() + milliseconds(self._write_s))
                after, results = _apply(batch, before)
                if after == before:
                    if not await self._read_if_older(MAX_AGE_S):
                        return results
                    continue
                try:
                    await self._write(after)
                except ConditionFailed:
                    failures += 1
                    self._is_contended = True
                    # A random pause keeps this environment out of the others' way.
                    backoff_s = min(MAX_BACKOFF_S, failures * self._write_s)
                    await asyncio.sleep(self._random.uniform(0, backoff_s))
                    await self._read()
                else:
                    self._write_s = min(MAX_WRITE_S, self.clock() - began)
                    return results
        except TableThrottled:
            raise
        except TableUnavailable:
            if not self._is_fallback:
                self._stored = self._stored.fallback()
            self._is_fallback, self._known_since = True, -math.inf
            self._stored, results = _apply(batch, self.window)
            return results

    async def _write(self, window: Window) -> None:
        # An item that is created after one expired never repeats a version of the old one.
        version = max(self._version + 1, self._now())
        item = {
            "key": self._key,
            "version": version,
            "window": window.pack(),
            "expires_at": math.ceil(self.clock()) + _EXPIRES_AFTER_S,
        }
        before = F("version").equals(self._version) if self._version else F("key").does_not_exist()
        await self._table.put(item, before)
        self._learn(version, window, self.clock())

    async def _read_if_older(self, max_age_s: float) -> bool:
        """Read the window unless it is known well enough. Returns whether it was read."""
        is_due = self.limited and self.clock() >= self._known_since + max_age_s
        if is_due:
            await self._read()
        return is_due

    async def _read(self) -> None:
        began = self.clock()
        item = await self._table.get(self._key)
        version = item["version"] if item else 0
        window = self._limits.unpack(item["window"]) if item else self._limits
        if self._is_fallback:
            window = window.with_calls_of(self._stored)
            self._is_fallback = False
        if version == self._version:
            self._is_contended = False
        self._learn(version, window, began)

    def _learn(self, version: int, window: Window, since: float) -> None:
        if since >= self._known_since:
            self._version, self._stored, self._known_since = version, window, since


def _apply(batch: Iterable[_PendingChange], window: Window) -> tuple[Window, list[Any]]:
    """The window after all changes, and their results."""
    results = []
    for one in batch:
        window, result = one.change(window)
        results.append(result)
    return window, results
