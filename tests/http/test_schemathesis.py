"""schemathesis against the running server: all its phases, stateful included, and all its checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.http.served import Served

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))


def test_schemathesis_finds_nothing(
    api: Served, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    # pytest prints this seed at its start, and --hypothesis-seed sets it.
    seed = str(pytestconfig.getoption("hypothesis_seed"))
    done = subprocess.run(
        [
            *[SCHEMATHESIS, "--config-file", str(HERE / "schemathesis.toml"), "--no-color"],
            *["run", f"{api.url}/openapi.json", "--seed", seed, "--checks", "all"],
            *["--phases", "examples,coverage,fuzzing,stateful"],
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout, done.stderr)  # noqa: T201 - pytest shows it if the test fails
    assert done.returncode == 0, f"reproduce it with --hypothesis-seed={seed}"
