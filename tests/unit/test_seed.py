"""Randomised tests use the seed that pytest prints."""

import pytest
from hypothesis import core


def test_printed_seed_is_in_force(pytestconfig: pytest.Config) -> None:
    assert core.global_force_seed == int(pytestconfig.getoption("hypothesis_seed"))
