"""Calls to pypistats.org, within its limits: each waits for its moment and is tried twice at most.

Waiting takes no place among the calls that may be under way at once.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, TypeVar

import httpx

from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import (
    THROTTLED_RETRY_AFTER_S,
    Problem,
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
    UpstreamAnswer,
    body_reader,
    request_path,
)
from pulse.request_log import request_log
from pulse_io.clients import open_client
from pulse_io.clocks import Now
from pulse_io.settings import Settings
from pulse_io.sources.hold_off import HOLD_OFF_S, HoldOff
from pulse_io.sources.rate_limit import (
    LATE_S,
    SOONEST_S,
    CallUnderWay,
    RateLimit,
    whole_seconds,
)

_log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S: Final = 2
"""A connection that is not there by then is tried again while there is still time to."""

LEAST_S: Final = 1.0
"""What a call needs at least: one that starts later before the deadline is of no use."""

STALLED_S: Final = 3.2
"""How long calls may hang before a check: upstream's worker stalls for some three seconds now and then."""

HANGING_S: Final = 0.6
"""The same where a check was answered less than `CHECKED_S` ago: then it is the packages that hang."""

CHECKED_S: Final = 15.0

LARGE_BYTES: Final = 500_000
"""A body that takes more than some 10 ms to read. No true answer is as large."""

_SENDING: Final = "http11.send_request_headers.started"
"""What httpcore calls the moment when the connection is there and the request is about to go."""

T = TypeVar("T")
Call = tuple[PackageName, str]
"""A package and an endpoint."""


class _NoAnswer(Exception):
    """A call had no answer, for this reason."""

    def __init__(self, problem: UpstreamProblem) -> None:
        self.problem = problem


