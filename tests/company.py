"""A company's proxy on loopback: it answers for every host from one upstream and signs certificates itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from urllib.parse import urlsplit

import httpx
import trustme

from tests.serving import QuietHandler, serving


@dataclass
class Company:
    """The running proxy and the requests it received."""

    proxy: str
    """Its URL."""
    certificate: Path
    """Its certificate authority, in PEM."""
    asked: list[str] = field(default_factory=list)
    """Method and target of each request, as sent."""


@contextmanager
def company(
    upstream_url: str, host: str, folder: Path, *, connect_status: int = 200
) -> Iterator[Company]:
    """Run a proxy with a certificate for `host` that forwards every path to `upstream_url`."""
    authority = trustme.CA()
    certificate = folder / "company.pem"
    authority.cert_pem.write_to_path(str(certificate))
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(tls)

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:  # noqa: N802 - as the base class has it
            running.asked.append(f"{self.command} {self.path}")
            self.send_response(connect_status)
            self.end_headers()
            if connect_status == httpx.codes.OK:
                self.connection = tls.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
                self.close_connection = False

        def do_GET(self) -> None:  # noqa: N802 - as the base class has it
            running.asked.append(f"{self.command} {self.path}")
            path = urlsplit(self.path).path
            answer = httpx.get(upstream_url + path, trust_env=False)
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def finish(self) -> None:
            super().finish()
            self.connection.close()  # the server only knows the socket from before TLS

    with serving(Handler) as url:
        running = Company(url, certificate)
        yield running
