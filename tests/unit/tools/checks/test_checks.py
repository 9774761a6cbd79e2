import json
from pathlib import Path

import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools import ROOT
from tools.checks.__main__ import Check, checks, failure
from tools.checks.translation import EVERYTHING_ON
from tools.runtime.machine import NeedError, Outcome
from tools.runtime.tools import CHECK_JSONSCHEMA, CHECKOV, SAM, UV


@pytest.fixture
def machine() -> ScriptedMachine:
    machine = ScriptedMachine()
    for tool in (SAM, CHECKOV, CHECK_JSONSCHEMA):
        machine.files |= {tool.home / "bin" / tool.program, tool.python}
    template = {"Parameters": {name: {"Default": ""} for name in EVERYTHING_ON}}
    machine.script(str(SAM.python), Outcome(0, stdout=json.dumps(template)))
    return machine


def test_a_check_that_passes_says_nothing(machine: ScriptedMachine) -> None:
    assert failure(machine, Check("some tool", ("tool",), "Mend it.")) is None


def test_a_check_that_fails_says_what_the_tool_said_and_what_to_do(
    machine: ScriptedMachine,
) -> None:
    machine.script("tool", Outcome(1, stdout="line 3 is wrong\n", stderr="1 error\n"))

    said = failure(machine, Check("some tool", ("tool", "file"), "Mend it."))

    assert said == "some tool failed:\nline 3 is wrong\n1 error\nMend it."


def test_the_transformed_template_is_looked_at_too(
    machine: ScriptedMachine, tmp_path: Path
) -> None:
    looking = [check for check in checks(machine, tmp_path) if str(tmp_path) in str(check.command)]
    assert len(looking) == 2


def test_what_is_off_by_default_is_looked_at_as_if_it_were_on(
    machine: ScriptedMachine, tmp_path: Path
) -> None:
    next(checks(machine, tmp_path))

    (written,) = tmp_path.iterdir()
    parameters = json.loads(written.read_text())["Parameters"]
    assert {name: one["Default"] for name, one in parameters.items()} == EVERYTHING_ON


def test_all_of_githubs_files_are_checked(machine: ScriptedMachine, tmp_path: Path) -> None:
    checked = {part for one in checks(machine, tmp_path) for part in one.command}
    files = {str(path) for path in (ROOT / ".github").rglob("*") if path.is_file()}
    assert {Path(file).name for file in files} >= {"ci.yaml", "deploy.yaml", "dependabot.yml"}
    assert files <= checked


def test_no_check_asks_the_network(machine: ScriptedMachine, tmp_path: Path) -> None:
    (checkov,) = (one for one in checks(machine, tmp_path) if one.name.startswith("checkov"))
    assert "--skip-download" in checkov.command


def test_a_template_that_sam_does_not_take_is_said(
    machine: ScriptedMachine, tmp_path: Path
) -> None:
    machine.script(str(SAM.python), Outcome(1, stderr="Resource with id [X] is invalid."))

    with pytest.raises(NeedError, match=r"Resource with id \[X\] is invalid"):
        next(checks(machine, tmp_path))


def test_a_tool_that_can_not_be_installed_is_said(machine: ScriptedMachine, tmp_path: Path) -> None:
    machine.files.remove(CHECKOV.home / "bin" / "checkov")
    machine.script(" ".join(UV), Outcome(1, stderr="no route to host"))

    with pytest.raises(NeedError, match="checkov can't be installed"):
        list(checks(machine, tmp_path))
