"""The numbers add up, keep to the window, have gaps, and are the same everywhere."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tools.fake_pypistats import data
from tools.fake_pypistats.packages import (
    AGE_IN_DAYS,
    ALL_OF_PYPI,
    DOWNLOADS_PER_DAY,
    HERMIT,
    MIRRORED,
    RETIRED,
)
from tools.fake_pypistats.window import days_until, newest_day

ROOT = Path(__file__).parents[4]
NEWEST = date(2026, 11, 21)
SERIES = ("overall", "python_major", "python_minor", "system")
PACKAGES = [name for name in DOWNLOADS_PER_DAY if name != ALL_OF_PYPI]
SOME = [*PACKAGES[::20], ALL_OF_PYPI, *PACKAGES[-5:]]
"""Large and small ones, and all special ones."""


def daily(package: str, endpoint: str, category: str | None = None) -> dict[str, int]:
    days: Counter[str] = Counter()
    for row in data.rows(package, endpoint, NEWEST):
        if category in {None, row.category}:
            days[row.date] += row.downloads
    return dict(days)


@pytest.mark.parametrize("package", SOME)
def test_categories_add_up(package: str) -> None:
    for day in days_until(NEWEST):
        overall, *others = (data.counts(package, endpoint, day) for endpoint in SERIES)
        without_mirrors = overall.get("without_mirrors", 0)
        assert without_mirrors < overall.get("with_mirrors", 1)
        assert {sum(by_category.values()) for by_category in others} == {without_mirrors}
        assert all(downloads > 0 for counts in (overall, *others) for downloads in counts.values())


@pytest.mark.parametrize("year", [2004, 2026, 2100, 9000])
def test_all_of_pypi_exceeds_its_packages(year: int) -> None:
    day = date(year, 11, 21)
    listed = sum(data.without_mirrors(package, day) for package in PACKAGES)
    assert data.without_mirrors(ALL_OF_PYPI, day) > listed


def test_magnitudes_are_believable() -> None:
    month = {
        package: data.recent(package, NEWEST)["month"]
        for package in DOWNLOADS_PER_DAY.keys() - {MIRRORED, RETIRED}
    }
    assert len(PACKAGES) >= 200
    assert 60e9 < month[ALL_OF_PYPI] < 300e9
    assert month["boto3"] > month["requests"] > month["flask"] > month["mangum"] > month["svcs"]


def test_weekends_are_quieter() -> None:
    for package in ("requests", ALL_OF_PYPI):
        days = daily(package, "overall", "without_mirrors")
        weekend = [n for day, n in days.items() if date.fromisoformat(day).weekday() >= 5]
        weekdays = [n for day, n in days.items() if date.fromisoformat(day).weekday() < 5]
        assert sum(weekend) / len(weekend) < 0.95 * sum(weekdays) / len(weekdays)


def test_pypi_and_new_python_versions_grow() -> None:
    years = [data.recent(ALL_OF_PYPI, date(year, 11, 21))["month"] for year in (2024, 2026, 2028)]
    assert years == sorted(years)

    def share(version: str, day: date) -> float:
        counts = data.counts("requests", "python_minor", day)
        return counts[version] / sum(counts.values())

    then, today = date(2026, 6, 1), date(2026, 11, 20)
    assert share("3.14", today) > share("3.14", then)
    assert share("3.9", today) < share("3.9", then)


@pytest.mark.parametrize("package", ["requests", "numpy", "fastapi"])
def test_days_are_lost(package: str) -> None:
    """Some for all packages, some for each alone, always on all endpoints."""
    for_all = {day for day in days_until(NEWEST) if data.is_lost(ALL_OF_PYPI, day)}
    lost = {day for day in days_until(NEWEST) if data.is_lost(package, day)}
    assert 2 <= len(for_all) <= 4
    assert 1 <= len(lost - for_all) <= 4
    for endpoint in SERIES:
        days = set(map(str, days_until(NEWEST)))
        assert days - daily(package, endpoint).keys() == set(map(str, lost | for_all))


@pytest.mark.parametrize("package", AGE_IN_DAYS)
def test_young_package_begins_inside_the_window(package: str) -> None:
    first = NEWEST - timedelta(days=AGE_IN_DAYS[package] - 1)
    assert min(daily(package, "overall")) == str(first)


def test_hermit_has_days_without_rows_and_days_of_mirrors_alone() -> None:
    days = {str(day) for day in days_until(NEWEST) if not data.is_lost(HERMIT, day)}
    fetched = daily(HERMIT, "overall", "with_mirrors").keys()
    wanted = daily(HERMIT, "overall", "without_mirrors").keys()
    assert days - fetched
    assert fetched - wanted


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (datetime(2026, 11, 22, 1, 9, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 22, 1, 10, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=2))), date(2026, 11, 20)),
    ],
)
def test_yesterday_is_loaded_at_ten_past_one_utc(now: datetime, newest: date) -> None:
    assert newest_day(now) == newest


def test_moving_window_leaves_the_numbers() -> None:
    today = daily("requests", "overall")
    before = {
        row.date: row.downloads
        for row in data.rows("requests", "overall", NEWEST - timedelta(days=1))
        if row.category == "with_mirrors"
    }
    now = daily("requests", "overall", "with_mirrors")
    assert (min(today), max(today)) == ("2026-05-25", "2026-11-21")
    assert now.keys() ^ before.keys() == {"2026-11-21", "2026-05-24"}
    assert all(now[day] == before[day] for day in now.keys() & before.keys())


def test_numbers_are_the_same_in_every_process() -> None:
    program = (
        "from datetime import date; from tools.fake_pypistats import data;"
        "print([tuple(row) for row in data.rows('numpy', 'python_minor', date(2026, 11, 21))])"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert elsewhere.strip() == str(
        [tuple(row) for row in data.rows("numpy", "python_minor", NEWEST)]
    )
