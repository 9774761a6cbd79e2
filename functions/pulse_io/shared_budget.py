"""The budget that all execution environments share: its slots are attributes of an item in the table.

A slot is taken by one conditional write, so that no two environments ever take the same. A counter for
each minute would let twice as many calls through around the minute's end; slots never do.
"""

import asyncio
import contextlib
import math
import random
import time
from collections import defaultdict
from contextlib import AbstractContextManager
from functools import reduce
from operator import and_
from typing import Final

from aiodynamo.expressions import Condition, F, UpdateExpression

from pulse.problems import UpstreamThrottled
from pulse_io.budget import Clock, OwnBudget, is_too_late
from pulse_io.slots import MINUTE_S, Slot, Slots, Turn, span_s, whole_ms, whole_seconds
from pulse_io.table import ConditionFailed, Item, Table, TableUnavailable

_CLOSED_UNTIL: Final = "closed_until"
LONGEST_LOOK_S: Final = 1.0
"""The request that wants to know has no more time."""

LONGEST_WRITE_S: Final = 1.0
OTHERS: Final = 10
"""Calls that other environments are taken to want, where one has to wait: they are told the same."""

_FORGOTTEN_AFTER_S: Final = 7200
"""Longer than any slot is taken for, or upstream can ask to be left alone."""


class SharedBudget:
    """As `Budget`, for all environments together; each goes by its own while the table is away."""

    def __init__(
        self, table: Table, per_second: int, per_minute: int, clock: Clock = time.time
    ) -> None:
        self._table = table
        self._limits = per_second, per_minute
        self._clock = clock
        self._own = OwnBudget(per_second, per_minute, clock)
        # What is known of the slots. Others may have taken them since, but none is free earlier.
        self._known: dict[str, Slots] = {}
        self._one_by_one: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # How long the last write took: a turn that is stamped earlier is missed when it is had.
        self._write_s = 0.0
        self._random = random.Random()  # noqa: S311 - keeps environments apart, keeps no secret

    async def take(self, endpoint: str, until: float, missed: Turn | None = None) -> Turn:
        """As `Budget`."""
        if not any(self._limits):
            return Turn(self._clock(), ())
        try:
            # One at a time: those of one environment would only be in each other's way.
            async with self._one_by_one[endpoint]:
                turn = await self._take(endpoint, until, missed)
        except TableUnavailable:
            return await self._own.take(endpoint, until, missed)
        if missed is None:
            self._own.note(endpoint, turn.moment)
        return turn

    def wait_s(self, endpoint: str) -> float:
        """As `Budget`."""
        if not self._table.available:
            return self._own.wait_s(endpoint)
        now = whole_ms(self._clock())
        known = self._known.get(endpoint)
        return known.free(now).moment - now if known else 0

    def wanting(self, endpoint: str, name: str) -> AbstractContextManager[None]:
        """As `Budget`."""
        return self._own.wanting(endpoint, name)

    def room_s(self, endpoint: str) -> float:
        """As `Budget`."""
        if not self._table.available:
            return self._own.room_s(endpoint)
        if not any(self._limits):
            return 0
        known = self._known.get(endpoint)
        # A table that is too slow to tell has many who ask: what is not known is promised with caution.
        return self._room_s(endpoint, known) if known else MINUTE_S

    async def look(self, endpoint: str) -> None:
        """As `Budget`."""
        with contextlib.suppress(TableUnavailable, TimeoutError):
            async with asyncio.timeout(LONGEST_LOOK_S):
                await self._read(endpoint)

    async def close(self, endpoint: str, seconds: float) -> None:
        """As `Budget`."""
        if not any(self._limits):
            return
        await self._own.close(endpoint, seconds)
        until = self._clock() + seconds
        closed = F(_CLOSED_UNTIL)
        try:
            item = await self._table.update(
                _key(endpoint),
                closed.set(_ms(until)) & self._forgotten(until),
                closed.does_not_exist() | closed.lt(_ms(until)),
            )
        except (TableUnavailable, ConditionFailed):
            return
        self._known[endpoint] = self._slots(item)

    async def _take(self, endpoint: str, until: float, missed: Turn | None) -> Turn:
        slots = self._known.get(endpoint) or self._slots({})
        while True:
            began = self._clock()
            now = began + self._write_s
            free = slots.without(missed).free(now)
            if is_too_late(free.moment, until, now):
                if missed:
                    await self._give_back(endpoint, missed)
                raise UpstreamThrottled(whole_seconds(self._room_s(endpoint, slots)))
            # Any of those that are free: all environments would want the first.
            turn = free.turn(missed, self._random.choice)
            changes = [F(slot).set(_ms(turn.moment)) for slot in turn.slots]
            conditions = [
                *(self._is_free(slot, turn.moment, slots, missed) for slot in turn.slots),
                _is_by(_CLOSED_UNTIL, turn.moment),
            ]
            try:
                item = await self._table.update(
                    _key(endpoint),
                    reduce(and_, changes, self._forgotten(turn.moment)),
                    reduce(and_, conditions),
                )
            except ConditionFailed:
                slots = await self._read(endpoint)
            else:
                self._write_s = min(LONGEST_WRITE_S, self._clock() - began)
                self._known[endpoint] = self._slots(item)
                return turn

    async def _give_back(self, endpoint: str, turn: Turn) -> None:
        """Free the slots of a turn that no call was made on, but for those that are free by now."""
        for slot in turn.slots:
            if turn.moment + span_s(slot) > self._clock():
                still_its_own = F(slot).equals(_ms(turn.moment))
                with contextlib.suppress(TableUnavailable, ConditionFailed):
                    item = await self._table.update(_key(endpoint), F(slot).remove(), still_its_own)
                    self._known[endpoint] = self._slots(item)

    def _room_s(self, endpoint: str, slots: Slots) -> float:
        """Until there is room for all, and a place at random in the queue that they then stand in."""
        wanted = OTHERS + self._own.wanted(endpoint)
        queue_s = slots.queue_s(wanted)
        return slots.room_s(self._clock(), wanted) + self._random.uniform(0, queue_s)

    @staticmethod
    def _is_free(slot: Slot, moment: float, slots: Slots, missed: Turn | None) -> Condition:
        """Whether a slot may be taken: long enough ago, or for the turn that was missed."""
        if missed and slot in missed.slots and slots.taken.get(slot) == missed.moment:
            return F(slot).equals(_ms(missed.moment))
        return _is_by(slot, moment - span_s(slot))

    async def _read(self, endpoint: str) -> Slots:
        item = await self._table.get(_key(endpoint), consistent=True) or {}
        slots = self._known[endpoint] = self._slots(item)
        return slots

    def _slots(self, item: Item) -> Slots:
        times = {name: value / 1000 for name, value in item.items() if isinstance(value, int)}
        return Slots(*self._limits, times, times.get(_CLOSED_UNTIL, 0))

    @staticmethod
    def _forgotten(moment: float) -> UpdateExpression:
        return F("expires_at").set(math.ceil(moment) + _FORGOTTEN_AFTER_S)


def _key(endpoint: str) -> str:
    return f"budget#{endpoint}"


def _ms(moment: float) -> int:
    return round(whole_ms(moment) * 1000)


def _is_by(attribute: str, moment: float) -> Condition:
    """Whether a time is not later than that, or was never set."""
    return F(attribute).does_not_exist() | F(attribute).lte(_ms(moment))
