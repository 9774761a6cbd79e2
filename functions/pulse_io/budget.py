"""The polite budget: how many calls an endpoint of upstream may get in a second and in a minute.

pypistats.org counts each endpoint apart. This budget is one execution environment's own.
"""

import operator
import random
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from pulse.problems import UpstreamThrottled
from pulse_io.slots import Entry, Slot, Slots, Turn, whole_ms, whole_seconds

Clock = Callable[[], float]
"""Seconds since 1970, UTC: environments share no other clock."""


class Budget(Protocol):
    """Gives out the moments at which upstream may be called.

    `name` is what a call is for. A moment that was promised is kept for whoever asks for the same.
    """

    async def take(
        self, endpoint: str, name: str, until: float, missed: Turn | None = None
    ) -> Turn:
        """Take the next moment at which the endpoint may be called: now, or later.

        `until` is the last moment at which a call is still of use; `missed` is a turn that was taken
        and not used, which costs no other then.

        Raises:
            UpstreamThrottled: there is none by then; it says when there may be. Nothing is taken, and
                what was missed is given back.
        """

    def wait_s(self, endpoint: str, name: str) -> float:
        """How long there is no moment for, as far as it is known; 0 if there is one now."""

    async def look(self, endpoint: str) -> None:
        """Learn how it stands, so that `wait_s` is true."""

    async def promise_s(self, endpoint: str, name: str) -> float:
        """How long until a moment that is kept for it from now on, or already was."""

    async def close(self, endpoint: str, seconds: float) -> None:
        """Give out no moments for so long: upstream has refused a call."""


class OwnBudget:
    """The budget of one execution environment, in its memory; 0 means no limit."""

    def __init__(self, per_second: int, per_minute: int, clock: Clock = time.time) -> None:
        self._limits = per_second, per_minute
        self._clock = clock
        self._entries: defaultdict[str, dict[Slot, Entry]] = defaultdict(dict)
        self._closed_until: defaultdict[str, float] = defaultdict(float)
        self._random = random.Random()  # noqa: S311 - keeps callers apart, keeps no secret

    async def take(
        self, endpoint: str, name: str, until: float, missed: Turn | None = None
    ) -> Turn:
        """As `Budget`."""
        now = self._clock()
        slots = self._slots(endpoint).without(missed)
        free = slots.free(now, name)
        if is_too_late(free.moment, slots.latest(now, until, name), now):
            self._entries[endpoint] = dict(slots.entries)
            raise UpstreamThrottled(whole_seconds(free.moment - now))
        turn = free.turn(missed, operator.itemgetter(0))
        self._entries[endpoint] |= slots.changed(turn, name)
        return turn

    def wait_s(self, endpoint: str, name: str) -> float:
        """As `Budget`."""
        now = whole_ms(self._clock())
        return self._slots(endpoint).free(now, name).moment - now

    async def look(self, endpoint: str) -> None:
        """As `Budget`: it knows all that there is to know."""

    async def promise_s(self, endpoint: str, name: str) -> float:
        """As `Budget`."""
        now, slots = whole_ms(self._clock()), self._slots(endpoint)
        if slots.promised_to(name, now) is None:
            self._entries[endpoint] |= slots.promises(now, [name])
        moment = self._slots(endpoint).promised_to(name, now)
        return (moment or self._random.choice(slots.after_all_promises(now))) - now

    def note(self, endpoint: str, moment: float) -> None:
        """Count a call whose moment was given out elsewhere."""
        for slots in self._slots(endpoint).free(moment).choices:
            self._entries[endpoint][slots[0]] = Entry(moment)

    async def close(self, endpoint: str, seconds: float) -> None:
        """As `Budget`; without limits there is nothing to close."""
        if any(self._limits):
            until = self._clock() + seconds
            self._closed_until[endpoint] = max(self._closed_until[endpoint], until)

    def _slots(self, endpoint: str) -> Slots:
        return Slots(*self._limits, self._entries[endpoint], self._closed_until[endpoint])


def is_too_late(moment: float, until: float, now: float) -> bool:
    """Whether a moment is yet to come, and after the last one that is of use."""
    return moment > max(until, whole_ms(now))
