"""How many calls upstream may get in a second and in a minute, kept as the times of the last ones.

A call takes a slot of the second and a slot of the minute. A slot can be taken again a second or a
minute, and a margin, after the call that took it. There are as many slots as calls are allowed; so no
span of that length, wherever upstream's own count starts, ever sees more calls than that.

Who can't be served is promised a slot of the minute, which is then kept for a while from the promised
moment on: whoever asks for the same by then gets it, and nobody else does.

This does no I/O: one execution environment keeps its slots in memory, several share theirs in a table.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

MARGIN_S: Final = 0.5
"""What is added to a second: calls do not all take equally long to get to where they are counted."""

MINUTE_S: Final = 62
"""A minute can afford a larger margin."""

KEPT_S: Final = 10
"""How long a promised slot is kept: who is told whole seconds, and has a way to go, comes late."""

SOONEST_S: Final = 5
"""Nothing is promised for earlier: what others are still at may well be there by then."""

AFTER_ALL: Final = 10
"""Of how many slots one is named to those for whom no slot is left: they come one after the other then."""

_SPANS: Final = {"s": 1 + MARGIN_S, "m": MINUTE_S}

Slot = str
"""Such as `s4` or `m29`: the span that it is of, and its number."""


class Turn(NamedTuple):
    """A moment at which a call may be made, in whole milliseconds, and the slots taken for it."""

    moment: float
    slots: tuple[Slot, ...]


class Entry(NamedTuple):
    """What is known of a slot: it is free for all, its span after `at`, in seconds.

    `kept_for` is whom it is promised to, if anybody: it is free for them `KEPT_S` before that.
    """

    at: float
    kept_for: str = ""

    @property
    def promised_moment(self) -> float:
        """From when on it is kept."""
        return whole_ms(self.at + MINUTE_S - KEPT_S)

    def is_kept(self, now: float) -> bool:
        """Whether it is promised, and that is not over."""
        return bool(self.kept_for) and self.at + MINUTE_S > now


_NEVER: Final = Entry(-math.inf)


@dataclass(frozen=True)
class Slots:
    """What is known of each slot; one that is not in `entries` was never taken.

    `closed_until` is when upstream takes calls again, after it refused one.
    """

    per_second: int
    per_minute: int
    entries: Mapping[Slot, Entry]
    closed_until: float = 0

    def free(self, now: float, name: str = "") -> "Free":
        """The next moment at which there is a slot of each span, and all that are free by then.

        `name` is what the call is for. Where a slot is kept for it, that one is to be taken.
        """
        spans = [
            {slot: self._free_at(slot, name) for slot in slots}
            for slots in map(self._of_span, _SPANS)
            if slots
        ]
        soonest = max([now, self.closed_until, *(min(times.values()) for times in spans)])
        choices = [[slot for slot, at in times.items() if at <= soonest] for times in spans]
        return Free(
            whole_ms(soonest),
            [[slot for slot in slots if self._is_for(slot, name)] or slots for slots in choices],
        )

    def latest(self, now: float, until: float, name: str) -> float:
        """The last moment at which a call may be made of those that are of use until then.

        Where others are promised a moment by then, half of the time is left to them: a slot of the minute
        is kept for them, and those of the second are not to be taken for long after theirs.
        """
        promised = [entry for entry in self.entries.values() if entry.is_kept(now)]
        if any(entry.kept_for == name for entry in promised):
            return until
        if any(entry.promised_moment <= until for entry in promised):
            return now + max(0, until - now) / 2
        return until

    def changed(self, turn: Turn, name: str) -> dict[Slot, Entry]:
        """What a turn makes of its slots; and of one that was promised to `name`, if it is not of these."""
        promised = {
            slot: Entry(entry.promised_moment - MINUTE_S)
            for slot, entry in self.entries.items()
            if self._is_for(slot, name)
        }
        return promised | {slot: Entry(turn.moment) for slot in turn.slots}

    def promised_to(self, name: str, now: float) -> float | None:
        """The moment that is promised to `name`, if there is one and it is yet to come."""
        return next(
            (
                max(entry.promised_moment, self.closed_until)
                for slot, entry in self.entries.items()
                if self._is_for(slot, name) and entry.promised_moment > now
            ),
            None,
        )

    def promises(self, now: float, names: Iterable[str]) -> dict[Slot, Entry]:
        """A slot for each of `names`, one after the other, as long as there are any not yet promised."""
        gap_s = _SPANS["s"] / self.per_second if self.per_second else 0
        promised = {slot: entry for slot, entry in self.entries.items() if entry.is_kept(now)}
        # Of those who came back and were not served after all.
        own = {entry.kept_for: slot for slot, entry in promised.items()}
        others = [slot for slot in self._of_span("m") if slot not in promised]
        unpromised = iter(sorted(others, key=lambda slot: self._free_at(slot, "")))
        moments = [entry.promised_moment for entry in promised.values()]
        made = {}
        for name in names:
            slot = own.get(name) or next(unpromised, None)
            if slot is None:
                break
            moment = max(self._free_at(slot, name), self.closed_until, now + SOONEST_S)
            for other in sorted(moments):
                if abs(moment - other) < gap_s:
                    moment = other + gap_s
            moments.append(moment)
            made[slot] = Entry(whole_ms(moment + KEPT_S - MINUTE_S), name)
        return made

    def after_all_promises(self, now: float) -> Sequence[float]:
        """The next moments at which there are slots again, for those whom none can be promised."""
        promised = sorted(
            max(entry.at + 2 * MINUTE_S, self.closed_until)
            for entry in self.entries.values()
            if entry.is_kept(now)
        )
        return promised[:AFTER_ALL] or [max(self.free(now).moment, now + SOONEST_S)]

    def without(self, missed: Turn | None) -> "Slots":
        """As if the slots of a turn that was missed had never been taken, where they still are its own."""
        if missed is None:
            return self
        own = {slot for slot in missed.slots if self.entries.get(slot) == Entry(missed.moment)}
        return replace(
            self, entries={slot: entry for slot, entry in self.entries.items() if slot not in own}
        )

    def _of_span(self, span: str) -> list[Slot]:
        limit = self.per_second if span == "s" else self.per_minute
        return [f"{span}{number}" for number in range(limit)]

    def _free_at(self, slot: Slot, name: str) -> float:
        kept_s = KEPT_S if self._is_for(slot, name) else 0
        return self.entries.get(slot, _NEVER).at + span_s(slot) - kept_s

    def _is_for(self, slot: Slot, name: str) -> bool:
        return bool(name) and self.entries.get(slot, _NEVER).kept_for == name


@dataclass(frozen=True)
class Free:
    """A moment at which a call may be made, and the slots to choose from, for each span."""

    moment: float
    choices: Sequence[Sequence[Slot]]

    def turn(self, missed: Turn | None, pick: Callable[[Sequence[Slot]], Slot]) -> Turn:
        """A turn at that moment: on the slots of the one that was missed, else on those that `pick` picks."""
        own = missed.slots if missed else ()
        return Turn(
            self.moment,
            tuple(
                next((slot for slot in slots if slot in own), pick(slots)) for slots in self.choices
            ),
        )


def whole_seconds(seconds: float) -> int:
    """Rounded up, but for what is less than a millisecond: times are no more exact than that."""
    return math.ceil(round(seconds, 3))


def whole_ms(seconds: float) -> float:
    """Rounded up to milliseconds, as a table holds it; but for less than a float can tell apart."""
    return math.ceil(round(seconds * 1000, 3)) / 1000


def span_s(slot: Slot) -> float:
    """How long a slot is taken for."""
    return _SPANS[slot[0]]
