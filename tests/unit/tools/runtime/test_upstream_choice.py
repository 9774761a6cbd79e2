import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.runtime.machine import NeedError, Outcome
from tools.runtime.upstream import PYPISTATS_URL, fake_pypistats, upstream_for_containers

WHERE = {"image": "lambda", "network": "own"}


def test_chosen_upstream_is_used(machine: ScriptedMachine) -> None:
    machine.environ["PYPISTATS_URL"] = "http://192.0.2.7:8080"

    with upstream_for_containers(machine, **WHERE) as url:
        assert url == "http://192.0.2.7:8080"

    assert machine.ran == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://127.8.8.8",
        "http://localhost:8080",
        "http://api.localhost",
        "http://[::1]:8080",
    ],
)
def test_upstream_on_loopback_is_refused(machine: ScriptedMachine, url: str) -> None:
    machine.environ["PYPISTATS_URL"] = url

    with (
        pytest.raises(NeedError, match="the container itself"),
        upstream_for_containers(machine, **WHERE),
    ):
        pass


def test_pypistats_org_is_used_if_containers_reach_it(machine: ScriptedMachine) -> None:
    with upstream_for_containers(machine, **WHERE) as url:
        assert url == PYPISTATS_URL

    assert machine.count("docker run --rm") == 1
    assert machine.said == []


def test_fake_upstream_is_used_otherwise(machine: ScriptedMachine) -> None:
    machine.script("docker run --rm", Outcome(1))
    machine.script("docker logs", Outcome(0), Outcome(0, stdout="listening on http://0.0.0.0:8080"))
    machine.script("docker inspect", Outcome(0, stdout="true\n"))
    machine.script("docker port", Outcome(0, stdout="127.0.0.1:49153\n"))

    with upstream_for_containers(machine, **WHERE) as url:
        assert url == "http://own-upstream:8080"
        assert machine.count("docker rm") == 0

    assert "can't be reached" in machine.said[0]
    assert machine.ran[-1] == "docker rm --force --volumes own-upstream"


def test_fake_upstream_gets_its_options(machine: ScriptedMachine) -> None:
    machine.script("docker logs", Outcome(0, stdout="listening on http://0.0.0.0:8080"))
    machine.script("docker port", Outcome(0, stdout="127.0.0.1:49153\n"))

    with fake_pypistats(machine, **WHERE, options=("--rule", "delay=40")):
        assert machine.ran[0].endswith("--no-limits --rule delay=40")


def test_fake_upstream_that_ends_is_an_error(
    machine: ScriptedMachine,
) -> None:
    machine.script("docker logs", Outcome(0, stderr="No module named tools"))
    machine.script("docker inspect", Outcome(0, stdout="false\n"))

    with (
        pytest.raises(NeedError, match="No module named tools"),
        fake_pypistats(machine, **WHERE),
    ):
        pass

    assert machine.count("docker rm") == 1
