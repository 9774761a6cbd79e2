"""The rows agree with the fake pypistats.org's figures, with each other, and with what ClickPy's views make."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import pytest

from tests.clickhouse.conftest import LOADED, NEWEST, SMALL
from tools.clickhouse.load import MANY_DAYS, create_tables, load, load_many, load_sums
from tools.clickhouse.rows import ARCHIVED, LOST, MALFORMED, rows
from tools.clickhouse.schema import COLUMNS, SUMS
from tools.clickhouse.server import ClickHouse
from tools.fake_pypistats import data
from tools.fake_pypistats.packages import HERMIT, RETIRED
from tools.fake_pypistats.window import WINDOW_DAYS, days_until

DAY: Final = "pypi_downloads_per_day"
FAKE: Final = [package for package in LOADED if package not in (ARCHIVED, MALFORMED)]
"""The packages that the fake knows."""
BY_DAY: Final = [table for table, columns in SUMS.items() if "date" in columns]

NO_MIRRORS: Final = (
    "installer NOT IN ('bandersnatch', 'z3c.pypimirror', 'Artifactory', 'devpi', '')"
)
VALID_PYTHON: Final = r"(python_minor = '' OR match(python_minor, '^[0-9]\\.[0-9]+'))"


def select(server: ClickHouse, sql: str, database: str = "pypi") -> list[list[Any]]:
    answer = server.execute(f"{sql} FORMAT JSONCompactEachRow", database=database)
    return [json.loads(line) for line in answer.splitlines()]


def by_day(server: ClickHouse, package: str, table: str, what: str) -> dict[date, dict[str, int]]:
    """Downloads in pypistats.org's window, by day and by the SQL expression `what`."""
    sql = (
        f"SELECT date, {what} AS category, sum(count) FROM {table} "
        f"WHERE project = '{package}' AND date >= '{days_until(NEWEST)[0]}' GROUP BY date, category"
    )
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for day, category, count in select(server, sql):
        found[date.fromisoformat(day)][category] = count
    return found


def with_remainder(found: dict[str, int], whole: int) -> dict[str, int]:
    """Named categories, and what is missing to `whole` as pypistats.org's category `null`."""
    named = {name: count for name, count in found.items() if name}
    missing = whole - sum(named.values())
    return named | ({"null": missing} if missing else {})


@pytest.mark.parametrize("package", FAKE)
def test_overall_is_the_fakes(server: ClickHouse, package: str) -> None:
    every = by_day(server, package, DAY, "'with_mirrors'")
    installers = f"{DAY}_by_version_by_installer_by_type"
    kind = f"if({NO_MIRRORS}, 'without_mirrors', 'rest')"
    people = by_day(server, package, installers, kind)
    expected = {
        day: data.true_counts(package, "overall", day)
        for day in data.active_days(package, NEWEST, WINDOW_DAYS)
    }
    assert {
        day: every[day] | {name: count for name, count in people[day].items() if name != "rest"}
        for day in every
    } == {day: counts for day, counts in expected.items() if counts}


@pytest.mark.parametrize("package", FAKE)
@pytest.mark.parametrize(
    ("endpoint", "table", "category"),
    [
        ("python_minor", "python", r"extract(python_minor, '^[0-9]+\\.[0-9]+')"),
        ("python_major", "python", r"extract(python_minor, '^([0-9]+)\\.[0-9]+')"),
        (
            "system",
            "system",
            "multiIf(system IN ('Windows', 'Linux', 'Darwin', ''), system, 'other')",
        ),
    ],
)
def test_breakdown_is_the_fakes(
    server: ClickHouse, package: str, endpoint: str, table: str, category: str
) -> None:
    """The rest of the downloads without mirrors is pypistats.org's `null`."""
    found = by_day(server, package, f"{DAY}_by_version_by_{table}", category)
    for day in data.active_days(package, NEWEST, WINDOW_DAYS):
        whole = data.without_mirrors(package, day)
        assert with_remainder(found[day], whole) == data.true_counts(package, endpoint, day)


@pytest.mark.parametrize("table", BY_DAY)
def test_each_table_sums_to_days(server: ClickHouse, table: str) -> None:
    days = "SELECT project, date, sum(count) FROM {} GROUP BY project, date ORDER BY project, date"
    assert select(server, days.format(table)) == select(server, days.format(DAY))


@pytest.mark.parametrize(
    ("table", "columns"),
    [("pypi_downloads", "project"), ("pypi_downloads_by_version", "project, version")],
)
def test_all_time_totals_sum_days(server: ClickHouse, table: str, columns: str) -> None:
    total = f"SELECT {columns}, sum(count) FROM {{}} GROUP BY {columns} ORDER BY {columns}"
    assert select(server, total.format(table)) == select(server, total.format(f"{DAY}_by_version"))


def test_newest_and_oldest_days(server: ClickHouse) -> None:
    found = select(
        server,
        "SELECT project, max(max_date), min(min_date) FROM pypi_downloads_max_min GROUP BY project",
    )
    assert sorted(found) == sorted(
        select(server, f"SELECT project, max(date), min(date) FROM {DAY} GROUP BY project")
    )
    newest = {project: latest for project, latest, _ in found}
    assert newest["requests"] == str(NEWEST)
    assert newest[RETIRED] < str(days_until(NEWEST, 100)[0])
    assert newest[ARCHIVED] == "2017-12-31"


