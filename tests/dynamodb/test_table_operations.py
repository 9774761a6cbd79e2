"""The table answers soon, or says that it can't; whoever asks goes on without it."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiodynamo.client import Client
from aiodynamo.expressions import F
from aiodynamo.models import BatchGetRequest, BatchGetResponse, StaticDelayRetry
from pulse_io.table import ConditionFailed, Table, TableUnavailable

from tests.dynamodb.environments import asking
from tests.dynamodb.table_at import TableAt
from workbench.dynamodb.meter import Meter, metered

NEW = F("key").does_not_exist()


@pytest.fixture
def meter(table: TableAt, monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    """What is between the table and those who ask it."""
    with metered(table.url) as meter:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", meter.url)
        yield meter


def operations(meter: Meter) -> list[str]:
    return [one.name for one in meter.read()]


def process_one_key_at_a_time(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let DynamoDB leave all keys of a batch but the first; returns the keys that each will ask for."""
    asked = []
    batch_get = Client.batch_get

    async def first_alone(client: Client, request: dict[str, BatchGetRequest]) -> BatchGetResponse:
        ((table, wanted),) = request.items()
        asked.append([key["key"] for key in wanted.keys])
        first, *left = wanted.keys
        response = await batch_get(client, {table: replace(wanted, keys=[first])})
        return replace(response, unprocessed_keys={table: left} if left else {})

    monkeypatch.setattr(Client, "batch_get", first_alone)
    return asked


@pytest.mark.usefixtures("table")
def test_an_item_is_found_as_it_was_put() -> None:
    async def ask(table: Table) -> None:
        assert await table.get("a") is None
        await table.put({"key": "a", "text": "x", "number": 7, "bytes": b"\0\xff"}, NEW)
        assert await table.get("a", consistent=True) == {
            "key": "a",
            "text": "x",
            "number": 7,
            "bytes": b"\0\xff",
        }

    asking(ask)


def test_items_that_are_wanted_at_the_same_time_are_read_by_one_operation(meter: Meter) -> None:
    async def ask(table: Table) -> None:
        await table.put({"key": "a", "bytes": b"\0\xff"}, NEW)
        await table.put({"key": "b", "number": 7}, NEW)
        assert await asyncio.gather(*(table.get(key) for key in "bcab")) == [
            {"key": "b", "number": 7},
            None,
            {"key": "a", "bytes": b"\0\xff"},
            {"key": "b", "number": 7},
        ]

    asking(ask)
    assert operations(meter) == ["PutItem", "PutItem", "BatchGetItem"]


def test_an_item_that_is_wanted_alone_is_read_by_its_own_operation(meter: Meter) -> None:
    async def ask(table: Table) -> None:
        assert await table.get("a") is None
        assert await asyncio.gather(*(table.get(key) for key in "aa")) == [None, None]

    asking(ask)
    assert operations(meter) == ["GetItem", "GetItem"]


def test_consistent_reads_of_several_see_what_was_just_written(meter: Meter) -> None:
    async def ask(table: Table) -> None:
        for number in range(3):
            for key in "ab":
                await table.update(key, F("number").set(number), F("key").exists() | NEW)
            assert await asyncio.gather(*(table.get(key, consistent=True) for key in "ab")) == [
                {"key": "a", "number": number},
                {"key": "b", "number": number},
            ]

    asking(ask)
    # Local tables hide nothing from any read; by its price, this was a consistent one.
    assert [one.reads for one in meter.read() if one.name == "BatchGetItem"] == [2, 2, 2]


@pytest.mark.usefixtures("table")
def test_what_dynamodb_leaves_unprocessed_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pulse_io.table._RETRY", StaticDelayRetry(time_limit_secs=20, delay=0))
    asked = process_one_key_at_a_time(monkeypatch)

    async def ask(table: Table) -> None:
        await table.put({"key": "a"}, NEW)
        await table.put({"key": "c"}, NEW)
        found = await asyncio.gather(*(table.get(key, consistent=True) for key in "abc"))
        assert found == [{"key": "a"}, None, {"key": "c"}]
        assert table.available

    asking(ask)
    assert asked == [["a", "b", "c"], ["b", "c"], ["c"]]


@pytest.mark.usefixtures("table")
def test_a_table_that_keeps_leaving_keys_unprocessed_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pulse_io.table._RETRY", StaticDelayRetry(time_limit_secs=0, delay=0))
    process_one_key_at_a_time(monkeypatch)

    async def ask(table: Table) -> None:
        wanted = (table.get(key) for key in "abc")
        outcomes = await asyncio.gather(*wanted, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {TableUnavailable}
        assert not table.available

    with caplog.at_level(logging.WARNING, logger="pulse_io.table"):
        asking(ask)
    (line,) = caplog.records
    assert vars(line)["operation"] == "BatchGetItem"
    assert vars(line)["reason"] == "Throttled: keys were left unprocessed"


@pytest.mark.usefixtures("table")
def test_a_condition_that_fails_changes_nothing() -> None:
    async def ask(table: Table) -> None:
        await table.put({"key": "a", "number": 7}, NEW)
        with pytest.raises(ConditionFailed):
            await table.put({"key": "a", "number": 8}, NEW)
        with pytest.raises(ConditionFailed):
            await table.update("a", F("number").set(8), F("number").gt(7))
        with pytest.raises(ConditionFailed):
            await table.delete("a", F("number").gt(7))
        assert await table.get("a", consistent=True) == {"key": "a", "number": 7}

    asking(ask)


@pytest.mark.usefixtures("table")
def test_an_update_makes_what_is_not_there_and_returns_all_of_it() -> None:
    async def ask(table: Table) -> None:
        assert await table.update("a", F("x").set(1), NEW) == {"key": "a", "x": 1}
        changed = await table.update("a", F("y").set(2), F("x").equals(1))
        assert changed == {"key": "a", "x": 1, "y": 2}
        await table.delete("a", F("y").equals(2))
        assert await table.get("a", consistent=True) is None

    asking(ask)


def test_a_table_that_does_not_exist_is_unavailable(
    table: TableAt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CACHE_TABLE", f"{table.name}-gone")

    async def ask(table: Table) -> None:
        for _ in range(3):
            with pytest.raises(TableUnavailable):
                await table.get("a")
        assert not table.available

    with caplog.at_level(logging.WARNING, logger="pulse_io.table"):
        asking(ask)
    (line,) = caplog.records
    assert line.getMessage() == "table unavailable"
    assert vars(line)["operation"] == "GetItem"
    assert "TableNotFound" in vars(line)["reason"]


@pytest.mark.usefixtures("table")
def test_without_credentials_the_table_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")

    async def ask(table: Table) -> None:
        with pytest.raises(TableUnavailable):
            await table.get("a")

    asking(ask)


@pytest.mark.usefixtures("table")
def test_a_table_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.table.TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")

        async def ask(table: Table) -> None:
            with pytest.raises(TableUnavailable):
                await table.put({"key": "a"}, NEW)

        asking(ask)


@pytest.mark.usefixtures("table")
def test_a_table_that_was_away_is_asked_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pulse_io.table.AWAY_S", 0)

    async def ask(table: Table) -> None:
        with pytest.raises(TableUnavailable):
            await table.put({"key": ""}, NEW)  # DynamoDB takes no empty key
        assert await table.get("a") is None

    asking(ask)
