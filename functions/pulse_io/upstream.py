"""Asking pypistats.org without blocking: one client, and so one pool of connections, for all."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import httpx

from pulse.account import account
from pulse.models import FetchedRows, RecentDownloads
from pulse.names import PackageName
from pulse.problems import (
    THROTTLED_RETRY_AFTER_S,
    UnknownPackage,
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
from pulse_io.budget import Budget, Clock
from pulse_io.settings import Settings
from pulse_io.slots import MARGIN_S, Turn, whole_seconds
from pulse_io.tls import tls_context

_log = logging.getLogger(__name__)

KEEPALIVE_EXPIRY_S = 60
"""How long an idle connection is kept: an execution environment is asked again within that."""

CONNECT_TIMEOUT_S = 2
"""A connection that is not there by then is tried again while there is still time to."""

LATE_S: Final = MARGIN_S / 2
"""A call that much after its moment could come too close to the next one: it needs another moment."""

_SENDING: Final = "http11.send_request_headers.started"
"""What httpcore calls the moment when the connection is there and the request is about to go."""

LEAST_S: Final = 1.0
"""What a call needs at least: one that starts later before the deadline is of no use."""

BUSY_S: Final = 5
"""How soon to come back for what another environment, or an earlier request, is still at."""

Now = Callable[[], dt.datetime]
"""The time of day, UTC."""


def utc_now() -> dt.datetime:
    """The time of day, UTC, in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def log_failure(package: PackageName, endpoint: str, problem: str) -> None:
    """Write the line of which an alarm counts how often upstream fails."""
    _log.warning(
        "upstream failed",
        extra={"problem": problem, "endpoint": str(endpoint), "package": package},
    )


