"""A simulated world of execution environments, upstream and table, with a clock of its own."""

from collections.abc import Iterator

import pytest

from tests.unit.pulse_io.simulated.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A world in which nothing has happened yet."""
    world = World()
    yield world
    world.close()
