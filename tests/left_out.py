"""Leaving out a suite that lacks a part of the world: listed at the end, and a failure in CI."""

import os
from typing import Final, NoReturn

import pytest

LEFT_OUT: Final = "left out: "
"""What the reason of such a skip starts with."""


def leave_out(reason: str) -> NoReturn:
    """Skip what depends on this fixture, saying what is missing; with `CI=true`, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run this suite: {reason}", pytrace=False)
    pytest.skip(LEFT_OUT + reason)
