"""The budget that all execution environments share: its slots are attributes of an item in the table.

A slot is taken by one conditional write, so that no two environments ever take the same. A counter for
each minute would let twice as many calls through around the minute's end; slots never do. Promises are
in the same item, so whoever looks at the slots sees what is kept for whom.
"""

import asyncio
import contextlib
import math
import random
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import reduce
from itertools import chain, islice
from operator import and_
from typing import Final, NamedTuple

from aiodynamo.expressions import Condition, F, UpdateExpression

from pulse.problems import UpstreamThrottled
from pulse_io.budget import Clock, OwnBudget, is_too_late
from pulse_io.reads import Item
from pulse_io.slots import MINUTE_S, Entry, Slot, Slots, Turn, span_s, whole_ms, whole_seconds
from pulse_io.table import ConditionFailed, Table, TableUnavailable

_CLOSED_UNTIL: Final = "closed_until"
_PROMISED: Final = "promised"

LONGEST_LOOK_S: Final = 1.0
LONGEST_PROMISE_S: Final = 2.0
"""The request that wants to know has no more time."""

LATELY_S: Final = 1.0
"""How old a look may be by which somebody is refused."""

LONGEST_WRITE_S: Final = 1.0
PROMISED_AT_ONCE: Final = 50
"""Promises in one write: an expression has no room for many more."""

_FORGOTTEN_AFTER_S: Final = 7200
"""Longer than any slot is taken for, or upstream can ask to be left alone."""


class _Known(NamedTuple):
    """What the table said: how the slots are, how often promises were written, and when it said so.

    Others may have taken slots since, but none is free earlier; unless it was promised, to those.
    """

    slots: Slots
    promised: int
    since: float


