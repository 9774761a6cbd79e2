"""Only schedules start the collector."""

from typing import Any

import pytest

from collector.handler import NotASchedule, handler
from pulse.settings import InvalidSettings

BY_RULE = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-22T01:15:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/pypi-pulse-Collector"],
    "detail": {},
}
BY_SCHEDULER = {**BY_RULE, "source": "aws.scheduler", "detail": "{}"}


class Context:
    """Lambda's context at the start of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.mark.parametrize("event", [BY_RULE, BY_SCHEDULER])
def test_schedule_is_taken(monkeypatch: pytest.MonkeyPatch, event: dict[str, Any]) -> None:
    """The settings are read next, and there are none here."""
    monkeypatch.delenv("HISTORY_TABLE", raising=False)
    with pytest.raises(InvalidSettings):
        handler(event, Context())


@pytest.mark.parametrize(
    "event",
    [
        None,
        "aws.events",
        [],
        {},
        {"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}},
        {"Records": [{"eventSource": "aws:sqs", "body": "Scheduled Event"}]},
        {"source": "aws.s3", "detail-type": "Object Created"},
        {"source": ["aws.events"]},
    ],
)
def test_other_event_is_refused(event: object, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NotASchedule):
        handler(event, Context())
    (line,) = caplog.records
    assert (line.levelname, line.getMessage()) == ("ERROR", "not a schedule")
    assert vars(line)["event"] == repr(event)[:200]
