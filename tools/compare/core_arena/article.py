"""The article's two functions: fetch a package's rows, process them for 10 ms, sum them up.

The article's own words end where the asynchronous function begins. As far as they go, each function
fetches by itself: the blocking one by `requests.get`, on a connection of its own; the asynchronous one,
which takes no argument, by an `httpx.AsyncClient()` of its own, whose rows it reads with pydantic. Both
functions are given here how to fetch, so that they can be had with pooled connections too.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import httpx
import requests
from pydantic import BaseModel

TIMEOUT_S: Final = 5
PROCESSING_S: Final = 0.01
WITH_MIRRORS: Final = "with_mirrors"


class DailyDownloads(BaseModel):
    """A row of upstream's answer."""

    category: str
    date: str
    downloads: int


class PyPIResponseData(BaseModel):
    """Upstream's answer, as far as it is read."""

    data: list[DailyDownloads]


class PackageStats(BaseModel):
    """What either function makes of it."""

    package: str
    total_downloads: int
    latest_date: str


def blocking_stats(get: Callable[..., requests.Response], url: str, package: str) -> PackageStats:
    """Wait for the answer and for what follows, and do nothing else meanwhile.

    Raises:
        requests.RequestException: there is no good answer.
    """
    response = get(url, timeout=TIMEOUT_S)
    response.raise_for_status()
    rows = [row for row in response.json()["data"] if row["category"] == WITH_MIRRORS]
    time.sleep(PROCESSING_S)
    return PackageStats(
        package=package,
        total_downloads=sum(row["downloads"] for row in rows),
        latest_date=max(row["date"] for row in rows),
    )


async def async_stats(client: httpx.AsyncClient, url: str, package: str) -> PackageStats:
    """Let others go on while it waits for the answer and for what follows.

    Raises:
        httpx.HTTPError: there is no good answer.
    """
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
