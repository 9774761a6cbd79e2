"""The polite budget: how many calls upstream may get from here in a second and in a minute.

It is this execution environment's own.
"""

import math
from collections import deque
from collections.abc import Callable

from pulse.problems import UpstreamThrottled

Clock = Callable[[], float]
"""Seconds that only ever grow."""

MARGIN_S = 0.25
"""What is added to each span: calls do not all take equally long to get to where they are counted."""

SECOND_S = 1 + MARGIN_S
MINUTE_S = 60 + MARGIN_S


class Budget:
    """Tokens for calls to upstream, a number a second and another a minute; 0 means no limit.

    A token comes back a second or a minute, and a margin, after the call that took it. So no span of that
    length, wherever upstream's own count starts, ever sees more calls than that.
    """

    def __init__(self, per_second: int, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._limits = [
            (span_s, deque[float](maxlen=limit))
            for span_s, limit in ((SECOND_S, per_second), (MINUTE_S, per_minute))
            if limit
        ]

    def take(self, until: float) -> float:
        """Take the next token that there is, for a call at the moment that is returned.

        The moment is now, or later by when tokens come back. `until` is the last moment, on the
        clock, at which a call is still of use.

        Raises:
            UpstreamThrottled: there is none by then; it says when there will be. None is taken.
        """
        now = self._clock()
        moment = max([now, *(self._free_at(calls, span_s) for span_s, calls in self._limits)])
        if moment > until:
            raise UpstreamThrottled(math.ceil(moment - now))
        for _, calls in self._limits:
            calls.append(moment)
        return moment

    @staticmethod
    def _free_at(calls: deque[float], span_s: float) -> float:
        """When the oldest of as many calls as are allowed has been long enough ago."""
        return calls[0] + span_s if len(calls) == calls.maxlen else 0
