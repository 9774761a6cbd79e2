"""The SQL of each kind of question: which table is read, and what is never in the text."""

import datetime as dt
import re
from typing import Literal

import pytest

from pulse.clickhouse.query import MAX_BYTES, MAX_ROWS, build_query, capacity
from pulse.clickhouse.tables import smallest_table
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.questions import Breakdown, Kind, View

TODAY = dt.date(2026, 11, 22)
START = dt.date(2026, 1, 1)
BY_VERSION = "pypi_downloads_per_day_by_version"
INSTALLERS = f"{BY_VERSION}_by_installer_by_type"
REQUESTS = PackageName.parse("requests")


def tables(breakdown: Breakdown, view: View) -> list[str]:
    """The tables that the downloads of a kind are read from."""
    query = build_query(Kind(breakdown, view), [REQUESTS], TODAY)
    found = re.findall(r"toUInt64\(sum\(count\)\) AS downloads\s+FROM (\w+)", query.sql)
    return found[:-1]  # the last is that of the steady packages, or the whole is


@pytest.mark.parametrize(
    ("breakdown", "view", "expected"),
    [
        (Breakdown.OVERALL, View(), ["pypi_downloads_per_day", INSTALLERS]),
        (Breakdown.OVERALL, View(mirrors=True), ["pypi_downloads_per_day"]),
        (Breakdown.OVERALL, View(mirrors=False), [INSTALLERS]),
        (Breakdown.OVERALL, View(period="all", mirrors=True), ["pypi_downloads"]),
        (Breakdown.OVERALL, View(version="2.31.0", mirrors=True), [BY_VERSION]),
        (
            Breakdown.OVERALL,
            View(period="all", version="2.31.0", mirrors=True),
            ["pypi_downloads_by_version"],
        ),
        (Breakdown.VERSION, View(start=START), [BY_VERSION]),
        (Breakdown.VERSION, View(mirrors=False), [INSTALLERS]),
        (Breakdown.VERSION, View(period="all"), ["pypi_downloads_by_version"]),
        (Breakdown.VERSION, View(START, period="all"), [BY_VERSION]),
        (Breakdown.COUNTRY, View(), [f"{BY_VERSION}_by_country"]),
        (Breakdown.COUNTRY, View(mirrors=False), [f"{INSTALLERS}_by_country"]),
        (Breakdown.FILE_TYPE, View(), [f"{BY_VERSION}_by_file_type"]),
        (Breakdown.FILE_TYPE, View(mirrors=False), [f"{INSTALLERS}_by_country"]),
        (Breakdown.INSTALLER, View(), [INSTALLERS]),
        (Breakdown.PYTHON_MINOR, View(), [f"{BY_VERSION}_by_python", "pypi_downloads_per_day"]),
        (Breakdown.SYSTEM, View(), [f"{BY_VERSION}_by_system", "pypi_downloads_per_day"]),
    ],
    ids=str,
)
def test_smallest_table_is_read(breakdown: Breakdown, view: View, expected: list[str]) -> None:
    assert tables(breakdown, view) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, "pypi_downloads"),
        (dt.date(2026, 10, 1), dt.date(2026, 10, 31), "pypi_downloads_per_month"),
        (dt.date(2026, 10, 1), dt.date(2026, 10, 30), "pypi_downloads_per_day"),
        (dt.date(2026, 10, 2), dt.date(2026, 10, 31), "pypi_downloads_per_day"),
        (dt.date(2026, 11, 1), dt.date(2026, 11, 30), "pypi_downloads_per_day"),
        (dt.date(2026, 1, 1), dt.date(2026, 1, 31), "pypi_downloads_per_day"),
        (dt.date(2026, 10, 1), None, "pypi_downloads_per_day"),
        (dt.date(2026, 10, 1), dt.date.max, "pypi_downloads_per_day"),
    ],
    ids=str,
)
def test_whole_months_are_read_by_month(
    start: dt.date | None, end: dt.date | None, expected: str
) -> None:
    """Not this month, and not those before the table began."""
    kind = Kind(Breakdown.PACKAGE, View(start, end, period="all", limit=10))
    query = build_query(kind, [ALL_OF_PYPI], TODAY)
    assert re.findall(r"FROM (pypi_downloads\w*)", query.sql)[0] == expected


def test_no_table_has_everything() -> None:
    with pytest.raises(LookupError):
        smallest_table({"python_minor", "installer"})


HOSTILE = "1' OR 1=1 --\\ \n\t\x00{packages:String}é"


@pytest.mark.parametrize("breakdown", list(Breakdown))
def test_text_of_clients_is_never_in_the_sql(breakdown: Breakdown) -> None:
    view = View(START, dt.date(2026, 2, 1), version=HOSTILE, limit=77)
    query = build_query(Kind(breakdown, view), [PackageName("o'brien\\")], TODAY)
    for text in (HOSTILE, "brien", "2026", "77"):
        assert text not in query.sql
    assert query.parameters["packages"] == "['o\\'brien\\\\']"
    assert query.parameters["version"] == "1' OR 1=1 --\\\\ \\n\\t\x00{packages:String}é"
    assert (query.parameters["start"], query.parameters["limit"]) == ("2026-01-01", "77")


@pytest.mark.parametrize("breakdown", list(Breakdown))
@pytest.mark.parametrize("limit", [None, 1, 10, 100, 10**6])
@pytest.mark.parametrize("start", [None, START, TODAY, dt.date.max, dt.date.min])
@pytest.mark.parametrize("period", ["day", "all"])
def test_answer_fits_the_limits(
    breakdown: Breakdown, limit: int | None, start: dt.date | None, period: Literal["day", "all"]
) -> None:
    """Of rows and bytes; a limit that is too large names fewer categories."""
    kind = Kind(breakdown, View(start=start, limit=limit, period=period))
    packages = capacity(kind, TODAY)
    first = max(start or dt.date.min, dt.date(2011, 1, 1))
    days = max(1, (TODAY - first).days + 1) if period == "day" else 1
    named = int(build_query(kind, [REQUESTS], TODAY).parameters["limit"])
    categories = 2 if breakdown is Breakdown.OVERALL else named + 1
    assert 1 <= packages <= 250
    assert 1 <= named <= (limit or named)
    assert packages * (categories + 1) < MAX_ROWS
    assert packages * categories * days * 10 < MAX_BYTES


def test_comparison_of_fifty_is_one_query() -> None:
    """All days since 2011, with and without mirrors."""
    assert capacity(Kind(Breakdown.OVERALL, View()), TODAY) >= 50


def test_250_packages_are_one_query() -> None:
    assert capacity(Kind(Breakdown.OVERALL, View(start=START)), TODAY) == 250
