"""When a query may be made, and which questions it answers: for all environments together.

A quarter of an hour's queries may be made at once; the others are spread evenly, so the wait for the next one is
never long. A question that can't be asked now joins a batch of its kind, and its client is told the moment of that
batch. Whichever environment may make the next query makes it for the oldest batch.

Pure functions of a state; times are in seconds since 1970.
"""

import json
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple, Self

from pulse.names import PackageName
from pulse.questions import Kind, Question

HOUR_S: Final = 3600.0

BURST_SHARE: Final = 4
"""One query of four may be made at once, if none was made for a while."""

RUNNING_S: Final = 70.0
"""How long others wait for a query: the public endpoint ends it after 60 seconds."""

STORING_S: Final = 5.0
"""How long others wait for the answers of a query to be stored, once they are there."""

MAX_WAITING: Final = 30
"""Batches: about an hour's queries. Further questions are told a moment, but not kept."""

WAITING_S: Final = 2 * HOUR_S
"""How long a batch is kept whose clients don't come back."""

Capacity = Callable[[Kind], int]
"""How many packages a query of a kind can be about."""


class Batch(NamedTuple):
    """Questions of one kind for one query, and until when somebody may wait for it."""

    kind: Kind
    packages: tuple[PackageName, ...]
    until: float

    @property
    def questions(self) -> list[Question]:
        """The questions of the batch."""
        return [Question(package, *self.kind) for package in self.packages]

    def has(self, question: Question) -> bool:
        """Whether the question is in the batch."""
        return question.package in self.packages and question.kind == self.kind


@dataclass(frozen=True)
class QueryQueue:
    """How much of the limit is used, and the batches that wait or are running, the oldest first.

    `per_hour` queries are permitted, 0 for no limit. `used_until` is when the limit will be unused again: each
    query moves it by its share of an hour. No query is made before `closed_until`. `newest` is the ISO date of
    the newest day that the source had loaded at `checked_at`; empty if that is not known.
    """

    per_hour: int
    used_until: float = 0
    closed_until: float = 0
    waiting: tuple[Batch, ...] = ()
    running: tuple[Batch, ...] = ()
    newest: str = ""
    checked_at: float = 0

    def at(self, now: float) -> Self:
        """The queue at a later moment, without batches that nobody waits for any more."""
        return replace(
            self,
            waiting=tuple(batch for batch in self.waiting if now < batch.until),
            running=tuple(batch for batch in self.running if now < batch.until),
        )

    def is_running(self, question: Question) -> bool:
        """Whether a query is under way that answers the question."""
        return any(batch.has(question) for batch in self.running)

    def is_waiting(self, question: Question) -> bool:
        """Whether the question is in a batch that waits."""
        return any(batch.has(question) for batch in self.waiting)

    def moment(self, question: Question, capacity: Capacity, now: float) -> float:
        """When a query for the question may be made, if it waits or is about to."""
        place = next(
            (place for place, batch in enumerate(self.waiting) if batch.has(question)),
            self._open_batch(question, capacity),
        )
        return next(islice(self.moments(now), place, None))

    def wanted(self, questions: Collection[Question], capacity: Capacity, now: float) -> Self:
        """With these questions waiting, unless they already are, or are running, or there are too many."""
        queue = self
        for question in questions:
            if not (queue.is_running(question) or queue.is_waiting(question)):
                queue = queue.joined(question, capacity, now)
        return queue

    def taken(
        self, questions: Collection[Question], capacity: Capacity, now: float
    ) -> tuple[Self, list[Batch]]:
        """Take the batches to make a query for now: the oldest ones, until these questions are among them."""
        queue = self.wanted(questions, capacity, now)
        batches: list[Batch] = []
        while (
            queue.waiting
            and next(queue.moments(now)) <= now
            and not all(map(queue.is_running, questions))
        ):
            batch, *waiting = queue.waiting
            batch = batch._replace(until=now + RUNNING_S)
            batches.append(batch)
            queue = replace(
                queue,
                used_until=max(now, queue.used_until) + queue.share_s,
                waiting=tuple(waiting),
                running=(*queue.running, batch),
            ).wanted(questions, capacity, now)
        return queue, batches

    def answered(self, batch: Batch, newest: str, now: float, storing_s: float = STORING_S) -> Self:
        """A query was answered, and told the newest day; its answers are stored within `storing_s`."""
        running = tuple(
            one._replace(until=min(one.until, now + storing_s)) if one == batch else one
            for one in self.running
        )
        return replace(self, running=running, newest=newest, checked_at=now)

    def failed(self, batch: Batch, closed_until: float) -> Self:
        """A query failed: nobody waits for it, and none is made for a while."""
        running = tuple(one for one in self.running if one != batch)
        return replace(self, running=running, closed_until=max(closed_until, self.closed_until))

    def pack(self) -> bytes:
        """The queue without its limit, as compressed JSON: DynamoDB bills by the kilobyte."""
        state = {
            **vars(self),
            "waiting": [_packed(batch) for batch in self.waiting],
            "running": [_packed(batch) for batch in self.running],
        }
        del state["per_hour"]
        return zlib.compress(json.dumps(state, separators=(",", ":")).encode())

    def unpack(self, packed: bytes) -> Self:
        """The queue that `pack` packed, with the limit of this one."""
        state = json.loads(zlib.decompress(packed))
        waiting, running = (
            tuple(_unpacked(*batch) for batch in state.pop(name)) for name in ("waiting", "running")
        )
        return replace(self, **state, waiting=waiting, running=running)

    @property
    def _burst(self) -> int:
        return max(1, self.per_hour // BURST_SHARE)

    @property
    def share_s(self) -> float:
        """What a query takes of the limit: no hour has more than `per_hour`, the burst included."""
        return HOUR_S / (self.per_hour - self._burst + 1) if self.per_hour else 0

    def moments(self, now: float) -> Iterator[float]:
        """The moments of the next queries, if each is made as soon as it may."""
        used_until = self.used_until
        while True:
            # To a millisecond, as far as floats can be trusted.
            unused_at = round(used_until - (self._burst - 1) * self.share_s, 3)
            moment = max(now, self.closed_until, unused_at if self.per_hour else 0)
            yield moment
            used_until = max(moment, used_until) + self.share_s

    def _open_batch(self, question: Question, capacity: Capacity) -> int:
        """The place of the batch that the question can join; that of a new one if there is none."""
        for place, batch in enumerate(self.waiting):
            if batch.kind == question.kind and len(batch.packages) < capacity(batch.kind):
                return place
        return len(self.waiting)

    def joined(self, question: Question, capacity: Capacity, now: float) -> Self:
        """With this question in a batch of its kind, unless there are too many."""
        place = self._open_batch(question, capacity)
        waiting = list(self.waiting)
        if place < len(waiting):
            batch = waiting[place]
            waiting[place] = batch._replace(packages=(*batch.packages, question.package))
        elif place < MAX_WAITING:
            waiting.append(Batch(question.kind, (question.package,), now + WAITING_S))
        return replace(self, waiting=tuple(waiting))


def _packed(batch: Batch) -> tuple[str, tuple[str, ...], float]:
    return batch.kind.text, batch.packages, batch.until


def _unpacked(kind: str, packages: Collection[str], until: float) -> Batch:
    return Batch(Kind.parse(kind), tuple(map(PackageName, packages)), until)
