"""Fetches from pypistats.org: makes a call, or two if the first has no answer, and parses the answer."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, TypeVar

from pulse.problems import (
    THROTTLED_RETRY_AFTER_S,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from pulse.pypistats import MAX_ATTEMPTS, UpstreamAnswer
from pulse_io.sources.hold_off import Fetch, HoldOff
from pulse_io.sources.permits import Permits
from pulse_io.sources.rate_limit import MIN_RETRY_S, RateLimit
from pulse_io.sources.upstream import Call, CallFailed, Upstream

_log = logging.getLogger(__name__)

LARGE_BYTES: Final = 500_000
"""Parsing a larger body takes more than 10 ms, so it is done in a thread. No real response is as large."""

T = TypeVar("T")
Parse = Callable[[UpstreamAnswer], T]
"""Parses an answer; raises `UnknownPackage` or `UpstreamProblem`."""


class Calls:
    """Fetches within the rate limits. A `deadline` is a time on the event loop's clock."""

    def __init__(
        self,
        upstream: Upstream,
        limit_of: Callable[[str], RateLimit],
        hold_off: HoldOff,
        permits: Permits,
    ) -> None:
        self._upstream = upstream
        self._limit_of = limit_of
        self._hold_off = hold_off
        self._permits = permits

    async def fetch(
        self, call: Call, deadline: float, parse: Parse[T], *, priority: bool = False
    ) -> T:
        """The parsed answer to a call.

        Raises:
            UnknownPackage: upstream does not know the package.
            UpstreamThrottled: no call could be made in time, or upstream refused it.
            UpstreamProblem: upstream failed, or is left alone after a failure.
        """
        package, endpoint = call
        limit = self._limit_of(endpoint)
        with self._hold_off.fetching(package) as fetch:
            answer = await self._get(call, limit, deadline, fetch, priority=priority)
            try:
                if len(answer.body) > LARGE_BYTES:
                    return await asyncio.to_thread(parse, answer)
                return parse(answer)
            except UpstreamProblem as problem:
                _log_failure(call, problem)
                if isinstance(problem, UpstreamThrottled):
                    await limit.close(problem.retry_after_s or THROTTLED_RETRY_AFTER_S)
                raise

    async def _get(
        self, call: Call, limit: RateLimit, deadline: float, fetch: Fetch, *, priority: bool
    ) -> UpstreamAnswer:
        """GET, and once more if there was no answer and no other call has to wait for it."""
        failure: UpstreamProblem | None = None
        for _ in range(MAX_ATTEMPTS):
            try:
                async with self._permits.permit(
                    limit, call[0], deadline, priority=priority
                ) as moment_to_send:
                    self._hold_off.check()
                    if fetch.answers_before is None:
                        fetch.answers_before = self._upstream.answers
                    return await self._upstream.get(call, limit, moment_to_send)
            except CallFailed as failed:
                failure = failed.problem
                if failed.is_answered:
                    break
                is_upstreams = not (failed.was_frozen or self._is_package_slow(failure))
                fetch.failure = failure if is_upstreams else None
            except UpstreamProblem:
                if failure is None:
                    raise
            if self._permits.waiting or self._permits.health_check.answered_lately:
                break
        failure = failure or UpstreamThrottled(MIN_RETRY_S)
        _log_failure(call, failure)
        raise failure

    def _is_package_slow(self, failure: UpstreamProblem) -> bool:
        """Whether a timeout may be due to the package alone.

        A health check was answered lately, so upstream is healthy; or a waiting call will tell.
        """
        check = self._permits.health_check
        others_follow = self._permits.waiting > 0 and not check.in_progress
        return isinstance(failure, UpstreamTooSlow) and (check.answered_lately or others_follow)


def _log_failure(call: Call, problem: UpstreamProblem) -> None:
    """Write the log line that an alarm counts."""
    package, endpoint = call
    fields = {
        "problem": problem.slug,
        "endpoint": str(endpoint),
        "package": package,
        "reason": problem.reason,
    }
    _log.warning("upstream failed", extra=fields)
