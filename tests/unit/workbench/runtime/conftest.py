import pytest

from tests.unit.workbench.runtime.scripted_machine import ScriptedMachine


@pytest.fixture
def machine() -> ScriptedMachine:
    return ScriptedMachine()
