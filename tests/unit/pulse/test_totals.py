"""All-time totals, by version too, and the most downloaded packages."""

import datetime as dt

from pulse.names import PackageName
from pulse.parameters import TopQuery
from pulse.totals import package_total, top_packages, total_by_version
from pulse.views import top_question
from tests.counts import NOON, YESTERDAY, counts_of, day

REQUESTS = PackageName.parse("requests")
FIRST = dt.date(2011, 3, 7)


def all_time(**totals: int) -> dict[str, dict[dt.date, int]]:
    """What ClickHouse answers: one count for each category, at the first day."""
    return {name: {FIRST: total} for name, total in totals.items()}


def test_total_is_that_of_one_category() -> None:
    counts = counts_of(all_time(with_mirrors=9, without_mirrors=7), YESTERDAY, source="clickhouse")
    with_mirrors = package_total(REQUESTS, counts, mirrors=True)
    assert (with_mirrors.total_downloads, with_mirrors.since) == (9, FIRST)
    assert (with_mirrors.as_of, with_mirrors.source) == (YESTERDAY, "clickhouse")
    assert package_total(REQUESTS, counts, mirrors=False).total_downloads == 7
    assert "versions" not in with_mirrors.model_dump()


def test_versions_sum_to_the_total() -> None:
    rows = {name: {FIRST: count} for name, count in (("2.0", 70), ("1.0", 20), ("0.9", 5))}
    counts = counts_of({**rows, **all_time(other=3, null=2)}, YESTERDAY)
    total = total_by_version(REQUESTS, counts, mirrors=False, limit=2)
    assert [(one.version, one.downloads) for one in total.versions or []] == [
        ("2.0", 70),
        ("1.0", 20),
        ("other", 8),
        ("null", 2),
    ]
    assert (total.total_downloads, total.since, total.mirrors) == (100, FIRST, False)


def test_package_without_versions() -> None:
    total = total_by_version(REQUESTS, counts_of({}), mirrors=True, limit=2)
    assert (total.total_downloads, total.versions, total.since) == (0, [], None)


def test_top_is_in_the_source_s_order() -> None:
    rows = {name: {FIRST: count} for name, count in (("boto3", 9), ("a.b", 8), ("no name", 7))}
    counts = counts_of({**rows, **all_time(requests=6, other=90, null=1)}, YESTERDAY)
    top = top_packages(top_question("all", NOON), TopQuery(period="all", limit=3), counts)
    assert [(one.rank, one.package, one.downloads) for one in top.packages] == [
        (1, "boto3", 9),
        (2, "a-b", 8),
        (3, "requests", 6),
    ]
    assert (top.total_downloads, top.start, top.end) == (121, FIRST, YESTERDAY)


def test_month_that_is_not_loaded_yet_ends_early() -> None:
    question = top_question("month", NOON)
    first, last = dt.date(2026, 10, 1), dt.date(2026, 10, 31)
    for as_of, end in (
        (YESTERDAY, last),
        (last, last),
        (dt.date(2026, 10, 29), dt.date(2026, 10, 29)),
    ):
        counts = counts_of({"boto3": {first: 9}}, as_of)
        top = top_packages(question, TopQuery(), counts)
        assert (top.start, top.end, top.as_of) == (first, end, as_of)


def test_limit_of_top_cuts_the_list() -> None:
    rows = {f"p{number}": {day(0): 1_000 - number} for number in range(500)}
    top = top_packages(top_question("all", NOON), TopQuery(limit=500), counts_of(rows))
    assert [one.rank for one in top.packages] == list(range(1, 501))
    short = top_packages(top_question("all", NOON), TopQuery(limit=1), counts_of(rows))
    assert short.packages == top.packages[:1]
    assert short.total_downloads == top.total_downloads
