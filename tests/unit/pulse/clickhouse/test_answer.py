"""What is read out of ClickHouse's answers, and which answers are not believed."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from pulse.clickhouse.answer import META, QueryAnswer, Read, read_answer, source_of
from pulse.daily_counts import DAY, DailyCounts
from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamBroken
from pulse.questions import Breakdown, Kind, View
from tests.counts import NOON, YESTERDAY, day

EPOCH = dt.date(1970, 1, 1)
SIX = PackageName.parse("six")
IDNA = PackageName.parse("idna")
KIND = Kind(Breakdown.VERSION, View(start=day(20)))

Cells = dict[dt.date, int]


def row(package: str, role: str, category: str, cells: Cells) -> list[Any]:
    days = sorted(cells)
    return [
        package,
        role,
        category,
        [(one - EPOCH).days for one in days],
        [cells[one] for one in days],
    ]


STEADY = row("", "steady", "", {day(ago): 1000 for ago in range(15)})
FIRST = row("six", "first", "", {dt.date(2012, 1, 1): 0})


def body(*rows: list[Any], **changed: object) -> bytes:
    content = {"meta": META, "data": list(rows), "rows": len(rows), "statistics": {}}
    return json.dumps(content | changed).encode()


def read(*rows: list[Any], kind: Kind = KIND) -> Read:
    return read_answer(kind, [SIX], QueryAnswer(body(*rows), "clickhouse", NOON))


def counts(*rows: list[Any], kind: Kind = KIND, first: list[Any] | None = None) -> DailyCounts:
    """The answer about a package that begins with these rows, unless it has another `first` row."""
    days = [number for one in rows for number in one[3] if number]
    begin = ["six", "first", "", [min(days)], [0]] if days else FIRST
    answer = read(STEADY, first or begin, *rows, kind=kind).answers[SIX]
    assert isinstance(answer, DailyCounts)
    return answer


def test_days_without_a_row_are_none() -> None:
    answer = counts(
        row("six", "named", "1.0", {day(4): 5, day(2): 7}), row("six", "other", "", {day(3): 1})
    )
    assert answer.first == day(4)
    assert answer.counts == {"1.0": [5, None, 7], "other": [None, 1, None]}
    assert (answer.source, answer.as_of) == ("clickhouse", YESTERDAY)


@pytest.mark.parametrize(
    ("first", "version", "answered"),
    [
        (dt.date(2012, 1, 1), None, day(20)),
        (day(10), None, day(10)),
        (day(4), None, day(4)),
        (dt.date(2012, 1, 1), "1.0", day(4)),
    ],
    ids=["older than the view", "begins in the view", "begins with a row", "a version"],
)
def test_days_before_the_first_row(first: dt.date, version: str | None, answered: dt.date) -> None:
    """From the package's first day on, they are days without downloads; a version's first day is not known."""
    answer = counts(
        row("six", "named", "1.0", {day(4): 5}),
        kind=KIND._replace(view=View(start=day(20), version=version)),
        first=row("six", "first", "", {first: 0}),
    )
    assert answer.first == answered
    assert answer.counts == {"1.0": [None] * (day(4) - answered).days + [5]}


def test_largest_category_is_first() -> None:
    answer = counts(
        row("six", "named", "", {day(1): 9}),
        row("six", "other", "", {day(1): 8}),
        row("six", "named", "1.0", {day(1): 5}),
        row("six", "named", "2.0", {day(1): 7}),
    )
    assert list(answer.counts) == ["2.0", "1.0", "other", "null"]


def test_numbers_may_be_texts() -> None:
    answer = counts(["six", "named", "1.0", [20_777], ["18446744073709"]])
    assert answer.counts == {"1.0": [18_446_744_073_709]}


def test_package_without_any_row_is_unknown() -> None:
    assert isinstance(read(STEADY).answers[SIX], UnknownPackage)


def test_known_package_without_rows_is_empty() -> None:
    assert counts().counts == {}


def test_total_is_found_at_the_first_day() -> None:
    everything = Kind(Breakdown.OVERALL, View(period="all"))
    answer = counts(row("six", "named", "with_mirrors", {EPOCH: 12}), kind=everything)
    assert (answer.first, answer.counts) == (dt.date(2012, 1, 1), {"with_mirrors": [12]})


def test_remainder_is_null() -> None:
    """No row where nothing is left."""
    answer = counts(
        row("six", "named", "Linux", {day(2): 5, day(1): 5}),
        row("six", "named", "other", {day(2): 1}),
        row("six", "whole", "", {day(2): 6, day(1): 8}),
        kind=Kind(Breakdown.SYSTEM, View(start=day(20))),
    )
    assert answer.counts == {"Linux": [5, 5], "other": [1, None], "null": [None, 3]}


@pytest.mark.parametrize("name", ["x" * 101, "1.0\x00", "1.0\u202e", "1\n2", "other"])
def test_unreadable_category_is_other(name: str) -> None:
    answer = counts(row("six", "named", name, {day(1): 5}), row("six", "other", "", {day(1): 2}))
    assert answer.counts == {"other": [7]}


def test_hostile_category_is_kept_as_it_is() -> None:
    name = "<script>'\";--"
    assert counts(row("six", "named", name, {day(1): 5})).counts == {name: [5]}


def test_incomplete_newest_day_is_left_out() -> None:
    steady = {day(ago): 1000 for ago in range(15)}
    steady[day(0)] = 300
    steady[day(-1)] = 10  # today, which is not over
    answer = read(row("", "steady", "", steady), FIRST)
    assert answer.newest == day(1)


def test_weekend_is_not_incomplete() -> None:
    steady = {
        day(ago): 300 if day(ago).weekday() == day(0).weekday() else 1000 for ago in range(15)
    }
    assert read(row("", "steady", "", steady), FIRST).newest == day(0)


def test_stalled_load() -> None:
    steady = {day(ago): 1000 for ago in range(4, 19)}
    answer = read(row("", "steady", "", steady), FIRST).answers[SIX]
    assert isinstance(answer, DailyCounts)
    assert answer.as_of == day(4)
    assert answer.fresh_until == NOON + dt.timedelta(hours=1)


def test_fresh_until_the_next_load() -> None:
    assert counts().fresh_until > NOON + DAY / 2


def test_newest_day_without_steady_packages() -> None:
    """A database of a few others."""
    steady = row("", "steady", "", {})
    found = read_answer(
        KIND,
        [SIX],
        QueryAnswer(
            body(steady, FIRST, row("six", "named", "1.0", {day(3): 5, day(-1): 1})),
            "clickhouse",
            NOON,
        ),
    )
    assert found.newest == day(3)


def test_empty_database() -> None:
    found = read_answer(
        KIND, [SIX], QueryAnswer(body(row("", "steady", "", {})), "clickhouse", NOON)
    )
    assert (found.newest, type(found.answers[SIX])) == (None, UnknownPackage)


GOOD = row("six", "named", "1.0", {day(2): 5, day(1): 5})


def changed(change: Callable[[list[Any]], object]) -> bytes:
    copy = json.loads(json.dumps(GOOD))
    change(copy)
    return body(STEADY, FIRST, copy)


def put(index: int, value: object) -> bytes:
    return changed(lambda one: one.__setitem__(index, value))


HOSTILE = {
    "empty": b"",
    "not JSON": b"Ok.\n",
    "not UTF-8": b"\xff\xfe",
    "no object": b"[]",
    "NaN": body(STEADY, FIRST, GOOD).replace(b"[5, 5]", b"[5, NaN]"),
    "infinity": body(STEADY, FIRST, GOOD).replace(b"[5, 5]", b"[5, Infinity]"),
    "deep": b"[" * 100_000,
    "too many lists": body(STEADY, FIRST, GOOD, more=[[]] * 100_000),
    "broken off": body(STEADY, FIRST, GOOD)[:-40],
    "error in mid-answer": body(STEADY, FIRST, GOOD, exception="Code: 159"),
    "text behind it": body(STEADY, FIRST, GOOD) + b"\r\n__exception__\r\n",
    "fewer rows than it says": body(STEADY, FIRST, GOOD, rows=4),
    "more rows than it says": body(STEADY, FIRST, GOOD, rows=2),
    "no number of rows": body(STEADY, FIRST, GOOD, rows=None),
    "other columns": body(STEADY, FIRST, GOOD, meta=META[:-1]),
    "other types": body(STEADY, FIRST, GOOD, meta=[{**one, "type": "String"} for one in META]),
    "no columns": body(STEADY, FIRST, GOOD, meta=None),
    "no steady row": body(FIRST, GOOD),
    "two steady rows": body(STEADY, row("", "steady", "x", {day(1): 1}), FIRST, GOOD),
    "a key twice": body(STEADY, FIRST, GOOD).replace(b'"data":', b'"data": [], "data":'),
    "a first day in the future": body(STEADY, row("six", "first", "", {day(-9): 0})),
    "more rows than any answer": body(
        STEADY, FIRST, *(row("six", "named", f"1.{n}", {day(1): 1}) for n in range(1_000))
    ),
    "a row twice": body(STEADY, FIRST, GOOD, GOOD),
    "a package that was not asked for": body(STEADY, FIRST, row("idna", "first", "", {day(9): 0})),
    "no first day": body(STEADY, GOOD),
    "two first days": body(STEADY, row("six", "first", "", {day(9): 0, day(8): 0}), GOOD),
    "a day before the start": body(STEADY, FIRST, row("six", "named", "1.0", {day(21): 5})),
    "a day in the future": body(STEADY, FIRST, row("six", "named", "1.0", {day(-5): 5})),
    "a short row": body(STEADY, FIRST, GOOD[:-1]),
    "a long row": body(STEADY, FIRST, [*GOOD, 1]),
    "no row": body(data=[STEADY, FIRST, None], rows=3),
    "package is no text": put(0, 6),
    "unknown role": put(1, "named too"),
    "category is no text": put(2, None),
    "days are no array": put(3, "20776"),
    "a day is no number": put(3, [20776, "2026-01-01"]),
    "a day is negative": put(3, [-1, 20776]),
    "days out of order": put(3, [20777, 20776]),
    "a day twice": put(3, [20776, 20776]),
    "a day too many": put(3, [20776, 20777, 20778]),
    "a count is missing": put(4, [5]),
    "a count is null": put(4, [5, None]),
    "a count is a fraction": put(4, [5, 5.0]),
    "a count is true": put(4, [5, True]),
    "a count is negative": put(4, [5, -5]),
    "a count is a negative text": put(4, [5, "-5"]),
    "a count is too large": put(4, [5, 2**63]),
    "a count is another text": put(4, [5, "5e3"]),
    "a count is a text in other digits": put(4, [5, "٥"]),
    "a date past the calendar": put(3, [20776, 2**40]),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_unusable_answer_is_broken(hostile: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="ClickHouse's response can't be used"):
        read_answer(KIND, [SIX], QueryAnswer(hostile, "clickhouse", NOON))


def test_good_answer_is_read() -> None:
    """The one that the hostile ones are made of."""
    assert isinstance(
        read_answer(
            KIND, [SIX], QueryAnswer(body(STEADY, FIRST, GOOD), "clickhouse", NOON)
        ).answers[SIX],
        DailyCounts,
    )


@pytest.mark.parametrize(
    ("headers", "source"),
    [({}, "clickhouse"), ({"X-Pulse-Source": "simulated"}, "simulated")],
)
def test_invented_rows_are_simulated(headers: dict[str, str], source: str) -> None:
    assert source_of(headers) == source
