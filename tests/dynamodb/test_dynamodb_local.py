"""DynamoDB Local as the tools run it: on loopback only."""

import contextlib
import ipaddress
import socket
from urllib.parse import urlsplit

import pytest

from tools.dynamodb.local import dynamodb_local
from tools.runtime.machine import Machine, NeedError


def listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port)).close()
    except ConnectionRefusedError:
        return False
    return True


def addresses_of_this_machine() -> list[str]:
    """The machine's address on the network, if it has one; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):  # no route, so no address
            probe.connect(("192.0.2.1", 9))
        address = str(probe.getsockname()[0])
    parsed = ipaddress.ip_address(address)
    return [] if parsed.is_unspecified or parsed.is_loopback else [address]


def test_listens_on_loopback_only(dynamodb_local_url: str) -> None:
    port = urlsplit(dynamodb_local_url).port
    assert listens(dynamodb_local_url)
    for address in addresses_of_this_machine():
        assert not listens(f"http://{address}:{port}")


def test_restarts_on_same_port(machine: Machine) -> None:
    with dynamodb_local(machine) as first:
        assert listens(first)
    assert not listens(first)
    with dynamodb_local(machine, urlsplit(first).port or 0) as second:
        assert second == first


def test_taken_port_is_an_error(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(NeedError, match="in use"), dynamodb_local(machine, port):
            pass
