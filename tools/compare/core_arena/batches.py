"""Batches of calls of the article's functions, by each variant's way of waiting.

| variant | calls | connections |
|---|---|---|
| `fastapi` | all at once, by `asyncio.gather` | a client each, as the article has it |
| `flask` | one after the other | one each, as the article has it |
| `flask-threads` | in ten threads | one each |

With `-pooled` at the end of its name, a variant keeps one client, or session, and its connections from
batch to batch.

httpx makes a TLS context for every client, which takes some 20 ms of the processor; requests makes one
where a connection needs it. Over HTTPS both would pay for every call; on loopback's plain HTTP only httpx
would. So it is handed a context that is there already, and nobody pays.
"""

import asyncio
import functools
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import httpx
import requests
from requests.adapters import HTTPAdapter

from tools.compare.samples import Variant

from .article import PackageStats, async_stats, blocking_stats

POOLED: Final = "-pooled"
THREADS: Final = 10
"""As many as the twin has, and as many calls as FastAPI's default lets be under way."""

_MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """So many calls for a package's rows at `url`."""

    variant: Variant
    url: str
    package: str
    calls: int


@dataclass(frozen=True, slots=True)
class Done:
    """How long a batch took, and what each call made of its answer."""

    client_ms: float
    results: list[PackageStats]


def run(batch: Batch) -> Done:
    """Run a batch in this process.

    Raises:
        requests.RequestException, httpx.HTTPError: a call got no good answer.
    """
    ways: dict[Variant, Callable[[Batch], list[PackageStats]]] = {
        "fastapi": _at_once,
        "fastapi-pooled": _at_once_pooled,
        "flask": functools.partial(_one_after_the_other, requests.get),
        "flask-pooled": functools.partial(_one_after_the_other, _session().get),
        "flask-threads": functools.partial(_in_threads, requests.get),
        "flask-threads-pooled": functools.partial(_in_threads, _session().get),
    }
    way = ways[batch.variant]
    began = time.perf_counter()
    results = way(batch)
    return Done((time.perf_counter() - began) * _MS_PER_S, results)


def _one_after_the_other(get: Callable[..., requests.Response], batch: Batch) -> list[PackageStats]:
    return [blocking_stats(get, batch.url, batch.package) for _ in range(batch.calls)]


def _in_threads(get: Callable[..., requests.Response], batch: Batch) -> list[PackageStats]:
    with ThreadPoolExecutor(THREADS) as threads:
        calls = [
            threads.submit(blocking_stats, get, batch.url, batch.package)
            for _ in range(batch.calls)
        ]
        return [call.result() for call in calls]


def _at_once(batch: Batch) -> list[PackageStats]:
    async def call() -> PackageStats:
        async with httpx.AsyncClient(verify=_tls()) as client:
            return await async_stats(client, batch.url, batch.package)

    async def calls() -> list[PackageStats]:
        return await asyncio.gather(*(call() for _ in range(batch.calls)))

    return _loop().run(calls())


def _at_once_pooled(batch: Batch) -> list[PackageStats]:
    async def calls() -> list[PackageStats]:
        client = _client()
        return await asyncio.gather(
            *(async_stats(client, batch.url, batch.package) for _ in range(batch.calls))
        )

    return _loop().run(calls())


@functools.cache
def _loop() -> asyncio.Runner:
    """One loop for all batches: the pooled connections live on it."""
    return asyncio.Runner()


@functools.cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


@functools.cache
def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=_tls())


@functools.cache
def _session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
    return session
