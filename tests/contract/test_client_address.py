"""Clients are told apart by the address that API Gateway or the server sees, and by no header."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from fastapi_app.request_logging import RequestLogMiddleware
from pulse.request_log import request_log


def client_of(address: str | None, headers: dict[str, str] | None = None) -> str:
    """What the request log of a request from this address has for its client."""
    seen = []

    async def app(_: Scope, __: Receive, ___: Send) -> None:
        seen.append(request_log().client)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        """Needs no answer."""

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "route": None,
        "client": address and (address, 0),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    asyncio.run(RequestLogMiddleware(app)(scope, receive, send))
    return seen[0]


def test_addresses_are_told_apart_and_not_kept() -> None:
    one, other = client_of("203.0.113.7"), client_of("203.0.113.8")
    assert one != other
    assert one == client_of("203.0.113.7")
    assert len(one) == len(other) == 6


def test_ipv6_client_has_a_whole_network() -> None:
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff")
    assert client_of("2001:db8::1") != client_of("2001:db8:0:1::1")


@pytest.mark.parametrize("name", ["X-Forwarded-For", "CloudFront-Viewer-Address", "Forwarded"])
def test_header_makes_no_other_client(name: str) -> None:
    assert client_of("203.0.113.7", {name: "192.0.2.1"}) == client_of("203.0.113.7")


@pytest.mark.parametrize("address", [None, "", "testclient", "unix:"])
def test_request_without_an_address_has_no_client(address: str | None) -> None:
    assert client_of(address) == ""
