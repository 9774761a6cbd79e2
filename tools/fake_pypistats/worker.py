"""The worker that processes requests; requests queue up while it stalls."""

import threading
import time
from collections.abc import Callable


class Worker:
    """Stalls on request. When it wakes up it processes, and counts, what has queued up.

    That includes requests whose clients have left: they are still in its queue.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._stalls_until = 0.0

    def stall(self, seconds: float) -> None:
        """Stall from now on for at least so many seconds; a longer stall goes on."""
        with self._lock:
            self._stalls_until = max(self._stalls_until, self._clock() + seconds)

    def wake(self) -> None:
        """End the stall."""
        self._stalls_until = 0.0

    @property
    def stalls_for_s(self) -> float:
        """Seconds until it wakes up; 0 if it is awake."""
        return max(0.0, self._stalls_until - self._clock())
