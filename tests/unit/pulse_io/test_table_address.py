"""If another server answers at the address of DynamoDB, the table is unavailable."""

import asyncio

import pytest

from pulse_io.settings import Settings
from pulse_io.store.table import Item, TableUnavailable, open_table
from tests.raw_upstream import RawUpstream, answer, raw_upstream

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


@pytest.mark.parametrize(
    "body",
    [b"", b"<h1>Hello</h1>", b"null", b"7", b'{"Item":7}', b'{"Item":{"key":7}}', b"[" * 100_000],
    ids=lambda body: repr(body[:20]),
)
def test_other_server_makes_table_unavailable(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with raw_upstream(answer(body)) as dynamodb, pytest.raises(TableUnavailable):
        get(dynamodb)
    assert [record.message for record in caplog.records] == ["table unavailable"]


def test_cookies_are_never_sent_back() -> None:
    with raw_upstream(GOOD) as dynamodb:
        assert get(dynamodb, times=2) == [{"key": "a"}] * 2
    assert len(dynamodb.requests) == 2
    assert "cookie" not in "".join(dynamodb.requests).lower()
