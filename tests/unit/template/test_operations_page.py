"""docs/operations.md matches the template."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.template.reading import Template, of_type

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/operations.md").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/deploy.yaml").read_text())
POLICY: dict[str, Any] = json.loads((ROOT / "docs/deployer-policy.json").read_text())

# IAM's limit for the characters of a managed policy, without white space.
MAX_POLICY = 6_144
OPTIONAL_STATEMENTS = {"Distribution", "NameOfYourOwn", "Rollouts", "TheOnePolicyOfAws"}

# IAM's service names that differ from CloudFormation's.
SERVICES = {
    "apigatewayv2": "apigateway",
    "certificatemanager": "acm",
}
ACTIONS_ON_ALL = {"cloudformation", "logs"}


def section(heading: str) -> str:
    """The text below a heading, up to the next heading of its level."""
    _, rank, rest = re.split(rf"^(##) {re.escape(heading)}$", PAGE, flags=re.MULTILINE)
    return re.split(rf"^{rank} ", rest, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of table rows that start with a name."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_parameter_is_listed_with_default(by_default: Template) -> None:
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows(section("Parameters"))}
    assert told == {
        name: str(parameter["Default"]) or "none"
        for name, parameter in by_default["Parameters"].items()
    }


def test_every_alarm_says_what_to_do(by_default: Template) -> None:
    told = re.findall(r"^### `(\w+)`$", section("Alarms"), flags=re.MULTILINE)
    assert sorted(told) == sorted(of_type(by_default, "AWS::CloudWatch::Alarm"))


def test_every_own_metric_is_explained(by_default: Template) -> None:
    told = {
        name
        for row in rows(section("Logs, metrics and the dashboard"))
        for name in re.findall(r"`(\w+)`", row[0])
    }
    assert told == {
        transformation["MetricName"]
        for one in of_type(by_default, "AWS::Logs::MetricFilter").values()
        for transformation in one["Properties"]["MetricTransformations"]
    }


def test_named_outputs_exist(everything_on: Template) -> None:
    named = set(re.findall(r"output(?:s)? `?(\w+)`?", PAGE)) | set(
        re.findall(r"log group `(\w+)`", PAGE)
    )
    assert named
    assert named <= everything_on["Outputs"].keys()


def test_every_output_is_described(everything_on: Template) -> None:
    for output in everything_on["Outputs"].values():
        assert output["Description"].endswith(".")


def test_links_are_not_broken() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", PAGE, flags=re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in headings
        else:
            assert (ROOT / "docs" / target).exists(), target


def test_deployer_has_no_wildcard_actions() -> None:
    for statement in POLICY["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            assert re.fullmatch(r"[a-z0-9]+:[A-Z]\w+", action), action
        if statement["Resource"] == "*":
            assert {action.split(":")[0] for action in statement["Action"]} <= ACTIONS_ON_ALL


@pytest.mark.parametrize("optional", [False, True])
def test_deployer_policy_fits_in_two(*, optional: bool) -> None:
    statements = [
        one for one in POLICY["Statement"] if (one["Sid"] in OPTIONAL_STATEMENTS) is optional
    ]
    text = json.dumps({**POLICY, "Statement": statements}, separators=(",", ":"))
    filled = text.replace("ACCOUNT", "123456789012").replace("REGION", "ap-southeast-1")
    assert 0 < len(filled) <= MAX_POLICY


def test_deployer_covers_every_resource_type(
    everything_on: Template,
) -> None:
    allowed = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    services = {action.split(":")[0] for action in allowed}
    for resource in everything_on["Resources"].values():
        service = resource["Type"].split("::")[1].lower()
        assert SERVICES.get(service, service) in services, resource["Type"]


def test_deployer_passes_roles_to_their_services(everything_on: Template) -> None:
    (lends,) = (one for one in POLICY["Statement"] if one["Action"] == ["iam:PassRole"])
    lent = {
        role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
        for role in of_type(everything_on, "AWS::IAM::Role").values()
    }
    assert set(lends["Condition"]["StringEquals"]["iam:PassedToService"]) == lent


def test_policies_are_json() -> None:
    blocks = re.findall(r"^( *)```json\n(.*?)^ *```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert blocks
    for _, block in blocks:
        assert json.loads(block)["Version"] == "2012-10-17"


def test_workflow_needs_no_secret() -> None:
    text = (ROOT / ".github/workflows/deploy.yaml").read_text()
    assert "secrets." not in text
    assert "access-key" not in text
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["deploy"]["permissions"] == {"contents": "read", "id-token": "write"}


def test_workflow_variables_are_documented() -> None:
    text = (ROOT / ".github/workflows/deploy.yaml").read_text()
    for variable in set(re.findall(r"vars\.(\w+)", text)):
        assert f"`{variable}`" in section("Deploying from GitHub Actions")


@pytest.mark.parametrize(
    "step", [step for step in WORKFLOW["jobs"]["deploy"]["steps"] if "run" in step]
)
def test_workflow_runs_make_targets(
    step: dict[str, str],
) -> None:
    """No workflow input reaches a shell."""
    makefile = (ROOT / "Makefile").read_text()
    (target,) = re.findall(r"^make (\w+)", step["run"])
    assert f"\n{target}:" in makefile
    assert "${{" not in step["run"]
    for setting in re.findall(r"(\w+)=", step["run"]):
        assert f"$({setting})" in makefile


def test_workflow_environments_match_samconfig() -> None:
    # YAML 1.1 reads the key `on` as true.
    offered = WORKFLOW[True]["workflow_dispatch"]["inputs"]["environment"]["options"]
    samconfig = (ROOT / "samconfig.toml").read_text()
    for environment in offered:
        assert f"[{environment}.deploy.parameters]" in samconfig
