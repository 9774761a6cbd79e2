"""npm installs what is pinned into its folder, whatever else the user's npm is set to."""

import base64
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.left_out import leave_out
from tools.npm import ensure_installed
from tools.runtime.machine import Machine


class _LedAstray(Machine):
    def __init__(self, elsewhere: str) -> None:
        self.environ = {
            **Machine.environ,
            "HOME": elsewhere,
            **dict.fromkeys(("NPM_CONFIG_CACHE", "NPM_CONFIG_LOGS_DIR"), elsewhere),
            **dict.fromkeys(("NPM_CONFIG_PREFIX", "npm_config_cache"), elsewhere),
            **dict.fromkeys(("NPM_CONFIG_GLOBAL", "NPM_CONFIG_DRY_RUN"), "true"),
            "NPM_CONFIG_LOCATION": "global",
            "NPM_CONFIG_OMIT": "optional",
        }


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A package-lock.json that pins the optional package canary, which is beside it."""
    package = tmp_path / "canary.tgz"
    with tarfile.open(package, "w:gz") as archive:
        text = b'{"name": "canary", "version": "1.0.0"}'
        described = tarfile.TarInfo("package/package.json")
        described.size = len(text)
        archive.addfile(described, io.BytesIO(text))
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    needs = {"name": "pins", "optionalDependencies": {"canary": f"file:{package}"}}
    pinned = {
        "version": "1.0.0",
        "resolved": f"file:{package}",
        "integrity": f"sha512-{digest}",
        "optional": True,
    }
    lock = tmp_path / "package-lock.json"
    lock.with_name("package.json").write_text(json.dumps(needs))
    packages = {"": needs, "node_modules/canary": pinned}
    lock.write_text(json.dumps({"name": "pins", "lockfileVersion": 3, "packages": packages}))
    return lock


def test_npm_writes_its_folders_alone(lock: Path, tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        leave_out("npm is not on the PATH")
    elsewhere, cache = tmp_path / "elsewhere", tmp_path / ".cache"
    elsewhere.mkdir()

    ensure_installed(_LedAstray(str(elsewhere)), "Canary", lock, cache / "canary")

    assert (cache / "canary/node_modules/canary/package.json").exists()
    assert list(elsewhere.iterdir()) == []
