import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine


@pytest.fixture
def machine() -> ScriptedMachine:
    return ScriptedMachine()
