"""One call for all who want the same at the same time, in this execution environment and in others."""

import asyncio
import contextlib
import time
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

from pulse.account import account
from pulse.problems import UpstreamThrottled
from pulse_io.rate_limit import Clock

if TYPE_CHECKING:
    from pulse_io.leases import Leases

FIRST_PAUSE_S: Final = 0.125
LONGEST_PAUSE_S: Final = 1.0
"""Between two looks at another environment's lease, at most: each look costs a read."""

AT_ONCE: Final = 10
"""Leases that an environment holds or waits for at a time."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class TooLate(Exception):
    """The deadline came first."""


class Errand(Protocol[T_co]):
    """What someone wants, and how it is had."""

    async def find(self, *, consistent: bool) -> T_co | None:
        """What another environment may have left; `consistent` sees all that was left before."""

    async def check(self) -> None:
        """Raise `UpstreamThrottled` if there is no use in asking now."""

    async def ask(self) -> T_co:
        """Ask upstream, and leave the answer for others."""


class _Flight(NamedTuple):
    """What is being asked for, and until when at most."""

    task: asyncio.Task[Any]
    deadline: float


class Flights:
    """What is being asked for. Without leases, each environment goes by itself."""

    def __init__(self, leases: "Leases | None", clock: Clock = time.time) -> None:
        self._leases = leases
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[str, _Flight] = {}

    async def join(self, name: str, deadline: float, errand: Errand[T]) -> T:
        """Join who is already asking for it, or ask so that others can join.

        `deadline` is on the event loop's clock. Who has more time than those who were joined asks again
        when time was all they lacked.

        Raises:
            TooLate: it is not over by the deadline.
            UpstreamProblem: as the errand raises it, here or in another environment.
        """
        loop = asyncio.get_running_loop()
        while True:
            joined = self._under_way.get(name)
            flight = joined or self._take_off(name, deadline, errand)
            with account().spending("others") if joined else contextlib.nullcontext():
                # Whoever is cancelled here cancels it for nobody.
                await asyncio.wait((flight.task,), timeout=deadline - loop.time())
            if not flight.task.done():
                raise TooLate
            try:
                result: T = flight.task.result()
            except (TooLate, UpstreamThrottled):
                if flight.deadline >= deadline:
                    raise
            else:
                return result

    def _take_off(self, name: str, deadline: float, errand: Errand[T]) -> _Flight:
        task = asyncio.create_task(self._lead(name, deadline, errand))
        flight = self._under_way[name] = _Flight(task, deadline)
        task.add_done_callback(lambda done: self._forget(name, done))
        return flight

    def _forget(self, name: str, done: asyncio.Task[Any]) -> None:
        del self._under_way[name]
        if not done.cancelled():
            # Whoever waited may be gone by now; asyncio would log a failure that nobody looked at.
            done.exception()

    async def _lead(self, name: str, deadline: float, errand: Errand[T]) -> T:
        if self._leases is None:
            return await errand.ask()
        found = await errand.find(consistent=False)
        if found is not None:
            return found
        return await self._ask_or_wait(self._leases, name, deadline, errand)

    async def _ask_or_wait(
        self, leases: "Leases", name: str, deadline: float, errand: Errand[T]
    ) -> T:
        async with self._places:
            while (lease := await self._take(leases, name, deadline, errand)) is None:
                await self._wait(leases, name, deadline)
                found = await errand.find(consistent=True)
                if found is not None:
                    return found
            async with lease:
                # The holder before may have been done just before the lease was taken.
                found = await errand.find(consistent=True)
                return await errand.ask() if found is None else found

    @staticmethod
    async def _take(
        leases: "Leases", name: str, deadline: float, errand: Errand[T]
    ) -> AbstractAsyncContextManager[object] | None:
        """A lease, or None if another environment has it."""
        if asyncio.get_running_loop().time() >= deadline:
            raise TooLate
        try:
            await errand.check()
        except UpstreamThrottled:
            # No use in a lease; but another environment may have its answer soon.
            if await leases.is_held(name):
                return None
            raise
        return await leases.take(name)

    async def _wait(self, leases: "Leases", name: str, deadline: float) -> None:
        """Wait until another environment's lease is over; raises what made it fail."""
        loop = asyncio.get_running_loop()
        since, pause = self._clock(), FIRST_PAUSE_S
        with account().spending("others"):
            while await leases.is_held(name, since):
                # All who wait look at the very same moments: one request is for all of them.
                moment = (loop.time() // pause + 1) * pause
                if moment > deadline:
                    raise TooLate
                await _sleep_until(moment)
                pause = min(2 * pause, LONGEST_PAUSE_S)


async def _sleep_until(moment: float) -> None:
    """Sleep until a moment of the event loop's clock: those who name the same wake up together."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    waking = loop.call_at(moment, over.set_result, None)
    try:
        await over
    finally:
        waking.cancel()
