"""The table answers in time or is reported unavailable, so that callers go on without it."""

import logging
import socket
from dataclasses import replace

import pytest
from aiodynamo.client import Client
from aiodynamo.expressions import F
from aiodynamo.models import BatchGetRequest, BatchGetResponse, StaticDelayRetry

from pulse_io.store.table import ConditionFailed, Table, TableUnavailable
from tests.dynamodb.environments import asking
from tests.dynamodb.meter import Operation
from tests.dynamodb.table_at import TableAt

NEW = F("key").does_not_exist()


def process_one_key_at_a_time(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let DynamoDB process one key per batch; returns the keys of each request, filled in as they come."""
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
def test_put_then_get() -> None:
    async def ask(table: Table) -> None:
        assert await table.get("a") is None
        await table.put({"key": "a", "text": "x", "number": 7, "bytes": b"\0\xff"}, NEW)
        assert await table.get("a") == {
            "key": "a",
            "text": "x",
            "number": 7,
            "bytes": b"\0\xff",
        }

    asking(ask)


def test_set_is_one_batch_read(operations: list[Operation]) -> None:
    async def ask(table: Table) -> None:
        a, b = {"key": "a", "bytes": b"\0\xff"}, {"key": "b", "number": 7}
        await table.put(a, NEW)
        await table.put(b, NEW)
        assert await table.get_all(["b", "c", "a", "b"]) == {"a": a, "b": b}
        assert await table.get_all([]) == {}

    asking(ask)
    assert [one.name for one in operations] == ["PutItem", "PutItem", "BatchGetItem"]


def test_large_set_is_split_into_batches(operations: list[Operation]) -> None:
    """DynamoDB reads at most 100 items per batch."""

    async def ask(table: Table) -> None:
        await table.put({"key": "100"}, NEW)
        assert await table.get_all([str(number) for number in range(101)]) == {
            "100": {"key": "100"}
        }

    asking(ask)
    assert [one.name for one in operations] == ["PutItem", "BatchGetItem", "BatchGetItem"]


@pytest.mark.parametrize(
    "table_url", ["dynamodb_local_url"], indirect=True
)  # moto reports no consumed capacity
def test_consistency_of_reads(operations: list[Operation]) -> None:
    """A single read is consistent; a batch read is eventually consistent, at half the price."""

    async def ask(table: Table) -> None:
        await table.put({"key": "a"}, NEW)
        assert await table.get("a") == {"key": "a"}
        assert await table.get_all("a") == {"a": {"key": "a"}}

    asking(ask)
    # Local tables are always consistent; the units show that only the first read was consistent.
    reads = [(one.name, one.reads) for one in operations[1:]]
    assert reads == [("GetItem", 1), ("BatchGetItem", 0.5)]


@pytest.mark.usefixtures("table")
def test_unprocessed_keys_are_retried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "pulse_io.store.table._RETRY", StaticDelayRetry(time_limit_secs=20, delay=0)
    )
    asked = process_one_key_at_a_time(monkeypatch)

    async def ask(table: Table) -> None:
        await table.put({"key": "a"}, NEW)
        await table.put({"key": "c"}, NEW)
        assert await table.get_all("abc") == {"a": {"key": "a"}, "c": {"key": "c"}}
        assert table.available

    asking(ask)
    assert asked == [["a", "b", "c"], ["b", "c"], ["c"]]


@pytest.mark.usefixtures("table")
def test_keys_left_unprocessed_make_table_unavailable(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pulse_io.store.table._RETRY", StaticDelayRetry(time_limit_secs=0, delay=0))
    process_one_key_at_a_time(monkeypatch)

    async def ask(table: Table) -> None:
        with pytest.raises(TableUnavailable):
            await table.get_all("abc")
        assert not table.available

    with caplog.at_level(logging.WARNING, logger="pulse_io.store.table"):
        asking(ask)
    (line,) = caplog.records
    assert vars(line)["operation"] == "BatchGetItem"
    assert vars(line)["reason"] == "Throttled: keys were left unprocessed"


@pytest.mark.usefixtures("table")
def test_failed_condition_changes_nothing() -> None:
    async def ask(table: Table) -> None:
        await table.put({"key": "a", "number": 7}, NEW)
        with pytest.raises(ConditionFailed):
            await table.put({"key": "a", "number": 8}, NEW)
        with pytest.raises(ConditionFailed):
            await table.delete({"key": "a"}, F("number").gt(7))
        assert await table.get("a") == {"key": "a", "number": 7}

    asking(ask)


@pytest.mark.usefixtures("table")
def test_conditional_delete() -> None:
    async def ask(table: Table) -> None:
        await table.put({"key": "a", "number": 7}, NEW)
        await table.delete({"key": "a"}, F("number").equals(7))
        assert await table.get("a") is None

    asking(ask)


def test_missing_table_is_unavailable(
    table: TableAt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CACHE_TABLE", f"{table.name}-gone")

    async def ask(table: Table) -> None:
        for _ in range(3):
            with pytest.raises(TableUnavailable):
                await table.get("a")
        assert not table.available

    with caplog.at_level(logging.WARNING, logger="pulse_io.store.table"):
        asking(ask)
    (line,) = caplog.records
    assert line.getMessage() == "table unavailable"
    assert vars(line)["operation"] == "GetItem"
    assert "TableNotFound" in vars(line)["reason"]


@pytest.mark.usefixtures("table")
def test_missing_credentials_make_table_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")

    async def ask(table: Table) -> None:
        with pytest.raises(TableUnavailable):
            await table.get("a")

    asking(ask)


@pytest.mark.usefixtures("table")
def test_hanging_table_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.store.table.TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")

        async def ask(table: Table) -> None:
            with pytest.raises(TableUnavailable):
                await table.put({"key": "a"}, NEW)

        asking(ask)


@pytest.mark.usefixtures("table")
def test_unavailable_table_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pulse_io.store.table.UNAVAILABLE_S", 0)

    async def ask(table: Table) -> None:
        with pytest.raises(TableUnavailable):
            await table.put({"key": ""}, NEW)  # DynamoDB refuses an empty key
        assert await table.get("a") is None

    asking(ask)
