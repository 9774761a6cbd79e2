"""Permits calls: each waits for the moment that its rate limit grants, then for a free place.

`UPSTREAM_CONCURRENCY` is the number of places. Waiting for a moment takes none.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from pulse.names import PackageName
from pulse.problems import UpstreamThrottled, UpstreamTooSlow
from pulse.request_log import request_log
from pulse_io.sources.health_check import HealthCheck
from pulse_io.sources.rate_limit import MIN_RETRY_S, RateLimit

MIN_CALL_S: Final = 1.0
"""A call that starts later than this before the deadline is of no use."""


class Permits:
    """Permits calls in one execution environment. A `deadline` is on the event loop's clock."""

    def __init__(self, places: int, health_check: HealthCheck) -> None:
        self.waiting = 0
        """How many calls wait for their permit."""
        self._places = asyncio.Semaphore(places)
        self.health_check = health_check

    @asynccontextmanager
    async def permit(
        self, limit: RateLimit, package: PackageName, deadline: float, *, priority: bool
    ) -> AsyncIterator[Callable[[], Awaitable[float]]]:
        """Wait until a call may be made, and hold a place for it.

        Yields a function to call just before the request is sent. It returns the granted moment; if that has
        passed meanwhile, it waits for another one and raises the same problems.

        Raises:
            UpstreamThrottled: no call is granted early enough before the deadline.
            UpstreamTooSlow: no place was free by the deadline.
        """

        async def next_moment(missed: float | None = None) -> float:
            with request_log().timed("rate_limit"):
                while True:
                    left_s = deadline - asyncio.get_running_loop().time() - MIN_CALL_S
                    until = limit.clock() + max(0, left_s)
                    missed = await limit.grant(package, until, missed, priority=priority)
                    if await self._is_due(limit, missed):
                        return missed

        async def moment_to_send() -> float:
            return await next_moment(moment) if limit.is_late(moment) else moment

        if asyncio.get_running_loop().time() >= deadline:
            raise UpstreamThrottled(MIN_RETRY_S)
        self.waiting += 1
        try:
            moment = await next_moment()
            await self._take_place(deadline)
            while limit.is_late(moment):
                self._places.release()
                moment = await next_moment(moment)
                await self._take_place(deadline)
        finally:
            self.waiting -= 1
        try:
            yield moment_to_send
        finally:
            self._places.release()

    async def _is_due(self, limit: RateLimit, moment: float) -> bool:
        """Wait for a granted moment. Returns whether the call may be made then."""
        if not await self.health_check.sleep_until(moment, limit):
            return False
        return await limit.permits(moment) and not limit.is_late(moment)

    async def _take_place(self, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            raise UpstreamTooSlow(MIN_RETRY_S) from None
