"""Skips a suite that lacks something on this machine: listed at the end, and a failure in CI."""

import os
from collections.abc import Callable
from typing import Final, NoReturn

import pytest

from tools.runtime.machine import Machine, NeedError

LEFT_OUT: Final = "left out: "
"""The prefix of such a skip's reason."""


def machine_with(ensure_installed: Callable[[Machine], object]) -> Machine:
    """This machine once something is installed on it; without it, the tests that depend on this are left out."""
    machine = Machine()
    try:
        ensure_installed(machine)
    except NeedError as need:
        leave_out(" ".join(str(need).split()))
    return machine


def leave_out(reason: str) -> NoReturn:
    """Skip the tests that depend on this fixture, with what is missing as reason; fail if `CI=true`."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run this suite: {reason}", pytrace=False)
    pytest.skip(LEFT_OUT + reason)
