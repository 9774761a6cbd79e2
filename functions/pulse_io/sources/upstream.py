"""Makes one call to pypistats.org over HTTP: sends the request, reads the body, and tells failures apart."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import (
    UpstreamBroken,
    UpstreamProblem,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.pypistats import RECENT, REQUEST_HEADERS, UpstreamAnswer, body_reader, request_path
from pulse.request_log import request_log
from pulse_io.clients import open_client, read_body
from pulse_io.clocks import Now
from pulse_io.settings import Settings
from pulse_io.sources.rate_limit import RateLimit
from pulse_io.sources.slow_calls import watched
from pulse_io.store.answers import FAILURE_KEPT_FOR

CONNECT_TIMEOUT_S: Final = 2
"""Short, so that there is time for a second attempt."""

_SENDING: Final = "http11.send_request_headers.started"
"""httpcore's trace event: there is a connection, and the request is about to be sent."""

MAX_OVERDUE_S: Final = 1.0
"""If a timeout fires later than this after it was due, Lambda had frozen the environment."""

Call = tuple[PackageName, str]
"""A package and an endpoint."""

HEALTH_CHECK: Final[Call] = ALL_OF_PYPI, RECENT
"""The call that checks upstream's health; it is cheap for upstream, and rarely needed otherwise."""


class CallFailed(Exception):
    """A call has no answer for the reason in `problem`, or one that can't be read.

    With `was_frozen`, Lambda froze the execution environment meanwhile, so the failure says nothing about
    upstream.
    """

    def __init__(
        self, problem: UpstreamProblem, *, is_answered: bool = False, was_frozen: bool = False
    ) -> None:
        self.problem = problem
        self.is_answered = is_answered
        self.was_frozen = was_frozen


class Upstream:
    """pypistats.org, called through a client that outlives invocations.

    `transport` replaces the network in tests.
    """

    def __init__(
        self, settings: Settings, now: Now, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.in_progress: set[Call] = set()
        self.answers = 0
        """How many calls have been answered so far."""
        self._now = now
        self._timeout_s = settings.upstream_timeout_s
        # A call that nobody waits for is counted when upstream recovers; meanwhile it is left alone.
        self._max_s = self._timeout_s + FAILURE_KEPT_FOR.total_seconds()
        self._client = open_client(
            settings.pypistats_url,
            settings.network,
            timeout=httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, self._timeout_s)),
            max_connections=settings.upstream_concurrency + 1,  # one for a health check
            transport=transport,
        )
        self._client.headers.update(REQUEST_HEADERS)

    async def get(
        self, call: Call, limit: RateLimit, moment_to_send: Callable[[], Awaitable[float]]
    ) -> UpstreamAnswer:
        """GET, in `UPSTREAM_TIMEOUT_S` at most.

        `moment_to_send` is called once there is a connection; it returns the moment that the call was granted
        for, and may wait for another one.

        Raises:
            CallFailed: there was no answer, or its body can't be read.
            UpstreamProblem: as `moment_to_send`.
        """
        package, endpoint = call
        loop = asyncio.get_running_loop()

        async def trace(event: str, _: object) -> None:
            if event != _SENDING:
                return
            left_s = (timeout.when() or 0) - loop.time()
            timeout.reschedule(None)
            self.in_progress.discard(call)
            watch.sent(await moment_to_send())
            self.in_progress.add(call)
            timeout.reschedule(loop.time() + left_s)

        self.in_progress.add(call)
        try:
            with request_log().timed("upstream"):
                async with (
                    watched(limit, package, self._max_s) as watch,
                    asyncio.timeout(self._timeout_s) as timeout,
                    self._client.stream(
                        "GET", request_path(*call), extensions={"trace": trace}
                    ) as response,
                ):
                    watch.ended(answered=True)
                    self.answers += 1
                    reader = body_reader(endpoint, response.status_code, response.headers)
                    body = await read_body(response, reader)
            return UpstreamAnswer(response.status_code, response.headers, body, self._now())
        except UpstreamBroken as problem:
            raise CallFailed(problem, is_answered=True) from None
        except (TimeoutError, httpx.TimeoutException):
            overdue_s = loop.time() - (timeout.when() or loop.time())
            raise CallFailed(UpstreamTooSlow(), was_frozen=overdue_s > MAX_OVERDUE_S) from None
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise CallFailed(UpstreamUnreachable(error=error)) from None
        except httpx.TransportError:
            raise CallFailed(UpstreamBroken.because("it broke off")) from None
        finally:
            self.in_progress.discard(call)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
