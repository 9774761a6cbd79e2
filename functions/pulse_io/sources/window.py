"""A moving window: the recent calls of an endpoint of upstream, and the reserved ones.

Upstream counts calls in fixed windows of a second and a minute, and counts a call when it processes it. It
never counts too many if no second and no minute, wherever it starts, can hold more calls than the limit.
Usually a call is processed soon. A slow call may be counted at any time until its answer arrives.

If a call can't be made in time, its place in the minute is reserved (see `pulse_io.sources.reservations`). Names
with cached counts have priority: if one finds no free call, unknown names leave some calls to such names for a
while.

No I/O. All times are whole milliseconds since 1970.
"""

import json
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from pulse_io.sources.spans import Span, first_free

SECOND_MS: Final = 1000
MARGIN_MS: Final = 500
"""Upstream counts a call within this time after its moment, unless the call is slow."""

MINUTE_MS: Final = 60_000
MINUTE_MARGIN_MS: Final = 2000
"""As `MARGIN_MS`, for the limit of a minute, which can afford more."""

MAX_DELAY_MS: Final = MARGIN_MS // 2
"""A call that is sent later than this after its moment needs another moment."""

REGRANT_MS: Final = 1000
"""A call that is sent this late keeps its place in the minute: the minute's margin covers the delay."""

RESERVATION_MS: Final = 10_000
"""How long a reservation is kept. Clients round up to whole seconds, and their requests take a while."""

PRIORITY_MS: Final = 120_000
"""How long calls are left to names with priority; a refused one may take a while to come back."""

PRIORITY_SHARE: Final = 6
"""One sixth of a minute's calls is left to them: 5 of 30."""

REFUSAL_MS: Final = 60_000
"""If several environments are refused within this time, the reason is not the address of one."""

FALLBACK_SHARE: Final = 10
FALLBACK_PER_MINUTE: Final = 3
"""Without the table, an environment makes a tenth of the calls, but at least 1 a second and 3 a minute."""

_NOT_PACKED: Final = ("per_second", "per_minute", "now")


class SlowCall(NamedTuple):
    """A call without an answer in `MARGIN_MS`. Upstream counts it at `counted_by` at the latest."""

    name: str
    moment: int
    counted_by: int


class Reservation(NamedTuple):
    """A place in the minute, from `moment` on; `client` caused it, "" if unknown."""

    moment: int
    client: str = ""


class Refusal(NamedTuple):
    """Upstream refused an environment at `moment`, and takes no calls before `until`."""

    moment: int
    until: int


