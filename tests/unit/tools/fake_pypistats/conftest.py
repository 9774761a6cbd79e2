import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tools.fake_pypistats import FakePypistats

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

Connect = Callable[[str], httpx.Client]


@pytest.fixture(scope="session")
def connect() -> Connect:
    # Without certificates to load, which takes longer than most tests.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def open_client(base_url: str) -> httpx.Client:
        return httpx.Client(base_url=base_url, verify=context, trust_env=False, timeout=5)

    return open_client


@pytest.fixture(scope="module")
def running() -> Iterator[FakePypistats]:
    with FakePypistats(now=NOW, limits=False) as running:
        yield running


@pytest.fixture
def upstream(running: FakePypistats) -> FakePypistats:
    running.reset()
    return running


@pytest.fixture
def client(upstream: FakePypistats, connect: Connect) -> Iterator[httpx.Client]:
    with connect(upstream.url) as opened:
        yield opened
