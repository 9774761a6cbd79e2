"""Chromium for the tests of the website: `python -m tools.chromium` installs Debian's if it is missing."""

import os
import shutil
import subprocess
import sys
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
PACKAGES: Final = ("chromium", "fonts-dejavu-core")
ADVICE: Final = "There is no Chromium here. On Debian: apt-get install chromium"

_TIMEOUT_S: Final = 600


def find_chromium() -> str | None:
    """The path of the installed browser; None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    """Return 0 if there is a browser now, 1 if there is none and it can't be installed."""
    if find_chromium() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium", file=sys.stderr)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ("install", "--yes", "--no-install-recommends", *PACKAGES)
        for arguments in (("update",), install):
            command = ("apt-get", "--quiet", "--quiet", *arguments)
            subprocess.run(
                command, check=False, env=environ, stdout=subprocess.DEVNULL, timeout=_TIMEOUT_S
            )
    if find_chromium() is None:
        print(ADVICE, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
