"""An HTTP server of a few lines on the loopback, on a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

POLL_S: Final = 0.02
"""How soon a server notices that it is to end."""


class QuietHandler(BaseHTTPRequestHandler):
    """What such a server's handler is derived from: it writes nothing to stderr."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is none of the test's errors."""


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
    """One answer to everything; in a header's value, `{path}` stands for what was asked for."""

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
