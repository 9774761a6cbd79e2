"""Sends one query to ClickHouse over its HTTP interface, and reads the body of the answer."""

import asyncio
from contextlib import aclosing
from typing import Final

import httpx

from pulse.body import BodyReader
from pulse.clickhouse.answer import QueryAnswer, source_of
from pulse.clickhouse.errors import problem_of
from pulse.clickhouse.query import Query
from pulse.problems import (
    CLICKHOUSE,
    UpstreamBroken,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.pypistats import USER_AGENT
from pulse.request_log import request_log
from pulse_io.clients import open_client, read_body
from pulse_io.clocks import Now
from pulse_io.settings import Settings

CONNECT_TIMEOUT_S: Final = 2
QUERY_TIMEOUT_S: Final = 65
"""The public endpoint ends a query after 60 seconds. It can't be ended from here."""

MAX_CONNECTIONS: Final = 4
MAX_BODY_BYTES: Final = 20_000_000
"""Decompressed. The public endpoint's limit of 10 MB is for binary numbers, which are longer in JSON."""

_OPTIONS: Final = {
    "wait_end_of_query": "1",  # an error in mid-answer becomes a status
    "result_overflow_mode": "throw",  # else an answer is cut at a limit, with status 200
    "read_overflow_mode": "throw",
}


class ClickHouseServer:
    """ClickHouse, called through a client that outlives invocations.

    `transport` replaces the network in tests.
    """

    def __init__(
        self,
        url: str,
        settings: Settings,
        now: Now,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._now = now
        self._options = {**_OPTIONS, "database": settings.clickhouse_database}
        self._client = open_client(
            url,
            settings.network,
            timeout=httpx.Timeout(QUERY_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            max_connections=MAX_CONNECTIONS,
            transport=transport,
        )
        # Basic authentication, since ClickHouse's own headers can't hold every name and password.
        password = settings.clickhouse_password.get_secret_value()
        self._client.auth = httpx.BasicAuth(settings.clickhouse_user.encode(), password.encode())
        self._client.headers.update(
            {"User-Agent": USER_AGENT, "X-ClickHouse-Format": "JSONCompact"}
        )

    async def ask(self, query: Query) -> QueryAnswer:
        """The answer to a query, whose body is not checked any further.

        Raises:
            UpstreamProblem: ClickHouse failed, refused the query, or was not reached.
        """
        form = {"query": query.sql} | {
            f"param_{name}": value for name, value in query.parameters.items()
        }
        # A multipart form: 250 names are too long for an address.
        request = self._client.build_request(
            "POST",
            "/",
            params=self._options,
            files={name: (None, value) for name, value in form.items()},
        )
        try:
            with request_log().timed("upstream"):
                async with (
                    asyncio.timeout(QUERY_TIMEOUT_S),
                    aclosing(await self._send(request)) as response,
                ):
                    reader = BodyReader(response.headers, MAX_BODY_BYTES, CLICKHOUSE)
                    body = await read_body(response, reader)
        except (TimeoutError, httpx.TimeoutException):
            raise UpstreamTooSlow(source=CLICKHOUSE) from None
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise UpstreamUnreachable(CLICKHOUSE, error) from None
        except httpx.TransportError:
            raise UpstreamBroken.because("it broke off", CLICKHOUSE) from None
        if problem := problem_of(response.status_code, response.headers, body, self._now()):
            raise problem
        return QueryAnswer(body, source_of(response.headers), self._now())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send it, and once more if the connection was closed before an answer, as idle ones are."""
        try:
            return await self._client.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return await self._client.send(request, stream=True)
