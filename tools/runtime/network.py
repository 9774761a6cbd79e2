"""A Docker network of the project's own: what runs on it can be reached by nothing else, and goes with it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from .machine import Machine
from .problems import EngineError


@contextmanager
def own_network(machine: Machine) -> Iterator[str]:
    """Make a network for the length of a `with` block; yields its name.

    Every container that is still on it at the end is removed, SAM's own included: nobody else's
    can be there.
    """
    name = f"pypi-pulse-{secrets.token_hex(4)}"
    made = machine.run("docker", "network", "create", name)
    if not made.succeeded:
        raise EngineError(f"Docker could not make a network:\n{made.last_words()}")
    try:
        yield name
    finally:
        on_it = machine.run("docker", "ps", "--all", "--quiet", "--filter", f"network={name}")
        if containers := on_it.stdout.split():
            machine.run("docker", "rm", "--force", "--volumes", *containers)
        machine.run("docker", "network", "rm", name)
