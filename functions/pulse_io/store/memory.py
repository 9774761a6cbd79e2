"""What was fetched, kept in the memory of the execution environment."""

import datetime as dt
from typing import Final

from cachetools import LRUCache

from pulse.daily_counts import DailyCounts
from pulse.questions import Question
from pulse_io.store.answers import Failure, Kept, newer

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

    def fresh(self, question: Question, now: dt.datetime) -> Kept | None:
        """What is known and not worth asking for again now."""
        if failure := self.failure(question, now):
            return failure
        kept = self._answers.get(question)
        return kept if kept and now < kept.fresh_until else None

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
