"""Files are checked as a whole: each error has its place and its reason."""

import datetime as dt
import io
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pulse.daily_counts import Source
from pulse.history import Cell
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery
from pulse.questions import Breakdown, Question
from pulse.series import as_csv, download_series, read_dates
from tests.counts import NOON, counts_of, day
from tools.backfill.files import MAX_JSON_BYTES, MAX_LINE_BYTES, records_of
from tools.backfill.rows import Expected
from tools.backfill.staged import Staged

REQUESTS = PackageName.parse("requests")
OVERALL = Question(REQUESTS, Breakdown.OVERALL)
TODAY = NOON.date()
DAY = dt.date(2026, 11, 20)
HEADER = b"package,breakdown,category,date,downloads\n"
ROW = b"requests,overall,with_mirrors,2026-11-20,7\n"
ONE = {OVERALL: {Cell("with_mirrors", DAY): 7}}

Kept = dict[Question, dict[Cell, int]]


def read(
    content: bytes,
    name: str = "days.csv",
    package: PackageName | None = None,
    breakdown: Breakdown | None = None,
    source: Source = "pypistats.org",
) -> tuple[Kept, list[str]]:
    """The counts in a file, and its errors."""
    expected = Expected(package, breakdown, source, TODAY)
    counts: Kept = {}
    with closing(Staged()) as staged:
        errors = staged.add_all(records_of(Path(name), io.BytesIO(content), expected), expected)
        for question, cells in staged:
            counts.setdefault(question, {}).update(cells)
    return counts, errors


def answer(*rows: Mapping[str, Any], **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """An answer of pypistats.org."""
    return {"data": [*rows], "package": "requests", "type": "overall_downloads", **fields}


def json_row(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"category": "with_mirrors", "date": "2026-11-20", "downloads": 7, **values}


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROW,
        HEADER + ROW + ROW,
        HEADER + b"\n" + ROW.rstrip(),
        b"\xef\xbb\xbf" + (HEADER + ROW).replace(b"\n", b"\r\n"),
        b'date,"downloads",category,package,breakdown\n2026-11-20,"7",with_mirrors,Requests,overall\n',
    ],
    ids=["export", "row twice", "blank line", "Windows", "other order"],
)
def test_csv(content: bytes) -> None:
    assert read(content) == (ONE, [])


