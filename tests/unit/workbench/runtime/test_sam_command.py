from pathlib import Path

import pytest

from tests.unit.workbench.runtime.scripted_machine import ScriptedMachine
from workbench.runtime.machine import Outcome
from workbench.runtime.network import own_network
from workbench.runtime.problems import ToolError
from workbench.runtime.sam import SAM_HOME, SAM_VERSION, require_built, sam_command, sam_environment

SAM = str(SAM_HOME / "bin" / "sam")


@pytest.fixture
def installed(machine: ScriptedMachine) -> ScriptedMachine:
    machine.files[SAM] = ""
    return machine


def test_an_installed_sam_is_called_without_asking_anything(installed: ScriptedMachine) -> None:
    assert sam_command(installed, "validate", "--lint") == [SAM, "validate", "--lint"]
    assert installed.ran == []


def test_the_pinned_sam_is_installed_at_first(machine: ScriptedMachine) -> None:
    with pytest.raises(ToolError):  # what is only scripted leaves no file behind
        sam_command(machine, "validate")

    assert f"aws-sam-cli=={SAM_VERSION}" in machine.ran[0]


def test_sam_sends_no_telemetry(installed: ScriptedMachine) -> None:
    assert sam_environment(installed, "build")["SAM_CLI_TELEMETRY"] == "0"


@pytest.mark.parametrize("subcommand", ["build", "local"])
def test_sam_is_told_of_an_architecture_other_than_the_templates_default(
    installed: ScriptedMachine, subcommand: str
) -> None:
    installed.architecture = "arm64"

    command = sam_command(installed, subcommand)

    assert command[-2:] == ["--parameter-overrides", "Architecture=arm64"]
    assert sam_environment(installed, subcommand)["ARCH"] == "arm64"


def test_a_chosen_architecture_wins_over_the_machines(installed: ScriptedMachine) -> None:
    installed.architecture = "arm64"
    installed.environ["ARCH"] = "x86_64"

    assert sam_command(installed, "build") == [SAM, "build"]


def test_only_local_commands_are_given_a_region(installed: ScriptedMachine) -> None:
    assert "AWS_DEFAULT_REGION" in sam_environment(installed, "local", "invoke")
    assert "AWS_DEFAULT_REGION" not in sam_environment(installed, "deploy")


def test_a_chosen_region_is_kept(installed: ScriptedMachine) -> None:
    installed.environ["AWS_DEFAULT_REGION"] = "eu-north-1"
    assert sam_environment(installed, "local")["AWS_DEFAULT_REGION"] == "eu-north-1"


def test_what_is_not_built_yet_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="make build"):
        require_built(tmp_path / "template.yaml")


def test_a_network_goes_with_every_container_on_it(machine: ScriptedMachine) -> None:
    machine.script("docker ps", Outcome(0, stdout="c0ffee\nbadcab\n"))

    with own_network(machine) as name:
        assert machine.ran == [f"docker network create {name}"]

    assert machine.ran[2:] == [
        "docker rm --force --volumes c0ffee badcab",
        f"docker network rm {name}",
    ]
