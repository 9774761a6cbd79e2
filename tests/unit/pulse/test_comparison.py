"""Several packages side by side."""

import datetime as dt

import pytest

from pulse.comparison import compare
from pulse.models import DailyDownloads, FetchedRows, Supply
from pulse.names import PackageName
from pulse.problems import (
    NothingToCompare,
    Problem,
    UnknownPackage,
    UpstreamBroken,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)

A, B = PackageName.parse("a"), PackageName.parse("b")
ROW = DailyDownloads(category="with_mirrors", date=dt.date(2026, 11, 21), downloads=7)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
ROWS = FetchedRows(rows=[ROW], source="pypistats.org", fetched_at=NOON)
SUPPLY = Supply(ROWS, ROW.date, NOON)


def test_packages_stand_in_the_order_asked_for_repeats_included() -> None:
    comparison = compare([B, A, B], {A: SUPPLY, B: SUPPLY}, mirrors=True)
    assert [entry.package for entry in comparison.packages] == ["b", "a", "b"]


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (UnknownPackage.named("b"), "not_found"),
        (UpstreamThrottled(), "throttled"),
        (UpstreamTooSlow(), "timeout"),
        (UpstreamUnreachable(), "upstream_error"),
        (UpstreamBroken.because("of a test"), "upstream_error"),
    ],
)
def test_a_package_that_can_not_be_had_says_why_and_disturbs_no_other(
    problem: Problem, status: str
) -> None:
    comparison = compare([A, B], {A: SUPPLY, B: problem}, mirrors=True).model_dump()
    assert [entry["status"] for entry in comparison["packages"]] == ["ok", status]
    assert comparison["packages"][1]["problem"]["detail"] == problem.detail
    assert "stats" not in comparison["packages"][1]


def test_stale_figures_are_called_stale() -> None:
    stale = ROWS.model_copy(update={"stale": True})
    (entry,) = compare([A], {A: SUPPLY._replace(fetched=stale)}, mirrors=True).packages
    assert entry.status == "stale"


def test_nothing_but_failures_is_a_failure_that_says_when_to_come_back() -> None:
    with pytest.raises(NothingToCompare, match=r"\(1 throttled, 1 timeout\)") as caught:
        compare([A, B], {A: UpstreamThrottled(), B: UpstreamTooSlow()}, mirrors=True)
    assert caught.value.status == 503
    assert caught.value.headers["retry-after"] == "60"


def test_nothing_but_unknown_packages_is_an_answer() -> None:
    comparison = compare([A], {A: UnknownPackage.named("a")}, mirrors=True)
    assert [entry.status for entry in comparison.packages] == ["not_found"]
