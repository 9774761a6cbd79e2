"""The collector: its schedule, its share of upstream, and what happens to runs that fail."""

import json
from typing import Any

import pytest

from tests.unit.template.reading import Template, of_type
from tools import ROOT

QUEUE = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
QUARTER_S = 900


@pytest.fixture
def function(everything_on: Template) -> dict[str, Any]:
    properties: dict[str, Any] = everything_on["Resources"]["CollectorFunction"]["Properties"]
    return properties


def targets(template: Template) -> list[dict[str, Any]]:
    return [
        target
        for rule in of_type(template, "AWS::Events::Rule").values()
        for target in rule["Properties"]["Targets"]
    ]


def test_collector_runs_from_quarter_past_one(by_default: Template) -> None:
    rules = of_type(by_default, "AWS::Events::Rule").values()
    assert [rule["Properties"]["ScheduleExpression"] for rule in rules] == [
        "cron(15,30,45 1 * * ? *)",
        "cron(0/15 2-23 * * ? *)",
    ]


def test_schedule_runs_what_was_deployed_last(everything_on: Template) -> None:
    """Without an alias, so that a changed `TrackedPackages` needs no new version."""
    for target in targets(everything_on):
        assert target["Arn"] == {"Fn::GetAtt": ["CollectorFunction", "Arn"]}
    assert "CollectorFunctionAliaslive" not in everything_on["Resources"]
    assert "CollectorFunctionDeploymentGroup" not in everything_on["Resources"]


def test_run_ends_before_the_next_one(function: dict[str, Any]) -> None:
    assert function["Timeout"] == QUARTER_S


def test_collector_reserves_nothing(function: dict[str, Any]) -> None:
    assert function["ReservedConcurrentExecutions"] == {"Ref": "AWS::NoValue"}
    assert function["SnapStart"] == {"ApplyOn": "None"}


def test_collector_leaves_people_the_larger_share(everything_on: Template) -> None:
    fastapi, collector = (
        everything_on["Resources"][name]["Properties"]["Environment"]["Variables"]
        for name in ("FastApiFunction", "CollectorFunction")
    )
    for shared in ("UPSTREAM_PER_SECOND", "UPSTREAM_PER_MINUTE", "CACHE_TABLE", "HISTORY_TABLE"):
        assert collector[shared] == fastapi[shared]
    assert 0 < int(collector["COLLECTOR_PER_MINUTE"]) < int(fastapi["UPSTREAM_PER_MINUTE"]) / 2
    assert collector["TRACKED_PACKAGES"] == {"Ref": "TrackedPackages"}


def test_failed_runs_become_dead_letters(everything_on: Template, function: dict[str, Any]) -> None:
    (retried,) = of_type(everything_on, "AWS::Lambda::EventInvokeConfig").values()
    assert function["DeadLetterConfig"] == {"TargetArn": QUEUE}
    for target in targets(everything_on):
        assert target["DeadLetterConfig"] == {"Arn": QUEUE}
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == QUARTER_S
    assert retried["Properties"]["MaximumEventAgeInSeconds"] == QUARTER_S


def test_dead_letters_are_encrypted_and_kept_two_weeks(everything_on: Template) -> None:
    queue = everything_on["Resources"]["DeadLetterQueue"]["Properties"]
    assert queue == {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 86_400}


def test_event_is_as_eventbridge_sends_it() -> None:
    event = json.loads((ROOT / "events/schedule.json").read_text())
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
