"""Programs that the project brings itself: uv from `.venv`, and tools that live apart from it."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .machine import Machine
from .problems import ToolError

CACHE: Final = Path(__file__).parents[2] / ".cache"
INSTALL_TIMEOUT_S: Final = 600


@dataclass(frozen=True)
class Tool:
    """A package at one version, in an environment of its own below `.cache/`.

    It pins much, which the project's environment shall not have to agree with. It is not run by `uv
    tool run`, which asks the package index each time, some 3 s.
    """

    package: str
    version: str
    program: str

    @property
    def home(self) -> Path:
        """The folder that all of it is in."""
        return CACHE / f"{self.program}-{self.version}"

    @property
    def python(self) -> Path:
        """The interpreter that can import it."""
        return self.home / self.package / "bin" / "python"

    def ensure(self, machine: Machine) -> str:
        """Return the path of the program once it is installed.

        Raises:
            ToolError: it can't be installed.
        """
        program = str(self.home / "bin" / self.program)
        if not machine.has(program):
            machine.say(f"Installing {self.package} {self.version} into {self.home}")
            installed = machine.run(
                *(uv_command(machine), "tool", "install", "--quiet", "--force"),
                *("--python", sys.executable, f"{self.package}=={self.version}"),
                timeout_s=INSTALL_TIMEOUT_S,
                environ={"UV_TOOL_DIR": str(self.home), "UV_TOOL_BIN_DIR": str(self.home / "bin")},
            )
            if not machine.has(program):
                raise ToolError(f"{self.package} can't be installed:\n{installed.last_words()}")
        return program


SAM: Final = Tool("aws-sam-cli", "1.170.0", "sam")
CHECKOV: Final = Tool("checkov", "3.3.30", "checkov")
CHECK_JSONSCHEMA: Final = Tool("check-jsonschema", "0.39.0", "check-jsonschema")


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
