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


def test_packages_keep_order_and_repeats() -> None:
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
def test_failed_package_has_its_problem(problem: Problem, status: str) -> None:
    """The other packages are not affected."""
    comparison = compare([A, B], {A: COUNTS, B: problem}, mirrors=True).model_dump()
    assert [entry["status"] for entry in comparison["packages"]] == ["ok", status]
    assert comparison["packages"][1]["problem"]["detail"] == problem.detail
    assert "stats" not in comparison["packages"][1]


def test_stale_figures_are_marked() -> None:
    stale = COUNTS.as_stale(COUNTS.fresh_until)
    (entry,) = compare([A], {A: stale}, mirrors=True).packages
    assert entry.status == "stale"


def test_failures_only_raise_with_retry_after() -> None:
    with pytest.raises(NothingToCompare, match=r"\(1 throttled, 1 timeout\)") as caught:
        compare([A, B], {A: UpstreamThrottled(), B: UpstreamTooSlow()}, mirrors=True)
    assert caught.value.status == 503
    assert caught.value.headers["retry-after"] == "60"


def test_unknown_packages_only_are_an_answer() -> None:
    comparison = compare([A], {A: UnknownPackage.named("a")}, mirrors=True)
    assert [entry.status for entry in comparison.packages] == ["not_found"]
