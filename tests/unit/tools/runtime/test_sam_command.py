from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.runtime.configuration import SAMCONFIG, TEMPLATE
from tools.runtime.machine import Outcome
from tools.runtime.network import own_network
from tools.runtime.problems import ToolError
from tools.runtime.sam import require_built, sam_command, sam_environment
from tools.runtime.tools import SAM, UV

PROGRAM = str(SAM.home / "bin" / "sam")
CONFIGURED = """
version = 0.1
[default.global.parameters]
parameter_overrides = ["Architecture=x86_64", "FlaskFanout=threads"]
[prod.global.parameters]
parameter_overrides = ["Architecture=arm64"]
[local.global.parameters]
region = "us-east-1"
"""
TEMPLATED = """
Parameters:
  Architecture:
    Type: String

  FlaskFanout:
    Type: String
Resources:
  HttpApi:
    Type: AWS::ApiGatewayV2::Api
"""


@pytest.fixture
def installed(machine: ScriptedMachine) -> ScriptedMachine:
    machine.files |= {
        PROGRAM: "",
        str(SAM.python): "",
        str(SAMCONFIG): CONFIGURED,
        str(TEMPLATE): TEMPLATED,
    }
    return machine


def test_an_installed_sam_is_called_without_asking_anything(installed: ScriptedMachine) -> None:
    assert sam_command(installed, "validate", "--lint") == [PROGRAM, "validate", "--lint"]
    assert installed.ran == []


def test_the_pinned_sam_is_installed_at_first(machine: ScriptedMachine) -> None:
    with pytest.raises(ToolError):  # what is only scripted leaves no file behind
        sam_command(machine, "validate")

    assert f"aws-sam-cli=={SAM.version}" in machine.ran[1]
    assert all(command.startswith(" ".join(UV)) for command in machine.ran)


def test_a_sam_whose_interpreter_is_gone_is_installed_anew(installed: ScriptedMachine) -> None:
    del installed.files[str(SAM.python)]

    with pytest.raises(ToolError):
        sam_command(installed, "validate")

    assert f"aws-sam-cli=={SAM.version}" in installed.ran[1]


def test_sam_sends_no_telemetry(installed: ScriptedMachine) -> None:
    assert sam_environment(installed, "build")["SAM_CLI_TELEMETRY"] == "0"


@pytest.mark.parametrize("subcommand", ["build", "local"])
def test_for_this_machine_sam_is_told_of_its_architecture_beside_what_is_configured(
    installed: ScriptedMachine, subcommand: str
) -> None:
    installed.architecture = "arm64"

    command = sam_command(installed, subcommand)

    assert command[2:] == ["--parameter-overrides", "Architecture=arm64", "FlaskFanout=threads"]


def test_a_chosen_architecture_wins_over_the_machines(installed: ScriptedMachine) -> None:
    installed.architecture = "arm64"
    installed.environ["ARCH"] = "x86_64"

    assert sam_command(installed, "build") == [PROGRAM, "build"]


@pytest.mark.parametrize("subcommand", ["build", "deploy"])
@pytest.mark.parametrize("flag", [("--config-env", "prod"), ("--config-env=prod",)])
def test_what_an_environment_says_is_built_and_deployed_on_any_machine(
    installed: ScriptedMachine, subcommand: str, flag: tuple[str, ...]
) -> None:
    assert sam_command(installed, subcommand, *flag) == [PROGRAM, subcommand, *flag]


def test_an_environment_that_names_no_architecture_has_the_machines(
    installed: ScriptedMachine,
) -> None:
    installed.architecture = "arm64"

    for subcommand in ("build", "deploy"):
        command = sam_command(installed, subcommand, "--config-env", "local")
        assert command[4:] == ["--parameter-overrides", "Architecture=arm64"]


def test_a_deployment_is_not_built_for_one_architecture_and_declared_for_another(
    installed: ScriptedMachine,
) -> None:
    installed.environ["ARCH"] = "x86_64"

    with pytest.raises(
        ToolError, match=r"ARCH is x86_64, and samconfig\.toml says Architecture=arm64"
    ):
        sam_command(installed, "build", "--config-env", "prod")


def test_an_environment_that_is_not_there_is_said_with_those_that_are(
    installed: ScriptedMachine,
) -> None:
    with pytest.raises(ToolError, match="no environment 'pord'; it has default, prod, local"):
        sam_command(installed, "deploy", "--config-env", "pord")


@pytest.mark.parametrize("name", ["Achitecture", "HttpApi"])
def test_a_parameter_that_the_template_has_not_is_no_slip_to_pass_over(
    installed: ScriptedMachine, name: str
) -> None:
    installed.files[str(SAMCONFIG)] = CONFIGURED.replace('"Architecture=arm64"', f'"{name}=arm64"')

    with pytest.raises(ToolError, match=f"sets {name} for 'prod'.* Is it Architecture"):
        sam_command(installed, "deploy", "--config-env", "prod")


def test_a_samconfig_that_is_broken_is_said(installed: ScriptedMachine) -> None:
    installed.files[str(SAMCONFIG)] = "[default"

    with pytest.raises(ToolError, match=r"samconfig\.toml can't be read"):
        sam_command(installed, "build")


def test_a_build_fetches_from_pips_mirror(installed: ScriptedMachine) -> None:
    mirror = "https://mirror.example/simple"
    installed.environ |= {"PIP_INDEX_URL": mirror, "VIRTUAL_ENV": "/somebody/venv"}

    environ = sam_environment(installed, "build")

    assert environ["UV_DEFAULT_INDEX"] == mirror
    assert environ["UV"].endswith("/bin/uv")
    assert "VIRTUAL_ENV" not in environ


def test_a_deployment_does_not_reach_aws_as_pip_reaches_its_mirror(
    installed: ScriptedMachine,
) -> None:
    installed.environ["PIP_PROXY"] = "http://proxy.example:3128"
    assert "https_proxy" not in sam_environment(installed, "deploy")


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


def test_the_containers_on_loopback_are_asked_without_a_proxy(installed: ScriptedMachine) -> None:
    installed.environ = {**installed.environ, "HTTP_PROXY": "http://proxy", "no_proxy": "internal"}
    environ = sam_environment(installed, "local", "invoke")
    assert environ["NO_PROXY"] == environ["no_proxy"] == "internal,127.0.0.1,localhost,::1"
    assert environ["HTTP_PROXY"] == "http://proxy"
