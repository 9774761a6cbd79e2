"""The rate limit: when an endpoint of upstream may be called, so that it never has to refuse a call.

pypistats.org counts each endpoint apart. This is the limit of one execution environment by itself;
`pulse_io.sources.shared_rate_limit` is the same for several.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from pulse.problems import UpstreamThrottled
from pulse_io.clocks import Clock
from pulse_io.sources.window import (
    KEPT_MS,
    LATE_MS,
    MARGIN_MS,
    MINUTE_MS,
    MOST_RESERVATIONS,
    SOONEST_MS,
    Window,
)

MARGIN_S: Final = MARGIN_MS / 1000
LATE_S: Final = LATE_MS / 1000
MINUTE_S: Final = MINUTE_MS / 1000
KEPT_S: Final = KEPT_MS / 1000
SOONEST_S: Final = SOONEST_MS // 1000

JUST_NOW_S: Final = 0.1
"""How old a look may be by which a call is made that was granted before."""

LONGEST_ANSWER_S: Final = 1.0
"""How long an answer that was late is held back until others know that it is there."""

T = TypeVar("T")
Change = Callable[[Window, int], tuple[Window, T]]
"""What becomes of a window at a moment, and what to say about it."""

Note = Callable[[Window, int], Window]


class RateLimit:
    """Grants and reserves calls; a limit of 0 is no limit.

    `name` is what a call is for: a reservation is kept for whoever asks for the same. Moments are in
    seconds since 1970 and exact to a millisecond.
    """

    def __init__(self, per_second: int, per_minute: int, clock: Clock = time.time) -> None:
        self.clock = clock
        self.limited = bool(per_second or per_minute)
        self._unused = Window(per_second, per_minute)
        self._windows: dict[str, Window] = {}
        self._random = random.Random()  # noqa: S311 - keeps callers apart, keeps no secret

    async def take(
        self,
        endpoint: str,
        name: str,
        until: float,
        missed: float | None = None,
        *,
        known: bool = False,
    ) -> float:
        """Grant a call at the next moment at which there may be one: now, or later.

        `until` is the last moment at which a call is still of use; `missed` is a moment that was granted
        and not used, and is given back. Known names, of which there are counts already, come first.

        Raises:
            UpstreamThrottled: the next moment is later; it says when that may be. Nothing is granted.
        """
        if not self.limited:
            return self.clock()
        missed_ms = None if missed is None else milliseconds(missed)

        def take(window: Window, now: int) -> tuple[Window, int | None]:
            earliest = self._closed_here(endpoint)
            return window.take(now, name, until * 1000, missed_ms, known=known, earliest=earliest)

        moment = await self._change(endpoint, take)
        if moment is None:
            raise UpstreamThrottled(max(1, whole_seconds(self.wait_s(endpoint, name, known=known))))
        return moment / 1000

    async def allows(self, endpoint: str, moment: float) -> bool:
        """Whether a call that was granted for this moment may still be made: no other was refused or slow."""
        await self._refresh(endpoint, JUST_NOW_S)
        moment_ms = milliseconds(moment)
        return moment_ms >= self._closed_here(endpoint) and self._window(endpoint).allows(
            moment_ms, self._now()
        )

    def wait_s(self, endpoint: str, name: str, *, known: bool = False) -> float:
        """How long until there may be a call, as far as it is known; 0 if there may be one now."""
        now = self._now()
        start = max(now, self._closed_here(endpoint))
        return (self._window(endpoint).next_from(start, now, name, known=known) - now) / 1000

    async def leave_to_known(self, endpoint: str) -> None:
        """A known name found no call: leave some of the next ones to such names."""
        await self._note(endpoint, lambda window, now: window.leave_to_known(now))

    async def look(self, endpoint: str) -> None:
        """Learn how it stands, so that `wait_s` and the like are true."""

    async def reserve_s(
        self, endpoint: str, name: str, after_s: float = 0, client: str = ""
    ) -> float:
        """How long until a moment that is reserved from now on, or already was; not before `after_s`.

        Nothing may be reserved where `client`, or all together, have too many; see `is_reserved`.
        """
        if not self.limited:
            return max(SOONEST_S, after_s)
        earliest = self._now() + milliseconds(after_s) if after_s else 0

        def reserve(window: Window, now: int) -> tuple[Window, int]:
            return window.reserve(now, name, earliest, client)

        moment = await self._change(endpoint, reserve)
        wait_s = max(0, moment / 1000 - self.clock())
        reserved = self._window(endpoint).reserved
        if name in reserved or len(reserved) < MOST_RESERVATIONS:
            return wait_s
        # Those for whom nothing is reserved had better not come all at once.
        return wait_s + self._random.uniform(0, MINUTE_S)

    def is_reserved(self, endpoint: str, name: str) -> bool:
        """Whether a call for `name` is reserved, as far as it is known."""
        return name in self._window(endpoint).reserved

    async def close(self, endpoint: str, seconds: float) -> None:
        """Allow no call for so long: upstream has refused one. Reservations are moved."""
        until = self._now() + milliseconds(seconds)
        if self.limited:
            await self._note(endpoint, lambda window, now: window.close(now, until))

    def is_unanswered(self, endpoint: str, name: str) -> bool:
        """Whether it is known that a call for `name` is taking long."""
        return name in self._window(endpoint).names_unanswered(self._now())

    def is_blocked(self, endpoint: str) -> bool:
        """Whether it is known that so many calls are taking long that there can't be another."""
        return self.blocked_s(endpoint) is not None

    def blocked_s(self, endpoint: str) -> float | None:
        """For how long the oldest of the calls has gone on by which it is blocked; None if it is not."""
        now = self._now()
        since = self._window(endpoint).full_since(now)
        return None if since is None else (now - since) / 1000

    def counting(self, endpoint: str, name: str, moment: float, longest_s: float) -> "CallUnderWay":
        """Count a call that was granted for `moment` until it is answered, for `longest_s` at most.

        A block that ends with `TimeoutError` or is cancelled had no answer.
        """
        return CallUnderWay(self, endpoint, name, moment, longest_s)

    async def leave_unanswered(self, endpoint: str, name: str, moment: float, until: float) -> None:
        """Count a call as made anew until it is answered, or until then."""
        if self.limited:
            times = milliseconds(moment), milliseconds(until)
            await self._note(
                endpoint, lambda window, now: window.leave_unanswered(now, name, *times)
            )

    async def answer(self, endpoint: str, name: str, moment: float) -> None:
        """A call that was unanswered has its answer now."""
        if self.limited:
            moment_ms, answered = milliseconds(moment), self._now()
            await self._note(endpoint, lambda window, _: window.answer(answered, name, moment_ms))

    async def answer_before(self, endpoint: str, moment: float) -> None:
        """Upstream has answered a call to another endpoint that was made at `moment`."""
        moment_ms, answered = milliseconds(moment), self._now()
        await self._note(endpoint, lambda window, _: window.answer_before(answered, moment_ms))

    async def _change(self, endpoint: str, change: Change[T]) -> T:
        """Put a window in the place of the one that there is."""
        self._windows[endpoint], result = change(self._window(endpoint), self._now())
        return result

    async def _note(self, endpoint: str, note: Note) -> None:
        """Put a window in the place of the one that there is, to say what has happened."""
        await self._change(endpoint, lambda window, now: (note(window, now), None))

    async def _refresh(self, endpoint: str, age_s: float) -> None:
        """Know the window as it was so long ago, or later."""

    def _window(self, endpoint: str) -> Window:
        return self._windows.get(endpoint, self._unused)

    def _closed_here(self, _: str) -> int:
        """Until when an endpoint is closed to this environment alone."""
        return 0

    def _now(self) -> int:
        return milliseconds(self.clock())


