"""One stack in the emulated account, by `sam build`, `sam deploy` and `sam delete` as anyone runs them."""

import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.emulator.account import DIRECTLY, RequestLog
from tools.emulator.problems import DeploymentError
from tools.runtime.machine import Machine
from tools.runtime.processes import started
from tools.runtime.sam import sam_command, sam_environment

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "samconfig.toml"
CONFIG_ENVIRONMENT = "local"
# The file is named because it is else looked for beside the template, built or not.
CONFIGURED = ("--config-file", str(CONFIG), "--config-env", CONFIG_ENVIRONMENT)
STEP_TIMEOUT_S = 600
LAST_LINES = 25


def build(machine: Machine, folder: Path, *, source: Path = ROOT / "template.yaml") -> Path:
    """`sam build` into a folder; returns the built template.

    Raises:
        DeploymentError: it failed; says what to do.
    """
    arguments = (
        *("build", "--template-file", str(source), "--build-dir", str(folder), *CONFIGURED),
        *_overrides(machine, {}),
    )
    _sam(
        sam_command(machine, *arguments),
        sam_environment(machine, *arguments),
        advice="Mend what it names; functions/Makefile says how each function is built.",
    )
    return folder / "template.yaml"


@dataclass(frozen=True)
class Stack:
    """The stack that samconfig.toml's environment `local` names."""

    machine: Machine
    account: RequestLog

    @property
    def name(self) -> str:
        """As samconfig.toml has it."""
        environments = tomllib.loads(CONFIG.read_text())
        name: str = environments[CONFIG_ENVIRONMENT]["global"]["parameters"]["stack_name"]
        return name

    def deploy(self, template: Path, parameters: Mapping[str, str]) -> None:
        """`sam deploy` a built template, whether or not the stack is there.

        Raises:
            DeploymentError: it failed; says what to do.
        """
        self._run(
            *("deploy", "--template-file", str(template), *_overrides(self.machine, parameters)),
            advice="Mend what it names. template.yaml says what each parameter may be, "
            "docs/operations.md which rights a deployer needs.",
        )

    def delete(self) -> None:
        """`sam delete`.

        Raises:
            DeploymentError: it failed.
        """
        self._run(
            *("delete", "--stack-name", self.name, "--no-prompts"),
            advice="What stands in the way is named above; the emulator itself ends anyway.",
        )

    def physical_name(self, logical_id: str) -> str:
        """The name that the account has for one of the stack's resources."""
        found = self._client().describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by their names."""
        (stack,) = self._client().describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def _client(self) -> "CloudFormationClient":
        return self.account.session.client(
            "cloudformation", endpoint_url=self.account.url, config=DIRECTLY
        )

    def _run(self, *arguments: str, advice: str) -> None:
        _sam(
            sam_command(self.machine, *arguments, *CONFIGURED),
            self.account.environ(sam_environment(self.machine, *arguments)),
            advice=advice,
        )


def _overrides(machine: Machine, parameters: Mapping[str, str]) -> tuple[str, ...]:
    # Functions run on this machine, whatever ARCH says.
    given = {"Architecture": machine.architecture, **parameters}
    return ("--parameter-overrides", *("=".join(pair) for pair in given.items()))


def _sam(command: list[str], environ: Mapping[str, str], *, advice: str) -> None:
    with started(
        command, environ=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output, _ = process.communicate(timeout=STEP_TIMEOUT_S)
    if process.returncode != 0:
        last = "\n".join(output.strip().splitlines()[-LAST_LINES:])
        raise DeploymentError(f"sam {command[1]} failed:\n{last}\n{advice}")
