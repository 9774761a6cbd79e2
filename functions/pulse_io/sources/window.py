"""A moving window: which calls an endpoint of upstream has had lately, and when it may get the next one.

Upstream counts calls in fixed windows of a second and a minute, and counts a call when it processes it.
It sees no more than it allows if no span of that length, and a margin, has more calls than that. A call
that is not answered in time may be counted at any moment until its answer, so it counts as made now.

A call that can't be made in time gets a reservation: its place in the minute is kept from a named moment
on for `KEPT_MS`. Reservations are for what is asked and not for who asks; but one client may cause a few
only, so that a stranger who asks for ever more names and never comes back leaves the others theirs. And
while a known name, of which there are counts already, finds no call, unknown ones leave it some.

This does no I/O. All times are whole milliseconds since 1970.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from pulse_io.sources.spans import Span, first_free

MARGIN_MS: Final = 500
"""Calls do not all take equally long to get to where they are counted. One that is not answered by then
is unanswered."""

LATE_MS: Final = MARGIN_MS // 2
"""A call that much after its moment could come too close to the next one: it needs another moment."""

SECOND_MS: Final = 1000 + MARGIN_MS
MINUTE_MARGIN_MS: Final = 2000
"""A minute can afford a larger margin."""

MINUTE_MS: Final = 60_000 + MINUTE_MARGIN_MS

MISSED_MS: Final = 1000
"""A call that misses its moment by no more keeps its place in the minute: half of the margin covers it."""

KEPT_MS: Final = 10_000
"""How long a reservation is kept: clients round up to whole seconds and have a way to go."""

SOONEST_MS: Final = 5_000
"""No reservation is for earlier: what others are fetching may well be there by then."""

MOST_RESERVATIONS: Final = 90
"""Some three minutes' calls; beyond that the item in the table would grow dear to write."""

MOST_FOR_A_CLIENT: Final = 10
"""Reservations that one client may cause at a time: a third of a minute's calls."""

KNOWN_FOR_MS: Final = 120_000
"""How long calls are left to known names after one found none: it may be a while until it is asked for."""

KNOWN_SHARE: Final = 6
"""That part of a minute's calls is left to them: 5 of 30."""

REFUSED_FOR_MS: Final = 60_000
"""Refusals of several environments within that time are not for the address of one."""

ALONE_SHARE: Final = 10
LEAST_PER_MINUTE: Final = 3
"""Without word of others an environment has a tenth of the calls, but one a second and three a minute."""


class Unanswered(NamedTuple):
    """A call that was not answered in time; from `until` on it is given up and no longer counts as new."""

    name: str
    moment: int
    until: int


class Refusal(NamedTuple):
    """Upstream has refused a call of an environment, and wants no other until then."""

    environment: str
    moment: int
    until: int


