"""The life of one stack, deployed by `sam deploy` to the emulator."""

from pathlib import Path

import pytest

from tests.deploy.life import Life, live
from tests.left_out import leave_out
from tools.emulator.server import emulator, ensure_packages
from tools.emulator.stack import Stack
from tools.runtime.docker import own_network
from tools.runtime.machine import Machine, NeedError
from tools.runtime.upstream import fake_pypistats


@pytest.fixture(scope="session")
def life(machine: Machine, image: str, artifacts: Path) -> Life:
    try:
        ensure_packages(machine)
    except NeedError as need:
        leave_out(" ".join(str(need).split()))
    with (
        own_network(machine) as network,
        fake_pypistats(machine, image=image, network=network) as upstream,
        emulator(machine, image=image, network=network) as account,
    ):
        return live(Stack(machine, account), artifacts / "template.yaml", upstream)
