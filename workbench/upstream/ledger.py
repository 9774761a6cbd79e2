"""The record of what was asked: requests in the order they came, and connections."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        method: Such as `GET`.
        path: Path and query, untouched.
        headers: By lower-case name; of a repeated header the last.
    """

    method: str
    path: str
    headers: dict[str, str]


class Ledger:
    """Counts what a test wants to know; safe to read while requests come in."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._connections = 0

    def record(self, request: Request, *, opens_connection: bool) -> None:
        """Add a request, and its connection where it is the first on it."""
        with self._lock:
            self._requests.append(request)
            self._connections += opens_connection

    def read(self) -> tuple[int, list[Request]]:
        """Give the number of connections, and the requests, oldest first."""
        with self._lock:
            return self._connections, list(self._requests)

    def reset(self) -> None:
        """Forget all; a connection that stays open is not counted again."""
        with self._lock:
            self._requests.clear()
            self._connections = 0
