"""Programs that run while something else is done, and end with it."""

import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO

# SAM stops its warm containers before it ends, ten seconds at most each.
STOP_TIMEOUT_S = 30


@contextmanager
def started(
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    pass_fds: Collection[int] = (),
) -> Iterator[subprocess.Popen[str]]:
    """Run a program for the length of a `with` block, and end it in order after that.

    `stdout` and `stderr` are as `subprocess` has them: the terminal's where nothing is said. Of the
    open files it gets `pass_fds` alone.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        env=dict(environ),
        pass_fds=pass_fds,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()  # nothing, if it has ended
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def end_in_order_when_told_to() -> None:
    """Make SIGTERM an exception, so that `with` and `finally` tidy up as they do on Ctrl-C.

    Ctrl-C is one again as well where a shell started this in the background, which ignores it.
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.default_int_handler)
