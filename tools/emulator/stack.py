"""One stack in the emulated account, by `sam build`, `sam deploy` and `sam delete` as anyone runs them."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import ROOT
from tools.runtime.machine import Machine, NeedError
from tools.runtime.processes import started
from tools.runtime.sam import SAMCONFIG, TEMPLATE, sam_command, sam_environment

from .account import Account

NAME: Final = "pypi-pulse-local"
"""As samconfig.toml has it for its environment `local`."""
STEP_TIMEOUT_S: Final = 600
SCHEDULED: Final = ROOT / "events" / "schedule.json"
LAST_LINES: Final = 25

# The file is named, since SAM looks for it beside the template.
_CONFIGURED: Final = ("--config-file", str(SAMCONFIG), "--config-env", "local")


def build(machine: Machine, folder: Path, *, source: Path = TEMPLATE) -> Path:
    """`sam build` into a folder; returns the built template.

    Raises:
        NeedError: it failed; says what to do.
    """
    arguments = ("build", "--template-file", str(source), "--build-dir", str(folder))
    _sam(
        sam_command(machine, *arguments, *_CONFIGURED, *_overrides(machine, {})),
        sam_environment(machine, *arguments),
        advice="Fix what it names; functions/Makefile says how each function is built.",
    )
    return folder / "template.yaml"


@dataclass(frozen=True)
class Stack:
    """The stack of samconfig.toml's environment `local`."""

    machine: Machine
    account: Account

    def deploy(self, template: Path, parameters: Mapping[str, str]) -> None:
        """`sam deploy` a built template, whether or not the stack exists.

        Raises:
            NeedError: it failed; says what to do.
        """
        self._run(
            *("deploy", "--template-file", str(template), *_overrides(self.machine, parameters)),
            advice="Fix what it names. template.yaml says what each parameter may be, "
            "docs/operations.md which rights a deployer needs.",
        )

    def delete(self) -> None:
        """`sam delete`, which leaves the table of history, and then that table as docs/operations.md says.

        Raises:
            NeedError: it failed, or left something else in the account.
        """
        history = self.outputs()["HistoryTableName"]
        self._run(
            *("delete", "--stack-name", NAME, "--no-prompts"),
            advice="What stands in the way is named above; the emulator itself ends anyway.",
        )
        left = self.account.resources()
        if left != [f"dynamodb {history}"]:
            raise NeedError(
                f"`sam delete` left: {', '.join(left)}. It should leave {history} alone."
            )
        dynamodb = self.account.client("dynamodb")
        dynamodb.update_table(TableName=history, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=history)

    def collect(self, package: str) -> list[str]:
        """Run the collector as the schedule does; returns the breakdowns of a tracked package in history.

        Raises:
            NeedError: the run failed, or left nothing of the package.
        """
        outputs = self.outputs()
        invoked = self.account.client("lambda").invoke(
            FunctionName=outputs["CollectorFunctionName"], Payload=SCHEDULED.read_bytes()
        )
        payload = invoked["Payload"].read().decode()
        if "FunctionError" in invoked:
            raise NeedError(f"CollectorFunction failed: {payload}")
        items = self.account.client("dynamodb").scan(TableName=outputs["HistoryTableName"])["Items"]
        kept = {
            item["series"]["S"] for item in items if item["series"]["S"].endswith(f"#{package}")
        }
        breakdowns = sorted(series.split("#")[1] for series in kept)
        if not breakdowns:
            raise NeedError(f"CollectorFunction left nothing of {package} in HistoryTable.")
        return breakdowns

    def physical_name(self, logical_id: str) -> str:
        """The name of one of the stack's resources in the account."""
        found = self.account.client("cloudformation").describe_stack_resource(
            StackName=NAME, LogicalResourceId=logical_id
        )
        name: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        (stack,) = self.account.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def _run(self, *arguments: str, advice: str) -> None:
        _sam(
            sam_command(self.machine, *arguments, *_CONFIGURED),
            self.account.environ(sam_environment(self.machine, *arguments)),
            advice=advice,
        )


def _overrides(machine: Machine, parameters: Mapping[str, str]) -> tuple[str, ...]:
    # The flag hides all of samconfig.toml's; functions run on this machine.
    given = {"Architecture": machine.architecture, **parameters}
    return ("--parameter-overrides", *("=".join(pair) for pair in given.items()))


def _sam(command: list[str], environ: Mapping[str, str], *, advice: str) -> None:
    with started(
        command, environ=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output, _ = process.communicate(timeout=STEP_TIMEOUT_S)
    if process.returncode != 0:
        last = "\n".join(output.strip().splitlines()[-LAST_LINES:])
        raise NeedError(f"sam {command[1]} failed:\n{last}\n{advice}")