@dataclass(frozen=True)
class Window:
    """The state of an endpoint's rate limit at the moment `now`. A limit of 0 is no limit.

    `calls` are the moments of granted calls, past and future. `reservations` are by name, the latest
    `refusals` by environment. No call is granted for earlier than `closed_until`. Until `priority_until`
    some calls are left to names with priority.
    """

    per_second: int
    per_minute: int
    calls: tuple[int, ...] = ()
    slow: tuple[SlowCall, ...] = ()
    reservations: Mapping[str, Reservation] = field(default_factory=dict)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    closed_until: int = 0
    priority_until: int = 0
    now: int = field(default=0, compare=False)

    def at(self, now: int) -> Self:
        """The window at a later moment, without everything that no longer counts then."""
        oldest = now - MINUTE_MARGIN_MS - MINUTE_MS
        return replace(
            self,
            calls=tuple(moment for moment in self.calls if moment > oldest),
            slow=tuple(call for call in self.slow if call.counted_by > oldest),
            reservations={
                name: one
                for name, one in self.reservations.items()
                if now < one.moment + RESERVATION_MS
            },
            refusals={
                environment: one
                for environment, one in self.refusals.items()
                if now < one.moment + REFUSAL_MS
            },
            now=now,
        )

    def next_moment(
        self, start: int, name: str = "", *, priority: bool = False, regrant: bool = False
    ) -> int:
        """The first moment from `start` on at which a call can be granted.

        With `regrant`, the call had a place before, and may come closer to others in its minute.
        """
        per_minute = self.per_minute
        if self.now < self.priority_until and not priority and name not in self.reservations:
            per_minute -= per_minute // PRIORITY_SHARE
        minute_ms = MINUTE_MS - REGRANT_MS if regrant else MINUTE_MS
        calls = self.call_spans(MARGIN_MS)
        all_calls = self.call_spans(MINUTE_MARGIN_MS) + self.reserved_spans(name)
        moment = max(start, self.closed_until)
        while True:
            later = first_free(moment, MARGIN_MS, calls, SECOND_MS, self.per_second)
            later = first_free(later, MINUTE_MARGIN_MS, all_calls, minute_ms, per_minute)
            if later == moment:
                return moment
            moment = later

    def permits(self, moment: int) -> bool:
        """Whether a call that was granted for `moment` can still be made."""
        others = self.without("", moment)
        return others.next_moment(moment, priority=True, regrant=True) == moment

    def grant(
        self,
        name: str,
        until: float,
        missed: int | None = None,
        *,
        priority: bool = False,
        earliest: int = 0,
    ) -> tuple[Self, int | None]:
        """Grant a call at the next moment from `earliest` on; None if that is after `until`.

        The call uses up its reservation. `missed` is a moment that was granted and not used: it is given
        back, and may be granted again if it has only just passed.
        """
        window, start = self, max(self.now, earliest)
        if missed is not None:
            window = self.without(name, missed)
            if missed <= self.now <= missed + MAX_DELAY_MS:
                start = max(missed, earliest)
            moment = window.next_moment(start, name, priority=True, regrant=True)
            if moment <= min(missed + REGRANT_MS, until):
                return replace(window, calls=(*window.calls, moment)), moment
        moment = window.next_moment(start, name, priority=priority)
        if moment > max(self.now, window.latest(name, until)):
            return window.prioritised() if priority else window, None
        others = {key: one for key, one in window.reservations.items() if key != name}
        return replace(window, calls=(*window.calls, moment), reservations=others), moment

    def latest(self, name: str, until: float) -> float:
        """The latest moment to grant for `name` if its call is of use until `until`.

        If other names have reservations by then, half of the time is left to them: a reservation keeps a
        place in the minute, but not in a second.
        """
        others_due = any(one.moment <= until for one in self.reservations.values())
        if others_due and name not in self.reservations:
            return self.now + max(0, until - self.now) / 2
        return until

    def recorded(self, call: SlowCall) -> Self:
        """Replace what is known about a call that was granted for `call.moment`."""
        window = self.without(call.name, call.moment)
        return replace(window, slow=(*window.slow, call))

    def prioritised(self) -> Self:
        """A name with priority found no free call: leave some of the next ones to such names."""
        if self.priority_until > self.now + PRIORITY_MS // 2:
            return self
        return replace(self, priority_until=self.now + PRIORITY_MS)

    def fallback(self) -> Self:
        """A small share of the limits, for an environment that does not know the calls of others.

        Reservations are dropped, since every environment would keep them.
        """
        return replace(
            self,
            per_second=min(self.per_second, max(1, self.per_second // FALLBACK_SHARE)),
            per_minute=min(
                self.per_minute, max(FALLBACK_PER_MINUTE, self.per_minute // FALLBACK_SHARE)
            ),
            reservations={},
        )

    def with_calls_of(self, other: "Window") -> Self:
        """This window with the calls of another one as well."""
        calls = Counter(self.calls) | Counter(other.calls)
        return replace(self, calls=tuple(sorted(calls.elements())))

    def without(self, name: str, moment: int) -> Self:
        """Without one call that was granted for `moment`, if it is there."""
        slow = tuple(call for call in self.slow if (call.name, call.moment) != (name, moment))
        if slow != self.slow:
            return replace(self, slow=slow)
        calls = list(self.calls)
        if moment in calls:
            calls.remove(moment)
        return replace(self, calls=tuple(calls))

    @property
    def unanswered(self) -> list[SlowCall]:
        """The slow calls that upstream may still have to count."""
        return [call for call in self.slow if self.now < call.counted_by]

    def is_unanswered(self, name: str) -> bool:
        """Whether a call for `name` is slow, and may still have to be counted."""
        return any(call.name == name for call in self.unanswered)

    @property
    def blocked_ms(self) -> int | None:
        """If unanswered calls take all places of a second: how long ago the oldest one was made."""
        moments = [call.moment for call in self.unanswered]
        return self.now - min(moments) if 0 < self.per_second <= len(moments) else None

    def pack(self) -> bytes:
        """The window without its limits, as compressed JSON: DynamoDB bills by the kilobyte."""
        state = {name: value for name, value in vars(self).items() if name not in _NOT_PACKED}
        return zlib.compress(json.dumps(state, separators=(",", ":")).encode())

    def unpack(self, packed: bytes) -> Self:
        """The window that `pack` packed, with the limits of this one."""
        state = json.loads(zlib.decompress(packed))
        return replace(
            self,
            calls=tuple(state["calls"]),
            slow=tuple(SlowCall(*one) for one in state["slow"]),
            reservations={key: Reservation(*one) for key, one in state["reservations"].items()},
            refusals={key: Refusal(*one) for key, one in state["refusals"].items()},
            closed_until=state["closed_until"],
            priority_until=state["priority_until"],
        )

    def call_spans(self, margin_ms: int) -> list[Span]:
        """When the calls are counted. If slow calls block all others, they may be counted now."""
        is_blocked = self.blocked_ms is not None
        return [Span(moment, moment + margin_ms) for moment in self.calls] + [
            Span(moment, min(self.now + margin_ms, counted_by) if is_blocked else counted_by)
            for _, moment, counted_by in self.slow
        ]

    def reserved_spans(self, name: str) -> list[Span]:
        """When the reserved calls of other names may be counted."""
        return [
            Span(one.moment, one.moment + RESERVATION_MS + MINUTE_MARGIN_MS)
            for other, one in self.reservations.items()
            if other != name
        ]
