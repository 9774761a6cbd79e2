"""Real functions in real containers: what the tests of this folder stand on."""

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.local.answers import FAILING_PACKAGE, Answer, Invoke, ServeApi
from tools.runtime.certificate import Certificate
from tools.runtime.invoke import invoke
from tools.runtime.local import serve_command
from tools.runtime.machine import ThisMachine
from tools.runtime.network import own_network
from tools.runtime.processes import started
from tools.runtime.session import Session, write_variables
from tools.runtime.upstream import FakePypistats, fake_pypistats

ROOT = Path(__file__).parents[2]
API_START_S = 120
REQUEST_TIMEOUT_S = 30


@pytest.fixture(scope="session")
def network(image: str, machine: ThisMachine) -> Iterator[str]:  # noqa: ARG001 - no engine, no network
    with own_network(machine) as name:
        yield name


@pytest.fixture(scope="session")
def upstream(image: str, machine: ThisMachine, network: str) -> Iterator[FakePypistats]:
    always_failing = ("--rule", f"500:*:{FAILING_PACKAGE}")
    with fake_pypistats(machine, image=image, network=network, options=always_failing) as simulated:
        yield simulated


@pytest.fixture(scope="session")
def session(
    machine: ThisMachine,
    artifacts: Path,
    network: str,
    upstream: FakePypistats,
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    variables = write_variables(tmp_path_factory.mktemp("settings"), upstream.url)
    return Session(machine, artifacts / "template.yaml", network, variables)


@pytest.fixture(scope="session")
def invoked(session: Session) -> Invoke:
    """A function's answer to a file of events/; each pair is invoked once, which takes seconds."""
    answers: dict[tuple[str, str], Answer] = {}

    def answer(function: str, event: str) -> Answer:
        if (function, event) not in answers:
            status, stdout = invoke(session, function, ROOT / "events" / f"{event}.json")
            assert status == 0
            answers[function, event] = Answer.of(json.loads(stdout.splitlines()[-1]))
        return answers[function, event]

    return answer


@pytest.fixture(scope="session")
def serve_api(session: Session, tmp_path_factory: pytest.TempPathFactory) -> ServeApi:
    """`sam local start-api` on a free port of the loopback, for the length of a `with` block.

    With a certificate it is served over TLS, and the client trusts its authority alone. What SAM and
    the functions print goes to `log`.
    """

    @contextmanager
    def serve(
        certificate: Certificate | None = None, log: Path | None = None
    ) -> Iterator[httpx.Client]:
        port = _free_port()
        log = log or tmp_path_factory.mktemp("start-api") / "log"
        with (
            log.open("wb") as output,
            started(
                serve_command(session, port, certificate),
                environ=session.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
            httpx.Client(
                base_url=f"{'https' if certificate else 'http'}://127.0.0.1:{port}",
                verify=_trusting(certificate),
                timeout=REQUEST_TIMEOUT_S,
                trust_env=False,
            ) as client,
        ):
            for path in ("/health", "/flask/health"):
                _wait_until_answered(client, path, process, log)
            yield client

    return serve


def _trusting(certificate: Certificate | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate.authority if certificate else None)


def _wait_until_answered(
    client: httpx.Client, path: str, process: subprocess.Popen[str], log: Path
) -> None:
    deadline = time.monotonic() + API_START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get(path).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # it refuses connections until its containers are up
    pytest.fail(f"start-api did not answer {path}:\n{log.read_text()[-3000:]}", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
