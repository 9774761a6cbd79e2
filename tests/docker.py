"""Docker, the Lambda image and the artifacts of `sam build`, for suites that run the real functions."""

import subprocess
from pathlib import Path

import pytest

from tests.left_out import leave_out
from tools.runtime.docker import ensure_image
from tools.runtime.machine import Machine, NeedError
from tools.runtime.sam import sam_command, sam_environment

ROOT = Path(__file__).parents[1]
BUILD_TIMEOUT_S = 300


@pytest.fixture(scope="session")
def machine() -> Machine:
    return Machine()


@pytest.fixture(scope="session")
def image(machine: Machine) -> str:
    try:
        return ensure_image(machine)
    except NeedError as need:
        leave_out(" ".join(str(need).split()))


@pytest.fixture(scope="session")
def artifacts(image: str, machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - it may compile
    """The folder with both artifacts and the built template, as `sam build` writes it."""
    folder = tmp_path_factory.mktemp("sam") / "build"
    arguments = ("build", "--build-dir", str(folder))
    built = subprocess.run(
        sam_command(machine, *arguments),
        cwd=ROOT,
        env=sam_environment(machine, *arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_TIMEOUT_S,
    )
    assert built.returncode == 0, built.stderr
    assert "warning" not in built.stderr, built.stderr
    return folder
