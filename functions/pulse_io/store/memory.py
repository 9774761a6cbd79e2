"""What was fetched, kept in the memory of the execution environment."""

import datetime as dt
from typing import Final

from cachetools import LRUCache

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem
from pulse.questions import Question
from pulse.request_log import Tier
from pulse_io.store.answers import FAILURE_KEPT_FOR, Failure, Found, Kept, newer

MAX_BYTES: Final = 60_000_000
"""Memory for all that is kept. An execution environment has 512 MB by default."""

ENTRY_BYTES: Final = 1_000
"""Of what is kept for one question, beside its counts."""

COUNT_BYTES: Final = 40
"""Of one count: a reference of 8 bytes and a number of up to 32."""

_CHARACTER_BYTES: Final = 4


class Memory:
    """The last answer to each question, and the last failure; the least recently used give way."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._answers: LRUCache[Question, Kept] = LRUCache(max_bytes, getsizeof=_size)
        self._failures: LRUCache[Question, Failure] = LRUCache(max_bytes, getsizeof=_size)

    def find(self, question: Question, now: dt.datetime) -> Found | None:
        """What is known and not worth asking for again now."""
        if failure := self.failure(question, now):
            return self.as_found(question, failure, "memory", now)
        kept = self._answers.get(question)
        if kept and now < kept.fresh_until:
            return self.as_found(question, kept, "memory", now)
        return None

    def as_found(self, question: Question, kept: Kept, tier: Tier, now: dt.datetime) -> Found:
        """What is kept, as an answer."""
        if not isinstance(kept, Failure):
            return Found(kept, tier)
        if kept.is_unknown_package:
            return Found(kept.problem, "none")
        return self.or_stale(question, kept.problem, now, kept.fresh_until)

    def or_stale(
        self,
        question: Question,
        problem: Problem,
        now: dt.datetime,
        until: dt.datetime | None = None,
    ) -> Found:
        """The counts that are held, as stale ones until then; else the problem."""
        held = self.held(question)
        if held is None:
            return Found(problem, "none")
        if now < held.fresh_until:
            return Found(held, "memory")  # they came just too late for the lookup that failed
        return Found(held.as_stale(until or now + FAILURE_KEPT_FOR), "memory")

    def failure(self, question: Question, now: dt.datetime) -> Failure | None:
        """The failure that is kept, if it is not over."""
        failure = self._failures.get(question)
        return failure if failure and now < failure.fresh_until else None

    def held(self, question: Question) -> DailyCounts | None:
        """The last counts, fresh or not."""
        kept = self._answers.get(question)
        return kept if isinstance(kept, DailyCounts) else None

    def keep(self, question: Question, kept: Kept) -> None:
        """Keep an answer if it is newer than the one that is held, or a failure beside that."""
        if isinstance(kept, Failure) and not kept.is_unknown_package:
            self._failures[question] = kept
        elif _size(kept) <= self._answers.maxsize:
            latest = newer(kept, self._answers.get(question)) or kept
            self._answers[question] = latest
            if latest is kept:
                self._failures.pop(question, None)


def _size(kept: Kept) -> int:
    """Bytes of memory, about."""
    if isinstance(kept, Failure):
        return ENTRY_BYTES
    counts = sum(map(len, kept.counts.values()))
    return ENTRY_BYTES + COUNT_BYTES * counts + _CHARACTER_BYTES * sum(map(len, kept.counts))
