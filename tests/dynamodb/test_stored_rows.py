"""What one environment has fetched, every other finds; and nothing good gives way to anything worse."""

import datetime as dt

import pytest
from aiodynamo.expressions import F
from pulse_io.memory import Kept, Key, kept_from, stale
from pulse_io.stored import Stored
from pulse_io.table import Table

from pulse.models import DailyDownloads, FetchedRows
from pulse.names import PackageName
from pulse.pypistats import Endpoint
from tests.dynamodb.environments import asking
from tests.dynamodb.table_at import TableAt

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
KEY: Key = (PackageName.parse("requests"), Endpoint.OVERALL)
ANY = F("key").exists()

pytestmark = pytest.mark.usefixtures("table")


def fetched(at: dt.datetime = NOON, days: int = 181) -> FetchedRows:
    newest = dt.date(2026, 11, 21)
    rows = [
        DailyDownloads(category=category, date=newest - dt.timedelta(days=age), downloads=age)
        for category in ("with_mirrors", "without_mirrors")
        for age in reversed(range(days))
    ]
    return FetchedRows(rows=rows, source="simulated", fetched_at=at)


def kept(at: dt.datetime = NOON, days: int = 181) -> Kept:
    return kept_from(fetched(at, days), at)


def test_what_was_kept_is_found_as_it_was() -> None:
    async def ask(table: Table) -> None:
        stored = Stored(table)
        assert await stored.find(KEY, NOON, consistent=True) is None
        await stored.keep(KEY, kept(), NOON)
        assert await stored.find(KEY, NOON, consistent=True) == kept()
        other: Key = (KEY[0], Endpoint.SYSTEM)
        assert await stored.find(other, NOON, consistent=True) is None

    asking(ask)


def test_an_older_answer_never_takes_the_place_of_a_newer_one() -> None:
    async def ask(table: Table) -> None:
        stored = Stored(table)
        await stored.keep(KEY, kept(NOON + HOUR), NOON)
        await stored.keep(KEY, kept(NOON, days=3), NOON)
        await stored.keep(KEY, kept_from(None, NOON), NOON)
        assert await stored.find(KEY, NOON, consistent=True) == kept(NOON + HOUR)

    asking(ask)


def test_rows_that_are_no_longer_fresh_are_found_and_say_so() -> None:
    async def ask(table: Table) -> None:
        stored = Stored(table)
        await stored.keep(KEY, kept(), NOON)
        found = await stored.find(KEY, NOON + 48 * HOUR, consistent=True)
        assert found is not None
        assert found.fresh_until == kept().fresh_until < NOON + 48 * HOUR

    asking(ask)


def test_rows_that_are_to_be_served_stale_for_a_while_are_stale_for_all() -> None:
    async def ask(table: Table) -> None:
        stored = Stored(table)
        held = stale(kept(), NOON + 30 * HOUR)
        await stored.keep(KEY, kept(), NOON)
        await stored.keep(KEY, held, NOON + HOUR)
        assert await stored.find(KEY, NOON + HOUR, consistent=True) == held

    asking(ask)


def test_the_day_that_rows_are_as_of_is_kept_with_them() -> None:
    async def ask(table: Table) -> None:
        stored = Stored(table)
        rows = FetchedRows(rows=[], source="simulated", fetched_at=NOON)
        complete = Kept(
            rows, dt.datetime(2026, 11, 23, 1, 10, tzinfo=dt.UTC), dt.date(2026, 11, 21)
        )
        await stored.keep(KEY, kept_from(rows, NOON), NOON)
        assert await stored.find(KEY, NOON, consistent=True) == kept_from(rows, NOON) != complete
        await stored.keep(KEY, complete, NOON)
        assert await stored.find(KEY, NOON + HOUR, consistent=True) == complete

    asking(ask)


def test_an_unknown_name_is_remembered_for_an_hour_whoever_deletes_the_item() -> None:
    async def ask(table: Table) -> None:
        stored = Stored(table)
        await stored.keep(KEY, kept_from(None, NOON), NOON)
        for minutes, there in ((0, True), (59, True), (60, False)):
            now = NOON + dt.timedelta(minutes=minutes)
            found = await stored.find(KEY, now, consistent=True)
            assert found == (Kept(None, NOON + HOUR) if there else None)

    asking(ask)


def test_rows_that_expired_are_not_found_even_where_they_are_still_there(table: TableAt) -> None:
    async def ask(table: Table) -> None:
        await Stored(table).keep(KEY, kept(), NOON)
        assert await Stored(table).find(KEY, NOON + 182 * 24 * HOUR, consistent=True) is None

    asking(ask)
    (item,) = table.client.scan(TableName=table.name)["Items"]
    assert dt.datetime.fromtimestamp(int(item["expires_at"]["N"]), dt.UTC) == NOON + 181 * 24 * HOUR


@pytest.mark.parametrize("change", [F("format").set(2), F("rows").set(b"rows")])
def test_what_another_version_kept_is_passed_over(change: object) -> None:
    async def ask(table: Table) -> None:
        stored = Stored(table)
        await stored.keep(KEY, kept(), NOON)
        await table.update("rows#overall#requests", change, ANY)  # type: ignore[arg-type]  # of the class
        assert await stored.find(KEY, NOON, consistent=True) is None

    asking(ask)


def test_what_is_too_large_for_an_item_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.stored.MAX_BYTES", 100)

    async def ask(table: Table) -> None:
        await Stored(table).keep(KEY, kept(), NOON)
        assert await Stored(table).find(KEY, NOON, consistent=True) is None
        assert table.available

    asking(ask)


def test_the_newest_loaded_day_is_found_for_the_rows_that_it_was_told_by() -> None:
    async def ask(table: Table) -> None:
        stored, day = Stored(table), dt.date(2026, 11, 20)
        await stored.keep_newest_loaded(NOON, day)
        assert await stored.find_newest_loaded(NOON, consistent=True) == day
        assert await stored.find_newest_loaded(NOON + HOUR, consistent=True) is None
        await stored.keep_newest_loaded(NOON - HOUR, dt.date(2026, 11, 19))
        assert await stored.find_newest_loaded(NOON, consistent=True) == day

    asking(ask)
