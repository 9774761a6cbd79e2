"""Programs that the project brings itself: uv, and tools that live apart from `.venv`."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import uv
from tools.uv import CACHE

from .machine import Machine
from .problems import ToolError

INSTALL_TIMEOUT_S: Final = 600

UV: Final = (sys.executable, "-E", str(Path(uv.__file__)))
"""The command that uv's arguments follow."""


@dataclass(frozen=True)
class Tool:
    """A package at one version, in an environment of its own below `.cache/`.

    It pins much, which the project's environment shall not have to agree with.
    """

    package: str
    version: str
    program: str

    @property
    def home(self) -> Path:
        """The environment that all of it is in."""
        return CACHE / f"{self.program}-{self.version}"

    @property
    def python(self) -> Path:
        """The interpreter that can import it."""
        return self.home / "bin" / "python"

    def ensure(self, machine: Machine) -> str:
        """Return the path of the program once it is installed.

        Raises:
            ToolError: it can't be installed.
        """
        program = self.home / "bin" / self.program
        # The interpreter that it was made with may be gone.
        if not (machine.has(str(program)) and machine.has(str(self.python))):
            machine.say(f"Installing {self.package} {self.version} into {self.home}")
            self._install(machine)
        return str(program)

    def _install(self, machine: Machine) -> None:
        # Made beside its place and moved there whole: what is there is complete.
        unfinished = self.home.with_name(f"{self.home.name}.unfinished")
        for step in (
            ("venv", "--clear", "--relocatable", "--python", sys.executable, str(unfinished)),
            ("pip", "install", "--python", str(unfinished), f"{self.package}=={self.version}"),
        ):
            done = machine.run(*UV, *step, "--quiet", timeout_s=INSTALL_TIMEOUT_S)
            if not done.succeeded:
                raise ToolError(f"{self.package} can't be installed:\n{done.last_words()}")
        if not machine.has(str(unfinished / "bin" / self.program)):
            raise ToolError(f"{self.package} can't be installed: it brings no `{self.program}`.")
        shutil.rmtree(self.home, ignore_errors=True)
        unfinished.rename(self.home)


SAM: Final = Tool("aws-sam-cli", "1.170.0", "sam")
CHECKOV: Final = Tool("checkov", "3.3.30", "checkov")
