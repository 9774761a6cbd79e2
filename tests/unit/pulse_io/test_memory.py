"""The memory keeps fetched data up to a size limit."""

import datetime as dt
import tracemalloc

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamTooSlow
from pulse.questions import Breakdown, Question
from pulse_io.store.answers import Failure, LookupResult
from pulse_io.store.memory import COUNT_BYTES, ENTRY_BYTES, MAX_BYTES, Memory
from tests.counts import NOON, counts_of, daily

NEXT_LOAD = dt.datetime(2026, 11, 23, 1, 10, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def question(name: str) -> Question:
    return Question(PackageName.parse(name), Breakdown.OVERALL)


def counts(days: int = 3, category: str = "with_mirrors", *, at: dt.datetime = NOON) -> DailyCounts:
    return counts_of({category: daily(range(days))}, fetched_at=at)


def unknown(name: str, *, at: dt.datetime = NOON) -> Failure:
    return Failure(UnknownPackage.named(name), at, at + dt.timedelta(hours=1))


def room_for(entries: int, days: int) -> int:
    return entries * (ENTRY_BYTES + 100) + days * COUNT_BYTES


def test_kept_counts_are_found() -> None:
    memory, kept = Memory(), counts()
    memory.keep(question("a"), kept)
    assert memory.find(question("a"), NOON) == LookupResult(kept, "memory")
    assert memory.held(question("a")) is kept
    assert memory.find(question("b"), NOON) is None
    assert memory.held(question("b")) is None


def test_stale_counts_are_held() -> None:
    memory, kept = Memory(), counts()
    memory.keep(question("a"), kept)
    assert memory.find(question("a"), NEXT_LOAD) is None
    assert memory.held(question("a")) is kept


def test_older_answer_never_replaces_newer() -> None:
    memory, newer = Memory(), counts(at=NOON)
    memory.keep(question("a"), newer)
    memory.keep(question("a"), counts(at=NOON - SECOND))
    memory.keep(question("a"), unknown("a", at=NOON - SECOND))
    assert memory.held(question("a")) is newer


def test_failure_hides_counts_until_it_expires() -> None:
    memory, kept = Memory(), counts()
    failure = Failure(UpstreamTooSlow(12), NEXT_LOAD, NEXT_LOAD + 10 * SECOND)
    memory.keep(question("a"), kept)
    memory.keep(question("a"), failure)
    stale = kept.as_stale(NEXT_LOAD + 10 * SECOND)
    assert memory.find(question("a"), NEXT_LOAD) == LookupResult(stale, "memory")
    assert memory.failure(question("a"), NEXT_LOAD) is failure
    assert memory.find(question("a"), NEXT_LOAD + 10 * SECOND) is None
    assert memory.held(question("a")) is kept


def test_newer_counts_end_a_failure() -> None:
    memory, kept = Memory(), counts()
    memory.keep(question("a"), Failure(UpstreamTooSlow(), NOON, NOON + 10 * SECOND))
    memory.keep(question("a"), kept)
    assert memory.find(question("a"), NOON) == LookupResult(kept, "memory")


def test_failure_without_counts_is_the_problem() -> None:
    memory, problem = Memory(), UpstreamTooSlow()
    memory.keep(question("a"), Failure(problem, NOON, NOON + 10 * SECOND))
    assert memory.find(question("a"), NOON) == LookupResult(problem, "none")


def test_least_recently_used_is_evicted() -> None:
    memory = Memory(room_for(entries=2, days=10))
    for name in "ab":
        memory.keep(question(name), counts(5))
    memory.find(question("a"), NOON)
    memory.keep(question("c"), counts(5))
    assert [name for name in "abc" if memory.held(question(name))] == ["a", "c"]


def test_oversized_counts_are_not_kept() -> None:
    memory = Memory(room_for(entries=2, days=10))
    memory.keep(question("a"), counts(5))
    memory.keep(question("b"), counts(50))
    assert memory.held(question("a"))
    assert memory.held(question("b")) is None


def test_categories_and_unknown_names_count_towards_size() -> None:
    memory = Memory(room_for(entries=5, days=10))
    memory.keep(question("long"), counts(1, "x" * 10_000))
    assert memory.held(question("long")) is None
    for name in ("unknown-1", "unknown-2", "unknown-3", "unknown-4", "unknown-5", "unknown-6"):
        memory.keep(question(name), unknown(name))
    assert memory.find(question("unknown-1"), NOON) is None
    assert memory.find(question("unknown-6"), NOON)


def test_size_estimate_covers_real_memory() -> None:
    tracemalloc.start()
    days = [10**9 + number for number in range(10_000)]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 * COUNT_BYTES < taken / len(days) < 1.1 * COUNT_BYTES
    assert MAX_BYTES < 128_000_000
