"""Checks upstream while slow calls block an endpoint: does upstream stall, or only some packages?

Slow calls may be counted at any time, so enough of them block all other calls to their endpoint. If upstream
answers another endpoint, it does not stall; then it has counted the slow calls, and others may go on.
"""

import asyncio
import math
from http import HTTPStatus
from typing import Final

from pulse.problems import THROTTLED_RETRY_AFTER_S, UpstreamProblem
from pulse_io.sources.rate_limit import RateLimit
from pulse_io.sources.upstream import HEALTH_CHECK, CallFailed, Upstream

STALL_MS: Final = 3200
"""How long calls may block others before a check: upstream sometimes stalls for about three seconds."""

SHORT_STALL_MS: Final = 600
"""As `STALL_MS`, if a check was answered less than `HEALTHY_S` ago: then the packages are slow."""

HEALTHY_S: Final = 15.0


class HealthCheck:
    """Checks upstream with a call to `recent` of `__all__`, which has the rate limit `recent`."""

    def __init__(self, upstream: Upstream, recent: RateLimit) -> None:
        self._upstream = upstream
        self._recent = recent
        self._check: asyncio.Task[None] | None = None
        self._answered_at = -math.inf

    @property
    def answered_lately(self) -> bool:
        """Whether upstream answered a check, so that slow calls are due to their packages."""
        return asyncio.get_running_loop().time() < self._answered_at + HEALTHY_S

    @property
    def in_progress(self) -> bool:
        """Whether a check waits for its answer."""
        return self._check is not None and not self._check.done()

    async def sleep_until(self, moment: float, limit: RateLimit) -> bool:
        """Sleep until `moment`. Returns False earlier if a check has ended the blocking of this limit."""
        while (left_s := moment - limit.clock()) > 0:
            blocked_ms = limit.window.blocked_ms
            if blocked_ms is None:
                await asyncio.sleep(left_s)
                break
            due_ms = (SHORT_STALL_MS if self.answered_lately else STALL_MS) - blocked_ms
            if due_ms > 0:
                await asyncio.sleep(min(due_ms / 1000, left_s))
                continue
            if self._check is None or self._check.done():
                self._check = asyncio.create_task(self._run(limit))
            await asyncio.wait([self._check], timeout=left_s)
            if limit.window.blocked_ms is None:
                return False
            await asyncio.sleep(moment - limit.clock())
        return True

    async def _run(self, blocked: RateLimit) -> None:
        """Check once, and tell the blocked limit of an answer."""
        package, _ = HEALTH_CHECK
        await self._recent.refresh()
        if (
            blocked is self._recent
            or HEALTH_CHECK in self._upstream.in_progress
            or self._recent.window.is_unanswered(package)
        ):
            return

        async def granted() -> float:
            return moment

        try:
            moment = await self._recent.grant(package, self._recent.clock())
            answer = await self._upstream.get(HEALTH_CHECK, self._recent, granted)
        except (UpstreamProblem, CallFailed):
            return
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            await self._recent.close(THROTTLED_RETRY_AFTER_S)
        elif answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._answered_at = asyncio.get_running_loop().time()
            window = blocked.window
            earlier = [call for call in window.unanswered if call.moment < moment * 1000]
            await asyncio.gather(
                *(blocked.record(call._replace(counted_by=window.now)) for call in earlier)
            )
