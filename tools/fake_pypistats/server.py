"""The sockets: a threading HTTP/1.1 server whose answers can hang, drip, break off and vanish."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tools.fake_pypistats import control
from tools.fake_pypistats.faults import FaultKind
from tools.fake_pypistats.ledger import Ledger, Request

if TYPE_CHECKING:
    from tools.fake_pypistats.answers import Answer
    from tools.fake_pypistats.conduct import Conduct, Course

#: Between two bytes of a dripping body, which thereby takes longer than any sensible timeout.
DRIP_PAUSE_S: Final = 0.5

_LONGEST_LINE: Final = 65_536
_MS_PER_S: Final = 1000
_STOP_PATIENCE_S: Final = 0.8
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds


class Handler(BaseHTTPRequestHandler):
    """One connection: reads requests and does what the server's `Conduct` says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: UpstreamServer
    _recorded = False

    def handle_one_request(self) -> None:
        """Read and answer one request, of whatever method."""
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
        if not 0 < len(self.raw_requestline) <= _LONGEST_LINE:
            self.close_connection = True
        elif self.parse_request():
            self._respond()

    def log_message(self, *_: object) -> None:
        """Keep quiet: the record tells more."""

    def _respond(self) -> None:
        began = time.monotonic()
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # nobody reads the body, so the next request is not found
        if urlsplit(self.path).path in control.PATHS:
            self._send(
                control.answer(self.command, self.path, self.server.ledger, self.server.conduct)
            )
            return
        if not self._wait_for_the_worker():
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        processed = time.monotonic()
        course = self.server.conduct.meet(self.command, self.path, str(self.client_address[0]))
        status = course.answer.status.value
        request = Request(self.command, self.path, headers, began, processed, status)
        entry = self.server.ledger.record(request, opens_connection=not self._recorded)
        self._recorded = True
        try:
            self._take(course)
        finally:
            self.server.ledger.finish(entry, (time.monotonic() - began) * _MS_PER_S)

    def _wait_for_the_worker(self) -> bool:
        """Return True when it gets to the request, False if the server stops first."""
        while seconds := self.server.conduct.worker.stalls_for_s:
            if self.server.stopping.wait(seconds):
                return False
        return True

    def _take(self, course: Course) -> None:
        if course.delay_s and self.server.stopping.wait(course.delay_s):
            self.close_connection = True
        elif course.spoiled is None:
            self._send(course.answer)
        else:
            self.close_connection = True
            self._spoil(course.answer, course.spoiled)

    def _send(self, answer: Answer) -> None:
        body = b"" if self.command == "HEAD" else answer.body
        self.wfile.write(self._head(answer) + body)

    def _spoil(self, answer: Answer, kind: FaultKind) -> None:
        if kind is FaultKind.HANG:
            while self.rfile.read1(_LONGEST_LINE):
                pass  # whatever else the client says, it has to leave to end this
        elif kind is FaultKind.DROPPED:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.rfile.close()  # it holds the socket open
            self.connection.close()
        elif self.command == "HEAD":
            self._send(answer)
        elif kind is FaultKind.TRUNCATED:
            self.wfile.write(self._head(answer) + answer.body[: len(answer.body) // 2])
        else:
            self._drip(answer)

    def _drip(self, answer: Answer) -> None:
        self.wfile.write(self._head(answer))
        for byte in answer.body:
            if self.server.stopping.wait(DRIP_PAUSE_S):
                return
            self.wfile.write(bytes([byte]))

    def _head(self, answer: Answer) -> bytes:
        lines = [
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase.upper()}",
            f"Date: {self.date_time_string()}",
            f"Connection: {'close' if self.close_connection else 'keep-alive'}",
            *(f"{name}: {value}" for name, value in answer.headers),
            f"Content-Length: {len(answer.body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class UpstreamServer(ThreadingHTTPServer):
    """Listens, and can stop at once whatever its connections are waiting for."""

    daemon_threads = True
    request_queue_size = 128  # a fan-out opens many connections in the same moment

    def __init__(self, address: tuple[str, int], conduct: Conduct) -> None:
        """Bind to host and port (0 for a free one).

        Raises:
            OSError: The address cannot be had.
        """
        self.conduct = conduct
        self.ledger = Ledger()
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking the DNS for this machine's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Remember the connection and give it a thread."""
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Close the connection and forget it."""
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Report what is wrong with the stand-in; that a client left is not."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stop accepting, wake every connection, and wait until all are closed."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._changed:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client may have left by now
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, _STOP_PATIENCE_S)
