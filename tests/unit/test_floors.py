"""Imports follow the layers, and the lowest layer does no I/O."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def check_imports(functions: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    environ = {**os.environ, "PYTHONPATH": str(functions)}
    return subprocess.run(
        command, cwd=functions, env=environ, capture_output=True, text=True, check=False
    )


def test_imports_follow_layers() -> None:
    checked = check_imports(ROOT / "functions")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("pulse/names.py", "import socket"),
        ("pulse/stats.py", "import asyncio"),
        ("pulse/models.py", "import httpx"),
        ("pulse/problems.py", "from apigateway import safe_handler"),
        ("pulse_io/settings.py", "import fastapi_app"),
        ("flask_app/app.py", "import pulse_io.upstream"),
        ("flask_app/prefix.py", "import fastapi_app.app"),
        ("apigateway/event.py", "import os"),
        ("collector/handler.py", "import apigateway"),
    ],
)
def test_forbidden_import_is_found(tmp_path: Path, module: str, line: str) -> None:
    functions = tmp_path / "functions"
    shutil.copytree(ROOT / "functions", functions, ignore=shutil.ignore_patterns("__pycache__"))
    with (functions / module).open("a") as file:
        file.write(f"\n{line}\n")
    checked = check_imports(functions)
    assert checked.returncode != 0
    assert "BROKEN" in checked.stdout
