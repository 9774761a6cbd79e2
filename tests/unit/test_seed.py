"""Randomised tests are drawn by the seed that pytest prints."""

import pytest
from hypothesis import core


def test_the_printed_seed_is_the_one_in_force(pytestconfig: pytest.Config) -> None:
    assert core.global_force_seed == int(pytestconfig.getoption("hypothesis_seed"))
