"""Metrics, alarms, notifications and the dashboard."""

import json
import re

import pytest

from tests.metric_filters import counts
from tests.unit.template.reading import Template, of_type

ALARMS = {
    "ServerErrorsAlarm": "5xx",
    "LatencyAlarm": "Latency",
    "FastApiErrorsAlarm": "Errors",
    "FastApiDefectsAlarm": "FastApiDefects",
    "FastApiThrottlesAlarm": "Throttles",
    "FlaskErrorsAlarm": "Errors",
    "FlaskDefectsAlarm": "FlaskDefects",
    "FlaskThrottlesAlarm": "Throttles",
    "UpstreamFailingAlarm": "UpstreamFailed",
    "DataBehindAlarm": "DaysBehind",
    "TableFailingAlarm": "TableUnavailable",
    "TrackedBehindAlarm": "TrackedBehind",
    "DeadLettersAlarm": "ApproximateNumberOfMessagesVisible",
}

# Lines as Lambda's formatter writes them: `extra` fields are next to `message` and `level`.
ANSWERED = {
    "timestamp": "2026-11-22T12:00:00Z",
    "level": "INFO",
    "message": "request",
    "logger": "pulse",
    "requestId": "8a6f7c1e-0d1b-4c5e-9a58-0c2f4f6f7a10",
    "route": "/packages/{package}",
    "status": 200,
    "packages": 1,
    "tier": "memory",
    "upstream_ms": 0,
    "table_ms": 0,
    "total_ms": 1.4,
    "outcome": "ok",
    "cold_start": False,
    "days_behind": 0,
}
LINES = {
    "answered": ANSWERED,
    "cold start": ANSWERED | {"cold_start": True},
    "stale": ANSWERED | {"outcome": "stale", "tier": "stale", "days_behind": 2},
    "not found": {k: v for k, v in ANSWERED.items() if k != "days_behind"}
    | {"outcome": "not_found"},
    "upstream failed": {
        "level": "WARNING",
        "message": "upstream failed",
        "problem": "upstream-too-slow",
        "endpoint": "overall",
        "package": "requests",
    },
    "table unavailable": {
        "level": "WARNING",
        "message": "table unavailable",
        "operation": "GetItem",
        "reason": "timeout",
    },
    "history not written": {
        "level": "WARNING",
        "message": "history not written",
        "endpoint": "overall",
        "package": "requests",
        "reason": "too slow",
    },
    "history corrected": {"level": "INFO", "message": "history corrected", "counts": 2},
    "collector run": {
        "level": "INFO",
        "message": "collector run",
        "target": "2026-11-25",
        "tracked": 40,
        "collected": 39,
        "remaining": 1,
        "unknown": 0,
        "failed": 1,
        "ms": 61_000,
        "behind": 1,
    },
    "tracked package unknown": {
        "level": "WARNING",
        "message": "tracked package unknown",
        "package": "requets",
    },
    "defect": {"level": "ERROR", "message": "the adapter failed on an event"},
    "crash": {"level": "CRITICAL", "message": "out of memory"},
    "Lambda's own": {"time": "2026-11-22T12:00:00.000Z", "type": "platform.report", "record": {}},
}
COUNTED = {
    "UpstreamFailed": {"upstream failed"},
    "TableUnavailable": {"table unavailable"},
    "HistoryNotWritten": {"history not written"},
    "HistoryCorrected": {"history corrected"},
    "StaleAnswers": {"stale"},
    "DaysBehind": {"answered", "cold start", "stale"},
    "ColdStarts": {"cold start"},
    "FastApiDefects": {"defect", "crash"},
    "FlaskDefects": {"defect", "crash"},
    "TrackedBehind": {"collector run"},
}


def own_metrics(template: Template) -> dict[str, str]:
    """The filter pattern of each metric from log lines."""
    filters = [one["Properties"] for one in of_type(template, "AWS::Logs::MetricFilter").values()]
    return {
        transformation["MetricName"]: one["FilterPattern"]
        for one in filters
        for transformation in one["MetricTransformations"]
    }


def test_alarms_watch_these_metrics(by_default: Template) -> None:
    alarms = of_type(by_default, "AWS::CloudWatch::Alarm")
    assert {name: one["Properties"]["MetricName"] for name, one in alarms.items()} == ALARMS


def test_alarms_notify_on_alarm_and_ok(
    by_default: Template,
) -> None:
    told = {"Fn::If": ["SendsAlarms", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
    for alarm in of_type(by_default, "AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"] == told
        assert alarm["Properties"]["OKActions"] == told


def test_alarm_metrics_exist(by_default: Template) -> None:
    metrics = own_metrics(by_default)
    for alarm in of_type(by_default, "AWS::CloudWatch::Alarm").values():
        properties = alarm["Properties"]
        if isinstance(properties["Namespace"], dict):
            assert properties["MetricName"] in metrics
        assert properties["TreatMissingData"] == "notBreaching"


def test_own_metrics_are_in_stack_namespace(by_default: Template) -> None:
    own = {"Fn::Sub": "PypiPulse/${AWS::StackName}"}
    for one in of_type(by_default, "AWS::Logs::MetricFilter").values():
        for transformation in one["Properties"]["MetricTransformations"]:
            assert transformation["MetricNamespace"] == own


@pytest.mark.parametrize("metric", COUNTED)
def test_metric_counts_its_log_lines(by_default: Template, metric: str) -> None:
    pattern = own_metrics(by_default)[metric]
    counted = {name for name, line in LINES.items() if counts(pattern, json.dumps(line))}
    assert counted == COUNTED[metric]


def test_every_metric_is_tested(by_default: Template) -> None:
    assert own_metrics(by_default).keys() == COUNTED.keys()


def test_dashboard_shows_all_alarms_and_own_metrics(by_default: Template) -> None:
    body = by_default["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    dashboard = json.loads(re.sub(r"\$\{([\w:.]+)\}", r"\1", body))
    shown = {text for widget in dashboard["widgets"] for text in _texts(widget)}
    assert {f"{alarm}.Arn" for alarm in ALARMS} <= shown
    assert own_metrics(by_default).keys() <= shown


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inside in value.values() for text in _texts(inside)]
    if isinstance(value, list):
        return [text for inside in value for text in _texts(inside)]
    return [value] if isinstance(value, str) else []
