"""Skips a suite that lacks something on this machine: listed at the end, and a failure in CI."""

import os
from typing import Final, NoReturn

import pytest

LEFT_OUT: Final = "left out: "
"""The prefix of such a skip's reason."""


def leave_out(reason: str) -> NoReturn:
    """Skip the tests that depend on this fixture, with what is missing as reason; fail if `CI=true`."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run this suite: {reason}", pytrace=False)
    pytest.skip(LEFT_OUT + reason)
