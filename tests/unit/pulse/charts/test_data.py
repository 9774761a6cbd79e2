"""What a chart shows: means, gaps, lost days and categories."""

import datetime as dt

import pytest

from pulse.charts.data import MOST_NAMED, category_data, package_data, seven_day_means
from pulse.daily_counts import days_from
from tests.counts import YESTERDAY, Rows, counts_of, daily, day

WEEKEND = [10, 10, 10, 10, 10, 4, 4]


def days_back(number: int) -> list[dt.date]:
    return list(days_from(day(number - 1), YESTERDAY))


def test_mean_needs_a_whole_week() -> None:
    means = seven_day_means([None, *WEEKEND, 10], steady=True)
    assert means == [None] * 7 + [58 / 7, 58 / 7]


@pytest.mark.parametrize("lost", [0, 3, 8, 13])
def test_lost_day_counts_as_same_weekday(lost: int) -> None:
    counts = [*WEEKEND, *WEEKEND]
    with_gap = [None if place == lost else count for place, count in enumerate(counts)]
    means = seven_day_means(with_gap, steady=True)
    known = range(6 if lost else 7, 14)
    assert [mean for mean in means if mean is not None] == pytest.approx([58 / 7] * len(known))


def test_missing_day_of_sparse_package_is_no_download() -> None:
    assert seven_day_means([7, None, None, None, None, None, None], steady=False)[-1] == 1


def test_mean_knows_the_days_before_the_chart() -> None:
    counts = counts_of({"with_mirrors": daily(range(30), 7)})
    (one,) = package_data({"a": counts}, days_back(3), mirrors=True).series
    assert one.means == [7, 7, 7]


def test_gap_is_none_and_lost_only_for_steady_packages() -> None:
    steady = {day(ago): 5 for ago in range(30) if ago != 10}
    sparse = {day(29): 5, day(3): 5, day(0): 5}
    for rows, lost in ((steady, [19]), (sparse, [])):
        data = package_data({"a": counts_of({"with_mirrors": rows})}, days_back(30), mirrors=True)
        assert data.series[0].counts[19] is None
        assert data.lost_days == lost


def test_day_that_one_package_has_is_not_lost() -> None:
    lacking = counts_of({"with_mirrors": {day(ago): 5 for ago in range(30) if ago != 10}})
    whole = counts_of({"with_mirrors": daily(range(30))})
    data = package_data({"a": lacking, "b": whole}, days_back(30), mirrors=True)
    assert data.lost_days == []


def test_no_days_before_the_first_row_or_after_the_last_loaded() -> None:
    young = counts_of({"with_mirrors": daily(range(3))})
    old = counts_of({"with_mirrors": daily(range(2, 20))}, as_of=day(2))
    data = package_data({"young": young, "old": old}, days_back(5), mirrors=True)
    assert [list(one.counts) for one in data.series] == [
        [None, None, 10, 10, 10],
        [10, 10, 10, None, None],
    ]


def test_category_without_a_row_has_no_downloads() -> None:
    rows: Rows = {"3.9": {day(1): 5, day(0): 6}, "3.10": {day(0): 7}}
    data = category_data("python_minor", counts_of(rows), days_back(2))
    assert {one.name: list(one.counts) for one in data.series} == {"3.9": [5, 6], "3.10": [0, 7]}
    assert data.are_versions


def test_day_without_any_category_is_a_gap() -> None:
    rows: Rows = {"Linux": {day(2): 5, day(0): 6}, "null": {day(2): 1, day(0): 1}}
    data = category_data("system", counts_of(rows), days_back(3))
    assert [(one.name, list(one.counts)) for one in data.series] == [
        ("Linux", [5, None, 6]),
        ("unknown", [1, None, 1]),
    ]


def test_overall_is_split_into_parts() -> None:
    rows: Rows = {"with_mirrors": daily(range(2), 10), "without_mirrors": daily(range(2), 7)}
    data = category_data("overall", counts_of(rows), days_back(2))
    assert [(one.name, one.total) for one in data.series] == [
        ("without mirrors", 14),
        ("mirrors", 6),
    ]


def test_small_categories_are_summed_up() -> None:
    rows: Rows = {
        **{f"3.{number}": daily(range(2), 10 + number) for number in range(14)},
        "other": daily(range(2), 1_000),
        "null": daily(range(2), 500),
    }
    data = category_data("python_minor", counts_of(rows), days_back(2))
    names = [one.name for one in data.series]
    assert names == [*[f"3.{number}" for number in range(4, 14)], "other", "unknown"]
    assert [one.color for one in data.series] == [*map(str, range(10)), "o", "u"]
    assert (
        sum(one.total for one in data.series)
        == sum(2 * (10 + number) for number in range(14)) + 2 * 1_500
    )


@pytest.mark.parametrize("names", [["only"], [f"category {number}" for number in range(40)]])
def test_any_list_of_categories_can_be_drawn(names: list[str]) -> None:
    rows: Rows = {name: daily(range(9)) for name in names}
    data = category_data("country", counts_of(rows), days_back(9))
    assert [one.name for one in data.series] == [
        *sorted(names)[:MOST_NAMED],
        *(["other"] if len(names) > MOST_NAMED else []),
    ]
    assert not data.are_versions
