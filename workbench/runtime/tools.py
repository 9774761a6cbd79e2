"""Finds the programs that the project brings itself."""

import sys
from pathlib import Path

from .machine import Machine
from .problems import ToolError


def uv_command(machine: Machine) -> str:
    """The uv of the environment that this Python belongs to, else the one on the PATH.

    Raises:
        ToolError: there is neither.
    """
    beside = str(Path(sys.executable).parent / "uv")
    found = beside if machine.has(beside) else machine.find("uv")
    if found is None:
        raise ToolError("There is no uv here: run `make setup`, or install uv.")
    return found
