"""`python -m tools.copy_items`: history comes back from a restored table."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.questions import Breakdown, Question
from pulse_io.settings import Settings
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import open_table
from tests.commands import DEAD_PROXY
from tests.counts import counts_of, day
from tests.dynamodb.table_at import TableAt
from tools import environ
from tools.dynamodb.account import local_account
from tools.dynamodb.table import create_history_table

QUESTION = Question(PackageName.parse("requests"), Breakdown.OVERALL)
OLD = counts_of({("with_mirrors", day(200)): 5})
NEW = counts_of({("with_mirrors", day(1)): 7})


@pytest.fixture
def restored(dynamodb_local_url: str, monkeypatch: pytest.MonkeyPatch) -> TableAt:
    for name, value in local_account(dynamodb_local_url).items():
        monkeypatch.setenv(name, value)
    return TableAt(dynamodb_local_url, create_history_table(dynamodb_local_url))


def copy(source: str, target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.copy_items", source, target],
        env=environ(**DEAD_PROXY),
        capture_output=True,
        text=True,
        check=False,
    )


async def merge(table: TableAt, *fetches: DailyCounts) -> None:
    store = HistoryStore(open_table(Settings.from_environ(os.environ), table.name))
    for fetched in fetches:
        await store.merge(QUESTION, fetched)
    await store.aclose()


def items(table: TableAt) -> list[dict[str, Any]]:
    found = table.client.scan(TableName=table.name)["Items"]
    return sorted(found, key=lambda item: (item["series"]["S"], item["month"]["S"]))


def test_restored_items_replace_lost_ones(restored: TableAt) -> None:
    asyncio.run(merge(restored, OLD, NEW))
    emptied = TableAt(restored.url, create_history_table(restored.url))

    copied = copy(restored.name, emptied.name)
    assert (copied.returncode, copied.stderr) == (0, "")
    assert items(emptied) == items(restored)


def test_copied_history_takes_new_fetches(restored: TableAt) -> None:
    asyncio.run(merge(restored, OLD))
    table = TableAt(restored.url, create_history_table(restored.url))
    asyncio.run(merge(table, NEW))

    copy(restored.name, table.name)
    asyncio.run(merge(table, NEW))
    expected = TableAt(restored.url, create_history_table(restored.url))
    asyncio.run(merge(expected, OLD, NEW))
    months = [
        [item for item in items(one) if item["month"]["S"] != "head"] for one in (table, expected)
    ]
    assert months[0] == months[1]


def test_missing_table_is_named(restored: TableAt) -> None:
    copied = copy("no-such-table", restored.name)
    assert copied.returncode == 1
    assert "non-existent table" in copied.stderr
    assert "Traceback" not in copied.stderr
