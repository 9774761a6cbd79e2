"""Programs that the project installs itself, apart from `.venv`: uv, SAM and linters."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import uv
from tools.uv import CACHE

from .machine import Machine, NeedError

INSTALL_TIMEOUT_S: Final = 600

UV: Final = (sys.executable, "-E", str(Path(uv.__file__)))
"""The command that uv's arguments follow."""


@dataclass(frozen=True)
class Tool:
    """A package at one version, in a virtual environment of its own, since it pins much."""

    package: str
    version: str
    program: str

    @property
    def home(self) -> Path:
        """The environment's folder."""
        return CACHE / f"{self.program}-{self.version}"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.home / "bin" / "python"

    def ensure(self, machine: Machine) -> str:
        """Return the program's path once it is installed.

        Raises:
            NeedError: it can't be installed.
        """
        program = self.home / "bin" / self.program
        # The interpreter that it was made with may be gone.
        if not (machine.has(program) and machine.has(self.python)):
            machine.say(f"Installing {self.package} {self.version} into {self.home}")
            self._install(machine)
        return str(program)

    def _install(self, machine: Machine) -> None:
        # Made beside its place, then moved there whole.
        unfinished = self.home.with_name(f"{self.home.name}.unfinished")
        for step in (
            ("venv", "--clear", "--relocatable", "--python", sys.executable, str(unfinished)),
            ("pip", "install", "--python", str(unfinished), f"{self.package}=={self.version}"),
        ):
            done = machine.run(*UV, *step, "--quiet", timeout_s=INSTALL_TIMEOUT_S)
            if not done.succeeded:
                raise NeedError(f"{self.package} can't be installed:\n{done.last_words()}")
        if not machine.has(unfinished / "bin" / self.program):
            raise NeedError(f"{self.package} can't be installed: it brings no `{self.program}`.")
        shutil.rmtree(self.home, ignore_errors=True)
        unfinished.rename(self.home)


SAM: Final = Tool("aws-sam-cli", "1.170.0", "sam")
CHECKOV: Final = Tool("checkov", "3.3.30", "checkov")
