"""`make` in a folder with an odd name, whatever the environment says."""

import json
import os
import re
import shutil
import signal
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.setup.copies import Project
from tools import ROOT
from tools.emulator.server import ensure_packages
from tools.runtime.machine import Machine
from tools.runtime.tools import SAM

PINNED = re.compile(r"^([a-z0-9-]+)==", re.MULTILINE)


def _pinned(requirements: str) -> set[str]:
    return set(PINNED.findall((ROOT / requirements).read_text()))


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module", autouse=True)
def environment_before(active: Path) -> dict[str, bytes]:
    return _contents(active)


def test_run_installs_what_it_runs(project: Project) -> None:
    environ = {**project.environ, "PYPISTATS_URL": "http://127.0.0.1:9"}
    with subprocess.Popen(
        ["make", "run", "PORT=0"],
        cwd=project.folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    ) as make:
        assert make.stdout is not None
        try:
            said = ""
            while not (address := re.search(r"answers at (http://\S+),", said)):
                line = make.stdout.readline()
                assert line, said
                said += line
            answer = httpx.get(f"{address[1]}/health", trust_env=False)
        finally:
            os.killpg(make.pid, signal.SIGTERM)

    assert answer.json()["status"] == "ok"
    assert project.packages <= _pinned("requirements-run.txt")


