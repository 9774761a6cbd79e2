"""What ClickHouse's errors mean."""

import datetime as dt

import httpx
import pytest

from pulse.clickhouse.errors import CODE_HEADER, problem_of
from pulse.problems import (
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from tests.counts import NOON

QUOTA = (
    "Code: 201. DB::Exception: Quota for user `demo` for 3600s has been exceeded: queries = 61/60. "
    "Interval will end at {}. Name of quota template: `demo`. (QUOTA_EXCEEDED)"
)


def problem(
    code: int | str = "", body: str = "", status: int = 500, now: dt.datetime = NOON
) -> UpstreamProblem | None:
    headers = httpx.Headers({CODE_HEADER: str(code)} if code else {})
    return problem_of(status, headers, body.encode(), now)


def test_answer_is_no_problem() -> None:
    assert problem(status=200) is None


@pytest.mark.parametrize(
    ("ends", "retry_after_s"),
    [
        ("2026-11-22 12:20:00", 1200),
        ("2026-11-22 12:00:00", 1),
        ("2026-11-22 11:00:00", 1),
        ("2026-11-22 23:00:00", 3600),
        ("2026-13-22 23:00:00", 3600),
        ("soon", 3600),
    ],
)
def test_quota_is_whole_again_when_the_text_says(ends: str, retry_after_s: int) -> None:
    found = problem(201, QUOTA.format(ends))
    assert isinstance(found, UpstreamThrottled)
    assert found.retry_after_s == retry_after_s
    assert "ClickHouse" in found.detail


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        (60, 404, "no such table"),
        (81, 404, "no such database"),
        (164, 500, "may not change a setting"),
        (396, 500, "too many rows"),
        (516, 403, "the login failed"),
        (999, 500, "its error is 999"),
        ("x" * 99, 500, "its error is 0"),
        ("", 500, "its status is 500"),
        ("", 302, "its status is 302"),
        (60, 200, "no such table"),
    ],
)
def test_error_is_broken(code: int | str, status: int, said: str) -> None:
    found = problem(code, "Code: … password 'secret'", status)
    assert isinstance(found, UpstreamBroken)
    assert said in found.detail
    assert "secret" not in found.detail


def test_time_is_up() -> None:
    assert isinstance(problem(159, status=408), UpstreamTooSlow)


def test_error_at_the_end_of_a_body() -> None:
    found = problem(body='{"data":[]\r\n__exception__\r\nabc\r\nCode: 159', status=200)
    assert isinstance(found, UpstreamBroken)


def test_version_of_that_name_is_no_error() -> None:
    assert problem(body='["six","named","__exception__"]', status=200) is None
