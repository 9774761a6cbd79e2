"""How many calls upstream may get in a second and in a minute, kept as the times of the last ones.

A call takes a slot of the second and a slot of the minute. A slot can be taken again a second or a
minute, and a margin, after the call that took it. There are as many slots as calls are allowed; so no
span of that length, wherever upstream's own count starts, ever sees more calls than that.

This does no I/O: one execution environment keeps its slots in memory, several share theirs in a table.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

MARGIN_S: Final = 0.5
"""What is added to a second: calls do not all take equally long to get to where they are counted."""

MINUTE_S: Final = 62
"""A minute can afford a larger margin."""

_SPANS: Final = {"s": 1 + MARGIN_S, "m": MINUTE_S}

Slot = str
"""Such as `s4` or `m29`: the span that it is of, and its number."""


class Turn(NamedTuple):
    """A moment at which a call may be made, in whole milliseconds, and the slots taken for it."""

    moment: float
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Slots:
    """The last time that each slot was taken for, in seconds; a slot that is not there was never.

    `closed_until` is when upstream takes calls again, after it refused one.
    """

    per_second: int
    per_minute: int
    taken: Mapping[Slot, float]
    closed_until: float = 0

    def free(self, now: float) -> "Free":
        """The next moment at which there is a slot of each span, and all that are free by then."""
        slots = {
            span: {
                slot: self.taken.get(slot, -span_s) + span_s
                for slot in (f"{span}{number}" for number in range(limit))
            }
            for (span, span_s), limit in zip(
                _SPANS.items(), (self.per_second, self.per_minute), strict=True
            )
            if limit
        }
        moment = whole_ms(
            max([now, self.closed_until, *(min(times.values()) for times in slots.values())])
        )
        return Free(
            moment,
            [
                [slot for slot, free_at in times.items() if free_at <= moment]
                for times in slots.values()
            ],
        )

    def room_s(self, now: float, calls: int) -> float:
        """How long until so many calls may be made, or all of a minute's: others wait for theirs too."""
        now = whole_ms(now)
        free_at = sorted(
            self.taken.get(f"m{number}", -MINUTE_S) + MINUTE_S for number in range(self.per_minute)
        )
        several = free_at[:calls][-1] if free_at else 0
        return max(0, self.closed_until - now, several - now, self.free(now).moment - now)

    def queue_s(self, calls: int) -> float:
        """How long so many calls take, one after the other, where a second is all that holds them up."""
        return calls / self.per_second * (1 + MARGIN_S) if self.per_second else 0

    def without(self, missed: Turn | None) -> "Slots":
        """As if the slots of a turn that was missed had never been taken, where they still are its own."""
        if missed is None:
            return self
        own = {slot for slot in missed.slots if self.taken.get(slot) == missed.moment}
        return replace(self, taken={slot: at for slot, at in self.taken.items() if slot not in own})


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
    """Rounded up to milliseconds: that is how a table holds it."""
    return math.ceil(seconds * 1000) / 1000


def span_s(slot: Slot) -> float:
    """How long a slot is taken for."""
    return _SPANS[slot[0]]
