"""History survives lost days, corrections, races and crashes, and reaches back."""

import asyncio
import datetime as dt
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pulse.daily_counts import DAY, DailyCounts
from pulse.freshness import window_expected
from pulse.history import Cell, Cells, as_cells
from pulse.names import PackageName
from pulse.problems import HistoryUnavailable
from pulse.questions import Breakdown, Question
from pulse_io.settings import Settings
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import Table, open_table
from tests.counts import NOON, counts_of, day
from tests.dynamodb.table_at import TableAt

OVERALL = Question(PackageName.parse("requests"), Breakdown.OVERALL)
SYSTEM = Question(PackageName.parse("requests"), Breakdown.SYSTEM)
EVER = (dt.date.min, dt.date.max)


pytestmark = pytest.mark.usefixtures("history_table")


def opened_table() -> Table:
    settings = Settings.from_environ(os.environ)
    assert settings.history_table
    return open_table(settings, settings.history_table)


@asynccontextmanager
async def environments(count: int) -> AsyncIterator[list[HistoryStore]]:
    """So many execution environments, each with its own connections."""
    stores = [HistoryStore(opened_table()) for _ in range(count)]
    try:
        yield stores
    finally:
        for store in stores:
            await store.aclose()


def fetched(rows: Cells, at: dt.datetime) -> DailyCounts:
    first, last = window_expected(at)
    in_window = {(name, day): count for (name, day), count in rows.items() if first <= day <= last}
    return counts_of(in_window, fetched_at=at)


def mirrors(ago: int) -> Cell:
    return Cell("with_mirrors", day(ago))


def test_kept_counts_are_read_back() -> None:
    async def main() -> None:
        async with environments(2) as (one, other):
            rows = {mirrors(ago): ago for ago in range(60)}
            assert await one.merge(OVERALL, fetched(rows, NOON)) == 0
            assert await other.read(OVERALL, "pypistats.org", *EVER) == rows
            part = await other.read(OVERALL, "pypistats.org", day(40), day(3))
            assert part == {cell: count for cell, count in rows.items() if 3 <= count <= 40}
            assert await other.read(OVERALL, "simulated", *EVER) == {}
            assert await other.read(SYSTEM, "pypistats.org", *EVER) == {}

    asyncio.run(main())


def test_daily_visit_rewrites_one_month(history_table: TableAt) -> None:
    """The head and the month of the new day."""

    async def main() -> None:
        async with environments(1) as (store,):
            rows = {mirrors(ago): ago for ago in range(1, 180)}
            await store.merge(OVERALL, fetched(rows, NOON - DAY))
            before = items(history_table)
            await store.merge(OVERALL, fetched({**rows, mirrors(0): 0}, NOON))
            after = items(history_table)
            changed = [month for month, item in after.items() if before.get(month) != item]
            assert changed == ["2026-11", "head"]

    asyncio.run(main())


def items(table: TableAt) -> dict[str, object]:
    """The items of the table's only partition, by sort key."""
    found = table.client.scan(TableName=table.name)["Items"]
    return {item["month"]["S"]: item for item in sorted(found, key=lambda one: one["month"]["S"])}


def test_racing_environments_lose_nothing(request: pytest.FixtureRequest) -> None:
    """Each has fetches of its own, in any order, and all merge at once; then some again."""
    seed = int(request.config.option.hypothesis_seed)
    chance = random.Random(seed)  # noqa: S311 - not a secret
    fetches = [
        fetched(
            {mirrors(ago): chance.randrange(4) for ago in chance.sample(range(90), 40)},
            NOON + number * dt.timedelta(minutes=4),
        )
        for number in range(12)
    ]
    expected: dict[Cell, int] = {}
    for one in fetches:
        expected |= as_cells(one.first, one.counts)
    chance.shuffle(fetches)

    async def environment(store: HistoryStore, own: list[DailyCounts]) -> None:
        for one in own:
            while True:
                try:
                    await store.merge(OVERALL, one)
                except HistoryUnavailable:
                    continue  # the next fetch makes it good; here it is the same one
                break

    async def main() -> None:
        async with environments(4) as stores:
            shares = [fetches[number::4] for number in range(4)]
            await asyncio.gather(*map(environment, stores, shares))
            await stores[0].merge(OVERALL, fetches[0])
            assert await stores[0].read(OVERALL, "pypistats.org", *EVER) == expected

    asyncio.run(main())


def test_correction_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with environments(1) as (store,):
            deadline = asyncio.get_running_loop().time() + 60
            for count in (5, 6):
                at = NOON + count * dt.timedelta(minutes=1)
                await store.keep(OVERALL, fetched({mirrors(1): count}, at), deadline)

    caplog.set_level("INFO")
    asyncio.run(main())
    (line,) = [one for one in caplog.records if one.getMessage() == "history corrected"]
    assert {"counts": 1, "package": "requests", "endpoint": "overall"}.items() <= vars(line).items()


def test_unreadable_item_is_not_overwritten(history_table: TableAt) -> None:
    """It may be of a newer version: then that one's days would be lost."""

    async def main() -> None:
        async with environments(1) as (store,):
            await store.merge(OVERALL, fetched({mirrors(1): 5}, NOON))
            history_table.client.update_item(
                TableName=history_table.name,
                Key={"series": {"S": "pypistats.org#overall#requests"}, "month": {"S": "2026-11"}},
                UpdateExpression="SET #format = :new",
                ExpressionAttributeNames={"#format": "format"},
                ExpressionAttributeValues={":new": {"N": "2"}},
            )
            before = items(history_table)
            with pytest.raises(HistoryUnavailable):
                await store.merge(OVERALL, fetched({mirrors(1): 6}, NOON + DAY))
            with pytest.raises(HistoryUnavailable):
                await store.read(OVERALL, "pypistats.org", *EVER)
            assert items(history_table) == before

    asyncio.run(main())


def test_missing_table_is_logged_and_ends_in_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HISTORY_TABLE", "no-such-table")

    async def main() -> None:
        async with environments(1) as (store,):
            deadline = asyncio.get_running_loop().time() + 60
            await store.keep(OVERALL, fetched({mirrors(1): 5}, NOON), deadline)

    asyncio.run(main())
    assert reasons_of(caplog) == ["the table is unavailable"]


def test_write_ends_at_the_deadline(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with environments(1) as (store,):
            await store.keep(OVERALL, fetched({mirrors(1): 5}, NOON), 0)
            assert await store.read(OVERALL, "pypistats.org", *EVER) == {}

    asyncio.run(main())
    assert reasons_of(caplog) == ["too slow"]


def reasons_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why history was not written, by the log."""
    return [vars(line)["reason"] for line in caplog.records if "not written" in line.message]
