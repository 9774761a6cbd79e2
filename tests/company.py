"""A company's proxy on the loopback: it answers for every host, by one upstream, and signs certificates itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from urllib.parse import urlsplit

import httpx
import trustme

POLL_S = 0.02


@dataclass
class Company:
    """The running proxy, and what it was asked for."""

    proxy: str
    """Its URL."""
    certificate: Path
    """The authority that it signs with, in PEM."""
    asked: list[str] = field(default_factory=list)
    """Method and target of each request, as they were sent."""


@contextmanager
def company(
    upstream_url: str, host: str, folder: Path, *, connect_status: int = 200
) -> Iterator[Company]:
    """A proxy with a certificate for `host`, which passes every path on to `upstream_url`."""
    authority = trustme.CA()
    certificate = folder / "company.pem"
    authority.cert_pem.write_to_path(str(certificate))
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(tls)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            told.asked.append(f"{self.command} {self.path}")
            self.send_response(connect_status)
            self.end_headers()
            if connect_status == httpx.codes.OK:
                self.connection = tls.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
                self.close_connection = False

        def do_GET(self) -> None:
            told.asked.append(f"{self.command} {self.path}")
            path = urlsplit(self.path).path
            answer = httpx.get(upstream_url + path, trust_env=False)
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def finish(self) -> None:
            super().finish()
            self.connection.close()  # which the server knows only as it was before TLS

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: a client that does not trust the certificate hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    told = Company(f"http://127.0.0.1:{server.server_address[1]}", certificate)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
