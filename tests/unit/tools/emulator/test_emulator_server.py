"""How Docker is asked for the emulator, and what is said if it can't run."""

from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.emulator import server
from tools.emulator.server import emulator
from tools.runtime.machine import NeedError, Outcome
from tools.runtime.tools import UV

WHERE = {"image": "lambda", "network": "own"}


class Installed(ScriptedMachine):
    """A machine on which everything is installed."""

    def has(self, path: Path) -> bool:  # noqa: ARG002 - as the base class
        return True


@pytest.fixture
def machine() -> ScriptedMachine:
    """A machine on which the emulator is ready at the second look."""
    machine = Installed()
    machine.script("docker logs", Outcome(0), Outcome(0, stderr="Running on http://0.0.0.0:4566"))
    machine.script("docker inspect", Outcome(0, stdout="true\n"))
    return machine


def test_published_on_loopback_only_and_removed(machine: ScriptedMachine) -> None:
    with emulator(machine, **WHERE) as account:
        assert account.url.startswith("http://127.0.0.1:")
        assert machine.count("docker rm") == 0

    (started,) = (line for line in machine.ran if line.startswith("docker run"))
    port = account.url.rpartition(":")[2]
    assert f"--publish 127.0.0.1:{port}:{port} " in started
    assert machine.ran[-1] == "docker rm --force --volumes own-emulator"


def test_removed_after_interruption(machine: ScriptedMachine) -> None:
    with pytest.raises(KeyboardInterrupt), emulator(machine, **WHERE):
        raise KeyboardInterrupt

    assert machine.ran[-1] == "docker rm --force --volumes own-emulator"


@pytest.mark.parametrize(
    ("command", "outcome", "says"),
    [
        ("docker logs", Outcome(0, stderr="ImportError: no such thing"), "no such thing"),
        ("docker run", Outcome(125, stderr="port is already allocated"), "already allocated"),
        ("docker tag", Outcome(1, stderr="no space left"), "no space left"),
    ],
)
def test_failed_start_has_words_of_docker(
    machine: ScriptedMachine, command: str, outcome: Outcome, says: str
) -> None:
    machine.script(command, outcome)
    machine.script("docker inspect", Outcome(0, stdout="false\n"))
    with pytest.raises(NeedError, match=says):
        with_emulator(machine)


def test_remote_engine_is_refused(machine: ScriptedMachine) -> None:
    machine.environ = {"DOCKER_HOST": "tcp://192.0.2.7:2375"}
    with pytest.raises(NeedError, match=r"192\.0\.2\.7.*unset DOCKER_HOST"):
        with_emulator(machine)
    assert machine.ran == []


def test_other_socket_is_mounted(machine: ScriptedMachine) -> None:
    machine.environ = {"DOCKER_HOST": "unix:///run/user/1000/docker.sock"}
    with_emulator(machine)
    assert any("/run/user/1000/docker.sock:/var/run/docker.sock" in line for line in machine.ran)


def test_failed_installation_has_words_of_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CACHE", tmp_path)
    machine = ScriptedMachine()
    machine.script(f"{' '.join(UV)} pip install", Outcome(1, stderr="no network"))
    with pytest.raises(NeedError, match=r"(?s)can't be installed.*no network"):
        with_emulator(machine)


def with_emulator(machine: ScriptedMachine) -> None:
    """Start it and end it."""
    with emulator(machine, **WHERE):
        pass
