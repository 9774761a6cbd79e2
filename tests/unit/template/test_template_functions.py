"""The functions of the API, the API, the distribution, log groups and tables."""

import json
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from fastapi_app.static_files import NAMES, static_path
from pulse.cors import METHODS, ON_EVERY_ANSWER, ON_OPTIONS
from pulse.target import CACHE_BUSTER
from tests.unit.template.reading import Template, made, of_type
from tools.checks.translation import EVERYTHING_ON

ROOT = Path(__file__).parents[3]
VARIANTS = ["FastApi", "Flask"]


def test_sam_local_finds_the_api_first(by_default: Template) -> None:
    assert next(iter(by_default["Resources"])) == "HttpApi"


@pytest.mark.parametrize("variant", VARIANTS)
def test_requests_reach_functions_only_by_alias(everything_on: Template, variant: str) -> None:
    resources = everything_on["Resources"]
    alias = f"{variant}FunctionAliaslive"
    through = {"Fn::Sub": f"${{{variant}Function.Arn}}:live"}

    assert resources[alias]["Properties"]["Name"] == "live"
    assert resources[f"{variant}Integration"]["Properties"]["IntegrationUri"] == through
    assert resources[f"{variant}Permission"]["Properties"]["FunctionName"] == through
    for one in (f"{variant}Integration", f"{variant}Permission"):
        assert resources[one]["DependsOn"] == alias
    target = resources["DefaultRoute" if variant == "FastApi" else "FlaskRoute"]["Properties"]
    assert target["Target"] == {"Fn::Sub": f"integrations/${{{variant}Integration}}"}


def test_flask_is_reachable_below_base_path(by_default: Template) -> None:
    route = by_default["Resources"]["FlaskBasePathRoute"]["Properties"]
    assert route["RouteKey"] == {"Fn::Sub": "ANY /${BasePath}/flask/{proxy+}"}
    assert route["Target"] == by_default["Resources"]["FlaskRoute"]["Properties"]["Target"]
    assert "FlaskBasePathRoute" not in made(by_default)
    assert "FlaskBasePathRoute" in made(by_default, {"BasePath": "stats"})


def test_every_function_knows_the_base_path(by_default: Template) -> None:
    for function in of_type(by_default, "AWS::Lambda::Function").values():
        variables = function["Properties"]["Environment"]["Variables"]
        assert variables["BASE_PATH"] == {"Ref": "BasePath"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_functions_have_alias_and_rollback(everything_on: Template, variant: str) -> None:
    alias = everything_on["Resources"][f"{variant}FunctionAliaslive"]
    group = everything_on["Resources"][f"{variant}FunctionDeploymentGroup"]["Properties"]
    assert "CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"]
    assert group["AlarmConfiguration"] == {
        "Enabled": True,
        "Alarms": [
            {"Name": {"Ref": f"{variant}ErrorsAlarm"}},
            {"Name": {"Ref": f"{variant}DefectsAlarm"}},
        ],
    }
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["CodeDeployRole", "Arn"]}


def test_functions_log_json_to_own_groups(everything_on: Template) -> None:
    groups = []
    for function in of_type(everything_on, "AWS::Lambda::Function").values():
        logging = function["Properties"]["LoggingConfig"]
        assert (logging["LogFormat"], logging["ApplicationLogLevel"]) == ("JSON", "INFO")
        groups.append(logging["LogGroup"]["Ref"])
    assert sorted(groups) == ["CollectorLogGroup", "FastApiLogGroup", "FlaskLogGroup"]


def test_log_groups_expire_and_are_deleted_with_stack(everything_on: Template) -> None:
    groups = of_type(everything_on, "AWS::Logs::LogGroup")
    assert set(groups) == {
        "AccessLogGroup",
        "CollectorLogGroup",
        "FastApiLogGroup",
        "FlaskLogGroup",
    }
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionInDays"}
        assert group["DeletionPolicy"] == "Delete"


def test_access_log_is_json(everything_on: Template) -> None:
    stage = everything_on["Resources"]["DefaultStage"]["Properties"]
    line = json.loads(stage["AccessLogSettings"]["Format"])
    assert stage["StageName"] == "$default"
    assert line["function_request_id"] == "$context.integration.requestId"
    assert not {"$context.identity.sourceIp", "$context.identity.userAgent"} & set(line.values())


def test_history_outlives_the_stack(everything_on: Template) -> None:
    table = everything_on["Resources"]["HistoryTable"]
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_cache_is_on_demand_with_expiry(everything_on: Template) -> None:
    table = everything_on["Resources"]["CacheTable"]
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }
    assert table["DeletionPolicy"] == "Delete"


