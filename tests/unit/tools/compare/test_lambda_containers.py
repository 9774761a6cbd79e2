"""What the kernel says of a container's memory, and which containers belong to a measurement."""

from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.compare.lambda_arena.containers import (
    Containers,
    Memory,
    containers_on,
    none_left,
)
from tools.compare.problems import MeasurementError
from tools.runtime.machine import Outcome

VERSION_1 = "cache 22761472\nrss 100\ntotal_cache 22761472\ntotal_rss 46800896\ntotal_rss_huge 0\n"
VERSION_2 = "anon 46800896\nfile 22761472\nkernel 1\ninactive_anon 46784512\n"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for function in ("FastApiFunction", "FlaskFunction"):
        (tmp_path / function).mkdir()
    return tmp_path


@pytest.fixture
def machine() -> ScriptedMachine:
    machine = ScriptedMachine()
    machine.script("docker ps", Outcome(0, stdout="aaa\nbbb\n"))
    for container, function in (("aaa", "FastApiFunction"), ("bbb", "FlaskThreadsFunction")):
        listed = f"LANG=C.UTF-8\nAWS_LAMBDA_FUNCTION_NAME={function}\n\n"
        form = "{{range .Config.Env}}{{println .}}{{end}}"
        machine.script(f"docker inspect --format {form} {container}", Outcome(0, stdout=listed))
    return machine


@pytest.mark.parametrize("stat", [VERSION_1, VERSION_2])
def test_memory_is_read_from_either_version_of_cgroups(stat: str) -> None:
    assert Memory.parse("71966720\n", stat) == Memory(71_966_720, 46_800_896)


@pytest.mark.parametrize(("peak", "stat"), [("", VERSION_2), ("1\n", ""), ("max\n", VERSION_2)])
def test_a_cgroup_that_tells_nothing_is_an_error(peak: str, stat: str) -> None:
    with pytest.raises(MeasurementError, match="doesn't tell its memory"):
        Memory.parse(peak, stat)


def test_containers_are_looked_for_by_every_artifact(machine: ScriptedMachine, built: Path) -> None:
    assert containers_on(machine, built) == ["aaa", "bbb"]

    [asked] = machine.ran
    assert all(f"--filter volume={built / name}" in asked for name in ("FastApiFunction",))
    assert "--all" in asked


def test_a_processors_share_is_that_of_lambda(machine: ScriptedMachine, built: Path) -> None:
    containers = Containers(machine, built, ("fastapi", "flask-threads"))

    containers.share_processor("flask-threads", 1769)
    containers.share_processor("fastapi", 128)

    assert machine.ran[-2:] == [
        "docker update --cpus 1.0000 bbb",
        "docker update --cpus 0.0724 aaa",
    ]


def test_a_variant_without_a_container_of_its_own_is_an_error(
    machine: ScriptedMachine, built: Path
) -> None:
    with pytest.raises(MeasurementError, match="one container"):
        Containers(machine, built, ("fastapi", "flask", "flask-threads"))


def test_what_still_mounts_an_artifact_is_removed_whatever_happened(
    machine: ScriptedMachine, built: Path
) -> None:
    with pytest.raises(KeyboardInterrupt), none_left(machine, built):
        raise KeyboardInterrupt

    assert machine.ran[-1] == "docker rm --force --volumes aaa bbb"


def test_where_nothing_is_left_nothing_is_removed(machine: ScriptedMachine, built: Path) -> None:
    machine.script("docker ps", Outcome(0))

    with none_left(machine, built):
        pass

    assert machine.count("docker rm") == 0
