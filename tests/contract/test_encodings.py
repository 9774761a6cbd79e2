"""Upstream may compress its responses, as the proxy in front of pypistats.org does."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.contract.variants import asking, handler_of

BODY = (
    b'{"data":[{"category":"with_mirrors","date":"2026-11-21","downloads":7}],'
    b'"package":"requests","type":"overall_downloads"}'
)


@contextmanager
def upstream_sending(payload: bytes, *, chunked: bool) -> Iterator[str]:
    """Yield the base URL of an upstream that sends `payload` as gzip to every request."""

    class Sender(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            if chunked:
                self.send_header("Transfer-Encoding", "chunked")
                framed = b"".join(b"1\r\n%c\r\n" % byte for byte in payload) + b"0\r\n\r\n"
            else:
                self.send_header("Content-Length", str(len(payload)))
                framed = payload
            self.end_headers()
            self.wfile.write(framed)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Sender) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("chunked", [False, True])
def test_compressed_answer_is_read(variant: str, chunked: bool) -> None:
    with (
        upstream_sending(gzip.compress(BODY), chunked=chunked) as url,
        handler_of(variant, PYPISTATS_URL=url) as handler,
    ):
        answer = asking(handler)("/packages/requests")
    assert answer.status == 200
    assert answer.json["total_downloads"] == 7


def test_wrongly_declared_gzip_is_502(variant: str) -> None:
    with (
        upstream_sending(BODY, chunked=False) as url,
        handler_of(variant, PYPISTATS_URL=url) as handler,
    ):
        answer = asking(handler)("/packages/requests")
    assert answer.status == 502
    assert answer.json["type"] == "urn:pypi-pulse:problem:upstream-broken"
