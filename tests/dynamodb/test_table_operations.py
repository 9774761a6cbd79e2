"""The table answers soon, or says that it can't; whoever asks goes on without it."""

import logging
import socket

import pytest
from aiodynamo.expressions import F

from pulse_io.table import ConditionFailed, Table, TableUnavailable
from tests.dynamodb.environments import asking
from tests.dynamodb.table_at import TableAt

NEW = F("key").does_not_exist()


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
