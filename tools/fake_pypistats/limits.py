"""pypistats.org's limits: 5 requests a second and 30 a minute, per client address and endpoint."""

import threading
from collections.abc import Callable
from typing import Final

#: Requests allowed in a window of so many seconds; the shorter window is checked first.
LIMITS: Final = ((5, 1), (30, 60))


class Limits:
    """Counts requests in fixed windows; a window opens with the first request in it.

    A request that the second refuses does not count for the minute. All packages share an endpoint's count.
    `clock` gives seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float], *, on: bool = True) -> None:
        self._clock = clock
        self._on = on
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str, int], tuple[float, int]] = {}

    @property
    def on(self) -> bool:
        """Whether anything is refused."""
        return self._on

    def switch(self, *, on: bool) -> None:
        """Switch them on or off; either way all counts start at 0."""
        with self._lock:
            self._on = on
            self._windows.clear()

    def admit(self, address: str, endpoint: str) -> bool:
        """Count a request from an IP address to an endpoint; False if it is to be refused."""
        with self._lock:
            if not self._on:
                return True
            now = self._clock()
            for allowed, seconds in LIMITS:
                key = (address, endpoint, seconds)
                end, count = self._windows.get(key, (now, 0))
                if now >= end:
                    end, count = now + seconds, 0
                self._windows[key] = (end, count + 1)
                if count >= allowed:
                    return False
            return True
