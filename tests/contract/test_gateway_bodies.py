"""Bodies in API Gateway's format: text unchanged, compressed bodies in base64."""

import base64
import gzip
import json
from collections.abc import Iterator

import pytest

from tests.contract.variants import Handler, handler_of, http_event
from tools.fake_pypistats import FakePypistats


@pytest.fixture
def fastapi(fake_pypistats: FakePypistats) -> Iterator[Handler]:
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url) as handler:
        yield handler


def test_compressed_body_is_base64(fastapi: Handler) -> None:
    path = "/packages/requests/downloads"
    plain = fastapi(http_event(path), None)
    zipped = fastapi(http_event(path, headers={"accept-encoding": "gzip, br"}), None)
    assert zipped["headers"]["content-encoding"] == "gzip"
    assert zipped["isBase64Encoded"] is True
    raw = base64.b64decode(zipped["body"], validate=True)
    assert gzip.decompress(raw).decode() == plain["body"]
    assert int(zipped["headers"]["content-length"]) == len(raw)
    assert json.loads(plain["body"])["package"] == "requests"


def test_304_has_no_body(fastapi: Handler) -> None:
    path = "/packages/requests"
    etag = fastapi(http_event(path), None)["headers"]["etag"]
    answer = fastapi(http_event(path, headers={"if-none-match": etag}), None)
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (304, "", False)
    assert answer["headers"]["etag"] == etag
    assert answer["headers"]["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("query", ["", "format=csv"])
def test_text_is_sent_as_text(fastapi: Handler, query: str) -> None:
    answer = fastapi(http_event("/packages/requests/downloads", query), None)
    assert answer["isBase64Encoded"] is False
