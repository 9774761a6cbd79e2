"""The stand-in as an object: started and stopped by `with`, asked and changed while it runs."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from tools.fake_pypistats.conduct import Conduct
from tools.fake_pypistats.delays import Delays
from tools.fake_pypistats.faults import Faults
from tools.fake_pypistats.limits import Limits
from tools.fake_pypistats.server import UpstreamServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from tools.fake_pypistats.ledger import Request

_POLL_S: Final = 0.02  # how long stopping may go unnoticed while nobody connects


class FakePypistats:
    """A pypistats.org of our own, on a thread of this process.

    ```python
    with FakePypistats(now=datetime(2026, 11, 22, 12, tzinfo=UTC), limits=False) as upstream:
        httpx.get(f"{upstream.url}/api/packages/requests/recent")
    ```

    All methods may be called from any thread while it runs.
    """

    def __init__(  # noqa: PLR0913 - one argument for each flag of the command line
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        now: datetime | Callable[[], datetime] | None = None,
        limits: bool = True,
        limits_clock: Callable[[], float] = time.monotonic,
        faults: Iterable[str] = (),
        latency_ms: float = 0,
        jitter_ms: float = 0,
        slow: Iterable[str] = (),
        seed: int = 0,
    ) -> None:
        """Prepare the stand-in; it listens from `__enter__` on.

        Args:
            host: Address to listen on; `0.0.0.0` for a container's network.
            port: Port to listen on, 0 for a free one.
            now: The moment, with a time zone, at which the data are looked at: frozen, or asked
                for at each request, or (None) the real one.
            limits: Whether to refuse what pypistats.org would, beyond 5 a second or 30 a minute.
            limits_clock: Seconds that the limits go by.
            faults: Specs `KIND[:ENDPOINT[:PACKAGE[:COUNT]]]`, see `faults`.
            latency_ms: How long every answer is held back.
            jitter_ms: The most that is added to it.
            slow: Specs `MS[:ENDPOINT[:PACKAGE]]` of what is held back longer, see `delays`.
            seed: What the jitter is drawn by.

        Raises:
            ValueError: A spec is malformed, or `now` has no time zone.
        """
        self._address = (host, port)
        self._specs = tuple(faults)
        self._faults = Faults(self._specs)
        self._conduct = Conduct(
            now=_clock(now),
            limits=Limits(limits_clock, on=limits),
            faults=self._faults,
            delays=Delays(latency_ms, jitter_ms, slow, seed),
        )
        self._running: tuple[UpstreamServer, threading.Thread] | None = None

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The address cannot be had.
        """
        server = UpstreamServer(self._address, self._conduct)
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
        """The requests since the start or `reset`, in the order they came."""
        return self._started()[0].ledger.read()[1]

    @property
    def connections(self) -> int:
        """How many TCP connections brought their first request since the start or `reset`."""
        return self._started()[0].ledger.read()[0]

    def set_faults(self, specs: Iterable[str]) -> None:
        """Put these faults in the place of all others.

        Raises:
            ValueError: A spec is malformed; the faults stay as they were.
        """
        self._faults.set(specs)

    def stall(self, seconds: float) -> None:
        """Let its worker stall from now on: requests queue up, and are counted when it wakes up."""
        self._conduct.worker.stall(seconds)

    def clear_faults(self) -> None:
        """Be well again, until `reset` brings the faults of the start back."""
        self._faults.set(())

    def reset(self) -> None:
        """Be as at the start: nothing recorded or spent, the first faults and settings, fresh jitter."""
        self._faults.set(self._specs)
        self._conduct.reset()
        self._started()[0].ledger.reset()

    def _started(self) -> tuple[UpstreamServer, threading.Thread]:
        if self._running is None:
            raise RuntimeError("the stand-in is not running: use it in a `with` statement")
        return self._running


def _clock(now: datetime | Callable[[], datetime] | None) -> Callable[[], datetime]:
    if now is None:
        return lambda: datetime.now(UTC)
    if not isinstance(now, datetime):
        return now
    if now.utcoffset() is None:
        raise ValueError(f"{now} has no time zone")
    return lambda: now