def test_months_are_the_last_half_year(server: ClickHouse) -> None:
    (found,) = select(
        server,
        "SELECT min(month), max(month), sum(count) FROM pypi_downloads_per_month "
        "WHERE project = 'requests'",
    )
    (days,) = select(
        server, f"SELECT sum(count) FROM {DAY} WHERE project = 'requests' AND date > '2026-05-01'"
    )
    assert found == ["2026-05-01", "2026-11-01", *days]


def test_some_days_are_lost_and_early_ones_low(server: ClickHouse) -> None:
    lost_from, lost_until = LOST
    ((lost, ratio),) = select(
        server,
        f"SELECT countIf(date BETWEEN '{lost_from}' AND '{lost_until}'), "
        "avgIf(count, date BETWEEN '2018-06-26' AND '2018-07-25') / "
        f"avgIf(count, date BETWEEN '2018-07-26' AND '2018-08-25') FROM {DAY} WHERE project = 'requests'",
    )
    assert lost == 0
    assert 0.05 < ratio < 0.2


def test_hermit_has_days_without_rows(server: ClickHouse) -> None:
    ((days, rest),) = select(
        server,
        f"SELECT count(), date_diff('day', min(date), max(date)) + 1 - count() FROM {DAY} "
        f"WHERE project = '{HERMIT}'",
    )
    assert days > 0
    assert rest > 0


@pytest.fixture(scope="module")
def raw(server: ClickHouse) -> Iterator[str]:
    """A database with one row for each download of some packages, summed by the views."""
    database = "raw"
    create_tables(server, database)
    columns = list(COLUMNS)
    server.execute(
        f"INSERT INTO pypi ({', '.join(columns)}) FORMAT JSONEachRow",
        database=database,
        data=(
            (json.dumps({name: str(getattr(row, name)) for name in columns}) + "\n").encode()
            * row.downloads
            for row in rows((*SMALL, MALFORMED), NEWEST)
        ),
    )
    yield database
    server.execute(f"DROP DATABASE {database}")


@pytest.fixture(scope="module")
def summed(server: ClickHouse) -> Iterator[str]:
    """A database with the same downloads, loaded as sums."""
    database = "summed"
    create_tables(server, database)
    load_sums(server, rows((*SMALL, MALFORMED), NEWEST), database)
    yield database
    server.execute(f"DROP DATABASE {database}")


@pytest.mark.parametrize("table", SUMS)
def test_views_make_the_same_sums(server: ClickHouse, raw: str, summed: str, table: str) -> None:
    # Merges lose the type in one table, so it is not compared there.
    columns = ", ".join(
        name for name in SUMS[table] if name != "type" or not table.endswith("_by_type")
    )
    sql = f"SELECT {columns}, sum(count) FROM {table} GROUP BY {columns} ORDER BY {columns}"
    assert select(server, sql, raw) == select(server, sql, summed) != []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT month, project, sum(count) FROM pypi_downloads_per_month GROUP BY ALL ORDER BY ALL",
        "SELECT project, max(max_date), min(min_date) FROM pypi_downloads_max_min GROUP BY ALL ORDER BY ALL",
    ],
    ids=["months", "newest and oldest"],
)
def test_views_make_the_same_rows(server: ClickHouse, raw: str, summed: str, sql: str) -> None:
    assert select(server, sql, raw) == select(server, sql, summed)


def test_pypistats_definition_row_by_row(server: ClickHouse, raw: str) -> None:
    """What pypistats.org computes from single downloads is what the sums of installers and systems give."""
    definition = (
        f"SELECT project, date, countIf({NO_MIRRORS}), countIf({NO_MIRRORS} AND system = 'Linux') "
        f"FROM pypi WHERE {VALID_PYTHON} AND project != '{MALFORMED}' "
        "GROUP BY project, date ORDER BY project, date"
    )
    for project, day, people, linux in select(server, definition, raw):
        on = date.fromisoformat(day)
        assert people == data.true_counts(project, "overall", on).get("without_mirrors", 0)
        assert linux == data.true_counts(project, "system", on).get("Linux", 0)


def test_malformed_pythons_count_here_only(server: ClickHouse, raw: str) -> None:
    ((every, valid),) = select(
        server,
        f"SELECT count(), countIf({VALID_PYTHON}) FROM pypi WHERE project = '{MALFORMED}'",
        raw,
    )
    ((summed,),) = select(
        server, f"SELECT sum(count) FROM {DAY} WHERE project = '{MALFORMED}'", raw
    )
    assert 0 < valid < every == summed


def test_newest_day_may_be_incomplete(server: ClickHouse, database: str) -> None:
    load(server, NEWEST, ["httpx"], incomplete=True, database=database)
    sql = f"SELECT sum(count) FROM {DAY} WHERE project = 'httpx' AND date = '{NEWEST}'"
    ((part,),) = select(server, sql, database)
    ((whole,),) = select(server, sql)
    assert 0.05 * whole < part < 0.15 * whole


def test_many_downloads_are_on_every_day(server: ClickHouse, database: str) -> None:
    packages = ("requests", "httpx")
    load_many(server, 2 * len(packages) * MANY_DAYS, NEWEST, packages, database)
    sql = (
        f"SELECT project, count(), min(downloads), max(downloads), max(date) FROM "
        f"(SELECT project, date, sum(count) AS downloads FROM {DAY} GROUP BY project, date) "
        "GROUP BY project ORDER BY project DESC"
    )
    found = select(server, sql, database)
    assert found == [[name, MANY_DAYS, 2, 2, str(NEWEST)] for name in packages]
    for table in BY_DAY:
        assert select(server, f"SELECT sum(count) FROM {table}", database) == [
            [2 * len(packages) * MANY_DAYS]
        ]
