"""The rate limit that all execution environments share: its windows are items of the table.

A window is one item and is replaced as a whole, on the condition that nobody else has replaced it since
it was read. All that an environment wants of a window at the same time is one write.

Without the table nobody knows what others do. A throttled table is there: others get through, and they may
be a thousand, so nothing is granted. One that is missing or can't be reached is away for all: each
environment goes on with a small share of the limits, and remembers the calls that it knew of. Reservations
from before are void, since each would keep them.

A refusal by upstream may be for the address of one environment alone, so it closes the limit of that one; for
all only if several have been refused within a minute.
"""

import asyncio
import contextlib
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from aiodynamo.expressions import Condition, F

from pulse.problems import UpstreamThrottled
from pulse_io.clocks import Clock
from pulse_io.sources.rate_limit import (
    MINUTE_S,
    Change,
    Note,
    RateLimit,
    T,
    milliseconds,
    whole_seconds,
)
from pulse_io.sources.window import Window
from pulse_io.store.table import ConditionFailed, Table, TableThrottled, TableUnavailable

LATELY_S: Final = 1.0
"""How old a look may be by which somebody is refused."""

LONGEST_LOOK_S: Final = 0.5
LONGEST_RESERVATION_S: Final = 2.0
"""The request that wants to know has no more time."""

LONGEST_WRITE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 0.2

_FORGOTTEN_AFTER_S: Final = 7200
"""Longer than any call counts for, or upstream can ask to be left alone."""


class _Wanted(NamedTuple):
    """A change that waits to be made, and whoever waits for what it says."""

    change: Change[Any]
    done: asyncio.Future[Any]


class _Known(NamedTuple):
    """Which version of a window `RateLimit` knows, and since when; 0 is of none at all."""

    version: int
    since: float


