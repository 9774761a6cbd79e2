"""The server as the tools run it: on loopback only, restarted where it was, gone with its parent."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.clickhouse.asking import TIMEOUT_S, ask, ask_at
from tests.clickhouse.conftest import SMALL
from tests.commands import running, url_said_by
from tests.dynamodb.test_dynamodb_local import addresses_of_this_machine, listens
from tools import environ
from tools.clickhouse.load import create_tables
from tools.clickhouse.server import ClickHouse, ClickHouseError, clickhouse
from tools.runtime.machine import Machine, NeedError

PATIENCE_S = 30


def port_of(server: ClickHouse) -> int:
    port = urlsplit(server.url).port
    assert port
    return port


def test_listens_on_loopback_only(server: ClickHouse) -> None:
    assert listens(server.url)
    for address in addresses_of_this_machine():
        assert not listens(f"http://{address}:{port_of(server)}")


def test_killed_server_restarts_with_its_data(machine: Machine, tmp_path: Path) -> None:
    with clickhouse(machine, folder=tmp_path) as first:
        create_tables(first)
        first.execute("INSERT INTO pypi.pypi_downloads VALUES ('requests', 7)")
        first.kill()
        assert not listens(first.url)
    with clickhouse(machine, folder=tmp_path, port=port_of(first)) as second:
        assert second.url == first.url
        assert ask(second, "SELECT project, count FROM pypi.pypi_downloads").text == "requests\t7\n"


def test_killed_in_the_middle_of_an_answer(machine: Machine) -> None:
    with clickhouse(machine) as server:
        endless = "SELECT randomPrintableASCII(1000) FROM system.numbers"
        with httpx.stream(
            "POST", server.url, content=endless, timeout=TIMEOUT_S, trust_env=False
        ) as answer:
            chunks = answer.iter_raw()
            next(chunks)
            server.kill()
            with pytest.raises(httpx.TransportError):
                deque(chunks, maxlen=0)


def test_taken_port_is_an_error(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(NeedError, match="in use"), clickhouse(machine, port=port):
            pass


def test_servers_are_independent(server: ClickHouse, machine: Machine) -> None:
    with clickhouse(machine) as other:
        assert other.url != server.url
        with pytest.raises(ClickHouseError, match="UNKNOWN_DATABASE"):
            other.execute("SELECT count() FROM pypi.pypi_downloads")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_command_serves_until_signal(
    machine: Machine,  # noqa: ARG001 - installs ClickHouse
    number: signal.Signals,
    status: int,
) -> None:
    command = ("tools.clickhouse", "--packages", *SMALL, "--newest", "2026-11-21")
    with running(*command) as process:
        url = url_said_by(process)
        newest = ask_at(url, "SELECT max(date) FROM pypi.pypi_downloads_per_day")
        assert newest.text == "2026-11-21\n"
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == status
        assert not listens(url)


def test_ends_with_killed_parent(machine: Machine, tmp_path: Path) -> None:  # noqa: ARG001 - as above
    script = (
        "import os, signal\n"
        "from tools.clickhouse.server import clickhouse\n"
        "from tools.runtime.machine import Machine\n"
        "with clickhouse(Machine()) as server:\n"
        "    print(server.process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script],
        env=environ(TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert ended(int(killed.stdout))


def ended(pid: int) -> bool:
    """Whether a process ends within `PATIENCE_S`."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([descriptor], [], [], PATIENCE_S)
    finally:
        os.close(descriptor)
    return bool(readable)
