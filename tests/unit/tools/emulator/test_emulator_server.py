"""What is asked of Docker for the emulator, and what a person is told when it can't be had."""

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.emulator.packages import packages_folder
from tools.emulator.problems import EmulatorError
from tools.emulator.server import emulator
from tools.runtime.machine import Outcome
from tools.runtime.tools import UV

WHERE = {"image": "lambda", "network": "own"}


@pytest.fixture
def machine() -> ScriptedMachine:
    """A machine that has all that the emulator needs, on which it is ready at the second look."""
    machine = ScriptedMachine()
    machine.files[str(packages_folder(machine))] = ""
    machine.script("docker image inspect", Outcome(0, stdout="sha256:1\n"))
    machine.script("docker logs", Outcome(0), Outcome(0, stderr="Running on http://0.0.0.0:4566"))
    machine.script("docker inspect", Outcome(0, stdout="true\n"))
    return machine


def test_it_is_published_on_the_loopback_alone_and_stopped_at_the_end(
    machine: ScriptedMachine,
) -> None:
    with emulator(machine, **WHERE) as account:
        assert account.url.startswith("http://127.0.0.1:")
        assert machine.count("docker rm") == 0

    (started,) = (line for line in machine.ran if line.startswith("docker run"))
    port = account.url.rpartition(":")[2]
    assert f"--publish 127.0.0.1:{port}:{port} " in started
    assert machine.ran[-1] == "docker rm --force --volumes own-emulator"


def test_it_is_stopped_when_what_it_is_for_is_broken_off(machine: ScriptedMachine) -> None:
    with pytest.raises(KeyboardInterrupt), emulator(machine, **WHERE):
        raise KeyboardInterrupt

    assert machine.ran[-1] == "docker rm --force --volumes own-emulator"


def test_an_emulator_that_ends_at_once_is_told_with_its_last_words(
    machine: ScriptedMachine,
) -> None:
    machine.script("docker logs", Outcome(0, stderr="ImportError: no such thing"))
    machine.script("docker inspect", Outcome(0, stdout="false\n"))

    with pytest.raises(EmulatorError, match=r"(?s)no such thing.*remove .cache"):
        with_emulator(machine)

    assert machine.ran[-1] == "docker rm --force --volumes own-emulator"


def test_a_container_that_docker_does_not_make_is_told_with_dockers_reason(
    machine: ScriptedMachine,
) -> None:
    machine.script("docker run", Outcome(125, stderr="port is already allocated"))

    with pytest.raises(EmulatorError, match="port is already allocated"):
        with_emulator(machine)


def test_an_engine_elsewhere_is_refused(machine: ScriptedMachine) -> None:
    machine.environ["DOCKER_HOST"] = "tcp://192.0.2.7:2375"

    with pytest.raises(EmulatorError, match=r"192\.0\.2\.7.*unset DOCKER_HOST"):
        with_emulator(machine)

    assert machine.ran == []


def test_another_socket_is_handed_to_it(machine: ScriptedMachine) -> None:
    machine.environ["DOCKER_HOST"] = "unix:///run/user/1000/docker.sock"

    with_emulator(machine)

    assert any("/run/user/1000/docker.sock:/var/run/docker.sock" in line for line in machine.ran)


def test_packages_that_cant_be_installed_are_told_with_the_reason(
    machine: ScriptedMachine,
) -> None:
    machine.files.clear()
    machine.script(f"{' '.join(UV)} pip install", Outcome(1, stderr="no network"))

    with pytest.raises(EmulatorError, match=r"(?s)can't be installed.*no network"):
        with_emulator(machine)


def test_a_functions_image_that_was_made_from_this_lambda_image_is_kept(
    machine: ScriptedMachine,
) -> None:
    with_emulator(machine)

    assert machine.count("docker commit") == 0


def test_a_functions_image_of_another_lambda_image_is_made_anew(machine: ScriptedMachine) -> None:
    machine.script("docker image inspect --format {{.Id}} lambda", Outcome(0, stdout="sha256:2\n"))
    machine.script("docker create", Outcome(125, stderr="no space left on device"))

    with pytest.raises(EmulatorError, match="no space left on device"):
        with_emulator(machine)


def with_emulator(machine: ScriptedMachine) -> None:
    """Start it and end it."""
    with emulator(machine, **WHERE):
        pass
