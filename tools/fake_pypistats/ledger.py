"""The record of what was asked: requests in the order they came, how long each took, and connections."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        method: Such as `GET`.
        path: Path and query, untouched.
        headers: By lower-case name; of a repeated header the last.
        arrived_s: When it was read, on the monotonic clock.
        processed_s: When it was counted, and what becomes of it decided; the record has it from then on.
        status: Of the answer that it was given; a fault may have kept that from arriving.
        duration_ms: From the moment that it was read to the moment that its answer was written or
            given up; None while it is under way.
    """

    method: str
    path: str
    headers: dict[str, str]
    arrived_s: float
    processed_s: float
    status: int
    duration_ms: float | None = None


class Entry:
    """A request's place in the record, where its duration is entered once it is known."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        """Take the request as it came."""
        self.request = request


class Ledger:
    """Counts what a test wants to know; safe to read while requests come in."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._connections = 0

    def record(self, request: Request, *, opens_connection: bool) -> Entry:
        """Add a request, and its connection where it is the first on it; `finish` it later."""
        entry = Entry(request)
        with self._lock:
            self._entries.append(entry)
            self._connections += opens_connection
        return entry

    def finish(self, entry: Entry, duration_ms: float) -> None:
        """Enter how long a request took; of one that was forgotten meanwhile nobody will read it."""
        with self._lock:
            entry.request = replace(entry.request, duration_ms=duration_ms)

    def read(self) -> tuple[int, list[Request]]:
        """Give the number of connections, and the requests, oldest first."""
        with self._lock:
            return self._connections, [entry.request for entry in self._entries]

    def reset(self) -> None:
        """Forget all; a connection that stays open is not counted again."""
        with self._lock:
            self._entries.clear()
            self._connections = 0
