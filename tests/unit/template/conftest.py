"""The template as CloudFormation sees it, transformed by SAM's own translator."""

from typing import Any

import pytest

from tests.left_out import leave_out
from tools.checks.translation import EVERYTHING_ON, translate
from tools.runtime.machine import Machine, NeedError
from tools.runtime.tools import SAM

Template = dict[str, Any]


@pytest.fixture(scope="session")
def machine() -> Machine:
    machine = Machine()
    try:
        SAM.ensure(machine)
    except NeedError as need:
        leave_out(" ".join(str(need).split()))
    return machine


@pytest.fixture(scope="session")
def by_default(machine: Machine) -> Template:
    """The template with default parameters."""
    return translate(machine, {})


@pytest.fixture(scope="session")
def everything_on(machine: Machine) -> Template:
    """The template with every optional feature enabled."""
    return translate(machine, EVERYTHING_ON)
