"""Run a command of tools/ that serves something, for the length of a `with` block."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tools import environ

DEAD_PROXY = dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://127.0.0.1:1")
"""For commands that must reach loopback without it."""


@contextmanager
def running(module: str, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m module` with these environment variables; killed if it still runs after the block."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environ(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def url_said_by(process: subprocess.Popen[str]) -> str:
    """The URL in the command's next line of output, which it prints once it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]
