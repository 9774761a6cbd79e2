"""The request log: what was asked, in the order in which it was processed, and on how many connections."""

import threading
from dataclasses import dataclass


@dataclass(slots=True)
class Request:
    """A request, in the log from the moment that it is processed.

    Attributes:
        method: Such as `GET`.
        path: Path and query as sent.
        headers: By lower-case name; of a repeated header the last.
        arrived_s: When it was read, on the monotonic clock.
        processed_s: When it was counted and its answer chosen.
        status: Of that answer; a rule may keep it from arriving.
        duration_ms: From arrival until the answer was written or given up; None before.
    """

    method: str
    path: str
    headers: dict[str, str]
    arrived_s: float
    processed_s: float
    status: int
    duration_ms: float | None = None


class RequestLog:
    """Requests and connections; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._connections = 0

    def add(self, request: Request, *, opens_connection: bool) -> None:
        """Add a request, and its connection if it is the first on it."""
        with self._lock:
            self._requests.append(request)
            self._connections += opens_connection

    def read(self) -> tuple[int, list[Request]]:
        """The number of connections, and the requests, oldest first."""
        with self._lock:
            return self._connections, self._requests.copy()

    def clear(self) -> None:
        """Start again; a connection that stays open is not counted again."""
        with self._lock:
            self._requests.clear()
            self._connections = 0
