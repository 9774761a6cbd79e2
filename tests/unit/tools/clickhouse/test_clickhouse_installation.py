"""What is installed for ClickHouse, and what is said if it can't be."""

import json
import sys
from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.clickhouse import server
from tools.clickhouse.server import LOCK, PACKAGE, ensure_installed
from tools.runtime.machine import NeedError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installation, on Linux."""
    (pinned,) = (entry["version"] for entry in packages().values())
    home = tmp_path / f"clickhouse-{pinned}"
    home.mkdir()
    monkeypatch.setattr(server, "CACHE", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    return home


def packages() -> dict[str, dict[str, str]]:
    pinned = json.loads(LOCK.read_text())["packages"]
    return {name: entry for name, entry in pinned.items() if name}


def test_library_is_in_the_pinned_package(home: Path) -> None:
    library = ensure_installed(ScriptedMachine())
    assert library == home / "node_modules" / PACKAGE / "libchdb.so"


def test_pin_has_a_hash_and_no_address() -> None:
    (entry,) = packages().values()
    assert entry["integrity"].startswith("sha512-")
    assert "resolved" not in entry


@pytest.mark.parametrize(
    ("platform", "architecture"), [("linux", "arm64"), ("darwin", "x86_64"), ("win32", "x86_64")]
)
def test_other_machines_are_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, platform: str, architecture: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(NeedError, match=r"Linux on x86_64 only.* set CLICKHOUSE_URL"):
        ensure_installed(ScriptedMachine(architecture=architecture))