@dataclass(frozen=True)
class Window:
    """The last calls of an endpoint, granted ones that are still to come, and the reserved ones.

    `calls` are the moments of calls, `answered` those by which calls that were unanswered had their answer;
    `reserved` has the moment for each name, `clients` those who caused the reservations, if that is known.
    Until `known_until` some calls are left to known names. An environment that `is_alone`, since it can't ask
    what others do, has a small share of the calls. A limit of 0 is no limit. No call may be made
    before `closed_until`: upstream has refused one. `refusals` are those of the last minute, one for each
    environment.
    """

    per_second: int
    per_minute: int
    calls: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    reserved: Mapping[str, int] = field(default_factory=dict)
    closed_until: int = 0
    clients: Mapping[str, str] = field(default_factory=dict)
    known_until: int = 0
    is_alone: bool = False
    refusals: tuple[Refusal, ...] = ()

    def next_moment(self, now: int, name: str = "", *, known: bool = False) -> int:
        """The next moment at which there may be a call for `name`."""
        return self.next_from(now, now, name, known=known)

    def allows(self, moment: int, now: int) -> bool:
        """Whether a call that was granted for `moment` may still be made, by what is known now."""
        window = replace(self.without("", moment), is_alone=False)
        return window.next_from(moment, now, "", known=True, late_ms=MISSED_MS) == moment

    def take(  # noqa: PLR0913 - all of it is about one call
        self,
        now: int,
        name: str,
        until: float,
        missed: int | None = None,
        *,
        known: bool = False,
        earliest: int = 0,
    ) -> tuple[Self, int | None]:
        """Grant a call for `name` at the next moment from `earliest` on; None if that is after `until`.

        Its reservation is used up. `missed` is a moment that was granted and not used; it is given back,
        and may be granted again if it has only just gone by.
        """
        window, start = self, now
        if missed is not None:
            window = self.without(name, missed)
            start = missed if missed <= now <= missed + LATE_MS else now
            again = window.next_from(max(start, earliest), now, name, known=True, late_ms=MISSED_MS)
            if again <= min(missed + MISSED_MS, until):
                return replace(window, calls=(*window.calls, again)), again
        moment = window.next_from(max(start, earliest), now, name, known=known)
        if moment > max(window.latest(now, until, name), now):
            return window.leave_to_known(now) if known else window, None
        window = window.current(now)
        others = {other: at for other, at in window.reserved.items() if other != name}
        clients = {other: client for other, client in window.clients.items() if other != name}
        window = replace(window, reserved=others, clients=clients)
        return replace(window, calls=(*window.calls, moment)), moment

    def alone(self) -> Self:
        """Without word of others, who all keep what was reserved before: each would make these calls."""
        return self if self.is_alone else replace(self, is_alone=True, reserved={}, clients={})

    def with_calls_of(self, other: "Window") -> Self:
        """With the calls that the other one has, too."""
        calls = Counter(self.calls) | Counter(other.calls)
        return replace(self, calls=tuple(sorted(calls.elements())))

    def leave_to_known(self, now: int) -> Self:
        """Leave some calls to known names from now on: one of them found none."""
        if self.known_until > now + KNOWN_FOR_MS // 2:
            return self
        return replace(self, known_until=now + KNOWN_FOR_MS)

    def reserve(self, now: int, name: str, earliest: int = 0, client: str = "") -> tuple[Self, int]:
        """Reserve a call for `name`, unless one is still to come; returns the moment to tell.

        Where too many are reserved, nothing is; the moment is then that after which there is room again.
        Nor is it where too many are for this client; the moment is then that of the next free place.
        """
        reserved = self.reserved.get(name, 0)
        if reserved > now and earliest <= reserved + KEPT_MS // 2:
            return self, max(reserved, earliest, self.closed_until)
        window = self.current(now)
        if len(window.reserved) >= MOST_RESERVATIONS and name not in window.reserved:
            return self, max(window.reserved.values()) + KEPT_MS
        others = [other for other in window.reserved if other != name]
        its = sum(window.clients.get(other) == client for other in others)
        window = window.reserve_from(max(now + SOONEST_MS, earliest), now, name)
        moment = window.reserved[name]
        if client and its >= MOST_FOR_A_CLIENT:
            return self, moment
        clients = {**window.clients, name: client} if client else window.clients
        return replace(window, clients=clients), moment

    def close(self, now: int, until: int) -> Self:
        """Allow no call until then. Reservations for earlier are moved, in their order."""
        if until <= self.closed_until:
            return self
        current = self.current(now)
        window = replace(current, closed_until=until, reserved={})
        for name, moment in sorted(current.reserved.items(), key=lambda item: item[1]):
            window = window.reserve_from(moment, now, name)
        return window

    def refuse(self, now: int, until: int, environment: str) -> Self:
        """Upstream has refused a call of this environment; allow none to all if it has another's too.

        Upstream counts by address, and environments have several, which they share with strangers.
        """
        window = self.current(now)
        others = tuple(one for one in window.refusals if one.environment != environment)
        refusals = (*others, Refusal(environment, now, until))
        window = replace(window, refusals=refusals)
        return window.close(now, max(one.until for one in refusals)) if others else window

    def leave_unanswered(self, now: int, name: str, moment: int, until: int) -> Self:
        """Count a call that was granted for `moment` as new until its answer is there."""
        window = self.without(name, moment).current(now)
        return replace(window, unanswered=(*window.unanswered, Unanswered(name, moment, until)))

    def answer(self, now: int, name: str, moment: int) -> Self:
        """A call that was unanswered has its answer: it was counted by now, which needs no margin."""
        window = self.current(now)
        others = tuple(call for call in window.unanswered if call[:2] != (name, moment))
        return replace(window, answered=(*window.answered, now), unanswered=others)

    def answer_before(self, now: int, moment: int) -> Self:
        """Upstream has answered a call that was made at `moment`: it has counted all earlier ones by now."""
        window = self
        for call in self.unanswered:
            if call.moment < moment and now < call.until:
                window = window.answer(now, call.name, call.moment)
        return window

    def full_since(self, now: int) -> int | None:
        """When the oldest of the calls was made that take all places by taking long; None if some are left."""
        slow = [call.moment for call in self.unanswered if now < call.until]
        return min(slow) if 0 < self.per_second <= len(slow) else None

    def names_unanswered(self, now: int) -> list[str]:
        """What the calls are for that are taking long; a name may be there twice."""
        return [call.name for call in self.unanswered if now < call.until]

    def next_from(
        self, start: int, now: int, name: str, *, known: bool = False, late_ms: int = 0
    ) -> int:
        """The first moment from `start` on for a call that is made once.

        A call that had a place before may come so much closer to others of its minute: `late_ms`.
        """
        minute_ms = MINUTE_MS - late_ms
        per_minute = self._per_minute(now, known=known, is_kept=self._kept_at(now, name))
        per_second = self._per_second(is_kept=self._kept_at(now, name))
        calls = self._spans(now, MARGIN_MS)
        kept = self._spans(now, MINUTE_MARGIN_MS) + self._kept(now, name)
        moment = max(start, self.closed_until)
        while True:
            later = first_free(moment, SECOND_MS, calls, SECOND_MS, per_second)
            later = first_free(later, minute_ms, kept, minute_ms, per_minute)
            if later == moment:
                return moment
            moment = later

    def latest(self, now: int, until: float, name: str) -> float:
        """The last moment for a call for `name` that is of use until then.

        Where others have reservations by then, half of the time is left to them: their place in the
        minute is kept, but those of the seconds are not.
        """
        if self._kept_at(now, name):
            return until
        if any(moment <= until for moment in self.reserved.values() if now < moment + KEPT_MS):
            return now + max(0, until - now) / 2
        return until

    def _per_second(self, *, is_kept: bool) -> int:
        is_whole = is_kept and not self.is_alone
        return self.per_second if is_whole else self._share(self.per_second, 1)

    def _per_minute(self, now: int, *, known: bool = False, is_kept: bool = False) -> int:
        """Calls that a minute has for a name; all are for one whose reservation is kept."""
        if is_kept and not self.is_alone:
            return self.per_minute
        most = self._share(self.per_minute, LEAST_PER_MINUTE)
        return most if known or now >= self.known_until else most - most // KNOWN_SHARE

    def _share(self, limit: int, least: int) -> int:
        return min(limit, max(least, limit // ALONE_SHARE)) if self.is_alone else limit

    def _kept_at(self, now: int, name: str) -> bool:
        return name in self.reserved and now < self.reserved[name] + KEPT_MS

    def reserve_from(self, start: int, now: int, name: str) -> Self:
        """Reserve the first place in the minute from `start` on, apart from other reservations."""
        taken = self._spans(now, MINUTE_MARGIN_MS) + self._kept(now, name)
        others = sorted(moment for other, moment in self.reserved.items() if other != name)
        per_second = self._per_second(is_kept=False)
        gap_ms = math.ceil(SECOND_MS / per_second) if per_second else 0
        per_minute = self._per_minute(now)
        moment = max(start, self.closed_until)
        while True:
            later = moment
            for other in others:
                if abs(later - other) < gap_ms:
                    later = other + gap_ms
            later = first_free(later, KEPT_MS + MINUTE_MS, taken, MINUTE_MS, per_minute)
            if later == moment:
                return replace(self, reserved={**self.reserved, name: moment})
            moment = later

    def _spans(self, now: int, margin_ms: int) -> list[Span]:
        """All calls. Those that are unanswered leave the rest of the places to others, if there is one."""
        is_full = self.full_since(now) is not None
        return [
            *(Span(moment, moment) for moment in self.calls),
            *(Span(moment - margin_ms, moment - margin_ms) for moment in self.answered),
            *(
                Span(moment, min(now, until) if is_full else until)
                for _, moment, until in self.unanswered
            ),
        ]

    def _kept(self, now: int, name: str) -> list[Span]:
        """The reservations of others: their calls may come at any moment while they are kept."""
        return [
            Span(moment, moment + KEPT_MS)
            for other, moment in self.reserved.items()
            if other != name and now < moment + KEPT_MS
        ]

    def without(self, name: str, moment: int) -> Self:
        """Without one call that was granted for `moment`, if it is there."""
        others = tuple(call for call in self.unanswered if call[:2] != (name, moment))
        if others != self.unanswered:
            return replace(self, unanswered=others)
        calls = list(self.calls)
        if moment in calls:
            calls.remove(moment)
        return replace(self, calls=tuple(calls))

    def current(self, now: int) -> Self:
        """Without what no longer counts."""
        reserved = {
            name: moment for name, moment in self.reserved.items() if now < moment + KEPT_MS
        }
        return replace(
            self,
            calls=tuple(moment for moment in self.calls if now < moment + MINUTE_MS),
            answered=tuple(moment for moment in self.answered if now < moment + MINUTE_MS),
            unanswered=tuple(call for call in self.unanswered if now < call.until + MINUTE_MS),
            reserved=reserved,
            refusals=tuple(one for one in self.refusals if now < one.moment + REFUSED_FOR_MS),
            clients={name: one for name, one in self.clients.items() if name in reserved},
        )

    def to_json(self) -> str:
        """As text, without the limits; moments are relative to one of them, which is short."""
        base = min([*self.calls, *self.reserved.values()], default=self.closed_until)
        parts = [
            base,
            self.closed_until - base,
            [moment - base for moment in self.calls],
            [moment - base for moment in self.answered],
            [[name, moment - base, until - base] for name, moment, until in self.unanswered],
            [
                [name, moment - base, self.clients.get(name, "")]
                for name, moment in self.reserved.items()
            ],
            self.known_until - base,
            [[name, moment - base, until - base] for name, moment, until in self.refusals],
        ]
        return json.dumps(parts, separators=(",", ":"))

    def with_json(self, text: str) -> Self:
        """The window that `to_json` wrote, with the limits of this one."""
        base, closed_until, calls, answered, unanswered, reserved, known_until, refusals = (
            json.loads(text)
        )
        return replace(
            self,
            calls=tuple(base + moment for moment in calls),
            answered=tuple(base + moment for moment in answered),
            unanswered=tuple(
                Unanswered(name, base + moment, base + until) for name, moment, until in unanswered
            ),
            reserved={name: base + moment for name, moment, _ in reserved},
            clients={name: client for name, _, client in reserved if client},
            closed_until=base + closed_until,
            known_until=base + known_until,
            refusals=tuple(
                Refusal(name, base + moment, base + until) for name, moment, until in refusals
            ),
        )
