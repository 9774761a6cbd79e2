"""A server that is not DynamoDB, or floods: the table is unavailable, in time and in little memory."""

import asyncio
import gzip
import tracemalloc

import pytest

from pulse_io.settings import Settings
from pulse_io.store.dynamodb_http import MAX_BODY_BYTES
from pulse_io.store.table import Item, TableUnavailable, open_table
from tests.raw_upstream import RawUpstream, Send, answer, bomb, endless, raw_upstream

GOOD = answer(b'{"Item":{"key":{"S":"a"}}}', "Set-Cookie: session=1; Path=/")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")


def get(dynamodb: RawUpstream, times: int = 1) -> list[Item | None]:
    """Ask the server for an item; on loopback, so without the proxy."""
    settings = Settings.from_environ(
        {
            "CACHE_TABLE": "pulse",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.url,
            "HTTP_PROXY": "http://127.0.0.1:1",
        }
    )

    async def ask() -> list[Item | None]:
        table = open_table(settings, "pulse")
        try:
            return [await table.get("a") for _ in range(times)]
        finally:
            await table.aclose()

    return asyncio.run(ask())


def reason(send: Send, caplog: pytest.LogCaptureFixture) -> str:
    """The logged reason why the table is unavailable."""
    with raw_upstream(send) as dynamodb, pytest.raises(TableUnavailable):
        get(dynamodb)
    (line,) = (record for record in caplog.records if record.message == "table unavailable")
    return str(vars(line)["reason"])


@pytest.mark.parametrize(
    ("send", "said"),
    [
        (endless("HTTP/1.1 200 OK\r\n\r\n", b" " * 65_536), "it is far too large"),
        (answer(bomb(200_000_000), "Content-Encoding: gzip"), "it is far too large"),
        (
            answer(gzip.compress(bomb(200_000_000)), "Content-Encoding: gzip, gzip"),
            "its content encoding was not requested",
        ),
    ],
    ids=["endless", "bomb", "two codings"],
)
def test_flood_makes_table_unavailable(
    send: Send, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    tracemalloc.start()
    told = reason(send, caplog)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told == f"ValueError: DynamoDB's response can't be used: {said}. Try again later."
    assert peak < 4 * MAX_BODY_BYTES


@pytest.mark.parametrize(
    "body",
    [b"", b"<h1>Hello</h1>", b"null", b"7", b'{"Item":7}', b'{"Item":{"key":7}}', b"[" * 100_000],
    ids=lambda body: repr(body[:20]),
)
def test_other_server_makes_table_unavailable(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert reason(answer(body), caplog)


def test_cookies_are_never_sent_back() -> None:
    with raw_upstream(GOOD) as dynamodb:
        assert get(dynamodb, times=2) == [{"key": "a"}] * 2
    assert len(dynamodb.requests) == 2
    assert "cookie" not in "".join(dynamodb.requests).lower()
    assert "accept-encoding: gzip\r\n" in dynamodb.requests[0].lower()
