"""Checks of a running PyPI Pulse: `pytest tools/smoke --url=https://…`, or `make smoke URL=https://…`.

They ask about two packages, and make about a dozen upstream calls in all.
"""

import subprocess
import sys
from pathlib import Path

from tools import environ


def smoke(url: str, *options: str) -> int:
    """Run the checks against `url`, with pytest's options; returns the exit status, 0 if all passed."""
    command = [sys.executable, "-m", "pytest", str(Path(__file__).parent), f"--url={url}"]
    return subprocess.run([*command, *options], env=environ(), check=False).returncode
