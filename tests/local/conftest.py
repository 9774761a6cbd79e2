"""Real functions in real containers: one `sam local` server of each kind for the whole folder."""

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

from tests.local.answers import FAILING_PACKAGE, Answer, Invoke, Served
from tools import ROOT
from tools.runtime.docker import own_network
from tools.runtime.local import Session, make_certificate, write_variables
from tools.runtime.machine import Machine
from tools.runtime.processes import started
from tools.runtime.upstream import FakePypistats, fake_pypistats

START_S = 120
REQUEST_TIMEOUT_S = 30


@pytest.fixture(scope="session")
def network(image: str, machine: Machine) -> Iterator[str]:  # noqa: ARG001 - no engine, no network
    with own_network(machine) as name:
        yield name


@pytest.fixture(scope="session")
def upstream(image: str, machine: Machine, network: str) -> Iterator[FakePypistats]:
    always_failing = ("--rule", f"500:*:{FAILING_PACKAGE}")
    with fake_pypistats(machine, image=image, network=network, options=always_failing) as fake:
        yield fake


@pytest.fixture(scope="session")
def session(
    machine: Machine,
    artifacts: Path,
    network: str,
    upstream: FakePypistats,
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    variables = write_variables(tmp_path_factory.mktemp("settings"), upstream.url)
    return Session(machine, artifacts / "template.yaml", network, variables)


@pytest.fixture(scope="session")
def invoked(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Invoke]:
    """A function's answer to a file of events/, by Lambda's Invoke API; each pair is invoked once."""
    port, answers = _free_port(), dict[tuple[str, str], Answer]()
    where = ("--host", "127.0.0.1", "--port", str(port))
    command = session.command("start-lambda", *where, "--warm-containers", "LAZY")
    log = tmp_path_factory.mktemp("start-lambda") / "log"
    with (
        _running(session, command, log) as process,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}/2015-03-31/functions",
            timeout=REQUEST_TIMEOUT_S,
            trust_env=False,
        ) as client,
    ):
        _wait_until_answered(client, "/", process, log)

        def answer(function: str, event: str) -> Answer:
            if (function, event) not in answers:
                content = (ROOT / "events" / f"{event}.json").read_bytes()
                response = client.post(f"/{function}/invocations", content=content)
                answers[function, event] = Answer.of(json.loads(response.text))
            return answers[function, event]

        yield answer


@pytest.fixture(scope="session")
def api(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`sam local start-api` on a free port of loopback, over TLS, with both functions warm."""
    port, folder = _free_port(), tmp_path_factory.mktemp("start-api")
    certificate = make_certificate(folder / "tls")
    log = folder / "log"
    with (
        _running(session, session.start_api(port, certificate), log) as process,
        httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            verify=ssl.create_default_context(cafile=certificate / "client.pem"),
            timeout=REQUEST_TIMEOUT_S,
            trust_env=False,
        ) as client,
    ):
        for path in ("/health", "/flask/health"):
            _wait_until_answered(client, path, process, log)
        yield Served(client, log, certificate)


@contextmanager
def _running(session: Session, command: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    with (
        log.open("wb") as output,
        started(
            command, environ=session.environ, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        yield process


def _wait_until_answered(
    client: httpx.Client, path: str, process: subprocess.Popen[str], log: Path
) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if not client.get(path).is_server_error:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # it refuses connections until its containers are up
    pytest.fail(f"SAM did not answer {path}:\n{log.read_text()[-3000:]}", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
