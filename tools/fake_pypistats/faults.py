"""Faults to inject: what goes wrong, for which requests, and how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from tools.fake_pypistats.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.fake_pypistats.routes import Question

_PARTS: Final = 4  # KIND:ENDPOINT:PACKAGE:COUNT


class FaultKind(StrEnum):
    """The ways in which an answer can go wrong."""

    TOO_MANY_REQUESTS = "429"
    SERVER_ERROR = "500"
    HANG = "hang"
    DRIP = "drip"
    TRUNCATED = "truncated"
    HTML = "html"
    NOT_JSON = "not-json"
    DROPPED = "dropped"
    HALF_LOADED = "half-loaded"


#: What a client sees of each kind.
MEANINGS: Final[dict[FaultKind, str]] = {
    FaultKind.TOO_MANY_REQUESTS: "429 with HTML, as beyond the limits",
    FaultKind.SERVER_ERROR: "500 with HTML",
    FaultKind.HANG: "no answer at all, until the client leaves",
    FaultKind.DRIP: "the right answer, its body one byte every half second",
    FaultKind.TRUNCATED: "half of the body that Content-Length promises, then the end",
    FaultKind.HTML: "200 with an HTML page",
    FaultKind.NOT_JSON: "200 that calls itself application/json and is not JSON",
    FaultKind.DROPPED: "the connection is reset in place of an answer",
    FaultKind.HALF_LOADED: "the newest day lacks its last category",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault, the questions it strikes, and how many of them (None: all)."""

    kind: FaultKind
    scope: Scope
    count: int | None = None

    @classmethod
    def parse(cls, spec: str) -> Self:
        """Read `KIND[:ENDPOINT[:PACKAGE[:COUNT]]]`, such as `dropped:overall:requests:1`.

        Raises:
            ValueError: The spec is malformed; the message tells where.
        """
        kind, *parts = spec.split(":")
        if kind not in set(FaultKind):
            raise ValueError(f"unknown fault {kind!r}: choose from {', '.join(FaultKind)}")
        if len(parts) >= _PARTS:
            raise ValueError(f"too many parts in {spec!r}: write KIND:ENDPOINT:PACKAGE:COUNT")
        count = None
        if len(parts) == _PARTS - 1:
            count = _count(parts.pop())
        return cls(FaultKind(kind), Scope.parse(parts), count)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(f"{text!r} is not a count: write a whole number from 1")
    return int(text)


class Faults:
    """The faults in force, in order; the first that covers a question and is not spent strikes."""

    def __init__(self, specs: Iterable[str] = ()) -> None:
        """Start with these specs, read as `Fault.parse` does."""
        self._lock = threading.Lock()
        self._left: list[tuple[Fault, int | None]] = []
        self.set(specs)

    def set(self, specs: Iterable[str]) -> None:
        """Put these faults in the place of all others, with their counts unspent.

        Raises:
            ValueError: A spec is malformed; the faults stay as they were.
        """
        faults = [Fault.parse(spec) for spec in specs]
        with self._lock:
            self._left = [(fault, fault.count) for fault in faults]

    def take(self, question: Question) -> FaultKind | None:
        """Tell what goes wrong with this question, and spend one of the fault's count."""
        with self._lock:
            for index, (fault, left) in enumerate(self._left):
                if left == 0 or not fault.scope.covers(question):
                    continue
                if left is not None:
                    self._left[index] = (fault, left - 1)
                return fault.kind
        return None
