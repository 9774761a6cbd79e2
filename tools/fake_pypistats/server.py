"""The sockets: a threading HTTP/1.1 server whose answers can hang, drip, break off and vanish."""

import contextlib
import socket
import socketserver
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from tools.fake_pypistats import control
from tools.fake_pypistats.answers import Answer
from tools.fake_pypistats.behaviour import Behaviour, Response
from tools.fake_pypistats.request_log import Request, RequestLog
from tools.fake_pypistats.rules import Effect

#: Between two bytes of a dripping body, so that it takes longer than any sensible timeout.
DRIP_PAUSE_S: Final = 0.5

_LONGEST_LINE: Final = 65_536
_MS_PER_S: Final = 1000
_STOP_PATIENCE_S: Final = 0.8
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds


class Handler(BaseHTTPRequestHandler):
    """One connection: reads requests and sends the responses of the server's `Behaviour`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"
    _logged = False

    def handle_one_request(self) -> None:
        """Read and answer one request of any method."""
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
        if not 0 < len(self.raw_requestline) <= _LONGEST_LINE:
            self.close_connection = True
        elif self.parse_request():
            self._respond()

    def log_message(self, *_: object) -> None:
        """Print nothing: the request log says more."""

    def _respond(self) -> None:
        arrived = time.monotonic()
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # the body is not read, so the next request is not found
        behaviour = self.server.behaviour
        if urlsplit(self.path).path in control.PATHS:
            self._send(control.answer(self.command, self.path, self.server.log, behaviour))
            return
        while seconds := behaviour.worker.stalls_for_s:
            if self._stops_within(seconds):
                return
        headers = {name.lower(): value for name, value in self.headers.items()}
        processed = time.monotonic()
        response = behaviour.respond(self.command, self.path, str(self.client_address[0]))
        status = response.answer.status.value
        request = Request(self.command, self.path, headers, arrived, processed, status)
        self.server.log.add(request, opens_connection=not self._logged)
        self._logged = True
        try:
            self._carry_out(response)
        finally:
            request.duration_ms = (time.monotonic() - arrived) * _MS_PER_S

    def _stops_within(self, seconds: float) -> bool:
        """Wait; True, and the connection ends, if the server stops meanwhile."""
        stops = self.server.stopping.wait(seconds)
        self.close_connection |= stops
        return stops

    def _carry_out(self, response: Response) -> None:
        if response.delay_s and self._stops_within(response.delay_s):
            return
        if response.fault is None:
            self._send(response.answer)
        else:
            self.close_connection = True
            self._break(response.answer, response.fault)

    def _send(self, answer: Answer) -> None:
        body = b"" if self.command == "HEAD" else answer.body
        self.wfile.write(self._head(answer) + body)

    def _break(self, answer: Answer, fault: Effect) -> None:
        if fault is Effect.HANG:
            while self.rfile.read1(_LONGEST_LINE):
                pass  # until the client leaves
        elif fault is Effect.DROPPED:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.rfile.close()  # it holds the socket open
            self.connection.close()
        elif self.command == "HEAD":
            self._send(answer)
        elif fault is Effect.TRUNCATED:
            self.wfile.write(self._head(answer) + answer.body[: len(answer.body) // 2])
        else:
            self.wfile.write(self._head(answer))
            for byte in answer.body:
                if self._stops_within(DRIP_PAUSE_S):
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


class Server(ThreadingHTTPServer):
    """Listens, and can stop at once whatever its connections are waiting for.

    Raises:
        OSError: The address is taken or not this machine's.
    """

    daemon_threads = True
    request_queue_size = 128  # a fan-out opens many connections at once

    def __init__(self, address: tuple[str, int], behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.log = RequestLog()
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
        """Report a bug of the fake; a client that leaves is none."""
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
