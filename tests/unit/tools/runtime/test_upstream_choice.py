import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.runtime.machine import Outcome
from tools.runtime.problems import UpstreamError
from tools.runtime.upstream import PYPISTATS_URL, fake_pypistats, upstream_for_containers

WHERE = {"image": "lambda", "network": "own"}


def test_the_environments_upstream_is_used_unasked(machine: ScriptedMachine) -> None:
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
def test_an_upstream_on_the_loopback_is_refused(machine: ScriptedMachine, url: str) -> None:
    machine.environ["PYPISTATS_URL"] = url

    with (
        pytest.raises(UpstreamError, match="the container itself"),
        upstream_for_containers(machine, **WHERE),
    ):
        pass


def test_pypistats_org_is_used_where_containers_reach_it(machine: ScriptedMachine) -> None:
    with upstream_for_containers(machine, **WHERE) as url:
        assert url == PYPISTATS_URL

    assert machine.count("docker run --rm") == 1
    assert machine.said == []


def test_elsewhere_the_stand_in_is_used_and_said_so(machine: ScriptedMachine) -> None:
    machine.script("docker run --rm", Outcome(1))
    machine.script("docker logs", Outcome(0), Outcome(0, stdout="listening on http://0.0.0.0:8080"))
    machine.script("docker inspect", Outcome(0, stdout="true\n"))
    machine.script("docker port", Outcome(0, stdout="127.0.0.1:49153\n"))

    with upstream_for_containers(machine, **WHERE) as url:
        assert url == "http://own-upstream:8080"
        assert machine.count("docker rm") == 0

    assert "can't be reached" in machine.said[0]
    assert machine.ran[-1] == "docker rm --force --volumes own-upstream"


def test_a_stand_in_is_told_how_to_behave(machine: ScriptedMachine) -> None:
    machine.script("docker logs", Outcome(0, stdout="listening on http://0.0.0.0:8080"))
    machine.script("docker port", Outcome(0, stdout="127.0.0.1:49153\n"))

    with fake_pypistats(machine, **WHERE, options=("--rule", "delay=40")):
        assert machine.ran[0].endswith("--no-limits --rule delay=40")


def test_a_stand_in_that_ends_at_once_is_an_error_with_its_last_words(
    machine: ScriptedMachine,
) -> None:
    machine.script("docker logs", Outcome(0, stderr="No module named tools"))
    machine.script("docker inspect", Outcome(0, stdout="false\n"))

    with (
        pytest.raises(UpstreamError, match="No module named tools"),
        fake_pypistats(machine, **WHERE),
    ):
        pass

    assert machine.count("docker rm") == 1
