"""Who wants a call to upstream and has not had it: who comes back later comes after all of them.

This does no I/O. An execution environment knows of its own requests alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from cachetools import TLRUCache

from pulse.problems import UpstreamProblem

COMING_BACK_S: Final = 10
"""How long those are counted who left without being told when to come back."""

_MOST: Final = 1000
"""Beyond what any promise is worked out from."""


class Demand:
    """What is wanted of each endpoint: what is asked for now, and what callers will come back for."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asked_for: defaultdict[str, set[str]] = defaultdict(set)
        self._put_off: defaultdict[str, TLRUCache[str, float]] = defaultdict(self._until)

    @contextmanager
    def wanting(self, endpoint: str, name: str) -> Iterator[None]:
        """Count `name` for the length of the block; if that fails, until it is asked for again."""
        asked_for, put_off = self._asked_for[endpoint], self._put_off[endpoint]
        asked_for.add(name)
        put_off.pop(name, None)
        try:
            yield
        except Exception as failure:
            told_s = failure.retry_after_s if isinstance(failure, UpstreamProblem) else None
            put_off[name] = self._clock() + (told_s or COMING_BACK_S)
            raise
        finally:
            asked_for.discard(name)

    def count(self, endpoint: str) -> int:
        """How many are wanted of the endpoint."""
        return len(self._asked_for[endpoint]) + len(self._put_off[endpoint])

    def _until(self) -> TLRUCache[str, float]:
        return TLRUCache(_MOST, ttu=lambda _name, until, _now: until, timer=self._clock)