def test_options_stand_for_columns() -> None:
    content = b"category,date,downloads\nwith_mirrors,2026-11-20,7\n"
    assert read(content, package=REQUESTS, breakdown=Breakdown.OVERALL) == (ONE, [])
    _, errors = read(content)
    assert errors == [
        "line 1: these columns are missing: package, breakdown; or give --package --breakdown"
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            b"a b,overall,with_mirrors,2026-11-20,7",
            "the package must be a name of PyPI; it is 'a b'",
        ),
        (b"flask,overall,with_mirrors,2026-11-20,7", "the package must be requests; it is flask"),
        (b"requests,recent,with_mirrors,2026-11-20,7", "it is 'recent'"),
        (b"requests,country,DE,2026-11-20,7", "it is 'country'"),
        (
            b"requests,overall,3.10,2026-11-20,7",
            "must be with_mirrors or without_mirrors; it is '3.10'",
        ),
        (b"requests,python_minor,3,2026-11-20,7", "such as 3.10, or null; it is '3'"),
        (b"requests,python_major,3.10,2026-11-20,7", "such as 3, or null; it is '3.10'"),
        (b"requests,system,linux,2026-11-20,7", "it is 'linux'"),
        (b"requests,overall,with_mirrors,2026-02-30,7", "it is '2026-02-30'"),
        (b"requests,overall,with_mirrors,20261120,7", "it is '20261120'"),
        (b"requests,overall,with_mirrors,2026-11-22,7", "from 2003-01-01 to 2026-11-21"),
        (b"requests,overall,with_mirrors,0001-01-01,7", "from 2003-01-01 to 2026-11-21"),
        (b"requests,overall,with_mirrors,2026-11-20,-1", "it is '-1'"),
        (b"requests,overall,with_mirrors,2026-11-20,1e3", "it is '1e3'"),
        (b"requests,overall,with_mirrors,2026-11-20,NaN", "it is 'NaN'"),
        (b"requests,overall,with_mirrors,2026-11-20,7.0", "it is '7.0'"),
        (b"requests,overall,with_mirrors,2026-11-20, 7", "it is ' 7'"),
        ("requests,overall,with_mirrors,2026-11-20,٧".encode(), "it is '٧'"),
        (b"requests,overall,with_mirrors,2026-11-20,", "it is ''"),
        (b"requests,overall,with_mirrors,2026-11-20,9223372036854775808", "from 0 to 92233"),
        (b"requests,overall,with_mirrors,2026-11-20", "it has 4 values for 5 columns"),
        (b"requests;overall;with_mirrors;2026-11-20;7", "it has 1 values for 5 columns"),
        (b"requests,overall,with_mirrors,2026-11-20,8", "another row has 7 downloads for this day"),
        (b"requests,overall,\xff,2026-11-20,7", "it is not UTF-8"),
        (b'requests,overall,"with"_mirrors,2026-11-20,7', "it is not CSV"),
        (b"requests,overall,with_mirrors,2026-11-20,\x00", r"it is '\x00'"),
        (b"x" * (MAX_LINE_BYTES + 1), "it has more than 65,536 bytes"),
    ],
)
def test_wrong_line_is_named(line: bytes, reason: str) -> None:
    _, errors = read(HEADER + ROW + line + b"\n", package=REQUESTS)
    (error,) = errors
    assert error.startswith("line 3: ")
    assert reason in error


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "line 1: these columns are missing: package, breakdown, category, date, downloads"),
        (
            HEADER.replace(b",", b";"),
            "line 1: the columns must be package, breakdown, category, date",
        ),
        (HEADER.replace(b"date", b"category"), "line 1: the columns must be"),
        (HEADER.replace(b"date", b"day"), "line 1: the columns must be"),
        (b"\x89PNG\r\n\x1a\n", "line 1: it is not UTF-8"),
        (HEADER.decode().encode("utf-16"), "line 1: it is not UTF-8"),
        (HEADER + b'"' + ROW * 4000, "it is not CSV: field larger than field limit"),
        (HEADER + b'"' + ROW, "it is not CSV: unexpected end of data"),
    ],
)
def test_unreadable_csv(content: bytes, error: str) -> None:
    counts, errors = read(content)
    assert counts == {}
    assert len(errors) == 1
    assert error in errors[0]


def test_first_ten_errors_are_told() -> None:
    wrong = b"requests,overall,with_mirrors,2026-11-20,x\n"
    _, errors = read(HEADER + wrong * 9)
    assert len(errors) == 9
    _, errors = read(HEADER + wrong * 10_000)
    assert errors[9].startswith("line 11: ")
    assert errors[10:] == ["The rest was not checked."]


def test_csv_answers_of_the_api() -> None:
    """Days that upstream lost are 0 in them, and stay unknown."""
    rows = {("3.10", day(4)): 5, ("3.10", day(2)): 6, ("null", day(2)): 1}
    content, query = counts_of(rows), DownloadsQuery(by="python_minor", period="day")
    series = download_series(REQUESTS, query, read_dates(query), content)
    question = Question(REQUESTS, Breakdown.PYTHON_MINOR)
    assert read(as_csv(series).encode(), package=REQUESTS, breakdown=Breakdown.PYTHON_MINOR) == (
        {question: {Cell(*cell): count for cell, count in rows.items()}},
        [],
    )


@pytest.mark.parametrize("period", ["week", "month"])
def test_sums_of_the_api_are_refused(period: Any) -> None:  # noqa: ANN401 - a literal
    query = DownloadsQuery(by="overall", period=period)
    counts = counts_of({("with_mirrors", day(ago)): 5 for ago in range(100)})
    series = download_series(REQUESTS, query, read_dates(query), counts)
    _, errors = read(as_csv(series).encode(), package=REQUESTS, breakdown=Breakdown.OVERALL)
    assert errors == [f"the file: it seems to have {period}s; ask the API with period=day"]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(answer(json_row())),
        "\ufeff" + json.dumps([answer(json_row()), answer()], indent=2),
        json.dumps(answer(json_row())) + "\n" + json.dumps(answer(json_row())) + "\n",
    ],
    ids=["one", "list", "lines"],
)
def test_json(content: str) -> None:
    assert read(content.encode(), "days.json") == (ONE, [])


