"""Asking pypistats.org without blocking: one client, and so one pool of connections, for all."""

import asyncio
import datetime as dt
from collections.abc import Iterable

import httpx

from pulse.models import FetchedRows
from pulse.names import PackageName
from pulse.problems import (
    Problem,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.pypistats import (
    MAX_ATTEMPTS,
    REQUEST_HEADERS,
    Endpoint,
    UpstreamAnswer,
    read_answer,
    request_path,
)
from pulse_io.settings import Settings

KEEPALIVE_EXPIRY_S = 60
"""How long an idle connection is kept: an execution environment is asked again within that."""

CONNECT_TIMEOUT_S = 2
"""A connection that is not there by then is tried again while there is still time to."""


class Upstream:
    """pypistats.org, asked through a client that outlives invocations.

    Make one per process and use it on one event loop; it opens its first connection when it is
    first asked.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
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

    async def fetch(self, package: PackageName, endpoint: Endpoint) -> FetchedRows:
        """All rows of one package on one endpoint, within `DEADLINE_S`.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        return await self._fetch(package, endpoint, self._deadline())

    async def fetch_all(
        self, packages: Iterable[PackageName], endpoint: Endpoint
    ) -> dict[PackageName, FetchedRows | Problem]:
        """As `fetch` for each of `packages`, at once, all within one `DEADLINE_S`.

        A package that can't be had has its problem in the answer and disturbs no other.
        """
        deadline = self._deadline()
        places = asyncio.Semaphore(self._settings.upstream_concurrency)

        async def outcome(package: PackageName) -> FetchedRows | Problem:
            try:
                async with asyncio.timeout_at(deadline), places:
                    return await self._fetch(package, endpoint, deadline)
            except TimeoutError:
                return UpstreamTooSlow()
            except Problem as problem:
                return problem

        distinct = list(dict.fromkeys(packages))
        return dict(zip(distinct, await asyncio.gather(*map(outcome, distinct)), strict=True))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _deadline(self) -> float:
        """The moment, on the event loop's clock, by which a request that starts now must end."""
        return asyncio.get_running_loop().time() + self._settings.deadline_s

    async def _fetch(
        self, package: PackageName, endpoint: Endpoint, deadline: float
    ) -> FetchedRows:
        response = await self._get(request_path(package, endpoint), deadline)
        fetched_at = dt.datetime.now(dt.UTC).replace(microsecond=0)
        answer = UpstreamAnswer(
            response.status_code, response.headers, response.content, fetched_at
        )
        return read_answer(package, endpoint, answer)

    async def _get(self, path: str, deadline: float) -> httpx.Response:
        """GET, and once more if the connection failed and there is still time."""
        failure: UpstreamProblem = UpstreamTooSlow()
        loop = asyncio.get_running_loop()
        for _ in range(MAX_ATTEMPTS):
            now = loop.time()
            if now >= deadline:
                break
            try:
                async with asyncio.timeout_at(
                    min(deadline, now + self._settings.upstream_timeout_s)
                ):
                    return await self._client.get(path)
            except (TimeoutError, httpx.TimeoutException):
                failure = UpstreamTooSlow()
            except httpx.ConnectError:
                failure = UpstreamUnreachable()
            except httpx.TransportError:
                failure = UpstreamBroken.because("it broke off")
            except httpx.DecodingError:
                raise UpstreamBroken.because("its encoding is wrong") from None
        raise failure
