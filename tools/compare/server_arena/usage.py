"""What a server takes of the machine: processor time and memory, its workers included."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tools.compare.problems import MeasurementError


class ServerEnded(MeasurementError):
    """A process of a server ended while it was being measured."""


class Usage:
    """The processes of a server, or of anything else that was started."""

    def __init__(self, pid: int) -> None:
        with _told_if_ended():
            root = psutil.Process(pid)
            self._processes = [root, *root.children(recursive=True)]

    def cpu_s(self) -> float:
        """Seconds of one core taken so far."""
        with _told_if_ended():
            times = [process.cpu_times() for process in self._processes]
        return sum(one.user + one.system for one in times)

    def rss_bytes(self) -> int:
        """Memory resident now; what several processes share is counted in each."""
        with _told_if_ended():
            return sum(process.memory_info().rss for process in self._processes)


@contextmanager
def _told_if_ended() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess as gone:
        raise ServerEnded(f"process {gone.pid} is gone") from gone