class CallUnderWay:
    """A call, for the length of an `async with` block."""

    def __init__(
        self, limit: RateLimit, endpoint: str, name: str, moment: float, longest_s: float
    ) -> None:
        self._limit = limit
        self._call = endpoint, name
        self._moment = moment
        self._longest_s = longest_s
        self._is_late = False
        self._watch: asyncio.Task[None] | None = None
        self._answering: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Watch how long it takes."""
        self.begin(self._moment)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let others know that it was answered, if they think that it was not."""
        if not isinstance(error, TimeoutError | asyncio.CancelledError):
            self.answered()
        # Else upstream may count it yet, and the watch goes on for that.
        if self._answering:
            await asyncio.wait((self._answering,), timeout=LONGEST_ANSWER_S)

    def answered(self) -> None:
        """Its answer has begun to arrive, so it has been counted."""
        self.pause()
        if self._is_late and self._answering is None:
            answering = self._limit.answer(*self._call, self._moment)
            self._answering = asyncio.create_task(answering)

    def begin(self, moment: float) -> None:
        """It is made now, as granted for `moment`."""
        self._moment = moment
        self._is_late = False
        if self._limit.limited:
            self._watch = asyncio.create_task(self._wait_for_the_margin())

    def pause(self) -> None:
        """It is not being made, for now."""
        if self._watch and not self._is_late:
            self._watch.cancel()

    async def _wait_for_the_margin(self) -> None:
        await asyncio.sleep(self._moment + MARGIN_S - self._limit.clock())
        self._is_late = True
        until = self._moment + self._longest_s
        await self._limit.leave_unanswered(*self._call, self._moment, until)


def whole_seconds(seconds: float) -> int:
    """Rounded up, but for what is less than a millisecond: times are no more exact than that."""
    return math.ceil(round(seconds, 3))


def milliseconds(seconds: float) -> int:
    """Rounded up to whole milliseconds, but for less than a float can tell apart."""
    return math.ceil(round(seconds * 1000, 3))
