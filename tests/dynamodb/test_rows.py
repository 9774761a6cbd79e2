"""Environments share fetched counts, and a worse answer never replaces a better one."""

import datetime as dt

import pytest
from aiodynamo.expressions import F

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import UnknownPackage
from pulse.questions import Breakdown, Question
from pulse_io.store.answers import Failure
from pulse_io.store.rows import RowStore
from pulse_io.store.table import Table
from tests.dynamodb.environments import NOON, asking
from tests.dynamodb.table_at import TableAt

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
REQUESTS = PackageName.parse("requests")
OVERALL = Question(REQUESTS, Breakdown.OVERALL)
SYSTEM = Question(REQUESTS, Breakdown.SYSTEM)
KEY = "rows#overall#requests"

pytestmark = pytest.mark.usefixtures("table")


def rows_at(table: Table, now: dt.datetime = NOON) -> RowStore:
    """The row store of an environment at that time."""
    return RowStore(table, 14, now.timestamp)


def counts(fetched_at: dt.datetime = NOON, days: int = 181) -> DailyCounts:
    """Counts with an unknown day, as of a day before their last one."""
    return DailyCounts(
        first=dt.date(2099, 5, 25),
        counts={
            "without_mirrors": [None, *range(1, days)],
            "with_mirrors": [2**40 + number for number in range(days)],
        },
        source="simulated",
        fetched_at=fetched_at,
        as_of=dt.date(2099, 11, 20),
        fresh_until=fetched_at + 13 * HOUR,
    )


def unknown(since: dt.datetime = NOON) -> Failure:
    return Failure(UnknownPackage.named(REQUESTS), since, since + HOUR)


def as_told(failure: object) -> tuple[object, ...]:
    """A failure in comparable form, since problems compare by identity."""
    assert isinstance(failure, Failure)
    return type(failure.problem), failure.problem.detail, failure.since, failure.fresh_until


def test_stored_counts_are_read_back() -> None:
    async def ask(table: Table) -> None:
        assert await rows_at(table).read([OVERALL]) == {}
        await rows_at(table).keep(OVERALL, counts())
        found = await rows_at(table).read([OVERALL, SYSTEM])
        assert found == {OVERALL: counts()}
        assert list(found[OVERALL].counts) == list(counts().counts)  # type: ignore[union-attr]  # it is no failure
        assert await rows_at(table).read([]) == {}

    asking(ask)


def test_package_without_rows_is_read_back() -> None:
    empty = DailyCounts(
        dt.date(2099, 11, 21), {}, "pypistats.org", NOON, dt.date(2099, 11, 21), NOON + HOUR
    )

    async def ask(table: Table) -> None:
        await rows_at(table).keep(OVERALL, empty)
        assert await rows_at(table).read([OVERALL]) == {OVERALL: empty}

    asking(ask)


def test_older_answer_never_replaces_newer() -> None:
    async def ask(table: Table) -> None:
        rows = rows_at(table, NOON + 2 * HOUR)
        await rows.keep(OVERALL, counts(NOON + HOUR))
        await rows.keep(OVERALL, counts(NOON, days=3))
        await rows.keep(OVERALL, unknown(NOON))
        assert await rows.read([OVERALL]) == {OVERALL: counts(NOON + HOUR)}
        await rows.keep(OVERALL, counts(NOON + 2 * HOUR, days=3))
        assert await rows.read([OVERALL]) == {OVERALL: counts(NOON + 2 * HOUR, days=3)}

    asking(ask)


def test_answer_of_a_wrong_clock_is_replaced() -> None:
    """Its environment's clock was a year ahead, so it would be fresh for a year."""

    async def ask(table: Table) -> None:
        await rows_at(table, NOON + 365 * DAY).keep(OVERALL, counts(NOON + 365 * DAY, days=3))
        assert await rows_at(table).read([OVERALL]) == {}
        await rows_at(table).keep(OVERALL, counts())
        assert await rows_at(table).read([OVERALL]) == {OVERALL: counts()}

    asking(ask)


def test_stale_counts_keep_their_fresh_until() -> None:
    async def ask(table: Table) -> None:
        await rows_at(table).keep(OVERALL, counts())
        assert await rows_at(table, NOON + 2 * DAY).read([OVERALL]) == {OVERALL: counts()}

    asking(ask)


@pytest.mark.parametrize(("minutes", "there"), [(0, True), (59, True), (60, False)])
def test_unknown_name_expires_after_an_hour(minutes: int, *, there: bool) -> None:
    """By the item's own expiry, whether or not DynamoDB has deleted the item by then."""

    async def ask(table: Table) -> None:
        await rows_at(table).keep(OVERALL, unknown())
        found = await rows_at(table, NOON + dt.timedelta(minutes=minutes)).read([OVERALL])
        assert [as_told(one) for one in found.values()] == [as_told(unknown())] * there

    asking(ask)


def test_expired_counts_are_ignored(table: TableAt) -> None:
    """DynamoDB deletes expired items late, so the table may still have them."""

    async def ask(table: Table) -> None:
        await rows_at(table).keep(OVERALL, counts())
        assert await rows_at(table, NOON + 181 * DAY).read([OVERALL]) == {}

    asking(ask)
    (item,) = table.client.scan(TableName=table.name)["Items"]
    assert dt.datetime.fromtimestamp(int(item["expires_at"]["N"]), dt.UTC) == NOON + 181 * DAY


@pytest.mark.parametrize("change", [{"format": 1}, {"format": 999}, {"counts": b"counts"}], ids=str)
def test_items_of_other_versions_are_ignored(change: dict[str, object]) -> None:
    async def ask(table: Table) -> None:
        await rows_at(table).keep(OVERALL, counts())
        item = await table.get(KEY)
        assert item
        await table.put({**item, **change}, F("key").exists())
        assert await rows_at(table).read([OVERALL]) == {}
        await rows_at(table).keep(OVERALL, counts(NOON + HOUR))
        assert await rows_at(table).read([OVERALL]) == {OVERALL: counts(NOON + HOUR)}

    asking(ask)


def test_too_large_item_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.store.rows.MAX_COUNTS_BYTES", 100)

    async def ask(table: Table) -> None:
        await rows_at(table).keep(OVERALL, counts())
        assert await rows_at(table).read([OVERALL]) == {}
        assert table.available

    asking(ask)


def test_unavailable_table_reads_as_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither reading nor storing raises an error."""
    monkeypatch.setenv("CACHE_TABLE", "no-such-table")

    async def ask(table: Table) -> None:
        await rows_at(table).keep(OVERALL, counts())
        assert await rows_at(table).read([OVERALL]) == {}
        found = await rows_at(table).read_with_leases([OVERALL])
        assert not found.answers
        assert not found.leased

    asking(ask)
