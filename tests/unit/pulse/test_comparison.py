"""Several packages side by side."""

import pytest

from pulse.comparison import compare
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
from tests.counts import counts_of, day

A, B = PackageName.parse("a"), PackageName.parse("b")
COUNTS = counts_of({("with_mirrors", day(0)): 7})


def test_packages_stand_in_the_order_asked_for_repeats_included() -> None:
    comparison = compare([B, A, B], {A: COUNTS, B: COUNTS}, mirrors=True)
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
    comparison = compare([A, B], {A: COUNTS, B: problem}, mirrors=True).model_dump()
    assert [entry["status"] for entry in comparison["packages"]] == ["ok", status]
    assert comparison["packages"][1]["problem"]["detail"] == problem.detail
    assert "stats" not in comparison["packages"][1]


def test_stale_figures_are_called_stale() -> None:
    stale = COUNTS.as_stale(COUNTS.fresh_until)
    (entry,) = compare([A], {A: stale}, mirrors=True).packages
    assert entry.status == "stale"


def test_nothing_but_failures_is_a_failure_that_says_when_to_come_back() -> None:
    with pytest.raises(NothingToCompare, match=r"\(1 throttled, 1 timeout\)") as caught:
        compare([A, B], {A: UpstreamThrottled(), B: UpstreamTooSlow()}, mirrors=True)
    assert caught.value.status == 503
    assert caught.value.headers["retry-after"] == "60"


def test_nothing_but_unknown_packages_is_an_answer() -> None:
    comparison = compare([A], {A: UnknownPackage.named("a")}, mirrors=True)
    assert [entry.status for entry in comparison.packages] == ["not_found"]
