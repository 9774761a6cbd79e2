"""What was fetched is kept, within bounds."""

import datetime as dt

from pulse.freshness import UNKNOWN_FOR
from pulse.models import DailyDownloads, FetchedRows
from pulse.names import PackageName
from pulse.pypistats import Endpoint
from pulse_io.memory import Key, Memory, kept_from

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def key(name: str) -> Key:
    return PackageName.parse(name), Endpoint.OVERALL


def fetched(rows: int) -> FetchedRows:
    row = DailyDownloads(category="with_mirrors", date=dt.date(2026, 11, 21), downloads=1)
    return FetchedRows(rows=[row] * rows, source="pypistats.org", fetched_at=NOON)


def test_what_was_kept_is_found() -> None:
    memory = Memory()
    kept = memory.keep(key("a"), kept_from(fetched(3), NOON))
    assert memory.find(key("a")) is kept
    assert memory.find(key("b")) is None


def test_the_least_recently_used_gives_way() -> None:
    memory = Memory(max_rows=10)
    for name in "ab":
        memory.keep(key(name), kept_from(fetched(5), NOON))
    memory.find(key("a"))
    memory.keep(key("c"), kept_from(fetched(5), NOON))
    assert [name for name in "abc" if memory.find(key(name))] == ["a", "c"]


def test_what_is_larger_than_all_the_room_is_not_kept_and_costs_nothing() -> None:
    memory = Memory(max_rows=10)
    memory.keep(key("a"), kept_from(fetched(5), NOON))
    memory.keep(key("b"), kept_from(fetched(11), NOON))
    assert memory.find(key("a"))
    assert memory.find(key("b")) is None


def test_an_unknown_name_is_remembered_for_an_hour_at_most() -> None:
    kept = kept_from(None, NOON)
    assert kept.content is None
    assert kept.fresh_until - NOON == UNKNOWN_FOR <= dt.timedelta(hours=1)