class SharedRateLimit(RateLimit):
    """As `RateLimit`, for all environments."""

    def __init__(
        self, table: Table, per_second: int, per_minute: int, clock: Clock = time.time
    ) -> None:
        super().__init__(per_second, per_minute, clock)
        self._table = table
        self._known: dict[str, _Known] = {}
        self._name = f"{self._random.getrandbits(32):08x}"
        self._closed_until: dict[str, int] = {}
        self._wanted: defaultdict[str, list[_Wanted]] = defaultdict(list)
        self._writers: dict[str, asyncio.Task[None]] = {}
        # The endpoints whose window another environment has written since this one did. The windows of
        # all others are not read again before a write: its condition tells whether they have changed.
        self._others: set[str] = set()
        # How long the last write took: a call that is granted for earlier would miss its moment.
        self._write_s = 0.0

    async def close(self, endpoint: str, seconds: float) -> None:
        """As `RateLimit`, for this environment; for all if another has been refused within a minute."""
        until = self._now() + milliseconds(seconds)
        if self.limited:
            self._closed_until[endpoint] = max(until, self._closed_here(endpoint))
            await self._note(endpoint, lambda window, now: window.refuse(now, until, self._name))

    async def look(self, endpoint: str) -> None:
        """As `RateLimit`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_LOOK_S):
                await self._refresh(endpoint, LATELY_S)

    async def reserve_s(
        self, endpoint: str, name: str, after_s: float = 0, client: str = ""
    ) -> float:
        """As `RateLimit`."""
        after_s = max(after_s, self._closed_here(endpoint) / 1000 - self.clock())
        try:
            async with asyncio.timeout(LONGEST_RESERVATION_S):
                return await super().reserve_s(endpoint, name, after_s, client)
        except (TimeoutError, UpstreamThrottled):
            told = self._window(endpoint).reserved.get(name, 0) / 1000 - self.clock()
            if told > after_s:
                return told
            return self._some_time_s()

    def _some_time_s(self) -> int:
        """A table that is too slow to tell has many who ask: they had better not come all at once."""
        return whole_seconds(MINUTE_S + self._random.uniform(0, MINUTE_S))

    async def _change(self, endpoint: str, change: Change[T]) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._wanted[endpoint].append(_Wanted(change, done))
        if endpoint not in self._writers:
            self._writers[endpoint] = asyncio.create_task(self._make_all(endpoint))
        return await done

    async def _note(self, endpoint: str, note: Note) -> None:
        try:
            await super()._note(endpoint, note)
        except UpstreamThrottled:
            self._windows[endpoint] = note(self._window(endpoint), self._now())

    async def _refresh(self, endpoint: str, age_s: float) -> None:
        with contextlib.suppress(TableUnavailable):
            await self._read_unless_known(endpoint, age_s)

    async def _make_all(self, endpoint: str) -> None:
        """Make what is wanted, and what comes to be wanted meanwhile."""
        wanted: list[_Wanted] = []
        try:
            while wanted := self._wanted.pop(endpoint, []):
                try:
                    said = await self._make(endpoint, wanted)
                except TableThrottled:
                    for one in wanted:
                        if not one.done.done():
                            one.done.set_exception(UpstreamThrottled(self._some_time_s()))
                    continue
                for one, result in zip(wanted, said, strict=True):
                    if not one.done.done():
                        one.done.set_result(result)
        finally:
            del self._writers[endpoint]
            for one in wanted + self._wanted.pop(endpoint, []):
                one.done.cancel()

    async def _make(self, endpoint: str, wanted: list[_Wanted]) -> list[Any]:
        """Make all changes that are wanted in one write; those that come meanwhile are added to it."""
        failures = 0
        looked = endpoint in self._others or endpoint not in self._known
        try:
            if looked:
                await self._read_unless_known(endpoint, LATELY_S)
            while True:
                wanted += self._wanted.pop(endpoint, [])
                began = self.clock()
                before = self._window(endpoint)
                after, said = self._changed(before, wanted)
                if after == before:
                    if looked:
                        return said
                    looked = True
                    await self._read_unless_known(endpoint, LATELY_S)
                    continue
                try:
                    await self._write(endpoint, after)
                except ConditionFailed:
                    # Others want the same: whoever waits at random is less in their way.
                    failures += 1
                    looked = True
                    self._others.add(endpoint)
                    pause_s = min(LONGEST_PAUSE_S, failures * self._write_s)
                    await asyncio.sleep(self._random.uniform(0, pause_s))
                    await self._read(endpoint)
                else:
                    self._write_s = min(LONGEST_WRITE_S, self.clock() - began)
                    return said
        except TableThrottled:
            raise
        except TableUnavailable:
            alone = self._window(endpoint).alone()
            self._windows[endpoint], said = self._changed(alone, wanted)
            self._known.pop(endpoint, None)
            return said

    def _changed(self, window: Window, wanted: Sequence[_Wanted]) -> tuple[Window, list[Any]]:
        now, said = self._now() + round(self._write_s * 1000), []
        for one in wanted:
            window, result = one.change(window, now)
            said.append(result)
        return window, said

    def _closed_here(self, endpoint: str) -> int:
        return self._closed_until.get(endpoint, 0)

    async def _write(self, endpoint: str, window: Window) -> None:
        before = self._known[endpoint].version
        # An item that begins anew after one has expired never has a version that the old one had.
        version = max(before + 1, self._now())
        item = {
            "key": _key(endpoint),
            "version": version,
            "window": window.to_json(),
            "expires_at": math.ceil(self.clock()) + _FORGOTTEN_AFTER_S,
        }
        await self._table.put(item, _is_still(before))
        self._learn(endpoint, version, window, self.clock())

    async def _read_unless_known(self, endpoint: str, age_s: float) -> None:
        if not self.limited:
            return
        known = self._known.get(endpoint)
        if known is None or self.clock() >= known.since + age_s:
            await self._read(endpoint)

    async def _read(self, endpoint: str) -> None:
        began = self.clock()
        item = await self._table.get(_key(endpoint))
        version = item["version"] if item else 0
        window = self._unused.with_json(item["window"]) if item else self._unused
        if self._window(endpoint).is_alone:
            window = window.with_calls_of(self._window(endpoint))
        known = self._known.get(endpoint)
        if known and known.version == version:
            self._others.discard(endpoint)
        self._learn(endpoint, version, window, began)

    def _learn(self, endpoint: str, version: int, window: Window, since: float) -> None:
        known = self._known.get(endpoint)
        if known is None or known.since <= since:
            self._known[endpoint] = _Known(version, since)
            self._windows[endpoint] = window


def _key(endpoint: str) -> str:
    return f"rate_limit#{endpoint}"


def _is_still(version: int) -> Condition:
    return F("version").equals(version) if version else F("key").does_not_exist()