class Calls:
    """Makes calls through a client that outlives invocations; it connects when it is first used.

    A `deadline` is a moment on the event loop's clock. Calls for which `known` has an entry come first:
    there are counts of these packages already. `transport` takes the place of the network.
    """

    def __init__(
        self,
        settings: Settings,
        rate_limit: RateLimit,
        now: Now,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.known: set[Call] = set()
        self._settings = settings
        self._rate_limit = rate_limit
        self._now = now
        self._called: set[Call] = set()
        self._hold_off = HoldOff(now, self._called, self._may_be_called_yet)
        self._places = asyncio.Semaphore(settings.upstream_concurrency)
        self._waiting = 0
        self._check_up: asyncio.Task[None] | None = None
        self._checked_at = -math.inf
        self._client = open_client(
            settings.pypistats_url,
            settings.network,
            timeout=httpx.Timeout(
                settings.upstream_timeout_s,
                connect=min(CONNECT_TIMEOUT_S, settings.upstream_timeout_s),
            ),
            max_connections=settings.upstream_concurrency + 1,  # one for a check
            transport=transport,
        )
        self._client.headers.update(REQUEST_HEADERS)

    async def ask(self, call: Call, deadline: float, read: Callable[[UpstreamAnswer], T]) -> T:
        """What `read` makes of upstream's answer.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        self._hold_off.check()
        with self._hold_off.fetching(call):
            answer = await self._get(call, deadline)
            try:
                if len(answer.body) > LARGE_BYTES:
                    # Others are not kept waiting.
                    return await asyncio.to_thread(read, answer)
                return read(answer)
            except UpstreamThrottled as refused:
                _log_failure(call, refused)
                wait_s = refused.retry_after_s or THROTTLED_RETRY_AFTER_S
                await self._rate_limit.close(call[1], wait_s)
                raise
            except UpstreamProblem as problem:
                _log_failure(call, problem)
                raise

    async def check(self, call: Call, deadline: float, *, known: bool) -> None:
        """Raise the problem if there can be no call by then, or upstream is being left alone."""
        self._hold_off.check()
        package, endpoint = call
        left_s = max(0, deadline - asyncio.get_running_loop().time() - LEAST_S)
        if self._rate_limit.wait_s(endpoint, package, known=known) > left_s:
            await self._rate_limit.look(endpoint)
        wait_s = self._rate_limit.wait_s(endpoint, package, known=known)
        if wait_s > left_s:
            if known:
                await self._rate_limit.leave_to_known(endpoint)
            raise UpstreamThrottled(whole_seconds(wait_s))

    async def late(self, call: Call) -> UpstreamProblem:
        """Why a call has no answer by a deadline."""
        package, endpoint = call
        self._hold_off.deadline_passed()
        await self._rate_limit.look(endpoint)
        wait_s = whole_seconds(self._rate_limit.wait_s(endpoint, package))
        if not self._rate_limit.limited or self._is_calling(call):
            return UpstreamTooSlow()
        return UpstreamThrottled(max(SOONEST_S, wait_s))

    async def with_retry_after(
        self, call: Call, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        """The problem, with a `Retry-After` that is true: a call that can't be made now is reserved.

        Until `kept_s` seconds have passed, the problem is the answer to whoever asks again.
        """
        package, endpoint = call
        if isinstance(problem, UpstreamThrottled) and self._rate_limit.is_blocked(endpoint):
            problem = UpstreamTooSlow()  # calls that were made are what there is to wait for
        held_off_s = max(self._hold_off.left_s, kept_s)
        if not self._hold_off.left_s:
            if not isinstance(problem, UpstreamThrottled | UpstreamTooSlow):
                return problem.after(kept_s) if kept_s else problem
            if self._is_calling(call) and not kept_s:
                return problem.after(SOONEST_S)  # the call goes on
        if not self._rate_limit.limited:
            return problem.after(held_off_s or problem.retry_after_s or SOONEST_S)
        with request_log().timed("rate_limit"):
            wait_s = await self._rate_limit.reserve_s(
                endpoint, package, held_off_s, request_log().client
            )
        told = problem.after(max(1, whole_seconds(wait_s)))
        return told if self._rate_limit.is_reserved(endpoint, package) else told.not_reserved()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _get(self, call: Call, deadline: float) -> UpstreamAnswer:
        """GET, and once more if there was no answer, there is still time, and no other has to wait for it."""
        loop = asyncio.get_running_loop()
        failure: UpstreamProblem | None = None
        for _ in range(MAX_ATTEMPTS):
            if loop.time() >= deadline or (failure and (self._waiting or self._only_some_hang())):
                break
            try:
                return await self._attempt(call, deadline)
            except _NoAnswer as no_answer:
                failure = no_answer.problem
                if not (isinstance(failure, UpstreamTooSlow) and self._only_some_hang()):
                    self._hold_off.no_answer(call, failure)
            except UpstreamProblem:
                # What went wrong first says more than that there is no second try.
                if failure is None:
                    raise
                break
        if failure is None:
            raise UpstreamThrottled(SOONEST_S)
        _log_failure(call, failure)
        raise failure

    async def _attempt(self, call: Call, deadline: float) -> UpstreamAnswer:
        """One GET.

        Raises:
            _NoAnswer: there was none.
            UpstreamBroken: as `body_reader`.
            UpstreamProblem: no call could be made; as `_moment`, or upstream is being left alone.
        """
        try:
            async with self._place(call, deadline) as moment:
                self._hold_off.check()
                return await self._call(call, deadline, moment)
        except UpstreamBroken as problem:
            _log_failure(call, problem)
            raise
        except (TimeoutError, httpx.TimeoutException):
            raise _NoAnswer(UpstreamTooSlow()) from None
        except (httpx.ConnectError, httpx.ProxyError):
            raise _NoAnswer(UpstreamUnreachable()) from None
        except httpx.TransportError:
            raise _NoAnswer(UpstreamBroken.because("it broke off")) from None

    @asynccontextmanager
    async def _place(self, call: Call, deadline: float) -> AsyncIterator[float]:
        """One of the calls that may be under way at once, at a moment that has come; waiting takes none.

        Raises:
            UpstreamProblem: as `_moment`, or there is no place by the deadline.
        """
        moment: float | None = None
        self._waiting += 1
        try:
            while True:
                moment = await self._moment(call, deadline, moment)
                try:
                    async with asyncio.timeout_at(deadline):
                        await self._places.acquire()
                except TimeoutError:
                    raise UpstreamTooSlow(SOONEST_S) from None
                if not self._is_late(moment):
                    break
                self._places.release()
        finally:
            self._waiting -= 1
        try:
            yield moment
        finally:
            self._places.release()

    async def _call(self, call: Call, deadline: float, moment: float) -> UpstreamAnswer:
        """GET, at a moment that is taken anew if it is gone once there is a connection.

        Raises:
            TimeoutError: it took `UPSTREAM_TIMEOUT_S`, without the wait for that moment.
            UpstreamBroken: as `body_reader`.
            UpstreamProblem: as `_moment`.
        """
        timeout_s = self._settings.upstream_timeout_s

        async def on_time(event: str, _: object) -> None:
            if event == _SENDING and self._is_late(moment):
                patience.reschedule(None)
                self._called.discard(call)
                counted.pause()
                counted.begin(await self._moment(call, deadline, moment))
                self._called.add(call)
                patience.reschedule(asyncio.get_running_loop().time() + timeout_s)

        self._called.add(call)
        self._hold_off.called(call)
        try:
            with request_log().timed("upstream"):
                async with (
                    self._counted(call, moment) as counted,
                    asyncio.timeout(timeout_s) as patience,
                ):
                    async with self._stream(call, on_time) as response:
                        counted.answered()
                        self._hold_off.answered()
                        body = await _read_body(call[1], response)
                    return UpstreamAnswer(response.status_code, response.headers, body, self._now())
        finally:
            self._called.discard(call)

    @asynccontextmanager
    async def _stream(
        self, call: Call, trace: Callable[..., object]
    ) -> AsyncIterator[httpx.Response]:
        path = request_path(*call)
        try:
            async with self._client.stream("GET", path, extensions={"trace": trace}) as response:
                yield response
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise TimeoutError from None

    def _counted(self, call: Call, moment: float) -> CallUnderWay:
        # Upstream counts it when it is well again, even if nobody waits for it any more.
        longest_s = self._settings.upstream_timeout_s + HOLD_OFF_S
        package, endpoint = call
        return self._rate_limit.counting(endpoint, package, moment, longest_s)

    async def _moment(self, call: Call, deadline: float, missed: float | None) -> float:
        """Return at a moment at which the endpoint may be called, and not long after it.

        Raises:
            UpstreamThrottled: that is too late before the deadline to be of use.
        """
        package, endpoint = call
        with request_log().timed("rate_limit"):
            moment, is_due = missed, True
            while (
                moment is None
                or not is_due
                or self._is_late(moment)
                or not await self._rate_limit.allows(endpoint, moment)
                or self._is_late(moment)  # it took long to know
            ):
                left = deadline - asyncio.get_running_loop().time()
                until = self._rate_limit.clock() + max(0, left - LEAST_S)
                moment = await self._rate_limit.take(
                    endpoint, package, until, moment, known=call in self.known
                )
                is_due = await self._is_due(endpoint, moment)
            return moment

    async def _is_due(self, endpoint: str, moment: float) -> bool:
        """Wait for a granted moment. False: by a check there may be an earlier one."""
        while (left_s := moment - self._rate_limit.clock()) > 0:
            blocked_s = self._rate_limit.blocked_s(endpoint)
            if blocked_s is None:
                await asyncio.sleep(left_s)
                break
            due_s = (HANGING_S if self._only_some_hang() else STALLED_S) - blocked_s
            if due_s > 0:
                await asyncio.sleep(min(due_s, left_s))
                continue
            if self._check_up is None or self._check_up.done():
                self._check_up = asyncio.create_task(self._check_upstream(endpoint))
            await asyncio.wait([self._check_up], timeout=left_s)
            if self._rate_limit.blocked_s(endpoint) is None:
                return False
            await asyncio.sleep(moment - self._rate_limit.clock())
        return True

    def _may_be_called_yet(self) -> bool:
        """Whether some wait for their call, and no check is without an answer so far."""
        return self._waiting > 0 and (self._check_up is None or self._check_up.done())

    def _only_some_hang(self) -> bool:
        """Whether a check has been answered lately, so that calls hang for the packages that they are for."""
        return asyncio.get_running_loop().time() < self._checked_at + CHECKED_S

    async def _check_upstream(self, endpoint: str) -> None:
        """See whether upstream answers on another endpoint, which has a limit of its own."""
        limit, call = self._rate_limit, (ALL_OF_PYPI, RECENT)
        await limit.look(RECENT)
        if endpoint == RECENT or self._is_calling(call):
            return
        try:
            moment = await limit.take(RECENT, ALL_OF_PYPI, limit.clock())
            with request_log().timed("upstream"):
                async with (
                    self._counted(call, moment) as counted,
                    asyncio.timeout(self._settings.upstream_timeout_s),
                    self._stream(call, _untraced) as response,
                ):
                    counted.answered()
                    self._hold_off.answered()
                    await _read_body(RECENT, response)
        except (UpstreamProblem, TimeoutError, httpx.TransportError):
            return
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            await limit.close(RECENT, THROTTLED_RETRY_AFTER_S)
        elif response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._checked_at = asyncio.get_running_loop().time()
            await limit.answer_before(endpoint, moment)

    def _is_late(self, moment: float) -> bool:
        return self._rate_limit.limited and self._rate_limit.clock() > moment + LATE_S

    def _is_calling(self, call: Call) -> bool:
        """Whether it goes on, here or in another environment."""
        package, endpoint = call
        return call in self._called or self._rate_limit.is_unanswered(endpoint, package)


async def _untraced(*_: object) -> None:
    """Learn nothing of how a request comes along."""


def _log_failure(call: Call, problem: Problem) -> None:
    """Write the line of which an alarm counts how often upstream fails."""
    package, endpoint = call
    told = {
        "problem": problem.slug,
        "endpoint": str(endpoint),
        "package": package,
        "reason": problem.detail,
    }
    _log.warning("upstream failed", extra=told)


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
