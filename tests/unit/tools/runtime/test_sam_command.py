"""How SAM is called: its architecture, its environment, its parameters."""

from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.runtime import sam
from tools.runtime.docker import own_network
from tools.runtime.local import local_session
from tools.runtime.machine import NeedError, Outcome
from tools.runtime.sam import sam_command, sam_environment
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


@pytest.fixture
def samconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A samconfig.toml of this file's own."""
    file = tmp_path / "samconfig.toml"
    file.write_text(CONFIGURED)
    monkeypatch.setattr(sam, "SAMCONFIG", file)
    return file


@pytest.fixture
def installed(machine: ScriptedMachine, samconfig: Path) -> ScriptedMachine:  # noqa: ARG001 - it is read
    machine.files |= {Path(PROGRAM), SAM.python}
    return machine


def test_installed_sam_is_called_without_asking_anything(installed: ScriptedMachine) -> None:
    assert sam_command(installed, "validate", "--lint") == [PROGRAM, "validate", "--lint"]
    assert installed.ran == []


@pytest.mark.parametrize("there", [set(), {Path(PROGRAM)}], ids=["nothing", "no interpreter"])
def test_pinned_sam_is_installed_if_need_be(machine: ScriptedMachine, there: set[Path]) -> None:
    machine.files |= there
    with pytest.raises(NeedError, match="brings no `sam`"):  # since nothing runs here
        sam_command(machine, "validate")
    assert f"aws-sam-cli=={SAM.version}" in machine.ran[1]
    assert all(command.startswith(" ".join(UV)) for command in machine.ran)


def test_sam_sends_no_telemetry(installed: ScriptedMachine) -> None:
    assert sam_environment(installed, "build")["SAM_CLI_TELEMETRY"] == "0"


@pytest.mark.parametrize("subcommand", ["build", "local"])
def test_local_commands_have_architecture_of_machine(
    installed: ScriptedMachine, subcommand: str
) -> None:
    installed.architecture = "arm64"

    command = sam_command(installed, subcommand)

    assert command[2:] == ["--parameter-overrides", "Architecture=arm64", "FlaskFanout=threads"]


@pytest.mark.parametrize("subcommand", ["build", "deploy"])
@pytest.mark.parametrize("flag", [("--config-env", "prod"), ("--config-env=prod",)])
def test_environment_names_architecture_on_any_machine(
    installed: ScriptedMachine, subcommand: str, flag: tuple[str, ...]
) -> None:
    assert sam_command(installed, subcommand, *flag) == [PROGRAM, subcommand, *flag]


def test_environment_without_architecture_has_that_of_machine(
    installed: ScriptedMachine,
) -> None:
    installed.architecture = "arm64"

    for subcommand in ("build", "deploy"):
        command = sam_command(installed, subcommand, "--config-env", "local")
        assert command[4:] == ["--parameter-overrides", "Architecture=arm64"]


def test_unknown_environment_is_refused(
    installed: ScriptedMachine,
) -> None:
    with pytest.raises(NeedError, match="no environment 'pord'; it has default, prod, local"):
        sam_command(installed, "deploy", "--config-env", "pord")


@pytest.mark.parametrize("name", ["Achitecture", "Architect"])
def test_unknown_parameter_is_refused(
    installed: ScriptedMachine, samconfig: Path, name: str
) -> None:
    samconfig.write_text(CONFIGURED.replace('"Architecture=arm64"', f'"{name}=arm64"'))

    with pytest.raises(NeedError, match=f"sets {name} for 'prod'.* Is it Architecture"):
        sam_command(installed, "deploy", "--config-env", "prod")


def test_broken_samconfig_is_reported(installed: ScriptedMachine, samconfig: Path) -> None:
    samconfig.write_text("[default")

    with pytest.raises(NeedError, match=r"samconfig\.toml can't be read"):
        sam_command(installed, "build")


def test_build_fetches_from_mirror_of_pip(installed: ScriptedMachine) -> None:
    mirror = "https://mirror.example/simple"
    installed.environ |= {"PIP_INDEX_URL": mirror, "VIRTUAL_ENV": "/somebody/venv"}

    environ = sam_environment(installed, "build")

    assert environ["UV_DEFAULT_INDEX"] == mirror
    assert environ["UV"].endswith("/bin/uv")
    assert "VIRTUAL_ENV" not in environ


def test_deployment_ignores_proxy_of_pip(
    installed: ScriptedMachine,
) -> None:
    installed.environ["PIP_PROXY"] = "http://proxy.example:3128"
    assert "https_proxy" not in sam_environment(installed, "deploy")


def test_only_local_commands_get_a_region(installed: ScriptedMachine) -> None:
    assert "AWS_DEFAULT_REGION" in sam_environment(installed, "local", "invoke")
    assert "AWS_DEFAULT_REGION" not in sam_environment(installed, "deploy")


def test_chosen_region_is_kept(installed: ScriptedMachine) -> None:
    installed.environ["AWS_DEFAULT_REGION"] = "eu-north-1"
    assert sam_environment(installed, "local")["AWS_DEFAULT_REGION"] == "eu-north-1"


def test_missing_build_is_reported(machine: ScriptedMachine, tmp_path: Path) -> None:
    with (
        pytest.raises(NeedError, match="make build"),
        local_session(machine, tmp_path / "template.yaml"),
    ):
        pass


def test_network_ends_with_its_containers(machine: ScriptedMachine) -> None:
    machine.script("docker ps", Outcome(0, stdout="c0ffee\nbadcab\n"))

    with own_network(machine) as name:
        assert machine.ran == [f"docker network create {name}"]

    assert machine.ran[2:] == [
        "docker rm --force --volumes c0ffee badcab",
        f"docker network rm {name}",
    ]


def test_loopback_is_asked_without_proxy(installed: ScriptedMachine) -> None:
    installed.environ = {**installed.environ, "HTTP_PROXY": "http://proxy", "no_proxy": "internal"}
    environ = sam_environment(installed, "local", "invoke")
    assert environ["NO_PROXY"] == environ["no_proxy"] == "internal,127.0.0.1,localhost,::1"
    assert environ["HTTP_PROXY"] == "http://proxy"
