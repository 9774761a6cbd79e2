"""A cold start of the API doesn't pay for pages, charts and images."""

import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules that are there once the application is."""
    code = "import fastapi_app.app, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "fastapi_app.pages.view",
        "fastapi_app.static_files",
        "fastapi_swagger",
        "htpy",
        "pulse.badges",
        "pulse.charts",
        "resvg_py",
    ],
)
def test_module_waits_until_it_is_needed(imported: set[str], module: str) -> None:
    assert "fastapi_app.routes.pages" in imported
    assert module not in imported
