"""An upstream that sends raw bytes, for responses that no proper server would give."""

import contextlib
import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MAX_REQUEST_BYTES = 65_536
DRIP_PAUSE_S = 0.05
DRIPS_FOR_S = 20

Send = Callable[[socket.socket, str], None]
"""Sends a response on a connection; the argument is the head of the request."""


@dataclass
class RawUpstream:
    """Its base URL, and the heads of the requests it received."""

    url: str
    requests: list[str] = field(default_factory=list)


def answer(body: bytes, *headers: str, status: str = "200 OK") -> Send:
    """Send one response."""
    head = "\r\n".join(
        [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *headers]
    )
    return just(head.encode("latin-1") + b"\r\n\r\n" + body)


def just(raw: bytes) -> Send:
    """Send these bytes."""
    return lambda connection, _: connection.sendall(raw)


def endless(head: str, chunk: bytes) -> Send:
    """Send a head, then `chunk` repeatedly until the client disconnects."""

    def send(connection: socket.socket, _: str) -> None:
        connection.sendall(head.encode("latin-1"))
        while True:
            connection.sendall(chunk)

    return send


def dripping(text: bytes) -> Send:
    """Send `text` repeatedly, a byte at a time, for longer than any client should wait."""

    def send(connection: socket.socket, _: str) -> None:
        until = time.monotonic() + DRIPS_FOR_S
        while time.monotonic() < until:
            for byte in text:
                connection.sendall(bytes([byte]))
                time.sleep(DRIP_PAUSE_S)

    return send


def rows_body(rows: object, by: str = "overall", package: str = "requests") -> bytes:
    """The JSON of an answer with these rows."""
    content = {"data": rows, "package": package, "type": f"{by}_downloads"}
    return json.dumps(content, separators=(",", ":")).encode()


def bomb(size: int) -> bytes:
    """A gzip of `size` bytes, about a thousandth of their size."""
    return gzip.compress(b" " * size)


def _read_request(connection: socket.socket) -> str:
    """The head of a request. Its body is read too: closing a connection with unread bytes resets it."""
    request = connection.recv(MAX_REQUEST_BYTES)
    head, _, body = request.partition(b"\r\n\r\n")
    declared = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    left = int(declared[1]) - len(body) if declared else 0
    while left > 0 and (chunk := connection.recv(MAX_REQUEST_BYTES)):
        left -= len(chunk)
    return head.decode("latin-1")


@contextmanager
def raw_upstream(send: Send) -> Iterator[RawUpstream]:
    """Listen, and answer each request with `send`; then close the connection."""

    def meet(connection: socket.socket) -> None:
        # Clients disconnect as soon as they have seen enough.
        with connection, contextlib.suppress(OSError):
            request = _read_request(connection)
            upstream.requests.append(request)
            send(connection, request)

    def accept() -> None:
        with contextlib.suppress(OSError):  # until the listener is shut down
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=meet, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        upstream = RawUpstream(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield upstream
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