def test_artifact_matches_architecture_parameter(
    everything_on: Template,
) -> None:
    for function in of_type(everything_on, "AWS::Lambda::Function").values():
        assert function["Properties"]["Architectures"] == [{"Ref": "Architecture"}]
        folder = function["Metadata"]["WorkingDirectory"]["Fn::Sub"]
        for architecture in everything_on["Parameters"]["Architecture"]["AllowedValues"]:
            named = ROOT / folder.replace("${Architecture}", architecture) / "platform"
            assert named.read_text().strip()


def test_costly_options_are_off_by_default(by_default: Template) -> None:
    optional = {
        "AlarmTopic",
        "ApiDomain",
        "ApiRecord",
        "CachePolicy",
        "CdnRecord",
        "CdnRecordIPv6",
        "CodeDeployRole",
        "Distribution",
        "NegotiatingCachePolicy",
        "ResponseHeadersPolicy",
        "StaticCachePolicy",
    }
    assert not optional & made(by_default)


def test_own_domain_belongs_to_distribution_if_any(by_default: Template) -> None:
    with_cdn = made(by_default, EVERYTHING_ON)
    without = made(by_default, EVERYTHING_ON | {"Cdn": "off"})
    assert {"Distribution", "CdnRecord", "CdnRecordIPv6"} <= with_cdn
    assert not {"ApiDomain", "ApiRecord"} & with_cdn
    assert {"ApiDomain", "ApiDomainMapping", "ApiRecord"} <= without
    assert "CdnRecord" not in without


def test_distribution_caches_only_as_told(
    everything_on: Template,
) -> None:
    policies = of_type(everything_on, "AWS::CloudFront::CachePolicy")
    assert set(policies) == {"CachePolicy", "NegotiatingCachePolicy", "StaticCachePolicy"}
    for name, policy in policies.items():
        config = policy["Properties"]["CachePolicyConfig"]
        key = config["ParametersInCacheKeyAndForwardedToOrigin"]
        assert (config["MinTTL"], config["DefaultTTL"]) == (0, 0)
        all_but_one = {"QueryStringBehavior": "allExcept", "QueryStrings": [CACHE_BUSTER]}
        is_static = name == "StaticCachePolicy"
        assert key["QueryStringsConfig"] == (
            {"QueryStringBehavior": "none"} if is_static else all_but_one
        )
        assert key["EnableAcceptEncodingGzip"]


def test_distribution_varies_by_accept_like_api(everything_on: Template) -> None:
    config = everything_on["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    behaviour, static = config["CacheBehaviors"]
    assert behaviour["CachePolicyId"] == {"Ref": "NegotiatingCachePolicy"}
    paths = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    negotiated = {
        path
        for path, item in paths.items()
        if len(item["get"]["responses"].get("200", {}).get("content", {})) > 1
    }
    assert negotiated == {path for path in paths if fnmatchcase(path, behaviour["PathPattern"])}
    assert static["CachePolicyId"] == {"Ref": "StaticCachePolicy"}
    assert not {path for path in paths if fnmatchcase(path, static["PathPattern"])}
    assert all(
        fnmatchcase(base + static_path(name), static["PathPattern"])
        for base in ("", "/stats")
        for name in NAMES
    )


def test_distribution_cors_matches_functions(
    everything_on: Template,
) -> None:
    policy = everything_on["Resources"]["ResponseHeadersPolicy"]["Properties"]
    cors = policy["ResponseHeadersPolicyConfig"]["CorsConfig"]
    listed = {
        name: ", ".join(value["Items"]) for name, value in cors.items() if "Items" in str(value)
    }
    assert listed == {
        "AccessControlAllowOrigins": ON_EVERY_ANSWER["access-control-allow-origin"],
        "AccessControlExposeHeaders": ON_EVERY_ANSWER["access-control-expose-headers"],
        "AccessControlAllowMethods": METHODS,
        "AccessControlAllowHeaders": "*",
    }
    assert ON_OPTIONS["access-control-allow-headers"].startswith("*")
    assert str(cors["AccessControlMaxAgeSec"]) == ON_OPTIONS["access-control-max-age"]
    assert cors["OriginOverride"] is False


def test_build_without_platform_stops() -> None:
    make = subprocess.run(
        ["make", "--dry-run", "build-FastApiFunction"],
        cwd=ROOT / "functions",
        capture_output=True,
        text=True,
        check=False,
    )
    assert make.returncode != 0
    assert "names no platform: run `sam build`" in make.stderr
