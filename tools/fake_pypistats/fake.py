"""The fake as an object: a `with` block starts and stops it."""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from tools.fake_pypistats.behaviour import Behaviour
from tools.fake_pypistats.limits import Limits
from tools.fake_pypistats.request_log import Request
from tools.fake_pypistats.rules import Rules
from tools.fake_pypistats.server import Server

_POLL_S: Final = 0.02  # how long stopping may go unnoticed while nobody connects


class FakePypistats:
    """A pypistats.org of our own, on a thread of this process.

    ```python
    with FakePypistats(now=datetime(2026, 11, 22, 12, tzinfo=UTC), limits=False) as upstream:
        httpx.get(f"{upstream.url}/api/packages/requests/recent")
    ```

    Any thread may call its methods while it runs.
    """

    def __init__(  # noqa: PLR0913 - one argument for each flag of the command line
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        now: datetime | Callable[[], datetime] | None = None,
        limits: bool = True,
        limits_clock: Callable[[], float] = time.monotonic,
        rules: Iterable[str] = (),
        seed: int = 0,
    ) -> None:
        """Prepare the fake; it listens from `__enter__` on.

        Args:
            host: Address to listen on; `0.0.0.0` for a container's network.
            port: Port to listen on, 0 for a free one.
            now: The moment, with a time zone, that decides which days are loaded: frozen, called at each request,
                or (None) the real one.
            limits: Whether to refuse more than 5 requests a second or 30 a minute.
            limits_clock: The limits' clock, in seconds.
            rules: Specs `EFFECT[:ENDPOINT[:PACKAGE[:COUNT]]]`, see `rules`.
            seed: Seeds random delays.

        Raises:
            ValueError: A rule is malformed, or `now` has no time zone.
        """
        self._address = (host, port)
        self._rules = tuple(rules)
        self._limits = limits
        self._behaviour = Behaviour(
            now=_clock(now),
            limits=Limits(limits_clock, on=limits),
            rules=Rules(self._rules, seed),
        )
        self._running: tuple[Server, threading.Thread] | None = None

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The address is taken or not this machine's.
        """
        server = Server(self._address, self._behaviour)
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
        self._running = server, thread
        thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop at once, breaking off what hangs."""
        server, thread = self._started()
        self._running = None
        server.stop()
        thread.join()

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        server, _ = self._started()
        return f"http://{self._address[0]}:{server.server_address[1]}"

    @property
    def requests(self) -> list[Request]:
        """The requests since the start or `reset`, oldest first."""
        return self._started()[0].log.read()[1]

    @property
    def connections(self) -> int:
        """How many TCP connections brought their first request since the start or `reset`."""
        return self._started()[0].log.read()[0]

    def set_rules(self, *specs: str) -> None:
        """Replace all rules.

        Raises:
            ValueError: One is malformed; the rules stay as they were.
        """
        self._behaviour.rules.set(specs)

    def stall(self, seconds: float) -> None:
        """Stall its worker from now on: requests queue up, and are counted when it wakes up."""
        self._behaviour.worker.stall(seconds)

    def reset(self) -> None:
        """Go back to the start: the first rules and limits, nothing logged or counted, awake."""
        self._behaviour.rules.set(self._rules)
        self._behaviour.limits.switch(on=self._limits)
        self._behaviour.worker.wake()
        self._started()[0].log.clear()

    def _started(self) -> tuple[Server, threading.Thread]:
        if self._running is None:
            raise RuntimeError("the fake is not running: use it in a `with` statement")
        return self._running


def _clock(now: datetime | Callable[[], datetime] | None) -> Callable[[], datetime]:
    if now is None:
        return lambda: datetime.now(UTC)
    if not isinstance(now, datetime):
        return now
    if now.utcoffset() is None:
        raise ValueError(f"{now} has no time zone")
    return lambda: now
