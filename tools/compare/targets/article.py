"""The article's two functions: fetch a package's rows, process them for 10 ms, and sum them up.

The blocking one uses `requests.get`, the asynchronous one an `httpx.AsyncClient()` per call, as in the
article. Each variant runs a batch of calls in its own way: `fastapi` all at once with `asyncio.gather`,
`flask` one after the other, `flask-threads` in ten threads.
"""

import asyncio
import functools
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx
import requests
from pydantic import BaseModel

from tools.compare.plan import AT_ONCE

TIMEOUT_S: Final = 5
PROCESSING_S: Final = 0.01
WITH_MIRRORS: Final = "with_mirrors"

_MS_PER_S: Final = 1000


class DailyDownloads(BaseModel):
    """A row of upstream's answer."""

    category: str
    date: str
    downloads: int


class PyPIResponseData(BaseModel):
    """Upstream's answer, as far as it is read."""

    data: list[DailyDownloads]


class PackageStats(BaseModel):
    """The result of either function."""

    package: str
    total_downloads: int
    latest_date: str


def blocking_stats(url: str, package: str) -> PackageStats:
    """Wait for the answer, and do nothing else meanwhile.

    Raises:
        requests.RequestException: there is no good answer.
    """
    response = requests.get(url, timeout=TIMEOUT_S)
    response.raise_for_status()
    rows = [row for row in response.json()["data"] if row["category"] == WITH_MIRRORS]
    time.sleep(PROCESSING_S)
    return PackageStats(
        package=package,
        total_downloads=sum(row["downloads"] for row in rows),
        latest_date=max(row["date"] for row in rows),
    )


async def async_stats(url: str, package: str) -> PackageStats:
    """Let others continue while it waits.

    Raises:
        httpx.HTTPError: there is no good answer.
    """
    async with httpx.AsyncClient(verify=_tls()) as client:
        response = await client.get(url, timeout=TIMEOUT_S)
    response.raise_for_status()
    content = PyPIResponseData.model_validate(response.json())
    rows = [row for row in content.data if row.category == WITH_MIRRORS]
    await asyncio.sleep(PROCESSING_S)
    return PackageStats(
        package=package,
        total_downloads=sum(row.downloads for row in rows),
        latest_date=max(row.date for row in rows),
    )


@functools.cache
def _tls() -> ssl.SSLContext:
    """One context for all calls: httpx makes one per client even for plain HTTP, requests does not."""
    return httpx.create_ssl_context()


def run_batch(variant: str, url: str, package: str, calls: int) -> tuple[float, list[PackageStats]]:
    """Run a batch of calls in this process: how long it took in ms, and the results.

    Raises:
        OSError, httpx.HTTPError: a call got no good answer.
    """
    began = time.perf_counter()
    if variant == "fastapi":
        results = asyncio.run(_at_once(url, package, calls))
    elif variant == "flask":
        results = [blocking_stats(url, package) for _ in range(calls)]
    else:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            results = list(threads.map(blocking_stats, [url] * calls, [package] * calls))
    return (time.perf_counter() - began) * _MS_PER_S, results


async def _at_once(url: str, package: str, calls: int) -> list[PackageStats]:
    return await asyncio.gather(*(async_stats(url, package) for _ in range(calls)))
