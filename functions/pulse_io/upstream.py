"""Asking pypistats.org without blocking: one client, and so one pool of connections, for all."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable
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
    body_reader,
    read_answer,
    read_recent,
    request_path,
)
from pulse_io.clients import open_client
from pulse_io.hold_off import HOLD_OFF_S, HoldOff
from pulse_io.rate_limit import (
    SOONEST_S,
    CallUnderWay,
    Clock,
    RateLimit,
    whole_seconds,
)
from pulse_io.settings import Settings
from pulse_io.window import LATE_MS

_log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 2
"""A connection that is not there by then is tried again while there is still time to."""

LATE_S: Final = LATE_MS / 1000
"""A call that much after its moment could come too close to the next one: it needs another moment."""

_SENDING: Final = "http11.send_request_headers.started"
"""What httpcore calls the moment when the connection is there and the request is about to go."""

LEAST_S: Final = 1.0
"""What a call needs at least: one that starts later before the deadline is of no use."""

LARGE_BYTES: Final = 500_000
"""A body that takes more than some 15 ms to parse. No true answer is as large."""

Now = Callable[[], dt.datetime]
"""The time of day, UTC."""


def utc_now() -> dt.datetime:
    """The time of day, UTC, in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def log_failure(package: PackageName, endpoint: str, problem: str, reason: str) -> None:
    """Write the line of which an alarm counts how often upstream fails."""
    told = {"problem": problem, "endpoint": str(endpoint), "package": package, "reason": reason}
    _log.warning("upstream failed", extra=told)


