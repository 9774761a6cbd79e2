"""`make run TABLE=local`: the API with tables that live as long as the command."""

import asyncio
import datetime as dt
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.questions import Breakdown, Question
from pulse_io.settings import Settings
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import open_table
from tests.commands import running, url_said_by
from tests.counts import counts_of
from tests.dynamodb.table_at import TableAt
from tests.dynamodb.test_dynamodb_local import listens
from tools.dynamodb.account import local_account
from tools.fake_pypistats import FakePypistats
from tools.runtime.machine import Machine

PATIENCE_S = 30


class Served:
    """The running command, with the addresses that it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        self.process = process
        local = re.search(
            r"(http://127\.0\.0\.1:\d+), with the tables (\S+) and (\S+)\.",
            process.stderr.readline(),
        )
        assert local
        self.table = TableAt(local[1], local[2])
        self.history = TableAt(local[1], local[3])
        self.url = url_said_by(process)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def served(machine: Machine) -> Iterator[Served]:  # noqa: ARG001 - installs DynamoDB Local
    with (
        FakePypistats(limits=False) as upstream,
        running("tools.serve", PORT="0", TABLE="local", PYPISTATS_URL=upstream.url) as process,
    ):
        yield Served(process)


def test_answers_are_stored_in_tables(served: Served) -> None:
    assert httpx.get(f"{served.url}/packages/requests", trust_env=False).status_code == 200
    for table in (served.table, served.history):
        assert table.client.scan(TableName=table.name)["Count"] > 0


def test_total_reaches_back_to_first_kept_day(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day that upstream has dropped is in history before anyone asks."""
    for name, value in local_account(served.history.url).items():
        monkeypatch.setenv(name, value)
    first = dt.date(2020, 2, 29)
    dropped = counts_of({("with_mirrors", first): 7}, source="simulated")
    asyncio.run(keep(served.history, dropped))

    total = httpx.get(f"{served.url}/packages/requests/total", trust_env=False).json()
    assert total["since"] == first.isoformat()


async def keep(table: TableAt, counts: DailyCounts) -> None:
    history = HistoryStore(open_table(Settings.from_environ(os.environ), table.name))
    await history.merge(Question(PackageName.parse("requests"), Breakdown.OVERALL), counts)
    await history.aclose()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_table_ends_before_command(served: Served, number: signal.Signals, status: int) -> None:
    assert listens(served.table.url)
    assert served.end(number) == status
    assert not listens(served.table.url)


def test_table_ends_with_killed_command(served: Served) -> None:
    served.end(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while listens(served.table.url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not listens(served.table.url)
