"""The memory keeps fetched data up to a size limit."""

import datetime as dt
import tracemalloc

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamTooSlow
from pulse.questions import Breakdown, Question
from pulse_io.store.answers import Failure, LookupResult
from pulse_io.store.memory import COUNT_BYTES, ENTRY_BYTES, MAX_BYTES, Memory

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NEXT_LOAD = dt.datetime(2026, 11, 23, 1, 10, tzinfo=dt.UTC)
YESTERDAY = dt.date(2026, 11, 21)
SECOND = dt.timedelta(seconds=1)


def asking(name: str) -> Question:
    return Question(PackageName.parse(name), Breakdown.OVERALL)


def counts(days: int = 3, category: str = "with_mirrors", *, at: dt.datetime = NOON) -> DailyCounts:
    return DailyCounts(YESTERDAY, {category: [1] * days}, "pypistats.org", at, YESTERDAY, NEXT_LOAD)


def unknown(name: str, *, at: dt.datetime = NOON) -> Failure:
    return Failure(UnknownPackage.named(name), at, at + dt.timedelta(hours=1))


def room_for(entries: int, days: int) -> int:
    return entries * (ENTRY_BYTES + 100) + days * COUNT_BYTES


def test_kept_counts_are_found() -> None:
    memory, kept = Memory(), counts()
    memory.keep(asking("a"), kept)
    assert memory.find(asking("a"), NOON) == LookupResult(kept, "memory")
    assert memory.held(asking("a")) is kept
    assert memory.find(asking("b"), NOON) is None
    assert memory.held(asking("b")) is None


def test_stale_counts_are_held() -> None:
    memory, kept = Memory(), counts()
    memory.keep(asking("a"), kept)
    assert memory.find(asking("a"), NEXT_LOAD) is None
    assert memory.held(asking("a")) is kept


def test_older_answer_never_replaces_newer() -> None:
    memory, newer = Memory(), counts(at=NOON)
    memory.keep(asking("a"), newer)
    memory.keep(asking("a"), counts(at=NOON - SECOND))
    memory.keep(asking("a"), unknown("a", at=NOON - SECOND))
    assert memory.held(asking("a")) is newer


def test_failure_hides_counts_until_it_expires() -> None:
    memory, kept = Memory(), counts()
    failure = Failure(UpstreamTooSlow(12), NEXT_LOAD, NEXT_LOAD + 10 * SECOND)
    memory.keep(asking("a"), kept)
    memory.keep(asking("a"), failure)
    stale = kept.as_stale(NEXT_LOAD + 10 * SECOND)
    assert memory.find(asking("a"), NEXT_LOAD) == LookupResult(stale, "memory")
    assert memory.failure(asking("a"), NEXT_LOAD) is failure
    assert memory.find(asking("a"), NEXT_LOAD + 10 * SECOND) is None
    assert memory.held(asking("a")) is kept


def test_newer_counts_end_a_failure() -> None:
    memory, kept = Memory(), counts()
    memory.keep(asking("a"), Failure(UpstreamTooSlow(), NOON, NOON + 10 * SECOND))
    memory.keep(asking("a"), kept)
    assert memory.find(asking("a"), NOON) == LookupResult(kept, "memory")


def test_failure_without_counts_is_the_problem() -> None:
    memory, problem = Memory(), UpstreamTooSlow()
    memory.keep(asking("a"), Failure(problem, NOON, NOON + 10 * SECOND))
    assert memory.find(asking("a"), NOON) == LookupResult(problem, "none")


def test_least_recently_used_is_evicted() -> None:
    memory = Memory(room_for(entries=2, days=10))
    for name in "ab":
        memory.keep(asking(name), counts(5))
    memory.find(asking("a"), NOON)
    memory.keep(asking("c"), counts(5))
    assert [name for name in "abc" if memory.held(asking(name))] == ["a", "c"]


def test_oversized_counts_are_not_kept() -> None:
    memory = Memory(room_for(entries=2, days=10))
    memory.keep(asking("a"), counts(5))
    memory.keep(asking("b"), counts(50))
    assert memory.held(asking("a"))
    assert memory.held(asking("b")) is None


def test_categories_and_unknown_names_count_towards_size() -> None:
    memory = Memory(room_for(entries=5, days=10))
    memory.keep(asking("long"), counts(1, "x" * 10_000))
    assert memory.held(asking("long")) is None
    for name in ("unknown-1", "unknown-2", "unknown-3", "unknown-4", "unknown-5", "unknown-6"):
        memory.keep(asking(name), unknown(name))
    assert memory.find(asking("unknown-1"), NOON) is None
    assert memory.find(asking("unknown-6"), NOON)


def test_size_estimate_covers_real_memory() -> None:
    tracemalloc.start()
    days = [10**9 + number for number in range(10_000)]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 * COUNT_BYTES < taken / len(days) < 1.1 * COUNT_BYTES
    assert MAX_BYTES < 128_000_000
