"""`sam local start-lambda`: what takes the place of Lambda's own Invoke API.

SAM lets stray whole seconds pass now and then after a function has answered (it waits so long for the
container's log): the client's clock shows them, the runtime's `Duration` does not.
"""

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from tools.compare.problems import MeasurementError
from tools.compare.samples import Variant
from tools.runtime.local import Session
from tools.runtime.processes import started

from .functions import FUNCTIONS
from .report import Report, ReportLog

START_S: Final = 120.0
INVOCATION_S: Final = 180.0
_POLL_S: Final = 0.05
_MS_PER_S: Final = 1000


@dataclass(frozen=True)
class Invocation:
    """What came of an invocation.

    Attributes:
        status: The HTTP status that the function answered with; 500 where it crashed or was cut off
            at its timeout, as API Gateway makes of that.
        body: Its body, as JSON; where there is none, an object that says so.
        answered: Whether that is the function's own answer.
        report: The runtime's own account.
        client_ms: From request to answer, by the clock of whoever invoked it: SAM's part included,
            and of a fresh container its start.
    """

    status: int
    body: Any
    answered: bool
    report: Report
    client_ms: float


class Unreported(MeasurementError):
    """The runtime reported no invocation, as where it was ended with its function.

    Attributes:
        status: As `Invocation` has it, here and below.
        body: What came back all the same.
        client_ms: How long that took.
    """

    def __init__(self, words: str, status: int, body: Any, client_ms: float) -> None:  # noqa: ANN401 - JSON
        super().__init__(words)
        self.status = status
        self.body = body
        self.client_ms = client_ms


class Emulator:
    """Invokes functions, one at a time."""

    def __init__(self, client: httpx.Client, log: ReportLog) -> None:
        self._client = client
        self._log = log

    def invoke(self, variant: Variant, event: bytes, *, fresh: bool) -> Invocation:
        """Invoke a variant's function on an event.

        Args:
            variant: Which function.
            event: As JSON.
            fresh: Whether it must be the first invocation of its container, or must not be.

        Raises:
            Unreported: the runtime reported no invocation.
            MeasurementError: the answer came from a container that is not as it must be, or SAM is gone.
        """
        invocation = self._invoke(variant, event)
        if invocation.report.first_of_container is not fresh:
            raise MeasurementError(f"{variant} was{' not' * fresh} started anew for an invocation")
        return invocation

    def warm_up(self, variant: Variant, event: bytes) -> None:
        """As `invoke`, in whatever container: nothing of it is to be recorded."""
        self._invoke(variant, event)

    def _invoke(self, variant: Variant, event: bytes) -> Invocation:
        path = f"/2015-03-31/functions/{FUNCTIONS[variant]}/invocations"
        self._log.skip()  # such as a report that came too late
        began = time.perf_counter()
        try:
            response = self._client.post(path, content=event)
        except httpx.TransportError as error:
            raise MeasurementError(f"SAM: {error!r}:\n{self._log.last_words()}") from error
        client_ms = (time.perf_counter() - began) * _MS_PER_S
        answer = _answer_of(response)
        status, body = answer or (HTTPStatus.INTERNAL_SERVER_ERROR.value, _none(response))
        report = self._log.next()
        if report is None:
            words = f"SAM reported no invocation of {variant}:\n{self._log.last_words()}"
            raise Unreported(words, status, body, client_ms)
        return Invocation(status, body, answer is not None, report, client_ms)


def _answer_of(response: httpx.Response) -> tuple[int, Any] | None:
    try:
        answer = response.json()
        return answer["statusCode"], json.loads(answer["body"])
    except (ValueError, KeyError, TypeError):
        return None


def _none(response: httpx.Response) -> dict[str, str]:
    return {"detail": f"no answer: {response.text[:300]}"}


@contextmanager
def emulator(session: Session, variants: tuple[Variant, ...], *, warm: bool) -> Iterator[Emulator]:
    """Run it for the length of a `with` block, once it takes invocations.

    Args:
        session: What `sam local` runs in; its template has all functions.
        variants: Whose functions to run.
        warm: Whether each has one container that stays, from its first invocation on, or a fresh one for
            each invocation.

    Raises:
        MeasurementError: it doesn't start; with its last words.
    """
    port = _free_port()
    command = session.command(
        *("start-lambda", *(FUNCTIONS[variant] for variant in variants)),
        *("--host", "127.0.0.1", "--port", str(port)),
        # Not EAGER: SAM then starts all at once, each in a thread, and a thread may lose sight of its
        # container, so that the first invocation starts another beside it.
        *(("--warm-containers", "LAZY") if warm else ()),
    )
    with tempfile.NamedTemporaryFile(prefix="pypi-pulse-", suffix=".log") as output:
        log = ReportLog(Path(output.name))
        with (
            started(
                command, environ=session.environ, stdout=output.file, stderr=subprocess.STDOUT
            ) as process,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=INVOCATION_S, trust_env=False
            ) as client,
        ):
            _wait_until_it_listens(client, process, log)
            yield Emulator(client, log)


def _wait_until_it_listens(
    client: httpx.Client, process: subprocess.Popen[str], log: ReportLog
) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.get("/")
        except httpx.TransportError:
            time.sleep(_POLL_S)
        else:
            return
    raise MeasurementError(f"sam local start-lambda did not start:\n{log.last_words()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
