"""DynamoDB units of requests, as measured; monthly cost estimates are based on them."""

import asyncio
import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.questions import Breakdown, Question
from pulse_io.store.rows import RowStore
from pulse_io.store.table import open_table
from tests.counts import counts_of
from tools.costs import FROM_TABLE, FROM_UPSTREAM, Units
from tools.dynamodb.account import local_account
from tools.dynamodb.item_size import item_bytes, write_units
from tools.dynamodb.items import sizes
from tools.dynamodb.meter import Operation, metered
from tools.dynamodb.metered_world import NOW, Cost, World
from tools.dynamodb.requests import costs
from tools.dynamodb.table import create_table, dynamodb_client
from tools.dynamodb.units import items_table, requests_table

COMPARED = 2
COLD_FETCH = ["BatchGetItem", "PutItem", "PutItem", "PutItem"]
"""The batch read, the lease, the rate limit and the counts."""


@pytest.fixture
def dynamodb_url(dynamodb_local_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of DynamoDB Local, with environment variables that lead to it."""
    for name, value in local_account(dynamodb_local_url).items():
        monkeypatch.setenv(name, value)
    return dynamodb_local_url


def test_units_of_each_situation(dynamodb_url: str) -> None:
    measured = asyncio.run(costs(dynamodb_url, COMPARED))
    by_situation = {one.situation: one for one in measured}
    assert len(by_situation) == len(measured)

    def units(situation: str) -> Units:
        return Units(by_situation[situation].reads, by_situation[situation].writes)

    def names(situation: str) -> list[str]:
        return [one.name for one in by_situation[situation].operations]

    for breakdown in ("overall", "system", "python_minor"):
        assert by_situation[f"`{breakdown}`: fresh in memory"].operations == ()
        found = units(f"`{breakdown}`: fresh in the table")
        assert 0 < found.reads <= 1
        assert found.writes == 0
        assert names(f"`{breakdown}`: nobody has it") == [
            *COLD_FETCH[:2],
            "GetItem",
            *COLD_FETCH[2:],
        ]
        assert names(f"`{breakdown}`: nobody has it, and no other called since") == COLD_FETCH
        stale = f"`{breakdown}`: gone stale in the table"
        assert names(stale) == names(f"`{breakdown}`: nobody has it")
    assert units("`overall`: fresh in the table") == FROM_TABLE
    assert units("`overall`: nobody has it") == FROM_UPSTREAM

    assert units("unknown package: remembered in the table").writes == 0
    # A lease, the reservation, and the lease's end.
    assert units("rate limit reached: the environment finds out").writes == 3
    # The counts, and whether another environment is just fetching them.
    assert names("rate limit reached: the environment knows") == ["BatchGetItem"] * 2
    compared = f"comparison of {COMPARED}: fresh in the table"
    assert units(compared) == Units(COMPARED * FROM_TABLE.reads, 0)
    assert names(compared) == ["BatchGetItem"]
    fetched = units(f"comparison of {COMPARED}: nobody has them")
    assert 0 < fetched.reads <= COMPARED * FROM_UPSTREAM.reads
    assert 0 < fetched.writes <= COMPARED * FROM_UPSTREAM.writes

    (waited,) = (one for one in measured if one.situation.startswith("another environment's"))
    assert names(waited.situation)[:2] == ["BatchGetItem", "PutItem"]
    assert set(names(waited.situation)[2:]) == {"BatchGetItem"}
    assert waited.writes == 1


def test_fresh_comparison_of_fifty_is_one_read(dynamodb_url: str) -> None:
    async def compare() -> list[str]:
        names = [f"package-{number}" for number in range(50)]
        asked = [Question(PackageName.parse(name), Breakdown.OVERALL) for name in names]
        world = World.new(dynamodb_url, "http://127.0.0.1:9")
        table = open_table(world.settings(dynamodb_url), world.table)
        rows = RowStore(table, 14, world.clock)
        kept = counts_of({("with_mirrors", NOW.date()): 1}, fetched_at=NOW)
        kept = replace(kept, fresh_until=NOW + dt.timedelta(hours=1))
        for question in asked:
            await rows.keep(question, kept)
        await table.aclose()
        async with world.environment() as one:
            answers = await one.catalogue.fetch_all(asked)
            assert {type(answer) for answer in answers.values()} == {DailyCounts}
            return one.meter.names

    assert asyncio.run(compare()) == ["BatchGetItem"]


def test_sizes_of_each_item_kind(dynamodb_url: str) -> None:
    measured = dict(asyncio.run(sizes(dynamodb_url)))
    for breakdown in ("overall", "python_major", "python_minor", "system"):
        debut, typical, largest = (
            measured[f"rows#{breakdown}#{package}"]
            for package in ("pulse-debut", "requests", "__all__")
        )
        assert debut < typical < largest < 400_000
    assert measured["rows#system#no-such-package"] < debut
    assert measured["rate_limit#overall"] < 1024
    held, failed = (
        measured[f"lease#{name}"] for name in ("system#requests", "python_major#no-such-package")
    )
    assert held < failed < 1024


@pytest.mark.parametrize("padding", [900, 1007, 1008, 1009, 1010, 3000])
def test_item_size_matches_dynamodb(dynamodb_url: str, padding: int) -> None:
    client, table = dynamodb_client(dynamodb_url), create_table(dynamodb_url)
    item: dict[str, dict[str, Any]] = {
        "key": {"S": "é"},
        "n": {"N": "1784635261078"},
        "b": {"B": b"x" * padding},
    }
    put = client.put_item(TableName=table, Item=item, ReturnConsumedCapacity="TOTAL")
    assert put["ConsumedCapacity"]["CapacityUnits"] == write_units(item_bytes(item))


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("keys", ["ab", "cd", "abcd"], ids=["there", "not there", "some there"])
def test_batch_costs_sum_of_single_reads(dynamodb_url: str, keys: str, *, consistent: bool) -> None:
    table = create_table(dynamodb_url)
    for key, size in ("a", 100), ("b", 5000):
        item: dict[str, Any] = {"key": {"S": key}, "bytes": {"B": b"x" * size}}
        dynamodb_client(dynamodb_url).put_item(TableName=table, Item=item)
    wanted: list[dict[str, Any]] = [{"key": {"S": key}} for key in keys]
    with metered(dynamodb_url) as meter:
        client = dynamodb_client(meter.url)
        for one in wanted:
            client.get_item(TableName=table, Key=one, ConsistentRead=consistent)
        client.batch_get_item(RequestItems={table: {"Keys": wanted, "ConsistentRead": consistent}})
        *alone, batch = meter.read()
    assert batch == Operation("BatchGetItem", sum(single.reads for single in alone), 0)


def test_cost_tables_as_markdown() -> None:
    costs_page = requests_table([Cost("nothing is asked", ())]).markdown
    assert costs_page.splitlines()[-1] == "| nothing is asked | 0 | 0 | 0 |"
    assert re.match(r"\| item \| bytes \|\n", items_table([]).markdown)