class SharedBudget:
    """As `Budget`, for all environments together; each goes by its own while the table is away."""

    def __init__(
        self, table: Table, per_second: int, per_minute: int, clock: Clock = time.time
    ) -> None:
        self._table = table
        self._limits = per_second, per_minute
        self._clock = clock
        self._own = OwnBudget(per_second, per_minute, clock)
        self._known: dict[str, _Known] = {}
        # One at a time: those of one environment would only be in each other's way.
        self._taking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._promising: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Those who wait for a promise, in the order of their asking: one write is for all of them.
        self._unpromised: defaultdict[str, dict[str, None]] = defaultdict(dict)
        # How long the last write took: a turn that is stamped earlier is missed when it is had.
        self._write_s = 0.0
        self._random = random.Random()  # noqa: S311 - keeps environments apart, keeps no secret

    async def take(
        self, endpoint: str, name: str, until: float, missed: Turn | None = None
    ) -> Turn:
        """As `Budget`."""
        if not any(self._limits):
            return Turn(self._clock(), ())
        try:
            async with self._taking[endpoint]:
                turn = await self._take(endpoint, name, until, missed)
        except TableUnavailable:
            return await self._own.take(endpoint, name, until, missed)
        if missed is None:
            self._own.note(endpoint, turn.moment)
        return turn

    def wait_s(self, endpoint: str, name: str) -> float:
        """As `Budget`."""
        if not self._table.available:
            return self._own.wait_s(endpoint, name)
        now = whole_ms(self._clock())
        known = self._known.get(endpoint)
        return known.slots.free(now, name).moment - now if known else 0

    async def look(self, endpoint: str) -> None:
        """As `Budget`."""
        with contextlib.suppress(TableUnavailable, TimeoutError):
            async with asyncio.timeout(LONGEST_LOOK_S):
                await self._lately(endpoint)

    async def promise_s(self, endpoint: str, name: str) -> float:
        """As `Budget`."""
        if not any(self._limits):
            return await self._own.promise_s(endpoint, name)
        waiting = self._unpromised[endpoint]
        waiting[name] = None
        try:
            async with asyncio.timeout(LONGEST_PROMISE_S), self._promising[endpoint]:
                moment = await self._promise(endpoint, name)
        except TableUnavailable:
            return await self._own.promise_s(endpoint, name)
        except TimeoutError:
            # A table that is too slow to tell has many who ask: they had better not come all at once.
            return MINUTE_S + self._random.uniform(0, MINUTE_S)
        finally:
            waiting.pop(name, None)
        return max(0, moment - self._clock())

    async def close(self, endpoint: str, seconds: float) -> None:
        """As `Budget`."""
        if not any(self._limits):
            return
        await self._own.close(endpoint, seconds)
        until = self._clock() + seconds
        closed = F(_CLOSED_UNTIL)
        with contextlib.suppress(TableUnavailable, ConditionFailed):
            await self._write(
                endpoint,
                closed.set(_ms(until)) & _forgotten(until),
                closed.does_not_exist() | closed.lt(_ms(until)),
            )

    async def _take(self, endpoint: str, name: str, until: float, missed: Turn | None) -> Turn:
        known = self._known.get(endpoint) or self._learnt({})
        while True:
            began = self._clock()
            now = began + self._write_s
            slots = known.slots.without(missed)
            free = slots.free(now, name)
            if is_too_late(free.moment, slots.latest(now, until, name), now):
                latest = await self._lately(endpoint)
                if latest is not known:
                    known = latest
                    continue
                if missed:
                    await self._give_back(endpoint, missed)
                raise UpstreamThrottled(whole_seconds(free.moment - began))
            # Any of those that are free: all environments would want the first.
            turn = free.turn(missed, self._random.choice)
            changes = slots.changed(turn, name)
            conditions = [
                _is_still(slot, known.slots, name, missed)
                or _is_by(slot, turn.moment - span_s(slot))
                for slot in changes
            ]
            try:
                known = await self._write(
                    endpoint,
                    _changing(changes) & _forgotten(turn.moment),
                    reduce(and_, conditions, _is_by(_CLOSED_UNTIL, turn.moment)),
                )
            except ConditionFailed:
                known = await self._read(endpoint)
            else:
                self._write_s = min(LONGEST_WRITE_S, self._clock() - began)
                return turn

    async def _promise(self, endpoint: str, name: str) -> float:
        """The moment that is promised to `name`; what others wait to be promised is in the same write."""
        known = await self._lately(endpoint)
        while True:
            now, slots = self._clock(), known.slots
            moment = slots.promised_to(name, now)
            if moment is not None:
                return moment
            others = (
                other
                for other in self._unpromised[endpoint]
                if other != name and slots.promised_to(other, now) is None
            )
            promises = slots.promises(now, islice(chain([name], others), PROMISED_AT_ONCE))
            if not promises:
                return self._random.choice(slots.after_all_promises(now))
            moments = [entry.promised_moment for entry in promises.values()]
            conditions = [
                _is_still(slot, slots, entry.kept_for)
                or _is_by(slot, entry.promised_moment - span_s(slot))
                for slot, entry in promises.items()
            ]
            # Whoever promises has seen all promises so far: nobody is to be promised two.
            count = F(_PROMISED)
            unseen = count.equals(known.promised) if known.promised else count.does_not_exist()
            try:
                known = await self._write(
                    endpoint,
                    _changing(promises) & count.set(known.promised + 1) & _forgotten(max(moments)),
                    reduce(and_, conditions, unseen & _is_by(_CLOSED_UNTIL, min(moments))),
                )
            except ConditionFailed:
                known = await self._read(endpoint)

    async def _give_back(self, endpoint: str, turn: Turn) -> None:
        """Free the slots of a turn that no call was made on, but for those that are free by now."""
        for slot in turn.slots:
            if turn.moment + span_s(slot) > self._clock():
                still_its_own = F(slot).equals(_ms(turn.moment))
                with contextlib.suppress(TableUnavailable, ConditionFailed):
                    await self._write(endpoint, F(slot).remove(), still_its_own)

    async def _write(self, endpoint: str, change: UpdateExpression, condition: Condition) -> _Known:
        item = await self._table.update(_key(endpoint), change, condition)
        known = self._known[endpoint] = self._learnt(item)
        return known

    async def _lately(self, endpoint: str) -> _Known:
        """How the slots were a moment ago."""
        known = self._known.get(endpoint)
        if known and self._clock() < known.since + LATELY_S:
            return known
        return await self._read(endpoint)

    async def _read(self, endpoint: str) -> _Known:
        item = await self._table.get(_key(endpoint), consistent=True) or {}
        known = self._known[endpoint] = self._learnt(item)
        return known

    def _learnt(self, item: Item) -> _Known:
        times = {name: value / 1000 for name, value in item.items() if isinstance(value, int)}
        entries = {slot: Entry(at, item.get(_kept_for(slot), "")) for slot, at in times.items()}
        slots = Slots(*self._limits, entries, times.get(_CLOSED_UNTIL, 0))
        return _Known(slots, item.get(_PROMISED, 0), self._clock())


def _key(endpoint: str) -> str:
    return f"budget#{endpoint}"


def _kept_for(slot: Slot) -> str:
    """The attribute that says whom a slot is kept for."""
    return f"{slot}_for"


def _ms(moment: float) -> int:
    return round(whole_ms(moment) * 1000)


def _forgotten(moment: float) -> UpdateExpression:
    return F("expires_at").set(math.ceil(moment) + _FORGOTTEN_AFTER_S)


def _changing(changes: Mapping[Slot, Entry]) -> UpdateExpression:
    """The change that makes these slots so."""
    kept_for = {slot: F(_kept_for(slot)) for slot in changes}
    return reduce(
        and_,
        (
            F(slot).set(_ms(at)) & (kept_for[slot].set(name) if name else kept_for[slot].remove())
            for slot, (at, name) in changes.items()
        ),
    )


def _is_still(slot: Slot, known: Slots, name: str, missed: Turn | None = None) -> Condition | None:
    """That a slot is as it is known to be; for one that is kept for `name`, or was of the missed turn."""
    entry = known.entries.get(slot)
    if entry and (entry.kept_for == name or (missed and entry == Entry(missed.moment))):
        return F(slot).equals(_ms(entry.at))
    return None


def _is_by(attribute: str, moment: float) -> Condition:
    """Whether a time is not later than that, or was never set."""
    return F(attribute).does_not_exist() | F(attribute).lte(_ms(moment))
