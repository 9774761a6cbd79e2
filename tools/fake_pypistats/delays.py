"""How long an answer is held back: a latency for all, more for some, and jitter."""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from tools.fake_pypistats.chance import chance
from tools.fake_pypistats.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.fake_pypistats.routes import Question

_MS_PER_S: Final = 1000
_PARTS: Final = 3  # MS:ENDPOINT:PACKAGE


@dataclass(frozen=True, slots=True)
class Slow:
    """So many milliseconds more for the questions in the scope."""

    latency_ms: float
    scope: Scope

    @classmethod
    def parse(cls, spec: str) -> Self:
        """Read `MS[:ENDPOINT[:PACKAGE]]`, such as `800:overall:requests`.

        Raises:
            ValueError: The spec is malformed; the message tells where.
        """
        ms, *parts = spec.split(":")
        if len(parts) >= _PARTS:
            raise ValueError(f"too many parts in {spec!r}: write MS:ENDPOINT:PACKAGE")
        return cls(milliseconds(ms), Scope.parse(parts))


def milliseconds(text: str) -> float:
    """Read a time from 0 up.

    Raises:
        ValueError: It is not a number, or negative, or without end.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{text!r} is not a time in milliseconds: write a number from 0")
    return value


class Delays:
    """Tells how long to hold back each answer, the same in every run with the same seed."""

    def __init__(self, latency_ms: float, jitter_ms: float, slow: Iterable[str], seed: int) -> None:
        """Take the delays.

        Args:
            latency_ms: What every answer waits.
            jitter_ms: The most that is added to it, evenly spread from 0.
            slow: Specs as `Slow.parse` reads them; all that cover a question are added.
            seed: What the jitter is drawn by.
        """
        self._latency_ms_at_start = latency_ms
        self._latency_ms = latency_ms
        self._jitter_ms = jitter_ms
        self._slow = [Slow.parse(spec) for spec in slow]
        self._seed = seed
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()

    @property
    def latency_ms(self) -> float:
        """What every answer waits."""
        return self._latency_ms

    @latency_ms.setter
    def latency_ms(self, latency_ms: float) -> None:
        """Let every answer from now on wait so long."""
        self._latency_ms = latency_ms

    def seconds(self, target: str, question: Question | None) -> float:
        """Tell how long the next answer to this target is held back.

        The jitter goes by the target and how often it was asked for, so that it does not depend
        on which of two simultaneous requests comes first.
        """
        with self._lock:
            self._seen[target] += 1
            nth = self._seen[target]
        delay_ms = self._latency_ms + self._jitter_ms * chance(self._seed, target, nth)
        if question is not None:
            delay_ms += sum(each.latency_ms for each in self._slow if each.scope.covers(question))
        return delay_ms / _MS_PER_S

    def reset(self) -> None:
        """Be as at the start: its latency, and the jitter from its beginning."""
        with self._lock:
            self._latency_ms = self._latency_ms_at_start
            self._seen.clear()
