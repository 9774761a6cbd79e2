"""pypistats.org's limits: 5 requests a second and 30 a minute, per client address and endpoint."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

#: Requests allowed in a window of so many seconds; the shorter window is asked first.
LIMITS: Final = ((5, 1), (30, 60))


class Limits:
    """Counts requests in fixed windows; a window opens with the first request in it.

    A request that the second refuses does not count for the minute. All packages share an
    endpoint's count. One instance is one of pypistats.org's workers, each of which counts alone.
    """

    def __init__(self, clock: Callable[[], float], *, on: bool = True) -> None:
        """Start with nothing spent; `clock` gives seconds that never run backwards."""
        self._clock = clock
        self._on_at_start = on
        self._on = on
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str, int], tuple[float, int]] = {}

    @property
    def on(self) -> bool:
        """Whether anything is refused."""
        return self._on

    def switch(self, *, on: bool) -> None:
        """Begin to refuse, or cease to; either way nothing is spent any more."""
        with self._lock:
            self._on = on
            self._windows.clear()

    def admit(self, address: str, endpoint: str) -> bool:
        """Count a request and tell whether it may pass.

        Args:
            address: The client's IP address, without its port.
            endpoint: The endpoint asked for, of whatever package.
        """
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

    def reset(self) -> None:
        """Be as at the start: no request counted, on or off as it was then."""
        self.switch(on=self._on_at_start)
