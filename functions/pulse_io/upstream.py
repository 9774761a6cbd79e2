"""Asking pypistats.org without blocking: one client, and so one pool of connections, for all."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable

import httpx

from pulse.models import FetchedRows, RecentDownloads
from pulse.names import PackageName
from pulse.problems import (
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.pypistats import (
    MAX_ATTEMPTS,
    RECENT,
    REQUEST_HEADERS,
    Endpoint,
    UpstreamAnswer,
    read_answer,
    read_recent,
    request_path,
)
from pulse_io.budget import Budget
from pulse_io.settings import Settings

KEEPALIVE_EXPIRY_S = 60
"""How long an idle connection is kept: an execution environment is asked again within that."""

CONNECT_TIMEOUT_S = 2
"""A connection that is not there by then is tried again while there is still time to."""

Now = Callable[[], dt.datetime]
"""The time of day, UTC."""


def utc_now() -> dt.datetime:
    """The time of day, UTC, in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


class Upstream:
    """pypistats.org, asked through a client that outlives invocations.

    Make one per process and use it on one event loop; it opens its first connection when it is
    first asked.
    """

    def __init__(self, settings: Settings, now: Now = utc_now) -> None:
        self._settings = settings
        self._now = now
        self._budget = Budget(
            settings.upstream_per_second, settings.upstream_per_minute, time.monotonic
        )
        self._client = httpx.AsyncClient(
            base_url=settings.pypistats_url,
            headers=REQUEST_HEADERS,
            timeout=httpx.Timeout(
                settings.upstream_timeout_s,
                connect=min(CONNECT_TIMEOUT_S, settings.upstream_timeout_s),
            ),
            limits=httpx.Limits(
                max_connections=settings.upstream_concurrency,
                keepalive_expiry=KEEPALIVE_EXPIRY_S,
            ),
        )

    async def fetch(self, package: PackageName, endpoint: Endpoint, deadline: float) -> FetchedRows:
        """All rows of one package on one endpoint.

        `deadline` is the moment, on the monotonic clock, by which it is over in any case.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        return read_answer(package, endpoint, await self._answer(package, endpoint, deadline))

    async def fetch_recent(self, package: PackageName, deadline: float) -> RecentDownloads:
        """Upstream's own sums of one package's last days; else as `fetch`."""
        return read_recent(package, await self._answer(package, RECENT, deadline))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _answer(self, package: PackageName, endpoint: str, deadline: float) -> UpstreamAnswer:
        response = await self._get(request_path(package, endpoint), deadline)
        return UpstreamAnswer(response.status_code, response.headers, response.content, self._now())

    async def _get(self, path: str, deadline: float) -> httpx.Response:
        """GET, and once more if the connection failed and there is still time."""
        failure: UpstreamProblem | None = None
        for _ in range(MAX_ATTEMPTS):
            if time.monotonic() >= deadline:
                break
            try:
                moment = self._budget.take(deadline)
            except UpstreamThrottled as throttled:
                # What went wrong first says more than that there is no second try.
                raise failure or throttled from None
            await asyncio.sleep(moment - time.monotonic())
            until = min(deadline, moment + self._settings.upstream_timeout_s)
            try:
                async with asyncio.timeout(until - time.monotonic()):
                    return await self._client.get(path)
            except (TimeoutError, httpx.TimeoutException):
                failure = UpstreamTooSlow()
            except httpx.ConnectError:
                failure = UpstreamUnreachable()
            except httpx.TransportError:
                failure = UpstreamBroken.because("it broke off")
            except httpx.DecodingError:
                raise UpstreamBroken.because("its encoding is wrong") from None
        raise failure or UpstreamTooSlow()
