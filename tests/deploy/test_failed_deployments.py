"""What a person is told when a deployment can't be had."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.emulator.problems import DeploymentError
from tools.emulator.stack import ROOT, build
from tools.runtime.machine import ThisMachine

DEPLOY_TIMEOUT_S = 300


def test_a_wrong_parameter_stops_it_and_is_named(artifacts: Path) -> None:
    template = str(artifacts / "template.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "tools.emulator", "--template", template, "MemorySize=64"],
        cwd=ROOT,
        env={**ThisMachine.environ, "PYTHONPATH": "functions"},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEPLOY_TIMEOUT_S,
    )

    assert done.returncode == 1
    assert "Parameter 'MemorySize' must be a number not less than 128" in done.stderr
    assert "template.yaml says what each parameter may be" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("image")
def test_a_broken_build_stops_it_and_says_where(machine: ThisMachine, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(
        ROOT / "functions",
        source / "functions",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "template.yaml", source)
    broken = source / "functions" / "flask_app" / "app.py"
    broken.write_text(broken.read_text() + "\ndef broken(:\n")

    with pytest.raises(DeploymentError, match=r"(?s)sam build failed.*flask_app/app\.py.*Mend"):
        build(machine, tmp_path / "built", source=source / "template.yaml")


def test_what_is_no_parameter_is_refused_before_anything_starts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.emulator", "MemorySize"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEPLOY_TIMEOUT_S,
    )

    assert done.returncode == 2
    assert "say Name=value" in done.stderr
