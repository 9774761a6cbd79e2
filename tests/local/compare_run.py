"""A run of `python -m tools.compare`, told from others by a folder of its own for all temporary files."""

import subprocess
import sys
from pathlib import Path

import psutil

from tools import ROOT, environ
from tools.runtime.machine import Machine

TEMPORARY = "temporary"


def start(output: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start it in a session of its own; `output` is a new folder, and gets what is measured."""
    # All that is mounted into containers or named to SAM lies in it.
    (output / TEMPORARY).mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "tools.compare", *arguments, "--output", str(output)],
        cwd=ROOT,
        env=environ(TMPDIR=str(output / TEMPORARY)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def leftovers(output: Path) -> list[str]:
    """The files, processes and containers that a run has left."""
    temporary = str(output / TEMPORARY)
    ids = docker("ps", "--all", "--quiet")
    shown = ("inspect", "--format", "container {{.Name}}: {{json .Mounts}}")
    containers = docker(*shown, *ids) if ids else []
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [
        *(str(file) for file in (output / TEMPORARY).iterdir()),
        *(container for container in containers if temporary in container),
        *(" ".join(command) for command in commands if temporary in " ".join(command)),
    ]


def docker(*arguments: str) -> list[str]:
    """The lines that Docker's command line answers with."""
    return Machine().run("docker", *arguments).stdout.splitlines()
