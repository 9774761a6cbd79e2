"""Runs the real `pypistats` client against a base URL."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

DRIVER = Path(__file__).with_name("client_driver.py")


class Outcome(NamedTuple):
    """How a command ended; stderr is without the base URL."""

    command: str
    code: int
    stdout: str
    stderr: str


def run_client(base_url: str, commands: Sequence[str], cache: Path) -> list[Outcome]:
    """Run commands such as `overall requests --daily`; the client keeps its cache in `cache`."""
    # Without the outer environment's settings: a proxy, colours, the terminal's width.
    environ = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(cache), "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, str(DRIVER), base_url],
        input=json.dumps([shlex.split(command) for command in commands]),
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    return [
        Outcome(command, code, stdout, stderr.replace(base_url, "BASE_URL/"))
        for command, (code, stdout, stderr) in zip(commands, json.loads(done.stdout), strict=True)
    ]
