"""Caches answers in the memory of the execution environment."""

import datetime as dt
from typing import Final

from cachetools import LRUCache

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem
from pulse.questions import Question
from pulse.request_log import Tier
from pulse_io.store.answers import FAILURE_KEPT_FOR, CachedAnswer, Failure, LookupResult, newer

MAX_BYTES: Final = 60_000_000
"""The size of the whole cache. An execution environment has 512 MB by default."""

ENTRY_BYTES: Final = 1_000
"""The size of one entry without its counts."""

COUNT_BYTES: Final = 40
"""The size of one count: a reference of 8 bytes and a number of up to 32."""

_CHARACTER_BYTES: Final = 4


class Memory:
    """The last answer to each question, and the last failure. Evicts the least recently used entries."""

    def __init__(self, max_bytes: int = MAX_BYTES, *, serves_stale: bool = True) -> None:
        self._serves_stale = serves_stale
        self._answers: LRUCache[Question, CachedAnswer] = LRUCache(max_bytes, getsizeof=_size)
        self._failures: LRUCache[Question, Failure] = LRUCache(max_bytes, getsizeof=_size)

    def find(self, question: Question, now: dt.datetime) -> LookupResult | None:
        """The cached result of a question if it is still fresh, else None."""
        if failure := self.failure(question, now):
            return self.as_result(question, failure, "memory", now)
        cached = self._answers.get(question)
        if cached and now < cached.fresh_until:
            return self.as_result(question, cached, "memory", now)
        return None

    def as_result(
        self, question: Question, cached: CachedAnswer, tier: Tier, now: dt.datetime
    ) -> LookupResult:
        """A cached answer as a result; a failure is replaced by stale counts if any are held."""
        if not isinstance(cached, Failure):
            return LookupResult(cached, tier)
        if cached.is_unknown_package:
            return LookupResult(cached.problem, "none")
        return self.or_stale(question, cached.problem, now, cached.fresh_until)

    def or_stale(
        self,
        question: Question,
        problem: Problem,
        now: dt.datetime,
        until: dt.datetime | None = None,
    ) -> LookupResult:
        """The held counts, marked stale until `until`; without any, or without stale answers, the problem."""
        held = self.held(question)
        if held is None:
            return LookupResult(problem, "none")
        if now < held.fresh_until:
            return LookupResult(held, "memory")  # they arrived after the lookup had failed
        if not self._serves_stale:
            return LookupResult(problem, "none")
        return LookupResult(held.as_stale(until or now + FAILURE_KEPT_FOR), "memory")

    def failure(self, question: Question, now: dt.datetime) -> Failure | None:
        """The cached failure, if it has not expired."""
        failure = self._failures.get(question)
        return failure if failure and now < failure.fresh_until else None

    def held(self, question: Question) -> DailyCounts | None:
        """The last counts, fresh or not."""
        cached = self._answers.get(question)
        return cached if isinstance(cached, DailyCounts) else None

    def keep(self, question: Question, cached: CachedAnswer) -> None:
        """Cache an answer if it is newer than the cached one; a failure is cached beside the answer."""
        if isinstance(cached, Failure) and not cached.is_unknown_package:
            self._failures[question] = cached
        elif _size(cached) <= self._answers.maxsize:
            latest = newer(cached, self._answers.get(question)) or cached
            self._answers[question] = latest
            if latest is cached:
                self._failures.pop(question, None)


def _size(cached: CachedAnswer) -> int:
    """The approximate size in bytes."""
    if isinstance(cached, Failure):
        return ENTRY_BYTES
    counts = sum(map(len, cached.counts.values()))
    return ENTRY_BYTES + COUNT_BYTES * counts + _CHARACTER_BYTES * sum(map(len, cached.counts))
