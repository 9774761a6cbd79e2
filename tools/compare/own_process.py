"""Work done in a process of its own, so that it shares no interpreter with anything else."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

Result = TypeVar("Result")
Job = Callable[[], Any]

_WATCH_EVERY_S: Final = 0.1


class JobFailed(RuntimeError):
    """A job raised, or its process ended; the message is what it left behind."""


class OwnProcess:
    """A process that does one job after the other; it ends with the `with` block, whatever it does.

    Jobs and their results are pickled. It starts with a fresh interpreter, and asks no proxy: all that
    is measured is on loopback.
    """

    def __enter__(self) -> Self:
        """Start it."""
        fresh = multiprocessing.get_context("spawn")
        self._jobs, theirs = fresh.Pipe()
        # A daemon is ended with its parent, even where no `with` block could.
        self._process = fresh.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it at once."""
        self._process.kill()
        self._process.join()
        self._jobs.close()

    def do(self, job: Callable[[], Result], watch: Callable[[], None] | None = None) -> Result:
        """What the job returns. `watch` is called now and then while it is done.

        Raises:
            JobFailed: the job raised, or the process ended.
        """
        self._jobs.send(job)
        while watch and not self._jobs.poll(_WATCH_EVERY_S):
            watch()
        try:
            result, failure = self._jobs.recv()
        except EOFError:
            self._process.join()
            raise JobFailed(f"the process ended with {self._process.exitcode}") from None
        if failure:
            raise JobFailed(failure)
        return cast("Result", result)


def _work(jobs: Connection) -> None:
    """Do the jobs that come, until nobody is there to send any."""
    # Ctrl-C goes to every process of the terminal; it is the parent that tidies up, and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["NO_PROXY"] = "*"
    while True:
        try:
            job: Job = jobs.recv()
        except EOFError:
            return
        try:
            jobs.send((job(), None))
        except Exception:  # noqa: BLE001 - whatever it is, the parent is told and decides
            jobs.send((None, traceback.format_exc()))
