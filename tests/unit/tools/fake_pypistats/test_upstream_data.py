"""The numbers: they add up, keep to the window, have gaps, and are the same everywhere."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.fake_pypistats import FakePypistats, data
from tools.fake_pypistats.packages import (
    AGE_IN_DAYS,
    ALL_OF_PYPI,
    DEBUT,
    DOWNLOADS_PER_DAY,
    HERMIT,
    MIRRORED,
    NEWCOMER,
    RETIRED,
)
from tools.fake_pypistats.window import days_until, newest_day

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

ROOT = Path(__file__).parents[4]
NEWEST = date(2026, 11, 21)
PACKAGES = [name for name in DOWNLOADS_PER_DAY if name != ALL_OF_PYPI]


def daily(package: str, endpoint: str, category: str | None = None) -> dict[str, int]:
    days: Counter[str] = Counter()
    for row in data.rows(package, endpoint, NEWEST):
        if category in {None, row.category}:
            days[row.date] += row.downloads
    return dict(days)


def test_versions_and_systems_add_up_to_the_downloads_of_every_package_and_day() -> None:
    for package in DOWNLOADS_PER_DAY:
        for day in days_until(NEWEST):
            expected = data.counts(package, "overall", day).get("without_mirrors", 0)
            for endpoint in ("python_major", "python_minor", "system"):
                assert sum(data.counts(package, endpoint, day).values()) == expected


def test_with_mirrors_contains_without_mirrors() -> None:
    for package in DOWNLOADS_PER_DAY:
        for day in days_until(NEWEST):
            both = data.counts(package, "overall", day)
            if "without_mirrors" in both:
                assert both["without_mirrors"] < both["with_mirrors"]


def test_every_row_counts_at_least_one_download() -> None:
    for endpoint in ("overall", "python_major", "python_minor", "system"):
        assert min(row.downloads for row in data.rows(HERMIT, endpoint, NEWEST)) == 1


@pytest.mark.parametrize("year", [2004, 2026, 2100, 9000])
def test_all_of_pypi_is_more_than_the_packages_listed_in_any_year(year: int) -> None:
    for day in days_until(date(year, 11, 21), 14):
        listed = sum(data.without_mirrors(package, day) for package in PACKAGES)
        assert data.without_mirrors(ALL_OF_PYPI, day) > listed


def test_magnitudes_are_those_of_the_names() -> None:
    month = {
        package: data.recent(package, NEWEST)["month"]
        for package in DOWNLOADS_PER_DAY.keys() - {MIRRORED, RETIRED}
    }

    assert len(PACKAGES) >= 200
    assert 60e9 < month[ALL_OF_PYPI] < 300e9
    assert month["boto3"] > month["requests"] > month["flask"] > month["mangum"] > month["svcs"]


def test_weekends_are_quieter_than_weekdays() -> None:
    for package in ("requests", "numpy", ALL_OF_PYPI):
        days = daily(package, "overall", "without_mirrors")
        weekend = [n for day, n in days.items() if date.fromisoformat(day).weekday() >= 5]
        weekdays = [n for day, n in days.items() if date.fromisoformat(day).weekday() < 5]
        assert sum(weekend) / len(weekend) < 0.95 * sum(weekdays) / len(weekdays)


def test_pypi_grows_from_year_to_year() -> None:
    years = [data.recent(ALL_OF_PYPI, date(year, 11, 21))["month"] for year in (2024, 2026, 2028)]

    assert years == sorted(years)


def test_new_python_versions_gain_on_old_ones() -> None:
    def share(version: str, day: date) -> float:
        counts = data.counts("requests", "python_minor", day)
        return counts[version] / sum(counts.values())

    then, today = date(2026, 6, 1), date(2026, 11, 20)
    assert share("3.14", today) > share("3.14", then)
    assert share("3.9", today) < share("3.9", then)


def test_some_days_are_lost_for_all_packages() -> None:
    lost = [day for day in days_until(NEWEST) if data.is_lost(ALL_OF_PYPI, day)]

    assert 2 <= len(lost) <= 4
    assert all(data.is_lost(package, day) for package in PACKAGES for day in lost)


def test_each_package_lost_days_of_its_own_on_all_endpoints() -> None:
    for package in ("requests", "numpy", "fastapi"):
        lost = [day for day in days_until(NEWEST) if data.is_lost(package, day)]
        own = [day for day in lost if not data.is_lost(ALL_OF_PYPI, day)]
        assert 1 <= len(own) <= 4
        for endpoint in ("overall", "python_major", "python_minor", "system"):
            assert daily(package, endpoint).keys().isdisjoint(map(str, lost))


@pytest.mark.parametrize("package", [NEWCOMER, DEBUT])
def test_a_young_package_begins_inside_the_window(package: str) -> None:
    first = NEWEST - timedelta(days=AGE_IN_DAYS[package] - 1)

    assert min(daily(package, "overall")) == str(first)
    assert data.recent(package, NEWEST)["month"] == sum(
        downloads
        for day, downloads in daily(package, "overall", "without_mirrors").items()
        if day > str(NEWEST - timedelta(days=30))
    )


def test_the_hermit_has_days_without_rows_and_days_with_a_mirror_alone() -> None:
    days = {str(day) for day in days_until(NEWEST) if not data.is_lost(HERMIT, day)}
    fetched = daily(HERMIT, "overall", "with_mirrors").keys()
    wanted = daily(HERMIT, "overall", "without_mirrors").keys()

    assert days - fetched
    assert fetched - wanted


def test_a_period_without_downloads_is_zero_in_recent_and_a_404_asked_for_alone(
    connect: Callable[..., httpx.Client],
) -> None:
    quiet = next(day for day in days_until(NEWEST) if "day" not in data.recent(HERMIT, day))
    noon = datetime(quiet.year, quiet.month, quiet.day, 12, tzinfo=UTC) + timedelta(days=1)

    with FakePypistats(now=noon) as upstream, connect(upstream.url) as client:
        path = f"/api/packages/{HERMIT}/recent"
        assert client.get(path).json()["data"]["last_day"] == 0
        assert client.get(path, params={"period": "day"}).status_code == 404


def test_the_window_is_181_days_ending_yesterday(client: httpx.Client) -> None:
    found = client.get("/api/packages/requests/overall").json()["data"]

    dates = {row["date"] for row in found}
    assert (min(dates), max(dates)) == ("2026-05-25", "2026-11-21")
    assert len(days_until(NEWEST)) == 181


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 22, 1, 9, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 22, 1, 10, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=2))), date(2026, 11, 20)),
    ],
)
def test_yesterday_is_loaded_at_ten_past_one_utc(now: datetime, newest: date) -> None:
    assert newest_day(now) == newest


def test_a_moving_clock_moves_the_window_and_leaves_the_numbers(client: httpx.Client) -> None:
    moments = iter(
        [
            datetime(2026, 11, 22, 1, 9, tzinfo=UTC),
            datetime(2026, 11, 22, 1, 11, tzinfo=UTC),
        ]
    )
    with FakePypistats(now=lambda: next(moments)) as moving:
        url = f"{moving.url}/api/packages/requests/overall?mirrors=false"
        before = {row["date"]: row["downloads"] for row in client.get(url).json()["data"]}
        after = {row["date"]: row["downloads"] for row in client.get(url).json()["data"]}

    assert after.keys() - before.keys() == {"2026-11-21"}
    assert before.keys() - after.keys() == {"2026-05-24"}
    assert all(after[day] == before[day] for day in before.keys() & after.keys())


def test_the_numbers_are_the_same_in_every_process(client: httpx.Client) -> None:
    program = (
        "import sys; from datetime import date; from tools.fake_pypistats import data;"
        "sys.stdout.write(repr([tuple(r) for r in data.rows('numpy', 'python_minor',"
        "date(2026, 11, 21))]))"
    )

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    served = client.get("/api/packages/numpy/python_minor").json()["data"]
    assert outputs == {repr([(r["category"], r["date"], r["downloads"]) for r in served])}