class Upstream:
    """pypistats.org, asked through a client that outlives invocations.

    Make one per process and use it on one event loop; it opens its first connection when it is
    first asked. A `deadline` is a moment on the event loop's clock; `transport` is what takes the
    place of the network, where there is to be none.
    """

    def __init__(
        self,
        settings: Settings,
        rate_limit: RateLimit,
        now: Now = utc_now,
        clock: Clock = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._rate_limit = rate_limit
        self._now = now
        self._clock = clock
        self._called: set[tuple[PackageName, str]] = set()
        self._hold_off = HoldOff(now, self._called)
        self._places = asyncio.Semaphore(settings.upstream_concurrency)
        self._client = open_client(
            settings.pypistats_url,
            settings.network,
            timeout=httpx.Timeout(
                settings.upstream_timeout_s,
                connect=min(CONNECT_TIMEOUT_S, settings.upstream_timeout_s),
            ),
            max_connections=settings.upstream_concurrency,
            transport=transport,
        )
        self._client.headers.update(REQUEST_HEADERS)

    async def fetch(self, package: PackageName, endpoint: Endpoint, deadline: float) -> FetchedRows:
        """All rows of one package on one endpoint.

        No call begins after the deadline. One that has begun goes on for `UPSTREAM_TIMEOUT_S` all the
        same: it has been counted, and its answer is of use to the next who asks.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        with self._hold_off.fetching((package, endpoint)):
            answer = await self._get(package, endpoint, deadline)
            try:
                if len(answer.body) > LARGE_BYTES:
                    # Others are not kept waiting.
                    return await asyncio.to_thread(read_answer, package, endpoint, answer)
                return read_answer(package, endpoint, answer)
            except UpstreamThrottled as refused:
                await self._leave_alone(package, endpoint, refused)
                raise

    async def fetch_known(
        self, package: PackageName, endpoint: Endpoint, deadline: float
    ) -> FetchedRows | None:
        """As `fetch`, `UPSTREAM_CONCURRENCY` at a time; None if it knows no such package.

        Raises:
            UpstreamProblem: it could not be used. It is in the log then, unless it was not asked.
        """
        self._hold_off.check()
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            raise await self.too_late(package, endpoint) from None
        try:
            return await self.fetch(package, endpoint, deadline)
        except UnknownPackage:
            return None
        except UpstreamThrottled:
            raise  # by the budget, which is no failure; or by upstream, which is in the log by now
        except UpstreamProblem as problem:
            log_failure(package, endpoint, problem.slug, problem.detail)
            raise
        finally:
            self._places.release()

    async def fetch_recent(self, package: PackageName, deadline: float) -> RecentDownloads:
        """Upstream's own sums of one package's last days; else as `fetch`."""
        with self._hold_off.fetching((package, RECENT)):
            answer = await self._get(package, RECENT, deadline)
            try:
                return read_recent(package, answer)
            except UpstreamThrottled as refused:
                await self._leave_alone(package, RECENT, refused)
                raise

    async def check(self, package: PackageName, endpoint: str, deadline: float) -> None:
        """Raise the problem if there can be no call by then, or upstream is being left alone."""
        self._hold_off.check()
        left_s = max(0, deadline - asyncio.get_running_loop().time() - LEAST_S)
        if self._rate_limit.wait_s(endpoint, package) > left_s:
            await self._rate_limit.look(endpoint)
        wait_s = self._rate_limit.wait_s(endpoint, package)
        if wait_s > left_s:
            raise UpstreamThrottled(whole_seconds(wait_s))

    async def with_retry_after(
        self, package: PackageName, endpoint: str, problem: UpstreamProblem
    ) -> UpstreamProblem:
        """The problem, with a `Retry-After` that is true: a call that can't be made now is reserved."""
        if isinstance(problem, UpstreamThrottled) and self._rate_limit.is_blocked(endpoint):
            problem = UpstreamTooSlow()  # calls that were made are what there is to wait for
        held_off_s = self._hold_off.left_s
        if not held_off_s:
            if not isinstance(problem, UpstreamThrottled | UpstreamTooSlow):
                return problem
            if self._is_calling(package, endpoint):
                return problem.after(SOONEST_S)  # the call goes on
        if not self._rate_limit.limited:
            return problem.after(held_off_s or problem.retry_after_s or SOONEST_S)
        with account().spending("budget"):
            wait_s = await self._rate_limit.reserve_s(endpoint, package, held_off_s)
        return problem.after(max(1, whole_seconds(wait_s)))

    async def too_late(self, package: PackageName, endpoint: str) -> UpstreamProblem:
        """Why there is no answer by a deadline: the endpoint may not be called, or is slow."""
        self._hold_off.deadline_passed()
        await self._rate_limit.look(endpoint)
        if not self._rate_limit.limited or self._is_calling(package, endpoint):
            return UpstreamTooSlow()
        wait_s = self._rate_limit.wait_s(endpoint, package)
        return UpstreamThrottled(max(SOONEST_S, whole_seconds(wait_s)))

    def _is_calling(self, package: PackageName, endpoint: str) -> bool:
        """Whether a call goes on for it, here or in another environment."""
        if (package, endpoint) in self._called:
            return True
        return self._rate_limit.is_unanswered(endpoint, package)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _leave_alone(
        self, package: PackageName, endpoint: str, refused: UpstreamThrottled
    ) -> None:
        log_failure(package, endpoint, refused.slug, refused.detail)
        await self._rate_limit.close(endpoint, refused.retry_after_s or THROTTLED_RETRY_AFTER_S)

    async def _get(self, package: PackageName, endpoint: str, deadline: float) -> UpstreamAnswer:
        """GET, and once more if the connection failed and there is still time."""
        loop = asyncio.get_running_loop()
        failure: UpstreamProblem | None = None
        for _ in range(MAX_ATTEMPTS):
            if loop.time() >= deadline:
                raise failure or UpstreamThrottled(SOONEST_S)
            try:
                moment = await self._wait_for_a_moment(package, endpoint, deadline)
                self._hold_off.check()
                return await self._call(package, endpoint, deadline, moment)
            except UpstreamThrottled as throttled:
                # What went wrong first says more than that there is no second try.
                raise failure or throttled from None
            except (TimeoutError, httpx.TimeoutException):
                failure = UpstreamTooSlow()
            except (httpx.ConnectError, httpx.ProxyError):
                failure = UpstreamUnreachable()
            except httpx.TransportError:
                failure = UpstreamBroken.because("it broke off")
            self._hold_off.no_answer((package, endpoint), failure)
        raise failure or UpstreamTooSlow()

    async def _call(
        self, package: PackageName, endpoint: str, deadline: float, moment: float
    ) -> UpstreamAnswer:
        """GET, at a moment that is taken anew if it is gone once there is a connection.

        Raises:
            TimeoutError: it took `UPSTREAM_TIMEOUT_S`, without the wait for that moment.
            UpstreamThrottled: as `_wait_for_a_moment`.
            UpstreamBroken: as `body_reader`.
        """
        timeout_s = self._settings.upstream_timeout_s

        async def on_time(event: str, _: object) -> None:
            if event == _SENDING and self._is_late(moment):
                patience.reschedule(None)
                self._called.discard((package, endpoint))
                call.pause()
                call.begin(await self._wait_for_a_moment(package, endpoint, deadline, moment))
                self._called.add((package, endpoint))
                patience.reschedule(asyncio.get_running_loop().time() + timeout_s)

        self._called.add((package, endpoint))
        self._hold_off.called((package, endpoint))
        try:
            with account().spending("upstream"):
                async with (
                    self._counting(package, endpoint, moment) as call,
                    asyncio.timeout(timeout_s) as patience,
                ):
                    path = request_path(package, endpoint)
                    try:
                        async with self._client.stream(
                            "GET", path, extensions={"trace": on_time}
                        ) as response:
                            call.answered()
                            self._hold_off.answered()
                            body = await _read_body(endpoint, response)
                    except (httpx.ReadTimeout, httpx.WriteTimeout):
                        raise TimeoutError from None
                    return UpstreamAnswer(response.status_code, response.headers, body, self._now())
        finally:
            self._called.discard((package, endpoint))

    def _counting(self, package: PackageName, endpoint: str, moment: float) -> CallUnderWay:
        # Upstream counts it when it is well again, even if nobody waits for it any more.
        longest_s = self._settings.upstream_timeout_s + HOLD_OFF_S
        return self._rate_limit.counting(endpoint, package, moment, longest_s)

    async def _wait_for_a_moment(
        self, package: PackageName, endpoint: str, deadline: float, missed: float | None = None
    ) -> float:
        """Return at a moment at which the endpoint may be called, and not long after it.

        Raises:
            UpstreamThrottled: that is too late before the deadline to be of use.
        """
        with account().spending("budget"):
            moment = missed
            while (
                moment is None
                or self._is_late(moment)
                or not await self._rate_limit.allows(endpoint, moment)
                or self._is_late(moment)  # it took long to know
            ):
                left = deadline - asyncio.get_running_loop().time()
                until = self._clock() + max(0, left - LEAST_S)
                moment = await self._rate_limit.take(endpoint, package, until, moment)
                await asyncio.sleep(moment - self._clock())
            return moment

    def _is_late(self, moment: float) -> bool:
        return self._rate_limit.limited and self._clock() > moment + LATE_S


async def _read_body(endpoint: str, response: httpx.Response) -> bytes:
    """The body of an answer on `endpoint`.

    Raises:
        UpstreamBroken: as `body_reader`.
    """
    try:
        body = body_reader(endpoint, response.status_code, response.headers)
        async for chunk in response.aiter_raw():
            body.feed(chunk)
            await asyncio.sleep(0)  # a thousand small chunks at once would keep others waiting
        return body.finish()
    finally:
        await response.aclose()
        # Response and stream refer to each other: both would stay until a full garbage collection.
        response.stream = httpx.ByteStream(b"")
