"""The rate limit of one endpoint of upstream: grants and reserves calls, so that upstream refuses none.

This one is for a single execution environment; `pulse_io.sources.shared_rate_limit` is for all of them.
"""

import math
import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from pulse.problems import UpstreamThrottled
from pulse_io.clocks import Clock
from pulse_io.sources.reservations import MAX_RESERVATIONS, MIN_RETRY_MS, close, reserve
from pulse_io.sources.window import MAX_DELAY_MS, SlowCall, Window

MIN_RETRY_S: Final = MIN_RETRY_MS // 1000

RECHECK_S: Final = 0.1
"""A granted call is checked against a window at most this old."""

RETRY_SPREAD_S: Final = 60.0
"""Clients without a reservation are told different times to retry, spread over this."""

T = TypeVar("T")
Change = Callable[[Window], tuple[Window, T]]
"""Changes a window, and returns a result with it."""


class RateLimit:
    """Grants and reserves calls to one endpoint; a limit of 0 is no limit.

    `name` is the package of a call: its reservation is for any call with that name. Moments are in seconds
    since 1970 and exact to a millisecond.
    """

    def __init__(self, per_second: int, per_minute: int, clock: Clock = time.time) -> None:
        self.clock = clock
        self.limited = bool(per_second or per_minute)
        self._stored = Window(per_second, per_minute)
        self._closed_until = 0
        self._random = random.Random()  # noqa: S311 - spreads clients, protects no secret

    @property
    def window(self) -> Window:
        """The window now, as far as it is known; its times are in milliseconds."""
        return self._stored.at(self._now())

    async def grant(
        self, name: str, until: float, missed: float | None = None, *, priority: bool = False
    ) -> float:
        """Grant a call at the next permitted moment, now or later.

        A call after `until` is of no use. `missed` is a moment that was granted and not used; it is given
        back.

        Raises:
            UpstreamThrottled: the next moment is after `until`; it says when to retry. Nothing is granted.
        """
        if not self.limited:
            return self.clock()
        moment = await self._change(
            lambda window: window.grant(
                name,
                until * 1000,
                None if missed is None else milliseconds(missed),
                priority=priority,
                earliest=self._closed_until,
            )
        )
        if moment is None:
            raise UpstreamThrottled(max(1, whole_seconds(self.wait_s(name, priority=priority))))
        return moment / 1000

    async def permits(self, moment: float) -> bool:
        """Whether a call that was granted for `moment` may still be made: others may be slow or refused."""
        await self._refresh(RECHECK_S)
        at = milliseconds(moment)
        return at >= self._closed_until and self.window.permits(at)

    def is_late(self, moment: float) -> bool:
        """Whether `moment` has passed, and its call needs another one."""
        return self.limited and self.clock() > moment + MAX_DELAY_MS / 1000

    def wait_s(self, name: str, *, priority: bool = False) -> float:
        """Estimated wait in seconds until the next permitted call; 0 if one is permitted now."""
        window = self.window
        start = max(window.now, self._closed_until)
        return (window.next_moment(start, name, priority=priority) - window.now) / 1000

    async def refresh(self) -> None:
        """Update what is known about other environments."""

    async def prioritise(self) -> None:
        """Leave some of the next calls to names with priority, since one of them found no call."""
        await self._note(lambda window: window.prioritised())

    async def reserve_s(self, name: str, after_s: float = 0, client: str = "") -> float:
        """Reserve a call in `after_s` seconds or later. Returns the seconds until its moment.

        Nothing is reserved if `client`, or all clients together, have too many.
        """
        if not self.limited:
            return max(MIN_RETRY_S, after_s)
        earliest = self._now() + milliseconds(after_s) if after_s else 0
        moment = await self._change(lambda window: reserve(window, name, earliest, client))
        wait_s = max(0, moment / 1000 - self.clock())
        reservations = self.window.reservations
        if name in reservations or len(reservations) < MAX_RESERVATIONS:
            return wait_s
        return wait_s + self._random.uniform(0, RETRY_SPREAD_S)

    async def close(self, seconds: float) -> None:
        """Upstream refused a call: grant none for this long. Reservations are moved."""
        until = self._now() + milliseconds(seconds)
        await self._note(lambda window: close(window, until))

    async def record(self, call: SlowCall) -> None:
        """Record what is known about a call that was granted for `call.moment`."""
        await self._note(lambda window: window.recorded(call))

    async def _change(self, change: Change[T]) -> T:
        self._stored, result = change(self.window)
        return result

    async def _note(self, note: Callable[[Window], Window]) -> None:
        """Change the window without a result."""
        if self.limited:
            await self._change(lambda window: (note(window), None))

    async def _refresh(self, max_age_s: float) -> None:
        """Update the window if it is older."""

    def _now(self) -> int:
        return milliseconds(self.clock())


def whole_seconds(seconds: float) -> int:
    """Rounded up to whole seconds; moments are exact to a millisecond only."""
    return math.ceil(round(seconds, 3))


def milliseconds(seconds: float) -> int:
    """Rounded up to whole milliseconds; what floats can't tell apart is ignored."""
    return math.ceil(round(seconds * 1000, 3))
