"""The polite budget: how many calls an endpoint of upstream may get in a second and in a minute.

pypistats.org counts each endpoint apart. This budget is one execution environment's own.
"""

import operator
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from pulse.problems import UpstreamThrottled
from pulse_io.demand import Demand
from pulse_io.slots import Slot, Slots, Turn, whole_ms, whole_seconds

Clock = Callable[[], float]
"""Seconds since 1970, UTC: environments share no other clock."""


class Budget(Protocol):
    """Gives out the moments at which upstream may be called."""

    async def take(self, endpoint: str, until: float, missed: Turn | None = None) -> Turn:
        """Take the next moment at which the endpoint may be called: now, or later.

        `until` is the last moment at which a call is still of use; `missed` is a turn that was taken
        and not used, which costs no other then.

        Raises:
            UpstreamThrottled: there is none by then; it says when there will be. Nothing is taken, and
                what was missed is given back.
        """

    def wait_s(self, endpoint: str) -> float:
        """How long there is no moment for, as far as it is known; 0 if there is one now."""

    def wanting(self, endpoint: str, name: str) -> AbstractContextManager[None]:
        """Count, for the length of a `with` block, what somebody wants of the endpoint."""

    def room_s(self, endpoint: str) -> float:
        """As `wait_s`, until there are moments for all that is wanted: what to promise a caller."""

    async def look(self, endpoint: str) -> None:
        """Learn how it stands, so that `wait_s` is true."""

    async def close(self, endpoint: str, seconds: float) -> None:
        """Give out no moments for so long: upstream has refused a call."""


class OwnBudget:
    """The budget of one execution environment, in its memory; 0 means no limit."""

    def __init__(self, per_second: int, per_minute: int, clock: Clock = time.time) -> None:
        self._limits = per_second, per_minute
        self._clock = clock
        self._demand = Demand(clock)
        self._taken: defaultdict[str, dict[Slot, float]] = defaultdict(dict)
        self._closed_until: defaultdict[str, float] = defaultdict(float)

    async def take(self, endpoint: str, until: float, missed: Turn | None = None) -> Turn:
        """As `Budget`."""
        now = self._clock()
        slots = self._slots(endpoint).without(missed)
        free = slots.free(now)
        if is_too_late(free.moment, until, now):
            self._taken[endpoint] = dict(slots.taken)
            raise UpstreamThrottled(whole_seconds(self.room_s(endpoint)))
        turn = free.turn(missed, operator.itemgetter(0))
        self._taken[endpoint] |= dict.fromkeys(turn.slots, turn.moment)
        return turn

    def wait_s(self, endpoint: str) -> float:
        """As `Budget`."""
        now = whole_ms(self._clock())
        return self._slots(endpoint).free(now).moment - now

    def wanting(self, endpoint: str, name: str) -> AbstractContextManager[None]:
        """As `Budget`."""
        return self._demand.wanting(endpoint, name)

    def wanted(self, endpoint: str) -> int:
        """How many calls are wanted of the endpoint, as far as this environment knows."""
        return self._demand.count(endpoint)

    def room_s(self, endpoint: str) -> float:
        """As `Budget`."""
        calls = max(1, self.wanted(endpoint))
        return self._slots(endpoint).room_s(self._clock(), calls)

    async def look(self, endpoint: str) -> None:
        """As `Budget`: it knows all that there is to know."""

    def note(self, endpoint: str, moment: float) -> None:
        """Count a call whose moment was given out elsewhere."""
        for slots in self._slots(endpoint).free(moment).choices:
            self._taken[endpoint][slots[0]] = moment

    async def close(self, endpoint: str, seconds: float) -> None:
        """As `Budget`; without limits there is nothing to close."""
        if any(self._limits):
            until = self._clock() + seconds
            self._closed_until[endpoint] = max(self._closed_until[endpoint], until)

    def _slots(self, endpoint: str) -> Slots:
        return Slots(*self._limits, self._taken[endpoint], self._closed_until[endpoint])


def is_too_late(moment: float, until: float, now: float) -> bool:
    """Whether a moment is yet to come, and after the last one that is of use."""
    return moment > max(until, whole_ms(now))
