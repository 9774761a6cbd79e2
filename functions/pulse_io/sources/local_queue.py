"""Keeps the queue of queries in memory, for one environment without a table."""

from collections.abc import Callable
from typing import TypeVar

from pulse_io.clocks import Clock
from pulse_io.sources.query_queue import QueryQueue

T = TypeVar("T")
Change = Callable[[QueryQueue], tuple[QueryQueue, T]]
"""Changes a queue, and returns a result with it. It may be called several times."""


class LocalQueue:
    """The queue of one environment, without a table."""

    def __init__(self, per_hour: int, clock: Clock) -> None:
        self.clock = clock
        self._queue = QueryQueue(per_hour)

    @property
    def queue(self) -> QueryQueue:
        """The queue now, as far as it is known."""
        return self._queue.at(self.clock())

    async def change(self, change: Change[T]) -> T:
        """Change the queue; returns the result of the change that was kept."""
        self._queue, result = change(self.queue)
        return result

    async def refresh(self, max_age_s: float) -> None:
        """Update what is known about the queue, if it is older than this."""