class Upstream:
    """pypistats.org, asked through a client that outlives invocations.

    Make one per process and use it on one event loop; it opens its first connection when it is
    first asked. A `deadline` is a moment on the event loop's clock; `transport` is what takes the
    place of the network, where there is to be none.
    """

    def __init__(
        self,
        settings: Settings,
        budget: Budget,
        now: Now = utc_now,
        clock: Clock = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._budget = budget
        self._now = now
        self._clock = clock
        self._limited = bool(settings.upstream_per_second or settings.upstream_per_minute)
        self._calling: set[tuple[PackageName, str]] = set()
        self._places = asyncio.Semaphore(settings.upstream_concurrency)
        self._client = httpx.AsyncClient(
            base_url=settings.pypistats_url,
            headers=REQUEST_HEADERS,
            verify=tls_context(),
            timeout=httpx.Timeout(
                settings.upstream_timeout_s,
                connect=min(CONNECT_TIMEOUT_S, settings.upstream_timeout_s),
            ),
            limits=httpx.Limits(
                max_connections=settings.upstream_concurrency,
                keepalive_expiry=KEEPALIVE_EXPIRY_S,
            ),
            transport=transport,
        )

    async def fetch(self, package: PackageName, endpoint: Endpoint, deadline: float) -> FetchedRows:
        """All rows of one package on one endpoint.

        No call begins after the deadline. One that has begun goes on for `UPSTREAM_TIMEOUT_S` all the
        same: it has been counted, and its answer is of use to the next who asks.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        self._calling.add((package, endpoint))
        try:
            answer = await self._answer(package, endpoint, deadline)
        finally:
            self._calling.discard((package, endpoint))
        try:
            return read_answer(package, endpoint, answer)
        except UpstreamThrottled as refused:
            await self._leave_alone(package, endpoint, refused)
            raise

    async def fetch_known(
        self, package: PackageName, endpoint: Endpoint, deadline: float
    ) -> FetchedRows | None:
        """As `fetch`, `UPSTREAM_CONCURRENCY` at a time; None if it knows no such package.

        Raises:
            UpstreamProblem: it could not be used. It is in the log then.
        """
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            raise self.too_late(endpoint) from None
        try:
            return await self.fetch(package, endpoint, deadline)
        except UnknownPackage:
            return None
        except UpstreamThrottled:
            raise  # by the budget, which is no failure; or by upstream, which is in the log by now
        except UpstreamProblem as problem:
            log_failure(package, endpoint, problem.slug)
            raise
        finally:
            self._places.release()

    async def fetch_recent(self, package: PackageName, deadline: float) -> RecentDownloads:
        """Upstream's own sums of one package's last days; else as `fetch`."""
        answer = await self._answer(package, RECENT, deadline)
        try:
            return read_recent(package, answer)
        except UpstreamThrottled as refused:
            await self._leave_alone(package, RECENT, refused)
            raise

    def wanting(self, package: PackageName, endpoint: str) -> AbstractContextManager[None]:
        """Count, for the length of a `with` block, that a call is wanted; others wait behind it."""
        return self._budget.wanting(endpoint, package)

    def check(self, endpoint: str, deadline: float) -> None:
        """Raise `UpstreamThrottled` if it is known that the endpoint may not be called by then."""
        left = deadline - asyncio.get_running_loop().time() - LEAST_S
        if self._budget.wait_s(endpoint) > max(0, left):
            raise UpstreamThrottled(whole_seconds(self._budget.room_s(endpoint)))

    def is_calling(self, package: PackageName, endpoint: str) -> bool:
        """Whether it is upstream that an answer is being waited for."""
        return (package, endpoint) in self._calling

    async def busy(self, endpoint: str) -> UpstreamThrottled:
        """What to tell those for whom it was never called: when it may be, or soon."""
        await self._budget.look(endpoint)
        return UpstreamThrottled(max(BUSY_S, whole_seconds(self._budget.room_s(endpoint))))

    def too_late(self, endpoint: str) -> UpstreamProblem:
        """Why there is no answer by a deadline: the endpoint may not be called, or is slow."""
        if self._budget.wait_s(endpoint):
            return UpstreamThrottled(whole_seconds(self._budget.room_s(endpoint)))
        return UpstreamTooSlow()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _leave_alone(
        self, package: PackageName, endpoint: str, refused: UpstreamThrottled
    ) -> None:
        log_failure(package, endpoint, refused.slug)
        await self._budget.close(endpoint, refused.retry_after_s or THROTTLED_RETRY_AFTER_S)

    async def _answer(self, package: PackageName, endpoint: str, deadline: float) -> UpstreamAnswer:
        path = request_path(package, endpoint)
        response = await self._get(path, endpoint, deadline)
        return UpstreamAnswer(response.status_code, response.headers, response.content, self._now())

    async def _get(self, path: str, endpoint: str, deadline: float) -> httpx.Response:
        """GET, and once more if the connection failed and there is still time."""
        loop = asyncio.get_running_loop()
        failure: UpstreamProblem | None = None
        for _ in range(MAX_ATTEMPTS):
            if loop.time() >= deadline:
                raise failure or await self.busy(endpoint)
            try:
                turn = await self._wait_for_a_turn(endpoint, deadline)
                return await self._call(path, endpoint, deadline, turn)
            except UpstreamThrottled as throttled:
                # What went wrong first says more than that there is no second try.
                raise failure or throttled from None
            except (TimeoutError, httpx.TimeoutException):
                failure = UpstreamTooSlow()
            except httpx.ConnectError:
                failure = UpstreamUnreachable()
            except httpx.TransportError:
                failure = UpstreamBroken.because("it broke off")
            except httpx.DecodingError:
                raise UpstreamBroken.because("its encoding is wrong") from None
        raise failure or UpstreamTooSlow()

    async def _call(self, path: str, endpoint: str, deadline: float, turn: Turn) -> httpx.Response:
        """GET, on a turn that is taken anew if its moment is gone once there is a connection.

        Raises:
            TimeoutError: it took `UPSTREAM_TIMEOUT_S`, without the wait for that turn.
            UpstreamThrottled: as `_wait_for_a_turn`.
        """
        timeout_s = self._settings.upstream_timeout_s

        async def on_time(event: str, _: object) -> None:
            if event == _SENDING and self._is_late(turn):
                patience.reschedule(None)
                await self._wait_for_a_turn(endpoint, deadline, turn)
                patience.reschedule(asyncio.get_running_loop().time() + timeout_s)

        with account().spending("upstream"):
            async with asyncio.timeout(timeout_s) as patience:
                return await self._client.get(path, extensions={"trace": on_time})

    async def _wait_for_a_turn(
        self, endpoint: str, deadline: float, missed: Turn | None = None
    ) -> Turn:
        """Take a turn at the endpoint, and return when its moment has come and not long gone.

        Raises:
            UpstreamThrottled: that is too late before the deadline to be of use.
        """
        with account().spending("budget"):
            turn = missed
            while turn is None or self._is_late(turn):
                left = deadline - asyncio.get_running_loop().time()
                until = self._clock() + max(0, left - LEAST_S)
                turn = await self._budget.take(endpoint, until, turn)
                await asyncio.sleep(turn.moment - self._clock())
            return turn

    def _is_late(self, turn: Turn) -> bool:
        return self._limited and self._clock() > turn.moment + LATE_S
