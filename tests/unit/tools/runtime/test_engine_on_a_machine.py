import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.runtime.engine import ENGINE_LOG, ENGINE_START_S, ensure_engine
from tools.runtime.machine import Outcome
from tools.runtime.problems import EngineError

ANSWERS = Outcome(0, stdout="20.10.24\n")
SILENT = Outcome(1, stderr="Cannot connect to the Docker daemon")
REFUSES = Outcome(1, stderr="permission denied while trying to connect to the Docker daemon socket")


def test_an_engine_that_answers_is_left_alone(machine: ScriptedMachine) -> None:
    machine.script("docker info", ANSWERS)

    ensure_engine(machine)

    assert machine.count("docker info") == len(machine.ran) == 1
    assert machine.said == []


def test_root_starts_an_installed_engine_and_waits_until_it_answers(
    machine: ScriptedMachine,
) -> None:
    machine.script("docker info", SILENT, SILENT, SILENT, ANSWERS)

    ensure_engine(machine)

    assert machine.detached == ["dockerd"]
    assert machine.slept_s > 0
    assert machine.count("apt-get") == 0


def test_it_says_that_the_engine_is_left_running_and_how_to_stop_it(
    machine: ScriptedMachine,
) -> None:
    machine.script("docker info", SILENT, SILENT, ANSWERS)

    ensure_engine(machine)

    said = "\n".join(machine.said)
    assert ENGINE_LOG in said
    assert "left running" in said
    assert "kill $(cat /var/run/docker.pid)" in said


def test_a_bare_debian_gets_docker_by_apt(machine: ScriptedMachine) -> None:
    machine.programs = {"apt-get"}
    machine.script("docker info", SILENT, ANSWERS)
    machine.script("apt-cache show docker-cli", Outcome(100))

    ensure_engine(machine)

    install = "apt-get install --yes --no-install-recommends"
    assert machine.ran[:4] == [
        "apt-get update",
        "apt-cache show docker-cli",
        f"{install} docker.io iptables",
        "docker info --format {{.ServerVersion}}",
    ]


def test_a_debian_whose_client_is_a_package_of_its_own_gets_that_too(
    machine: ScriptedMachine,
) -> None:
    machine.programs = {"apt-get"}

    ensure_engine(machine)

    assert (
        machine.count("apt-get install --yes --no-install-recommends docker.io iptables docker-cli")
        == 1
    )


def test_systemd_starts_the_engine_where_it_runs_the_machine(machine: ScriptedMachine) -> None:
    machine.files["/run/systemd/system"] = ""
    machine.script("docker info", SILENT, SILENT, ANSWERS)

    ensure_engine(machine)

    assert machine.count("systemctl start docker") == 1
    assert machine.detached == []


def test_an_engine_that_never_answers_is_given_up_with_the_end_of_its_log(
    machine: ScriptedMachine,
) -> None:
    machine.script("docker info", SILENT)

    with pytest.raises(EngineError, match="no iptables rules for you"):
        ensure_engine(machine)

    assert machine.slept_s == pytest.approx(ENGINE_START_S)


def test_an_engine_that_ends_is_not_waited_for(machine: ScriptedMachine) -> None:
    machine.script("docker info", SILENT)
    machine.daemon_lives = False

    with pytest.raises(EngineError, match="no iptables rules for you"):
        ensure_engine(machine)

    assert machine.slept_s == 0


def test_without_root_it_says_that_root_could_set_one_up(machine: ScriptedMachine) -> None:
    machine.user_id = 1000
    machine.script("docker info", SILENT)

    with pytest.raises(EngineError, match="run this as root on a Debian-like machine"):
        ensure_engine(machine)

    assert machine.count("apt-get") == 0


def test_a_user_who_may_not_use_the_engine_is_told_of_the_group(machine: ScriptedMachine) -> None:
    machine.user_id = 1000
    machine.script("docker info", REFUSES)

    with pytest.raises(EngineError, match="the group `docker`"):
        ensure_engine(machine)


def test_a_silent_docker_host_is_not_replaced_by_an_engine_here(machine: ScriptedMachine) -> None:
    machine.environ["DOCKER_HOST"] = "tcp://192.0.2.1:2375"
    machine.script("docker info", SILENT)

    with pytest.raises(EngineError, match=r"DOCKER_HOST is tcp://192\.0\.2\.1:2375"):
        ensure_engine(machine)


def test_elsewhere_than_on_debian_it_says_what_to_install(machine: ScriptedMachine) -> None:
    machine.programs = set()

    with pytest.raises(EngineError, match="neither `dockerd` nor `apt-get`"):
        ensure_engine(machine)


def test_what_apt_said_is_passed_on_when_it_can_not_install(machine: ScriptedMachine) -> None:
    machine.programs = {"apt-get"}
    machine.installs = False
    machine.script("apt-get install", Outcome(100, stderr="E: Unable to locate package docker.io"))

    with pytest.raises(EngineError, match="Unable to locate package"):
        ensure_engine(machine)
