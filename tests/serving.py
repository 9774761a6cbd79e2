"""A minimal HTTP server on loopback, on its own thread."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

POLL_S: Final = 0.02
"""How often a server checks whether it has to stop."""

NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients on loopback: loading certificates takes longer than most tests."""


class QuietHandler(BaseHTTPRequestHandler):
    """Base class of handlers that write nothing to stderr."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Print nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a client that hangs up is no error."""


@contextmanager
def serving(handler: type[QuietHandler]) -> Iterator[str]:
    """Serve for the length of a `with` block; yields the base URL."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_S,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(status: int, body: bytes = b"", **headers: str) -> Iterator[str]:
    """Send one response to every request; `{path}` in a header's value becomes the request's path."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value.format(path=self.path))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as url:
        yield url
