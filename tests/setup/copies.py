"""A copy of the project, in which `make` runs as in a fresh clone."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT
from tools.uv import CACHE, pip_settings

MAKE_TIMEOUT_S = 300
DOWNLOADS = ("uv-downloads", "pip-downloads")
MAKES_OWN = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


@dataclass(frozen=True)
class Project:
    """A copy, and what its commands find in the environment."""

    folder: Path
    home: Path
    environ: Mapping[str, str]

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run make to its end."""
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=MAKE_TIMEOUT_S,
        )

    @property
    def packages(self) -> set[str]:
        """The names of the packages in its `.venv`."""
        found = self.folder.glob(".venv/lib/python*/site-packages/*.dist-info")
        return {info.name.partition("-")[0].lower().replace("_", "-") for info in found}


def copy_of_project(folder: Path, home: Path, environ: Mapping[str, str]) -> Project:
    """Copy what git knows. The copy shares the original's downloads: what is installed is its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".cache").mkdir()
    for name in DOWNLOADS:
        (CACHE / name).mkdir(parents=True, exist_ok=True)
        (folder / ".cache" / name).symlink_to(CACHE / name)
    # A home of its own has no pip.conf, so what this machine's says is said in variables.
    settings = {
        f"PIP_{name.upper().replace('-', '_')}": value
        for name, value in pip_settings(os.environ).items()
    }
    # Not what `make test` hands on to another make: one that a person starts prints no folder names.
    ours = {name: value for name, value in os.environ.items() if name not in MAKES_OWN}
    return Project(folder, home, {**ours, **settings, **environ})
