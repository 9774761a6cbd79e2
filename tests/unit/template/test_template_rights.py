"""IAM roles, policies and permissions."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.template.reading import Template, made, of_type, texts
from tools import ROOT

USE_OF_TABLES = {
    ("CacheTable", "dynamodb:GetItem"),
    ("CacheTable", "dynamodb:BatchGetItem"),
    ("CacheTable", "dynamodb:PutItem"),
    ("CacheTable", "dynamodb:DeleteItem"),
    ("HistoryTable", "dynamodb:Query"),
    ("HistoryTable", "dynamodb:PutItem"),
}
ALLOWED = {
    "FastApiRole": {
        ("FastApiLogGroup", "logs:CreateLogStream"),
        ("FastApiLogGroup", "logs:PutLogEvents"),
        *USE_OF_TABLES,
    },
    "CollectorRole": {
        ("CollectorLogGroup", "logs:CreateLogStream"),
        ("CollectorLogGroup", "logs:PutLogEvents"),
        *USE_OF_TABLES,
        ("DeadLetterQueue", "sqs:SendMessage"),
    },
    "FlaskRole": {
        ("FlaskLogGroup", "logs:CreateLogStream"),
        ("FlaskLogGroup", "logs:PutLogEvents"),
    },
    "CodeDeployRole": {
        ("FastApiFunction", "lambda:GetAlias"),
        ("FastApiFunction", "lambda:UpdateAlias"),
        ("${FastApiFunction.Arn}:live", "lambda:GetProvisionedConcurrencyConfig"),
        ("FlaskFunction", "lambda:GetAlias"),
        ("FlaskFunction", "lambda:UpdateAlias"),
        ("${FlaskFunction.Arn}:live", "lambda:GetProvisionedConcurrencyConfig"),
        ("FastApiErrorsAlarm", "cloudwatch:DescribeAlarms"),
        ("FastApiDefectsAlarm", "cloudwatch:DescribeAlarms"),
        ("FlaskErrorsAlarm", "cloudwatch:DescribeAlarms"),
        ("FlaskDefectsAlarm", "cloudwatch:DescribeAlarms"),
    },
}


def statements(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in resource["Properties"].get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def actions(statement: dict[str, Any]) -> list[str]:
    named = statement["Action"]
    return [named] if isinstance(named, str) else named


def all_statements(template: Template) -> list[dict[str, Any]]:
    roles = of_type(template, "AWS::IAM::Role").values()
    topics = of_type(template, "AWS::SNS::TopicPolicy").values()
    queues = of_type(template, "AWS::SQS::QueuePolicy").values()
    return [
        *(statement for role in roles for statement in statements(role)),
        *(
            s
            for one in (*topics, *queues)
            for s in one["Properties"]["PolicyDocument"]["Statement"]
        ),
    ]


@pytest.mark.parametrize("role", ALLOWED)
def test_role_has_exactly_these_rights(everything_on: Template, role: str) -> None:
    granted = {
        (next(texts(statement["Resource"])), action)
        for statement in statements(everything_on["Resources"][role])
        for action in actions(statement)
    }
    assert granted == ALLOWED[role]


def test_function_rights_match_table_operations() -> None:
    source = (ROOT / "functions/pulse_io/store/table.py").read_text()
    done = {f"dynamodb:{name}" for name in re.findall(r'_ask\(\s*"(\w+)"', source)}
    # A transaction of puts needs the right to put. Only tools scan.
    done = done - {"dynamodb:TransactWriteItems", "dynamodb:Scan"} | {"dynamodb:PutItem"}
    assert done == {action for _, action in USE_OF_TABLES}


def test_there_is_no_other_role(everything_on: Template) -> None:
    assert set(of_type(everything_on, "AWS::IAM::Role")) == set(ALLOWED)
    assert not of_type(everything_on, "AWS::IAM::Policy")
    assert not of_type(everything_on, "AWS::IAM::ManagedPolicy")


def test_statements_have_no_wildcard(everything_on: Template) -> None:
    named = [
        text
        for statement in all_statements(everything_on)
        for text in (*actions(statement), *texts(statement["Resource"]))
    ]
    assert named
    assert not [text for text in named if "*" in text or "?" in text]


def test_statements_allow_one_resource_each(everything_on: Template) -> None:
    for statement in all_statements(everything_on):
        assert not isinstance(statement["Resource"], list)
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()


def test_role_is_assumed_by_one_service(everything_on: Template) -> None:
    for role in of_type(everything_on, "AWS::IAM::Role").values():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRole"
        assert list(statement["Principal"]) == ["Service"]
        assert isinstance(statement["Principal"]["Service"], str)


def test_managed_policies_are_for_tracing_only(everything_on: Template) -> None:
    for name, role in of_type(everything_on, "AWS::IAM::Role").items():
        managed = role["Properties"].get("ManagedPolicyArns")
        if name == "CodeDeployRole":
            assert managed is None
            continue
        condition, traced, otherwise = managed["Fn::If"]
        assert condition == "Traces"
        assert [*texts(traced)] == [
            "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"
        ]
        assert otherwise == {"Ref": "AWS::NoValue"}


def test_only_this_api_and_the_schedule_may_invoke_functions(everything_on: Template) -> None:
    for name, permission in of_type(everything_on, "AWS::Lambda::Permission").items():
        properties = permission["Properties"]
        assert properties["Action"] == "lambda:InvokeFunction"
        if properties["FunctionName"] == {"Ref": "CollectorFunction"}:
            rule = name.removesuffix("Permission")
            assert properties["Principal"] == "events.amazonaws.com"
            assert properties["SourceArn"] == {"Fn::GetAtt": [rule, "Arn"]}
        else:
            assert properties["Principal"] == "apigateway.amazonaws.com"
            assert "${HttpApi}" in properties["SourceArn"]["Fn::Sub"]


def test_only_the_schedule_may_send_dead_letters(everything_on: Template) -> None:
    (policy,) = of_type(everything_on, "AWS::SQS::QueuePolicy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    rules = [{"Fn::GetAtt": [rule, "Arn"]} for rule in of_type(everything_on, "AWS::Events::Rule")]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": rules}}


def test_codedeploy_needs_gradual_deployment(by_default: Template, everything_on: Template) -> None:
    kinds = {by_default["Resources"][name]["Type"] for name in made(by_default)}
    assert not {kind for kind in kinds if kind.startswith("AWS::CodeDeploy")}
    assert "CodeDeployRole" not in made(by_default)
    assert "CodeDeployRole" in made(everything_on, {"Rollout": "Canary10Percent5Minutes"})
