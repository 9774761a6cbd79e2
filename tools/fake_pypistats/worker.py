"""The worker that processes requests, one at a time: while it stalls they queue up."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Worker:
    """Stalls when it is told to. What came meanwhile is processed, and counted, when it wakes up.

    That includes requests whose clients have left: they are in its queue all the same.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start awake; `clock` gives seconds that never run backwards."""
        self._clock = clock
        self._lock = threading.Lock()
        self._stalls_until = 0.0

    def stall(self, seconds: float) -> None:
        """Stall from now on for so long, or for what is left of an earlier stall if that is longer."""
        with self._lock:
            self._stalls_until = max(self._stalls_until, self._clock() + seconds)

    def wake(self) -> None:
        """Stall no longer."""
        with self._lock:
            self._stalls_until = 0.0

    @property
    def stalls_for_s(self) -> float:
        """Seconds until it wakes up; 0 if it is awake."""
        with self._lock:
            return max(0.0, self._stalls_until - self._clock())
