"""Waiting for what the stand-in's threads are about to do."""

import time
from collections.abc import Callable


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not happened():
        assert time.monotonic() < deadline
