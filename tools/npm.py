"""Installs a pinned npm package with its hash, for a tool, into `.cache`."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

from tools.runtime.docker import set_up
from tools.runtime.machine import Machine, NeedError

INSTALL_TIMEOUT_S: Final = 300


def pinned_version(lock: Path, package: str) -> str:
    """The version of `package` that this package-lock.json pins."""
    version: str = json.loads(lock.read_text())["packages"][f"node_modules/{package}"]["version"]
    return version


def ensure_installed(machine: Machine, what: str, lock: Path, home: Path) -> None:
    """Install what `lock`, a package-lock.json without addresses, pins into the folder `home`.

    npm checks the hashes. `what` names it to a person.

    Raises:
        NeedError: it can't be installed here; says what to do.
    """
    if home.exists():
        return
    if shutil.which("npm") is None:
        set_up("packages", f"{what} is a package of npm's, which is not on the PATH", "npm")
    machine.say(f"Installing {what} into {home}")
    home.parent.mkdir(exist_ok=True)
    # Made beside its place and moved there whole: another process may be installing it too.
    with tempfile.TemporaryDirectory(prefix=f"{home.name}-", dir=home.parent) as folder:
        making = Path(folder) / "making"
        making.mkdir()
        for pin in (lock, lock.with_name("package.json")):
            shutil.copy(pin, making)
        cache = home.parent / "npm"
        options = (
            *("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"),
            # Whatever else the user's npm is set to, this is installed, and nothing outside the folder is written.
            *("--no-global", "--location", "project", "--no-dry-run", "--include", "optional"),
            *("--cache", str(cache), "--logs-dir", str(cache / "_logs")),
        )
        installed = machine.run(
            "npm", "ci", "--prefix", str(making), *options, timeout_s=INSTALL_TIMEOUT_S
        )
        if not installed.succeeded:
            raise NeedError(f"npm could not install {what}:\n{installed.last_words()}")
        try:
            making.rename(home)
        except OSError:
            if not home.exists():
                raise
