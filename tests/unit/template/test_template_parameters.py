"""Template parameters, and their values in samconfig.toml."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pulse.settings import UpstreamSettings
from pulse_io.settings import Settings
from tests.unit.template.reading import Template, of_type
from tools.runtime.sam import TEMPLATES_ARCHITECTURE, parameter_overrides

ROOT = Path(__file__).parents[3]
ENVIRONMENTS = ["default", "dev", "prod", "local"]
SAMCONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())


def takes(parameter: dict[str, Any], value: str) -> bool:
    """Whether CloudFormation accepts the value."""
    if "AllowedValues" in parameter:
        return value in [str(one) for one in parameter["AllowedValues"]]
    if "AllowedPattern" in parameter:
        return re.fullmatch(parameter["AllowedPattern"], value) is not None
    low, high = parameter.get("MinValue", float("-inf")), parameter.get("MaxValue", float("inf"))
    return bool(low <= float(value) <= high)


def test_parameters_are_described_bounded_and_have_defaults(by_default: Template) -> None:
    for parameter in by_default["Parameters"].values():
        assert parameter["Description"].endswith((".", "none."))
        assert {"AllowedValues", "AllowedPattern", "MinValue"} & parameter.keys()
        assert takes(parameter, str(parameter["Default"]))
        if "AllowedPattern" in parameter:
            assert parameter["ConstraintDescription"]


def test_every_parameter_is_in_one_group(by_default: Template) -> None:
    groups = by_default["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(by_default["Parameters"])


def test_every_parameter_is_used(by_default: Template) -> None:
    # SAM consumes the deployment preference, but `Rollout` stays in a condition.
    rest = json.dumps({name: by_default[name] for name in ("Conditions", "Resources", "Outputs")})
    for name in by_default["Parameters"]:
        assert f'{{"Ref": "{name}"}}' in rest or f"${{{name}}}" in rest


def test_functions_accept_base_paths_of_template() -> None:
    for path in ("", "stats", "stats/v1.0", "_a-b"):
        assert UpstreamSettings.from_environ({"BASE_PATH": path}).base_path.strip("/") == path


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("PypistatsUrl", "https://pypistats.org", True),
        ("PypistatsUrl", "pypistats.org", False),
        ("PypistatsUrl", "https://pypistats.org/?a=b", False),
        ("TrackedPackages", "requests", True),
        ("TrackedPackages", "requests,typing_extensions,zope.interface,__all__", True),
        ("TrackedPackages", "requests, httpx", False),
        ("TrackedPackages", "requests,", False),
        ("TrackedPackages", "requests,-httpx", False),
        ("TrackedPackages", "requests[socks]", False),
        ("DomainName", "pulse.example.org", True),
        ("DomainName", "https://pulse.example.org", False),
        ("CertificateArn", "arn:aws:acm:us-east-1:123456789012:certificate/0a1b-2c", True),
        ("CertificateArn", "arn:aws:iam::123456789012:server-certificate/a", False),
        ("HostedZoneId", "Z0123456789ABC", True),
        ("HostedZoneId", "/hostedzone/Z0123", False),
        ("BasePath", "stats", True),
        ("BasePath", "stats/v1.0", True),
        ("BasePath", "/stats", False),
        ("BasePath", "stats/", False),
        ("BasePath", "stats/../v1", False),
        ("BasePath", "a b", False),
        ("AlarmEmail", "operator@example.org", True),
        ("AlarmEmail", "operator", False),
        ("ClickhouseUrl", "https://sql-clickhouse.clickhouse.com", True),
        ("ClickhouseUrl", "https://clickhouse.example.org:8443/path", True),
        ("ClickhouseUrl", "https://demo:secret@clickhouse.example.org", False),
        ("ClickhouseUrl", "https://clickhouse.example.org/?password=secret", False),
        ("ClickhouseUser", "a:b", False),
        ("ClickhousePassword", "{{resolve:secretsmanager:pulse:SecretString:password}}", True),
        ("ClickhousePassword", 'päss:wörd %20 "quoted"', True),
        ("ClickhousePassword", "two\nlines", False),
        ("ClickhouseDatabase", "pypi; DROP", False),
        ("ClickhousePerHour", "-1", False),
        ("MemorySize", "64", False),
        ("Rollout", "Canary", False),
    ],
)
def test_patterns_refuse_wrong_values(
    by_default: Template, name: str, value: str, *, good: bool
) -> None:
    assert takes(by_default["Parameters"][name], value) is good


def test_password_is_shown_nowhere(by_default: Template) -> None:
    """Only in the function's variables; the description of a version has all other parameters."""
    assert by_default["Parameters"]["ClickhousePassword"]["NoEcho"] is True
    rest = json.dumps({name: by_default[name] for name in ("Conditions", "Resources", "Outputs")})
    assert rest.count("ClickhousePassword") == 1
    function = by_default["Resources"]["FastApiFunction"]["Properties"]
    assert "ClickhousePassword" in json.dumps(function["Environment"])
    versions = of_type(by_default, "AWS::Lambda::Version")
    (description,) = (
        json.dumps(version["Properties"]["Description"])
        for name, version in versions.items()
        if name.startswith("FastApi")
    )
    for name in ("Url", "User", "Database", "PerHour"):
        assert f"${{Clickhouse{name}}}" in description


def test_function_accepts_clickhouse_parameters(by_default: Template) -> None:
    variables = by_default["Resources"]["FastApiFunction"]["Properties"]["Environment"]["Variables"]
    clickhouse = {
        name: str(by_default["Parameters"][value["Ref"]]["Default"])
        for name, value in variables.items()
        if name.startswith("CLICKHOUSE_")
    }
    assert len(clickhouse) == 5
    settings = Settings.from_environ(clickhouse)
    assert (settings.clickhouse_url, settings.clickhouse_user) == (None, "demo")
    assert (settings.clickhouse_database, settings.clickhouse_per_hour) == ("pypi", 40)


def test_rules_explain_dependent_parameters(by_default: Template) -> None:
    for rule in by_default["Rules"].values():
        for assertion in rule["Assertions"]:
            assert assertion["AssertDescription"]


def test_samconfig_has_these_environments() -> None:
    assert [name for name in SAMCONFIG if name != "version"] == ENVIRONMENTS


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_sets_known_parameters(by_default: Template, environment: str) -> None:
    for name, value in parameter_overrides(environment).items():
        assert takes(by_default["Parameters"][name], value)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_needs_no_further_flag(environment: str) -> None:
    commands = SAMCONFIG[environment]
    deploy = commands["deploy"]["parameters"]
    assert commands["global"]["parameters"]["stack_name"]
    assert deploy["capabilities"] == "CAPABILITY_IAM"
    assert deploy["resolve_s3"] is True
    assert deploy["fail_on_empty_changeset"] is False


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_build_and_deploy_share_parameters(environment: str) -> None:
    for command, section in SAMCONFIG[environment].items():
        assert command == "global" or "parameter_overrides" not in section["parameters"]


@pytest.mark.parametrize("environment", ["default", "dev", "prod"])
def test_deployed_environment_names_architecture(environment: str) -> None:
    assert "Architecture" in parameter_overrides(environment)


def test_production_deploys_gradually() -> None:
    assert parameter_overrides("prod")["Rollout"] != "AllAtOnce"


def test_default_architecture_matches_sam_wrapper(by_default: Template) -> None:
    assert by_default["Parameters"]["Architecture"]["Default"] == TEMPLATES_ARCHITECTURE
