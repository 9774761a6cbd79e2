"""AWS's DynamoDB Local, in memory and on the loopback, for the length of a `with` block."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.runtime.machine import Machine

from .installation import HERE, ensure_installed
from .problems import DynamoDBLocalError

START_S: Final = 60.0
POLL_S: Final = 0.05
STOP_TIMEOUT_S: Final = 10
LAST_LINES: Final = 5
_STACK_FRAME: Final = "\tat "
_LISTENS: Final = re.compile(r"^listening on (http://\S+)$", re.MULTILINE)


@contextmanager
def dynamodb_local(machine: Machine, port: int = 0) -> Iterator[str]:
    """Run DynamoDB Local; yields its URL once it answers. It starts without tables.

    `port` 0 picks a free one. Should this process be killed, it ends by itself.

    Raises:
        DynamoDBLocalError: it can't be had here, or did not start; says what to do.
    """
    command = _command(ensure_installed(machine), port)
    with (
        tempfile.NamedTemporaryFile(prefix="pypi-pulse-dynamodb-") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # it runs for as long as this is open
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us alone: whoever uses the table ends before it
        ) as process,
    ):
        try:
            yield _address(machine, process, Path(log.name))
        finally:
            _stop(process)


def _command(jars: Path, port: int) -> list[str]:
    libraries = jars / "DynamoDBLocal_lib"
    return [
        # For a short life: half the time to start, which is more than all that it is asked takes.
        *("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
        "-Djava.net.preferIPv4Stack=true",
        f"-Djava.library.path={libraries}",
        *("-classpath", f"{jars / 'DynamoDBLocal.jar'}:{libraries}/*", str(HERE / "Loopback.java")),
        *(str(port), "-inMemory", "-sharedDb", "-disableTelemetry"),
    ]


def _address(machine: Machine, process: subprocess.Popen[bytes], log: Path) -> str:
    """Where it says that it listens, which it does once it can answer."""
    for _ in range(int(START_S / POLL_S)):
        runs = process.poll() is None  # asked first: its last words are written by then
        if found := _LISTENS.search(log.read_text()):
            return found[1]
        if not runs:
            break
        machine.pause(POLL_S)
    said = [line for line in log.read_text().splitlines() if not line.startswith(_STACK_FRAME)]
    raise DynamoDBLocalError("\n".join(["DynamoDB Local did not start:", *said[-LAST_LINES:]]))


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
