"""ministack's packages for the Python in the Lambda image, installed once into `.cache/`."""

import hashlib
import shutil
from pathlib import Path

from tools.emulator.problems import EmulatorError
from tools.runtime import recipe
from tools.runtime.machine import Machine
from tools.runtime.tools import UV
from tools.uv import CACHE

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
INSTALL_TIMEOUT_S = 600


def packages_folder(machine: Machine) -> Path:
    """Where they are; another set of them has another folder."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    return CACHE / f"emulator-{key}-{machine.architecture}"


def ensure_packages(machine: Machine) -> Path:
    """Return the folder that holds them, once they are all there.

    Raises:
        EmulatorError: they can't be installed; says why.
    """
    folder = packages_folder(machine)
    if machine.has(str(folder)):
        return folder
    machine.say(f"Installing the emulator's packages into {folder}")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    installed = machine.run(
        *(*UV, "pip", "install", "--quiet", "--require-hashes"),
        *(
            "--only-binary",
            ":all:",
            "--python-platform",
            recipe.TARGETS[machine.architecture].wheels,
        ),
        *("--python-version", recipe.PYTHON, "--target", str(unfinished)),
        *("--requirements", str(REQUIREMENTS)),
        timeout_s=INSTALL_TIMEOUT_S,
    )
    if not installed.succeeded:
        raise EmulatorError(f"The emulator can't be installed:\n{installed.last_words()}")
    unfinished.rename(folder)
    return folder
