from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from tools.fake_pypistats import FakePypistats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def connect() -> Callable[..., httpx.Client]:
    # Without certificates to load, which take longer than most tests and are not needed here.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def open_client(base_url: str = "") -> httpx.Client:
        return httpx.Client(base_url=base_url, verify=context, trust_env=False, timeout=5)

    return open_client


@pytest.fixture
def upstream(now: datetime) -> Iterator[FakePypistats]:
    with FakePypistats(now=now, limits=False) as running:
        yield running


@pytest.fixture
def client(upstream: FakePypistats, connect: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    with connect(upstream.url) as opened:
        yield opened
