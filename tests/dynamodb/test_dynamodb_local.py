"""DynamoDB Local as the tools run it: on loopback only, and it ends with its starter."""

import contextlib
import ipaddress
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.commands import running, url_said_by
from tools.dynamodb.local import dynamodb_local
from tools.dynamodb.problems import DynamoDBLocalError
from tools.runtime.machine import ThisMachine

ENDS_WITHIN_S = 20


def listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port)).close()
    except ConnectionRefusedError:
        return False
    return True


def ends(url: str) -> bool:
    deadline = time.monotonic() + ENDS_WITHIN_S
    while time.monotonic() < deadline:
        if not listens(url):
            return True
        time.sleep(0.05)
    return False


def addresses_of_this_machine() -> list[str]:
    """The machine's address on the network, if it has one; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):  # no route, so no address
            probe.connect(("192.0.2.1", 9))
        address = str(probe.getsockname()[0])
    parsed = ipaddress.ip_address(address)
    return [] if parsed.is_unspecified or parsed.is_loopback else [address]


@pytest.fixture
def command(machine: ThisMachine) -> Iterator[tuple[subprocess.Popen[str], str]]:  # noqa: ARG001 - installs it
    """The running `python -m tools.dynamodb`, and the URL that it prints."""
    with running("tools.dynamodb") as process:
        yield process, url_said_by(process)


def test_listens_on_loopback_only(dynamodb_local_url: str) -> None:
    port = urlsplit(dynamodb_local_url).port
    assert listens(dynamodb_local_url)
    for address in addresses_of_this_machine():
        assert not listens(f"http://{address}:{port}")


def test_restarts_on_same_port(machine: ThisMachine) -> None:
    with dynamodb_local(machine) as first:
        assert listens(first)
    assert not listens(first)
    with dynamodb_local(machine, urlsplit(first).port or 0) as second:
        assert second == first


def test_taken_port_is_an_error(machine: ThisMachine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(DynamoDBLocalError, match="in use"), dynamodb_local(machine, port):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ends_with_its_command(
    command: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    """Whatever signal ends the command, SIGKILL included."""
    process, url = command
    process.send_signal(number)
    process.communicate()
    assert ends(url)
