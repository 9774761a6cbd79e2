"""A ClickHouse server: `libchdb.so` from npm serves ClickHouse's own HTTP interface on loopback."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tools import npm
from tools.runtime.machine import Machine, NeedError
from tools.uv import CACHE

HERE: Final = Path(__file__).parent
LOCK: Final = HERE / "package-lock.json"
"""What npm installs, with its hash and no address."""
PACKAGE: Final = "@chdb/lib-linux-x64-gnu"

HOST: Final = "127.0.0.1"
USER: Final = "demo"
DATABASE: Final = "pypi"
PUBLIC_QUERIES_PER_HOUR: Final = 60
"""What the public endpoint allows an address; 0 is no limit."""

START_S: Final = 60.0
STOP_TIMEOUT_S: Final = 10
ADMIN_TIMEOUT_S: Final = 600

# The port is told once it listens. The last query never ends, and takes no time of the processor.
_SERVE: Final = (
    "SYSTEM START LISTEN HTTP;"
    "SELECT getServerPort('http_port') INTO OUTFILE '/dev/stdout' APPEND FORMAT TSV;"
    "SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_block_size = 1 FORMAT Null"
)


class ClickHouseError(Exception):
    """The server refused a query of the loader's; has its words."""


@dataclass(frozen=True)
class ClickHouse:
    """A running server.

    `url` is where its HTTP interface answers, `password` the user `demo`'s, `client` for those who load it.
    """

    url: str
    password: str
    process: subprocess.Popen[bytes]
    client: httpx.Client

    def environ(self) -> dict[str, str]:
        """The settings with which the API asks this server. It has no limit of its own."""
        return {
            "CLICKHOUSE_URL": self.url,
            "CLICKHOUSE_USER": USER,
            "CLICKHOUSE_PASSWORD": self.password,
            "CLICKHOUSE_DATABASE": DATABASE,
        }

    def execute(self, sql: str, *, database: str = "", data: Iterable[bytes] = ()) -> str:
        """Run one statement as the user `default`, who may do everything; returns the answer's text.

        `data` are the rows of an INSERT.

        Raises:
            ClickHouseError: the server refused it.
        """
        answer = self.client.post(
            self.url,
            params={"query": sql, "database": database, "wait_end_of_query": "1"},
            content=data,
        )
        if answer.is_error:
            raise ClickHouseError(answer.text.strip())
        return answer.text

    def kill(self) -> None:
        """End it at once, with its answers half sent; what it has stored stays in its folder."""
        self.process.kill()
        self.process.wait()


def ensure_installed(machine: Machine) -> Path:
    """Return the path of `libchdb.so` once that is installed.

    Raises:
        NeedError: it can't be installed here; says what to do.
    """
    if machine.architecture != "x86_64" or sys.platform != "linux":
        raise NeedError(
            "ClickHouse as npm has it runs on Linux on x86_64 only. Elsewhere, start a server of your own and "
            "set CLICKHOUSE_URL."
        )
    home = CACHE / f"clickhouse-{npm.pinned_version(LOCK, PACKAGE)}"
    npm.ensure_installed(machine, "ClickHouse (180 MB)", LOCK, home)
    return home / "node_modules" / PACKAGE / "libchdb.so"


@contextmanager
def clickhouse(
    machine: Machine,
    *,
    queries_per_hour: int = PUBLIC_QUERIES_PER_HOUR,
    password: str = "",
    port: int = 0,
    folder: Path | None = None,
) -> Iterator[ClickHouse]:
    """Run a server for the length of a `with` block. It also ends if this process is killed.

    Args:
        machine: This machine.
        queries_per_hour: The quota of the user `demo`; 0 is no limit.
        password: The user `demo`'s.
        port: Where it listens; 0 picks a free one.
        folder: Where its data stay; None is a folder that is removed at the end.

    Raises:
        NeedError: it can't be installed here, or did not start; says what to do.
    """
    library = ensure_installed(machine)
    with tempfile.TemporaryDirectory(prefix="pypi-pulse-clickhouse-") as temporary:
        log = Path(temporary, "log")
        data = folder or Path(temporary, "data")
        command = [
            *(sys.executable, str(HERE / "process.py"), str(library)),
            *(f"--listen_host={HOST}", f"--http_port={port}", f"--path={data}"),
            *(f"--config-file={HERE / 'config.xml'}", f"--query={_SERVE}"),
        ]
        environ = {
            "PULSE_CLICKHOUSE_PASSWORD": password,
            "PULSE_CLICKHOUSE_QUERIES_PER_HOUR": str(queries_per_hour),
        }
        with (
            log.open("wb") as stderr,
            httpx.Client(timeout=ADMIN_TIMEOUT_S, trust_env=False) as client,
            subprocess.Popen(
                command,
                env={**os.environ, **environ},
                stdin=subprocess.PIPE,  # it runs for as long as this is open
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,  # Ctrl-C is for us alone: users of the server end before it
            ) as process,
        ):
            try:
                yield ClickHouse(_url(process, log), password, process, client)
            finally:
                process.terminate()
                try:
                    process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    process.kill()


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where it answers, once it says so."""
    assert process.stdout  # noqa: S101 - it is a pipe, as mypy can't know
    too_slow = threading.Timer(START_S, process.kill)
    too_slow.start()
    port = process.stdout.readline().strip()
    too_slow.cancel()
    if not port:
        process.wait()
        said = log.read_text(errors="replace").strip().splitlines()
        raise NeedError("\n".join(["ClickHouse did not start:", *said[-5:]]))
    return f"http://{HOST}:{int(port)}"
