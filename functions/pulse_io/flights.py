"""One call for all who want the same at the same time, in this execution environment and in others."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from pulse_io.budget import Clock

if TYPE_CHECKING:
    from pulse_io.leases import Leases

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 1.0
"""Between two looks at another environment's lease: each look costs a read, and time to sign it."""

AT_ONCE: Final = 10
"""Leases that an environment holds or waits for at a time."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class TooLate(Exception):
    """The deadline came first."""


class Find(Protocol[T_co]):
    """Looks for what another environment may have left by now."""

    async def __call__(self, *, consistent: bool) -> T_co | None:
        """It, or None; `consistent` sees all that was left before."""


class Flights:
    """What is being asked for. Without leases, each environment goes by itself."""

    def __init__(self, leases: "Leases | None", clock: Clock = time.time) -> None:
        self._leases = leases
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[str, asyncio.Task[Any]] = {}

    async def join(
        self, name: str, deadline: float, find: Find[T], ask: Callable[[], Awaitable[T]]
    ) -> T:
        """Join who is already asking for it, or ask so that others can join.

        `ask` is called only where `find` finds nothing. `deadline` is on the event loop's clock.

        Raises:
            TooLate: it is not over by the deadline.
        """
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(self._lead(name, deadline, find, ask))
            self._under_way[name] = task
            task.add_done_callback(lambda done: self._forget(name, done))
        try:
            async with asyncio.timeout_at(deadline):
                result: T = await asyncio.shield(task)
                return result
        except TimeoutError:
            raise TooLate from None

    def _forget(self, name: str, done: asyncio.Task[Any]) -> None:
        del self._under_way[name]
        if not done.cancelled():
            # Whoever waited may be gone by now; asyncio would log a failure that nobody looked at.
            done.exception()

    async def _lead(
        self, name: str, deadline: float, find: Find[T], ask: Callable[[], Awaitable[T]]
    ) -> T:
        if self._leases is None:
            return await ask()
        found = await find(consistent=False)
        if found is not None:
            return found
        async with self._places:
            while (lease := await self._leases.take(name)) is None:
                await self._wait(self._leases, name, deadline)
                found = await find(consistent=True)
                if found is not None:
                    return found
            return await self._ask_alone(lease, find, ask)

    @staticmethod
    async def _ask_alone(
        lease: AbstractAsyncContextManager[object], find: Find[T], ask: Callable[[], Awaitable[T]]
    ) -> T:
        async with lease:
            # The holder before may have been done just before the lease was taken.
            found = await find(consistent=True)
            return await ask() if found is None else found

    async def _wait(self, leases: "Leases", name: str, deadline: float) -> None:
        """Wait until another environment's lease is over; raises what made it fail."""
        loop = asyncio.get_running_loop()
        since, pause = self._clock(), FIRST_PAUSE_S
        while await leases.is_held(name, since):
            if loop.time() + pause > deadline:
                raise TooLate
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
