"""Work in a process of its own, so that it shares no interpreter with anything else that is measured."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool
from typing import Final, ParamSpec, TypeVar

from tools.compare.benchmark import MeasurementError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_LONGEST_S: Final = 180


class Worker:
    """Does one job at a time; jobs and results are pickled."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def do(
        self,
        job: Callable[Arguments, Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The job's result.

        Raises:
            MeasurementError: it does not end in three minutes.
        """
        try:
            return self._pool.apply_async(job, arguments, named).get(_LONGEST_S)
        except multiprocessing.TimeoutError as error:
            raise MeasurementError(f"no result after {_LONGEST_S} s") from error


@contextmanager
def running_worker() -> Iterator[Worker]:
    """A worker with a fresh interpreter, which is ended with the `with` block."""
    with multiprocessing.get_context("spawn").Pool(1, _prepare) as pool:
        yield Worker(pool)


def _prepare() -> None:
    # Ctrl-C goes to every process of a terminal. The parent decides, and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["NO_PROXY"] = "*"
