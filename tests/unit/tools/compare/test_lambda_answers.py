"""Which answers are worth a measurement, and how those as shipped are counted."""

from typing import Any

import pytest

from tools.compare.lambda_arena.answers import (
    Outcome,
    check_comparison,
    check_health,
    check_package,
)
from tools.compare.lambda_arena.emulator import Invocation
from tools.compare.lambda_arena.report import Report
from tools.compare.problems import MeasurementError


def answered(body: object, status: int = 200) -> Invocation:
    return Invocation(
        status, body, answered=True, report=Report(1, 1, first_of_container=False), client_ms=1
    )


def stats(package: str, *, stale: bool = False) -> dict[str, Any]:
    return {"package": package, "stale": stale}


def compared(*statuses: str) -> dict[str, Any]:
    entries = [
        {"package": package, "status": status, "stats": stats(package)}
        for package, status in zip("abcdef", statuses, strict=False)
    ]
    return {"packages": entries}


def test_each_variant_is_healthy_under_its_frameworks_name() -> None:
    check_health("fastapi", answered({"status": "ok", "variant": "fastapi"}))
    check_health("fastapi-table", answered({"status": "ok", "variant": "fastapi"}))
    check_health("flask-threads", answered({"status": "ok", "variant": "flask"}))


def test_another_variants_health_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="flask gave a wrong answer"):
        check_health("flask", answered({"status": "ok", "variant": "fastapi"}))


def test_fresh_numbers_of_the_package_are_right() -> None:
    check_package("flask", answered(stats("a")), "a")


@pytest.mark.parametrize(
    "invocation",
    [answered(stats("b")), answered(stats("a", stale=True)), answered({"status": 502}, 502)],
)
def test_other_stale_or_no_numbers_are_an_error(invocation: Invocation) -> None:
    with pytest.raises(MeasurementError):
        check_package("flask", invocation, "a")


def test_a_whole_comparison_is_right() -> None:
    check_comparison("flask", answered(compared("ok", "ok")), ["a", "b"])


@pytest.mark.parametrize(
    "invocation",
    [
        answered(compared("ok", "throttled")),
        answered(compared("ok")),
        answered(compared("ok", "ok", "ok")),
        answered({"status": 503, "detail": "none"}, 503),
    ],
)
def test_a_comparison_that_lacks_anything_is_an_error(invocation: Invocation) -> None:
    with pytest.raises(MeasurementError):
        check_comparison("flask", invocation, ["a", "b"])


def test_packages_are_counted_by_what_became_of_them() -> None:
    body = compared("ok", "throttled", "ok", "timeout", "upstream_error", "throttled")
    assert Outcome.of(body, 6) == Outcome(answered=2, throttled=2, failed=2)


def test_where_the_whole_answer_is_a_problem_all_packages_failed() -> None:
    assert Outcome.of({"status": 503, "title": "Nothing to compare"}, 10) == Outcome(0, 0, 10)
