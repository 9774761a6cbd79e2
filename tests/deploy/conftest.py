"""A stack, deployed by `sam deploy` to the emulator."""

from pathlib import Path

import pytest

from tests.deploy.life import Life, live
from tests.left_out import leave_out
from tools.emulator.problems import EmulatorError
from tools.emulator.server import emulator
from tools.emulator.stack import Stack
from tools.runtime.machine import ThisMachine
from tools.runtime.network import own_network
from tools.runtime.upstream import fake_pypistats


@pytest.fixture(scope="session")
def life(machine: ThisMachine, image: str, artifacts: Path) -> Life:
    try:
        with (
            own_network(machine) as network,
            fake_pypistats(machine, image=image, network=network) as upstream,
            emulator(machine, image=image, network=network) as account,
        ):
            return live(Stack(machine, account), artifacts / "template.yaml", upstream, image=image)
    except EmulatorError as need:
        leave_out(" ".join(str(need).split()))
