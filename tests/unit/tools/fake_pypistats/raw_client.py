"""A client that says exactly what it is told."""

import socket

import httpx

from tools.fake_pypistats import FakePypistats


def raw(upstream: FakePypistats, lines: str) -> socket.socket:
    port = httpx.URL(upstream.url).port
    assert port is not None
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(lines.replace("\n", "\r\n").encode())
    return connection
