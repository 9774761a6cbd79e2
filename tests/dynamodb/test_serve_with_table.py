"""`make run TABLE=local`: the API with a table that lives as long as the command."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.commands import running, url_said_by
from tests.dynamodb.table_at import TableAt
from tests.dynamodb.test_dynamodb_local import listens
from tools.fake_pypistats import FakePypistats
from tools.runtime.machine import Machine

SERVE = [sys.executable, "-m", "tools.serve"]
PATIENCE_S = 30


class Served:
    """The running command, with the addresses that it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        self.process = process
        local = re.search(
            r"(http://127\.0\.0\.1:\d+), with the table (\S+)\.", process.stderr.readline()
        )
        assert local
        self.table = TableAt(local[1], local[2])
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


def test_answers_are_stored_in_table(served: Served) -> None:
    assert httpx.get(f"{served.url}/packages/requests", trust_env=False).status_code == 200
    assert served.table.client.scan(TableName=served.table.name)["Count"] > 0


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
