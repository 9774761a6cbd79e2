"""Every event of events/ on both functions, in containers, against the stand-in upstream."""

import datetime as dt
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local.answers import Invoke
from workbench.runtime.upstream import StandIn

FUNCTIONS = ("FastApiFunction", "FlaskFunction")
STATUSES = {
    "package": 200,
    "package-normalised": 200,
    "package-unknown": 404,
    "package-invalid": 422,
    "compare": 200,
    "all": 200,
    "health": 200,
}
PACKAGES = {
    "package": "requests",
    "package-normalised": "typing-extensions",
    "all": "__all__",
}
# What compare.json asks for, in its order.
COMPARED = (
    "requests",
    "boto3",
    "numpy",
    "urllib3",
    "idna",
    "certifi",
    "click",
    "flask",
    "fastapi",
    "httpx",
)
# These differ between two invocations, or are there to tell the variants apart.
OF_ONE_ANSWER = {"fetched_at", "variant", "request_id"}


def test_every_event_file_is_tried() -> None:
    events = Path(__file__).parents[2] / "events"
    assert {event.stem for event in events.glob("*.json")} == set(STATUSES)


@pytest.mark.parametrize("event", STATUSES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_event_is_answered_with_its_status(invoked: Invoke, function: str, event: str) -> None:
    answer = invoked(function, event)

    status = STATUSES[event]
    expected_type = "application/json" if status == httpx.codes.OK else "application/problem+json"
    assert (answer.status, answer.content_type) == (status, expected_type)


@pytest.mark.parametrize("event", STATUSES)
def test_both_variants_answer_with_the_same_body(invoked: Invoke, event: str) -> None:
    fastapi, flask = (invoked(function, event).body for function in FUNCTIONS)

    assert without_what_is_of_one_answer(fastapi) == without_what_is_of_one_answer(flask)


def test_each_variant_says_which_it_is(invoked: Invoke) -> None:
    variants = [invoked(function, "health").body["variant"] for function in FUNCTIONS]
    assert variants == ["fastapi", "flask"]


@pytest.mark.parametrize(("event", "package"), PACKAGES.items())
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_has_the_figures_of_its_raw_rows(
    invoked: Invoke, upstream: StandIn, function: str, event: str, package: str
) -> None:
    body = invoked(function, event).body

    expected = figures(package, raw_rows(upstream, package))
    assert without_what_is_of_one_answer(body) == expected


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_comparison_has_the_figures_of_each_package(
    invoked: Invoke, upstream: StandIn, function: str
) -> None:
    body = invoked(function, "compare").body

    expected = [
        {"package": name, "status": "ok", "stats": figures(name, raw_rows(upstream, name))}
        for name in COMPARED
    ]
    assert without_what_is_of_one_answer(body) == {"packages": expected}


def raw_rows(upstream: StandIn, package: str) -> dict[dt.date, int]:
    """Downloads per day with mirrors, as the stand-in serves them."""
    url = f"{upstream.local_url}/api/packages/{package}/overall"
    rows = httpx.get(url, trust_env=False).raise_for_status().json()["data"]
    return {
        dt.date.fromisoformat(row["date"]): row["downloads"]
        for row in rows
        if row["category"] == "with_mirrors"
    }


def figures(package: str, daily: dict[dt.date, int]) -> dict[str, Any]:
    """What docs/api says of `PackageStats`, reckoned by hand."""
    first, latest = min(daily), max(daily)
    window = [first + dt.timedelta(days=n) for n in range((latest - first).days + 1)]
    counts = [daily.get(day, 0) for day in window]
    week, week_before = sum(counts[-7:]), sum(counts[-14:-7])
    growth = week / week_before - 1 if len(counts) >= 14 and week_before else None
    return {
        "package": package,
        "total_downloads": sum(daily.values()),
        "latest_date": latest.isoformat(),
        "first_date": first.isoformat(),
        "last_day": daily[latest],
        "last_week": week,
        "last_month": sum(counts[-30:]),
        "weekly_growth": growth if growth is None else pytest.approx(growth, abs=1e-12),
        "missing_dates": [day.isoformat() for day in window if day not in daily],
        "mirrors": True,
        "source": "simulated",
        "stale": False,
    }


def without_what_is_of_one_answer(body: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(body, dict):
        return {
            key: without_what_is_of_one_answer(value)
            for key, value in body.items()
            if key not in OF_ONE_ANSWER
        }
    if isinstance(body, list):
        return [without_what_is_of_one_answer(item) for item in body]
    return body
