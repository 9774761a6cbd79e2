"""Tells clients why a call can't be made in time, and when to retry."""

import asyncio
from collections.abc import Callable

from pulse.problems import UpstreamProblem, UpstreamThrottled, UpstreamTooSlow
from pulse.request_log import request_log
from pulse_io.sources.hold_off import HoldOff
from pulse_io.sources.permits import MIN_CALL_S
from pulse_io.sources.rate_limit import MIN_RETRY_S, RateLimit, whole_seconds
from pulse_io.sources.upstream import Call, Upstream


class Refusals:
    """Refuses calls with an accurate `Retry-After`. A `deadline` is a time on the event loop's clock."""

    def __init__(
        self, upstream: Upstream, limit_of: Callable[[str], RateLimit], hold_off: HoldOff
    ) -> None:
        self._upstream = upstream
        self._limit_of = limit_of
        self._hold_off = hold_off

    async def refusal(
        self, call: Call, deadline: float, *, priority: bool
    ) -> UpstreamProblem | None:
        """Why there can be no call by the deadline, as far as it is known; else None."""
        if problem := self._hold_off.problem:
            return problem
        package, endpoint = call
        limit = self._limit_of(endpoint)
        left_s = max(0, deadline - asyncio.get_running_loop().time() - MIN_CALL_S)
        if limit.wait_s(package, priority=priority) > left_s:
            await limit.refresh()
        wait_s = limit.wait_s(package, priority=priority)
        if wait_s <= left_s:
            return None
        if priority:
            await limit.prioritise()
        return UpstreamThrottled(whole_seconds(wait_s))

    async def late(self, call: Call) -> UpstreamProblem:
        """Why a call has no answer by a deadline."""
        package, endpoint = call
        limit = self._limit_of(endpoint)
        self._hold_off.deadline_passed()
        await limit.refresh()
        if not limit.limited or self._is_in_progress(call):
            return UpstreamTooSlow()
        return UpstreamThrottled(max(MIN_RETRY_S, whole_seconds(limit.wait_s(package))))

    async def with_retry_after(
        self, call: Call, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        """As `pulse_io.sources.Source`, for a call."""
        package, endpoint = call
        limit = self._limit_of(endpoint)
        if isinstance(problem, UpstreamThrottled) and limit.window.blocked_ms is not None:
            problem = UpstreamTooSlow()  # the calls that have no answer are the reason
        held_off_s = self._hold_off.left_s
        after_s = max(held_off_s, kept_s)
        if not held_off_s:
            if not isinstance(problem, UpstreamThrottled | UpstreamTooSlow):
                return problem.after(kept_s) if kept_s else problem
            if self._is_in_progress(call) and not kept_s:
                return problem.after(MIN_RETRY_S)
        if not limit.limited:
            return problem.after(after_s or problem.retry_after_s or MIN_RETRY_S)
        with request_log().timed("rate_limit"):
            wait_s = await limit.reserve_s(package, after_s, request_log().client)
        problem = problem.after(max(1, whole_seconds(wait_s)))
        return problem if package in limit.window.reservations else problem.not_reserved()

    def _is_in_progress(self, call: Call) -> bool:
        """Whether the call is in progress, here or in another environment."""
        package, endpoint = call
        window = self._limit_of(endpoint).window
        return call in self._upstream.in_progress or window.is_unanswered(package)
