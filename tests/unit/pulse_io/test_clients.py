"""A client for one server uses that server's proxy, and no proxy for other servers."""

import asyncio
from pathlib import Path

import httpx
import pytest

from pulse.network import InvalidSettings, Network
from pulse_io.clients import open_client
from pulse_io.settings import Settings
from tests.company import company
from tools.fake_pypistats import FakePypistats

TABLE = {"CACHE_TABLE": "pulse", "AWS_REGION": "eu-central-1"}
SOCKS = {"ALL_PROXY": "socks5://127.0.0.1:1080"}


def test_client_uses_proxy_for_its_server_only(tmp_path: Path) -> None:
    async def ask(proxy: str, upstream_url: str) -> list[int]:
        network = Network.from_environ({"HTTP_PROXY": proxy})
        client = open_client(
            "http://dynamodb.example", network, timeout=httpx.Timeout(5), max_connections=1
        )
        path = "/api/packages/requests/recent"
        async with client:
            # The second request is like one for Lambda's credentials, which are on loopback.
            answers = [await client.get(path), await client.get(upstream_url + path)]
        return [answer.status_code for answer in answers]

    with (
        FakePypistats(limits=False) as fake_pypistats,
        company(fake_pypistats.url, "x.example", tmp_path) as proxied,
    ):
        assert asyncio.run(ask(proxied.proxy, fake_pypistats.url)) == [200, 200]
    assert proxied.asked == ["GET http://dynamodb.example/api/packages/requests/recent"]


def test_clickhouse_needs_usable_proxy() -> None:
    clickhouse = {"PYPISTATS_URL": "http://127.0.0.1:1", "CLICKHOUSE_URL": "https://ch.example"}
    with pytest.raises(InvalidSettings, match=r"^ALL_PROXY=.*add ch\.example to NO_PROXY"):
        Settings.from_environ({**clickhouse, **SOCKS})
    Settings.from_environ({**clickhouse, **SOCKS, "NO_PROXY": "ch.example"})


def test_table_at_aws_needs_usable_proxy() -> None:
    upstream = {"PYPISTATS_URL": "http://127.0.0.1:1"}
    with pytest.raises(InvalidSettings, match=r"^ALL_PROXY=.*add dynamodb\.eu-central-1\."):
        Settings.from_environ({**upstream, **TABLE, **SOCKS})
    Settings.from_environ({**upstream, **TABLE, **SOCKS, "AWS_ENDPOINT_URL": "http://localhost:1"})
    Settings.from_environ({**upstream, **SOCKS})
