"""Who of all execution environments is asking upstream for something right now.

A lease is short and renewed while its holder is at work; of a holder that died, the next one takes it
over. A holder that fails leaves word of why, for those who were waiting for it.
"""

import asyncio
import contextlib
import math
import time
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from aiodynamo.expressions import F

from pulse.problems import (
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse_io.rate_limit import Clock
from pulse_io.reads import Item
from pulse_io.table import ConditionFailed, Table, TableUnavailable

LEASE_S: Final = 5.0
"""How long after its last sign of life a holder is given up."""

RENEWED_AFTER_S: Final = 1.0
LONGEST_TAKE_S: Final = 2.0
"""A lease that took longer to be had could be over before it is renewed for the first time."""

_FORGOTTEN_AFTER_S: Final = 3600
_HOLDER: Final = F("holder")
_UNTIL: Final = F("until")


class Lease:
    """The right to ask, for the length of an `async with` block."""

    def __init__(self, table: Table, name: str, holder: str, since: float, clock: Clock) -> None:
        self._table = table
        self._name = name
        self._holder = holder
        self._since = since
        self._clock = clock
        self._renewal: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Renew it from now on."""
        self._renewal = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give it back, with word of why there is no answer if there is none.

        That there was no moment for a call is nothing to others: they may have more time.
        """
        if self._renewal:
            self._renewal.cancel()
        # Lost to another, or the table is away: either way it is no longer ours to give back.
        with contextlib.suppress(ConditionFailed, TableUnavailable):
            if isinstance(error, UpstreamProblem) and not isinstance(error, UpstreamThrottled):
                await self._fail(error)
            else:
                await self._table.delete(self._name, _HOLDER.equals(self._holder))

    async def _renew(self) -> None:
        with contextlib.suppress(ConditionFailed):  # it is another's by now
            while True:
                await asyncio.sleep(self._since + RENEWED_AFTER_S - self._clock())
                with contextlib.suppress(TableUnavailable):
                    await self.renew()

    async def renew(self) -> None:
        """Let it last from now on.

        Raises:
            ConditionFailed: it is another's by now.
            TableUnavailable: nobody knows.
        """
        self._since = self._clock()
        change = _UNTIL.set(_ms(self._since + LEASE_S))
        await self._table.update(self._name, change, _HOLDER.equals(self._holder))

    async def _fail(self, problem: UpstreamProblem) -> None:
        now = self._clock()
        change = (
            _UNTIL.set(_ms(now))
            & F("failed_at").set(_ms(now))
            & F("problem").set(problem.slug)
            & F("detail").set(problem.detail)
        )
        await self._table.update(self._name, change, _HOLDER.equals(self._holder))


class Leases:
    """The leases of one execution environment."""

    def __init__(self, table: Table, clock: Clock = time.time) -> None:
        self._table = table
        self._clock = clock

    async def take(self, name: str) -> AbstractAsyncContextManager[object] | None:
        """Take a lease, to be held while its block runs; None if another environment holds it.

        While the table is away everyone gets one.
        """
        now = self._clock()
        key, holder = _key(name), str(uuid4())
        try:
            await self._table.put(
                {
                    "key": key,
                    "holder": holder,
                    "until": _ms(now + LEASE_S),
                    "expires_at": math.ceil(now) + _FORGOTTEN_AFTER_S,
                },
                _UNTIL.does_not_exist() | _UNTIL.lte(_ms(now)),
            )
            lease = Lease(self._table, key, holder, now, self._clock)
            if self._clock() > now + LONGEST_TAKE_S:
                await lease.renew()
        except ConditionFailed:
            return None
        except TableUnavailable:
            return contextlib.nullcontext()
        return lease

    async def is_held(self, name: str, since: float = math.inf) -> bool:
        """Whether another environment is still at it.

        Raises:
            UpstreamProblem: its holder failed after `since`, with this.
        """
        try:
            item = await self._table.get(_key(name))
        except TableUnavailable:
            return False
        if item is None:
            return False
        if item.get("failed_at", 0) > since * 1000:
            raise _problem(item)
        return bool(item["until"] > _ms(self._clock()))


def _key(name: str) -> str:
    return f"lease#{name}"


def _ms(moment: float) -> int:
    return math.ceil(moment * 1000)


def _problem(item: Item) -> UpstreamProblem:
    """The problem that a holder left word of."""
    match item["problem"]:
        case UpstreamTooSlow.slug:
            return UpstreamTooSlow()
        case UpstreamUnreachable.slug:
            return UpstreamUnreachable()
        case _:
            return UpstreamBroken(item["detail"])
