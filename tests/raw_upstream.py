"""An upstream that sends bytes as a test has them, for answers that no proper server would give."""

import contextlib
import gzip
import json
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
"""Answers on a connection; the head of the request is there to choose by."""


@dataclass
class RawUpstream:
    """Its base URL, and the heads of the requests that it got."""

    url: str
    requests: list[str] = field(default_factory=list)


def answer(body: bytes, *headers: str, status: str = "200 OK") -> Send:
    """Send one answer, and nothing more."""
    head = "\r\n".join(
        [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *headers]
    )
    return just(head.encode("latin-1") + b"\r\n\r\n" + body)


def just(raw: bytes) -> Send:
    """Send these bytes."""
    return lambda connection, _: connection.sendall(raw)


def endless(head: str, chunk: bytes) -> Send:
    """Send a head, and `chunk` until the client leaves."""

    def send(connection: socket.socket, _: str) -> None:
        connection.sendall(head.encode("latin-1"))
        while True:
            connection.sendall(chunk)

    return send


def dripping(text: bytes) -> Send:
    """Send `text` over and over, a byte at a time, for longer than anyone should wait."""

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
    """So many bytes as gzip, a thousandth in size."""
    return gzip.compress(b" " * size)


@contextmanager
def raw_upstream(send: Send) -> Iterator[RawUpstream]:
    """Listen, and meet every request with `send`; the connection is closed after it."""

    def meet(connection: socket.socket) -> None:
        # Clients leave as soon as they have seen enough.
        with connection, contextlib.suppress(OSError):
            request = connection.recv(MAX_REQUEST_BYTES).decode("latin-1")
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
