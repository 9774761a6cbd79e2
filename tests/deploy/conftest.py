"""A stack, deployed by `sam deploy` to the emulator."""

from pathlib import Path

import pytest

from tests.deploy.life import Life, live
from tests.left_out import leave_out
from workbench.emulator.problems import EmulatorError
from workbench.emulator.server import emulator
from workbench.emulator.stack import Stack
from workbench.runtime.machine import ThisMachine
from workbench.runtime.network import own_network
from workbench.runtime.upstream import stand_in


@pytest.fixture(scope="session")
def life(machine: ThisMachine, image: str, artifacts: Path) -> Life:
    try:
        with (
            own_network(machine) as network,
            stand_in(machine, image=image, network=network) as upstream,
            emulator(machine, image=image, network=network) as account,
        ):
            return live(Stack(machine, account), artifacts / "template.yaml", upstream, image=image)
    except EmulatorError as need:
        leave_out(" ".join(str(need).split()))
