"""What was fetched is kept, within bounds."""

import datetime as dt
import tracemalloc

from pulse.freshness import UNKNOWN_FOR
from pulse.models import DailyDownloads, FetchedRows
from pulse.names import PackageName
from pulse.pypistats import Endpoint
from pulse_io.memory import ENTRY_BYTES, MAX_BYTES, ROW_BYTES, Key, Memory, kept_from

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def key(name: str) -> Key:
    return PackageName.parse(name), Endpoint.OVERALL


def fetched(rows: int, category: str = "with_mirrors") -> FetchedRows:
    row = DailyDownloads(category=category, date=dt.date(2026, 11, 21), downloads=1)
    return FetchedRows(rows=[row] * rows, source="pypistats.org", fetched_at=NOON)


def room_for(entries: int, rows: int) -> int:
    return entries * (ENTRY_BYTES + 100) + rows * ROW_BYTES


def test_what_was_kept_is_found() -> None:
    memory = Memory()
    kept = memory.keep(key("a"), kept_from(fetched(3), NOON))
    assert memory.find(key("a")) is kept
    assert memory.find(key("b")) is None


def test_the_least_recently_used_gives_way() -> None:
    memory = Memory(room_for(entries=2, rows=10))
    for name in "ab":
        memory.keep(key(name), kept_from(fetched(5), NOON))
    memory.find(key("a"))
    memory.keep(key("c"), kept_from(fetched(5), NOON))
    assert [name for name in "abc" if memory.find(key(name))] == ["a", "c"]


def test_what_is_larger_than_all_the_room_is_not_kept_and_costs_nothing() -> None:
    memory = Memory(room_for(entries=2, rows=10))
    memory.keep(key("a"), kept_from(fetched(5), NOON))
    memory.keep(key("b"), kept_from(fetched(14), NOON))
    assert memory.find(key("a"))
    assert memory.find(key("b")) is None


def test_an_unknown_name_is_remembered_for_an_hour_at_most() -> None:
    kept = kept_from(None, NOON)
    assert kept.content is None
    assert kept.fresh_until - NOON == UNKNOWN_FOR <= dt.timedelta(hours=1)


def test_long_categories_and_unknown_names_take_room_too() -> None:
    memory = Memory(room_for(entries=5, rows=10))
    memory.keep(key("long"), kept_from(fetched(1, "x" * 10_000), NOON))
    assert memory.find(key("long")) is None
    for name in ("unknown-1", "unknown-2", "unknown-3", "unknown-4"):
        memory.keep(key(name), kept_from(None, NOON))
    memory.keep(key("a"), kept_from(fetched(10), NOON))
    assert memory.find(key("unknown-1"))
    memory.keep(key("b"), kept_from(fetched(10), NOON))
    assert memory.find(key("a")) is None


def test_what_is_kept_takes_no_more_memory_than_its_size_says() -> None:
    day = dt.date(2026, 11, 21)
    tracemalloc.start()
    rows = [
        DailyDownloads(
            category="3.13", date=day - dt.timedelta(days=number % 181), downloads=10**9 + number
        )
        for number in range(10_000)
    ]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 * ROW_BYTES < taken / len(rows) < ROW_BYTES
    assert MAX_BYTES < 128_000_000
