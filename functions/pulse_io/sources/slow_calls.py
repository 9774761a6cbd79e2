"""Records slow calls in a rate limit: upstream may count one at any time until its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pulse_io.sources.rate_limit import RateLimit, milliseconds
from pulse_io.sources.window import MARGIN_MS, SlowCall

MAX_RECORDING_S: Final = 1.0
"""How long the answer to a slow call is held back until other environments can know of it."""


class CallWatch:
    """Watches one call for `name`. Without an answer, upstream counts it within `max_s` seconds."""

    def __init__(self, limit: RateLimit, name: str, max_s: float) -> None:
        self._limit = limit
        self._name = name
        self._max_s = max_s
        self._is_answered: asyncio.Future[bool] | None = None
        self._watching: asyncio.Task[None] | None = None

    def sent(self, moment: float) -> None:
        """The call is sent now, as granted for `moment`. If it was not sent before, start again."""
        if self._watching:
            self._watching.cancel()
        self._is_answered = asyncio.get_running_loop().create_future()
        self._watching = asyncio.create_task(self._watch(moment, self._is_answered))

    def ended(self, *, answered: bool) -> None:
        """If answered, upstream has counted the call; if not, nobody waits for it any more."""
        if self._is_answered and not self._is_answered.done():
            self._is_answered.set_result(answered)

    async def recorded(self) -> None:
        """Wait until the answer to a slow call is recorded."""
        if self._watching and self._is_answered and self._is_answered.result():
            await asyncio.wait([self._watching], timeout=MAX_RECORDING_S)

    async def _watch(self, moment: float, is_answered: asyncio.Future[bool]) -> None:
        clock = self._limit.clock
        await asyncio.wait([is_answered], timeout=moment + MARGIN_MS / 1000 - clock())
        if is_answered.done() and is_answered.result():
            return
        call = SlowCall(self._name, milliseconds(moment), milliseconds(moment + self._max_s))
        await self._limit.record(call)
        if await is_answered:
            await self._limit.record(call._replace(counted_by=milliseconds(clock())))


@asynccontextmanager
async def watched(limit: RateLimit, name: str, max_s: float) -> AsyncIterator[CallWatch]:
    """Watch a call that is made in the block; `TimeoutError` means that it has no answer."""
    watch = CallWatch(limit, name, max_s)
    try:
        yield watch
    except (TimeoutError, asyncio.CancelledError):
        watch.ended(answered=False)
        raise
    finally:
        watch.ended(answered=True)
        await watch.recorded()