def test_unknown_category_of_json() -> None:
    rows = (json_row(category=None), json_row(category="3.10"))
    content = json.dumps(answer(*rows, type="python_minor_downloads")).encode()
    question = Question(REQUESTS, Breakdown.PYTHON_MINOR)
    assert read(content, "days.jsonl") == (
        {question: {Cell("null", DAY): 7, Cell("3.10", DAY): 7}},
        [],
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (json_row(downloads=1e3), "it is 1000.0"),
        (json_row(downloads="7"), "it is '7'"),
        (json_row(downloads=True), "it is True"),
        (json_row(downloads=[7]), "it is a list"),
        (json_row(date=None), "it is None"),
        (json_row(category=3), "it is 3"),
        (json_row(downloads=8), "another row has 7 downloads"),
        ({"category": "with_mirrors", "downloads": 7}, "it lacks category, date or downloads"),
        (None, "it lacks category, date or downloads"),
    ],
)
def test_wrong_row_of_json_is_named(row: Any, reason: str) -> None:  # noqa: ANN401 - any JSON
    content = json.dumps([answer(), answer(json_row(), row)])
    _, errors = read(content.encode(), "days.json")
    (error,) = errors
    assert error.startswith("document 2, row 2: ")
    assert reason in error


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "line 1: it is not JSON: Expecting value"),
        ("{", "line 1: it is not JSON: "),
        ("[]\n\n{]", "line 3: it is not JSON: "),
        ('{"data": [NaN]}', "line 1: the document here is not JSON: NaN is not a number"),
        (
            '\n{"data": [], "data": []}',
            "line 2: the document here is not JSON: an object has a key twice",
        ),
        ("[" * 100_000, "line 1: the document here is not JSON: "),
        ('{"data": ' + "9" * 5000 + "}", "line 1: the document here is not JSON: "),
        ("7", "document 1: it is no answer of pypistats.org"),
        (json.dumps(answer(type=["overall"])), "document 1: it is no answer of pypistats.org"),
        (json.dumps(answer(data={})), "document 1: it is no answer of pypistats.org"),
        (json.dumps(answer(json_row(), package="a b")), "document 1, row 1: the package must be"),
        (json.dumps(answer(json_row(), type="recent_downloads")), "it is 'recent'"),
        (
            json.dumps(answer(json_row(), source="simulated")),
            "its source is 'simulated'; see --source",
        ),
    ],
)
def test_unreadable_json(content: str, error: str) -> None:
    counts, errors = read(content.encode(), "days.json")
    assert counts == {}
    assert len(errors) == 1
    assert error in errors[0]


def test_binary_json() -> None:
    assert read(b"{}\n\xff", "days.json")[1][-1] == "line 2: it is not UTF-8"


def test_huge_json() -> None:
    assert read(b" " * (MAX_JSON_BYTES + 1), "days.json")[1] == [
        "the file: it has more than 67,108,864 bytes; split it"
    ]


def test_years_are_written_apart() -> None:
    rows = b"".join(
        b"%s,overall,with_mirrors,%d-0%d-01,7\n" % (name, year, month)
        for month in (1, 2)
        for year in (2025, 2024)
        for name in (b"requests", b"flask")
    )
    expected = Expected(None, None, "pypistats.org", TODAY)
    with closing(Staged()) as staged:
        records = records_of(Path("days.csv"), io.BytesIO(HEADER + rows), expected)
        assert staged.add_all(records, expected) == []
        years = [(year.question.package, min(year.cells).day.year) for year in staged]
        assert years == [("flask", 2024), ("flask", 2025), ("requests", 2024), ("requests", 2025)]
        assert len(staged) == 4
