"""What a person is told if a deployment fails."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import ROOT, environ
from tools.emulator.stack import build
from tools.runtime.machine import Machine, NeedError


@pytest.mark.usefixtures("image")
def test_broken_build_names_the_file(machine: Machine, tmp_path: Path) -> None:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions", source / "functions", ignore=ignored)
    shutil.copy(ROOT / "template.yaml", source)
    for requirements in source.glob("functions/*/requirements.txt"):
        requirements.write_text("")  # which takes less time
    broken = source / "functions" / "flask_app" / "app.py"
    broken.write_text(broken.read_text() + "\ndef broken(:\n")

    with pytest.raises(NeedError, match=r"(?s)sam build failed.*flask_app/app\.py.*Fix"):
        build(machine, tmp_path / "built", source=source / "template.yaml")


def test_malformed_parameter_is_refused_before_anything_starts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.emulator", "MemorySize"],
        env=environ(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "say Name=value" in done.stderr
