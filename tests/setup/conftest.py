"""Copies of the project in throwaway folders, set up by `make` in an environment that could lead it astray."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.left_out import leave_out
from tests.setup.copies import Project, copy_of_project
from tools import uv


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A package index that answers."""
    asked = subprocess.run(
        [
            *(sys.executable, "-E", uv.__file__, "pip", "install", "--dry-run", "--no-cache"),
            *("--target", str(tmp_path_factory.mktemp("asked"))),
            *("--requirements", str(uv.REQUIREMENTS)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        leave_out("no package index answers, from which a copy of the project could be set up")


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment of somebody's, with a package in it."""
    folder = tmp_path_factory.mktemp("somebody") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "canary.py").write_text("SINGS = True\n")
    described = packages / "canary-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: canary\nVersion: 1.0\n")
    (described / "INSTALLER").write_text("pip\n")
    (described / "RECORD").write_text("canary.py,,\ncanary-1.0.dist-info/METADATA,,\n")
    return folder


@pytest.fixture(scope="module")
def project(
    registry: None,  # noqa: ARG001 - without one nothing can be set up
    active: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Project]:
    """A copy whose path has what a shell and make give a meaning to, in front of `active`."""
    folder = tmp_path_factory.mktemp("copies") / "it's $HOME's (copy)"
    home = tmp_path_factory.mktemp("home")
    elsewhere = str(tmp_path_factory.mktemp("elsewhere"))
    nowhere = "http://127.0.0.1:9/simple"
    led_astray = {
        "HOME": str(home),
        # pip's user agent asks for rustc, whose front end writes a file where it finds none.
        "PATH": os.pathsep.join([str(active / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
        **dict.fromkeys(("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"), str(active)),
        **dict.fromkeys(("UV_SYSTEM_PYTHON", "PIP_REQUIRE_VIRTUALENV", "PIP_USER"), "1"),
        **dict.fromkeys(("UV_PYTHON", "UV_TARGET", "UV_CACHE_DIR", "UV_TOOL_DIR"), elsewhere),
        **dict.fromkeys(("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"), nowhere),
        **dict.fromkeys(("PIP_TARGET", "PIP_PREFIX", "PIP_CACHE_DIR", "PIP_PYTHON"), elsewhere),
        **dict.fromkeys(("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE"), elsewhere),
        **dict.fromkeys(("PYTHONSTARTUP", "PYTHONPYCACHEPREFIX"), elsewhere),
        "PYTHONSAFEPATH": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "LC_ALL": "C",
    }
    yield copy_of_project(folder, home, led_astray)
    shutil.rmtree(folder)  # what is installed there is large