def test_run_has_what_a_local_table_needs(project: Project) -> None:
    assert project.make(".venv/.runs").returncode == 0
    imported = subprocess.run(
        [".venv/bin/python", "-E", "-c", "import tools.dynamodb.local, tools.serve"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert imported.returncode == 0, imported.stderr


def test_setup_writes_its_own_folders_alone(
    project: Project, active: Path, environment_before: dict[str, bytes]
) -> None:
    known = {path.name for path in project.folder.iterdir()} | {".venv", ".cache"}

    made = project.make("setup")

    assert made.returncode == 0, made.stderr
    assert {"fastapi", "flask", "pytest", "mypy", "ruff"} <= project.packages
    assert project.packages <= _pinned("requirements-dev.txt")
    assert {path.name for path in project.folder.iterdir()} == known
    assert _contents(active) == environment_before
    assert list(project.home.iterdir()) == []
    assert list(Path(project.environ["PIP_TARGET"]).iterdir()) == []


def _remove_interpreter(environment: Path) -> None:
    python = environment / "bin/python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.11")


def _change_version(environment: Path) -> None:
    """As where an upgrade of the system puts another Python in its place."""
    (packages,) = environment.glob("lib/python3.*")
    packages.rename(packages.with_name("python3.1"))


@pytest.mark.parametrize("spoil", [_remove_interpreter, _change_version])
def test_environment_without_its_interpreter_is_made_anew(
    project: Project, spoil: Callable[[Path], None]
) -> None:
    assert project.make("setup").returncode == 0
    python = project.folder / ".venv/bin/python"
    spoil(project.folder / ".venv")

    made = project.make("setup")

    assert made.returncode == 0, made.stderr
    assert subprocess.run([python, "-E", "-c", "import fastapi"], check=False).returncode == 0


def test_linked_environment_is_left_as_it_is(
    project: Project, active: Path, environment_before: dict[str, bytes]
) -> None:
    """Somebody's `.venv` may be a link to an environment that is used elsewhere too."""
    assert project.make("setup").returncode == 0
    ours = project.folder / ".venv"
    ours.rename(project.folder / ".cache/venv")
    ours.symlink_to(active)

    made = project.make("setup")

    assert made.returncode == 0, made.stderr
    assert not ours.is_symlink()
    assert _contents(active) == environment_before


def test_active_environment_in_our_place_is_replaced(project: Project, tmp_path: Path) -> None:
    """Somebody may make a `.venv` here and activate it, before they read that `make` does."""
    ours = project.folder / ".venv"
    shutil.rmtree(ours, ignore_errors=True)
    venv.create(ours, symlinks=True)
    unfit = tmp_path / "python3"
    unfit.write_text("#!/bin/sh\nexit 1\n")
    unfit.chmod(0o755)
    path = os.pathsep.join([str(ours / "bin"), str(tmp_path), project.environ["PATH"]])
    active = {**project.environ, "VIRTUAL_ENV": str(ours), "PATH": path}

    made = Project(project.folder, project.home, active).make(".venv/.made")

    assert made.returncode == 0, made.stderr
    assert "relocatable = true" in (ours / "pyvenv.cfg").read_text()


def test_environment_moves_with_its_folder(project: Project) -> None:
    assert project.make("setup").returncode == 0
    moved = project.folder.with_name("moved")
    project.folder.rename(moved)
    try:
        asked = subprocess.run([moved / ".venv/bin/ruff", "--version"], check=False)
        imports = subprocess.run([moved / ".venv/bin/lint-imports", "--help"], check=False)
    finally:
        moved.rename(project.folder)

    assert asked.returncode == imports.returncode == 0


def test_caches_stay_in_the_folder(project: Project) -> None:
    elsewhere = dict.fromkeys(
        (
            *("XDG_CACHE_HOME", "MPLCONFIGDIR", "PYTHONPYCACHEPREFIX", "__SAM_CLI_APP_DIR"),
            *("MYPY_CACHE_DIR", "RUFF_CACHE_DIR", "PRE_COMMIT_HOME", "COVERAGE_FILE"),
        ),
        "/users/cache",
    )

    led_astray = Project(project.folder, project.home, {**project.environ, **elsewhere})
    told = led_astray.make("--eval=told: ; @env", "told")

    assert "XDG_CACHE_HOME" in told.stdout, told.stderr
    assert "/users/cache" not in told.stdout


def test_help_in_a_terminal_without_unicode(project: Project) -> None:
    said = project.make("help")

    assert said.returncode == 0
    assert "PARAMETERS='Name=value …'" in said.stdout


def _share_tools(project: Project, machine: Machine) -> None:
    """Give it what the original has installed for Docker, since that is large."""
    SAM.ensure(machine)
    for installed in (SAM.home, ensure_packages(machine)):
        link = project.folder / ".cache" / installed.name
        if not link.is_symlink():
            link.symlink_to(installed)


@pytest.mark.usefixtures("image")
def test_build_and_invoke(project: Project, machine: Machine) -> None:
    _share_tools(project, machine)

    invoked = project.make("invoke", "EVENT=events/health.json")

    assert invoked.returncode == 0, invoked.stderr
    assert "warning" not in invoked.stderr, invoked.stderr
    assert json.loads(invoked.stdout.splitlines()[-1])["statusCode"] == httpx.codes.OK
    assert list(project.home.iterdir()) == []


@pytest.mark.usefixtures("image")
def test_deploy_local(project: Project, machine: Machine) -> None:
    _share_tools(project, machine)

    deployed = project.make("deploy-local")

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert deployed.stdout.splitlines()[-1] == "Nothing is left in the account."
    assert list(project.home.iterdir()) == []


@pytest.mark.parametrize("python", ["python3.9", "/nonexistent/python3.13"])
def test_unfit_python_is_one_line(project: Project, tmp_path: Path, python: str) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\necho 'SyntaxError: and more of the like' >&2; exit 1\n")
    old.chmod(0o755)
    (project.folder / ".venv/.made").unlink(missing_ok=True)
    path = f"{tmp_path}{os.pathsep}{project.environ['PATH']}"

    refused = Project(project.folder, project.home, {**project.environ, "PATH": path}).make(
        "setup", f"PYTHON={python}"
    )

    assert refused.returncode != 0
    (said,) = [line for line in refused.stderr.splitlines() if not line.startswith("make: ")]
    assert said == (
        f"PyPI Pulse needs Python 3.11 or newer, and {python} is not: install one and name it, as in "
        "make setup PYTHON=python3.13"
    )
