"""Upstream may compress its responses, as the proxy in front of pypistats.org does."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.contract.variants import asking, handler_of
from tests.serving import QuietHandler, serving

BODY = (
    b'{"data":[{"category":"with_mirrors","date":"2026-11-21","downloads":7}],'
    b'"package":"requests","type":"overall_downloads"}'
)


@contextmanager
def upstream_sending(payload: bytes, *, chunked: bool) -> Iterator[str]:
    """Yield the base URL of an upstream that sends `payload` as gzip to every request."""

    class Sender(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 - as the base class has it
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

    with serving(Sender) as url:
        yield url


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
