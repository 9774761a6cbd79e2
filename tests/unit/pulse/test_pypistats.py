"""Requests to pypistats.org and validation of its responses."""

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse import __version__
from pulse.daily_counts import DailyCounts
from pulse.freshness import WINDOW_DAYS
from pulse.models import RecentDownloads
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import UnknownPackage, UpstreamBroken, UpstreamThrottled
from pulse.pypistats import (
    MAX_COUNT,
    REAL_CATEGORIES,
    TOLERANCE,
    USER_AGENT,
    UpstreamAnswer,
    body_reader,
    read_answer,
    read_recent,
    request_path,
)
from pulse.questions import ENDPOINTS, Breakdown, Question
from tests.counts import NOON, Cells, counts_of, day

REQUESTS = PackageName.parse("requests")
BOTH = ["with_mirrors", "without_mirrors"]
ROW = {"category": "with_mirrors", "date": "2026-11-21", "downloads": 7}


def answer(
    *rows: Mapping[str, object],
    status: int = 200,
    package: str = "requests",
    headers: Mapping[str, str] | None = None,
) -> UpstreamAnswer:
    body = {"data": list(rows), "package": package, "type": "overall_downloads"}
    return UpstreamAnswer(status, headers or {}, json.dumps(body).encode(), NOON)


def table(endpoint: Breakdown, *, categories: int, days: int) -> bytes:
    """A body about all of PyPI with a row for each category and day, in upstream's compact JSON."""
    today = NOON.date()
    rows = [
        {
            "category": f"3.{category}",
            "date": (today - dt.timedelta(days=day)).isoformat(),
            "downloads": 10**9,
        }
        for category in range(categories)
        for day in range(days)
    ]
    body = {"data": rows, "package": ALL_OF_PYPI, "type": f"{endpoint}_downloads"}
    return json.dumps(body, separators=(",", ":")).encode()


def quickest_s(work: Callable[[], object]) -> float:
    """The shortest processor time of several runs, which other processes don't lengthen."""
    times = []
    for _ in range(5):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def read(raw: UpstreamAnswer, breakdown: Breakdown = Breakdown.OVERALL) -> DailyCounts:
    return read_answer(Question(REQUESTS, breakdown), raw)


def rows(raw: UpstreamAnswer) -> list[tuple[str, dt.date, int]]:
    return list(read(raw).rows())


def test_path_has_normalised_name_and_no_trailing_slash() -> None:
    name = PackageName.parse("Typing_Extensions")
    path = request_path(name, Breakdown.PYTHON_MINOR)
    assert path == "/api/packages/typing-extensions/python_minor"


def test_user_agent_has_version_and_url() -> None:
    assert USER_AGENT.startswith(f"pypi-pulse/{__version__} (+https://")


def test_counts_have_source_and_fetched_at() -> None:
    both = {("with_mirrors", day(0)): 7, ("without_mirrors", day(0)): 7}
    read_counts = read(answer(ROW, {**ROW, "category": "without_mirrors"}))
    assert read_counts == counts_of(both, source="pypistats.org")


def test_rows_become_counts_by_category() -> None:
    """Categories keep upstream's order; a day without a row is None, and not 0."""
    given = [("3.10", 0, 5), ("3.9", 3, 0), ("3.10", 2, 7), ("null", 1, 1)]
    counts = read(
        answer(
            *(
                {"category": category, "date": day(ago).isoformat(), "downloads": count}
                for category, ago, count in given
            )
        )
    )
    assert counts.first == day(3)
    assert list(counts.counts.items()) == [
        ("3.10", [None, 7, None, 5]),
        ("3.9", [0, None, None, None]),
        ("null", [None, None, 1, None]),
    ]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(BOTH), st.integers(min_value=0, max_value=180).map(day)),
        st.integers(min_value=0, max_value=MAX_COUNT),
        min_size=1,
        max_size=60,
    ),
    st.randoms(),
)
def test_order_of_rows_does_not_matter(cells: Cells, random: Random) -> None:
    content: list[Mapping[str, object]] = [
        {"category": category, "date": date.isoformat(), "downloads": count}
        for (category, date), count in cells.items()
    ]
    shuffled = random.sample(content, len(content))
    assert read(answer(*shuffled)) == read(answer(*content))
    assert sorted(rows(answer(*shuffled))) == sorted((*cell, n) for cell, n in cells.items())


def test_fake_pypistats_is_called_simulated() -> None:
    assert read(answer(ROW, headers={"X-Pulse-Source": "simulated"})).source == "simulated"


def test_404_or_empty_overall_is_unknown_package() -> None:
    with pytest.raises(UnknownPackage, match="'requests'"):
        read(UpstreamAnswer(404, {}, b"404", NOON))
    with pytest.raises(UnknownPackage, match="'requests'"):
        read(answer())


@pytest.mark.parametrize(
    "endpoint", [Breakdown.PYTHON_MAJOR, Breakdown.PYTHON_MINOR, Breakdown.SYSTEM]
)
def test_empty_other_endpoint_is_not_unknown(endpoint: Breakdown) -> None:
    body = json.dumps({"data": [], "package": "requests", "type": f"{endpoint}_downloads"}).encode()
    assert read(UpstreamAnswer(200, {}, body, NOON), endpoint).counts == {}


def test_429_without_retry_after_waits_a_minute() -> None:
    with pytest.raises(UpstreamThrottled) as caught:
        read(answer(status=429))
    assert caught.value.headers["retry-after"] == "60"


@pytest.mark.parametrize(
    ("given", "expected"),
    [("7", 7), ("soon", 60), ("²", 60), ("-1", 60), ("9" * 9, 3600), ("9" * 5000, 60)],
)
def test_retry_after_of_429_is_used(given: str, expected: int) -> None:
    with pytest.raises(UpstreamThrottled) as caught:
        read(answer(status=429, headers={"Retry-After": given}))
    assert caught.value.retry_after_s == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("7", 7),
        ("0", 1),
        ("999999999", 3600),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("Sunday, 22-Nov-26 12:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 12:01:30 -0000", 90),
        ("Sun, 22 Nov 2026 11:59:59 GMT", 1),
        ("Sun, 22 Nov 2099 12:00:00 GMT", 3600),
    ],
)
def test_503_with_retry_after_is_throttling(given: str, expected: int) -> None:
    with pytest.raises(UpstreamThrottled) as caught:
        read(answer(status=503, headers={"Retry-After": given}))
    assert caught.value.headers["retry-after"] == str(expected)


@pytest.mark.parametrize(
    "given",
    ["", "soon", "-1", "1.5", "9" * 5000, "Sun, 99 Nov 2026 12:00:00 GMT", "1 Jan " + "9" * 30],
)
def test_503_without_retry_after_is_broken_upstream(given: str) -> None:
    with pytest.raises(UpstreamBroken, match="its status is 503"):
        read(answer(status=503, headers={"Retry-After": given}))


@pytest.mark.parametrize("status", [204, 301, 403, 500, 503])
def test_other_status_is_broken_upstream(status: int) -> None:
    with pytest.raises(UpstreamBroken, match=f"its status is {status}"):
        read(answer(ROW, status=status))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sorry</html>",
        b'{"data":[{"category":"with_mirrors","date":"2026-11-2',
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"package":"requests","type":"overall_downloads"}',
        b'{"data":{},"package":"requests","type":"overall_downloads"}',
        b'{"data":"","package":"requests","type":"overall_downloads"}',
        b'{"data":[[]],"package":"requests","type":"overall_downloads"}',
        b'{"data":["row"],"package":"requests","type":"overall_downloads"}',
        b'{"data":[],"package":"flask","package":"requests","type":"overall_downloads"}',
        b'{"data":[],"package":"requests","type":"overall_downloads","more":NaN}',
        b'{"data":[],"package":"requests","type":"overall_downloads","more":%s}' % (b"9" * 5000),
        b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"data":' + b'{"data":' * 100_000 + b"1" + b"}" * 100_001,
        b'\xef\xbb\xbf{"data":[],"package":"requests","type":"overall_downloads"}',
        '{"data":[],"package":"requests","type":"overall_downloads"}'.encode("utf-16"),
        b'{"data":[],"package":"requests","type":"overall_downloads","more":"\xff"}',
    ],
    ids=lambda body: repr(body[:60]),
)
def test_unexpected_body_is_broken_upstream(body: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="not the expected JSON"):
        read(UpstreamAnswer(200, {}, body, NOON))


NOT_COUNTS: list[object] = [-1, 2**63, 10**310, 1.5, 1.0, True, None, [], "many", "12", ""]
NOT_DATES: list[object] = [
    *(20261121, 1795219200, True, None, []),
    *("2026-02-30", "1795219200", "0", "20261121", "2026-W47-6", "2026-1-1", ""),
    *("2026-11-21T00:00:00", "2026-11-21 "),
]
NOT_CATEGORIES: list[object] = [
    *(1, True, [], {}),
    *("3" * 101, "a\x00", "a\n", "\u202ea", "\ud800"),
]


@pytest.mark.parametrize(
    "change",
    [
        *({"downloads": value} for value in NOT_COUNTS),
        *({"date": value} for value in NOT_DATES),
        *({"category": value} for value in NOT_CATEGORIES),
    ],
    ids=str,
)
def test_impossible_row_is_broken_upstream(change: dict[str, Any]) -> None:
    with pytest.raises(UpstreamBroken, match="not the expected JSON"):
        read(answer(ROW, {**ROW, "date": "2026-11-20", **change}))


@pytest.mark.parametrize(
    "text", ["1e3", "1E400", "NaN", "Infinity", "-Infinity", "01", "9" * 5000, '7,"downloads":8']
)
def test_bad_count_is_broken_upstream(text: str) -> None:
    """A count that is not a JSON integer, or is given twice."""
    body = answer(ROW).body.replace(b'"downloads": 7', f'"downloads": {text}'.encode())
    with pytest.raises(UpstreamBroken, match="not the expected JSON"):
        read(UpstreamAnswer(200, {}, body, NOON))


def test_row_needs_its_keys_and_may_have_more() -> None:
    for key in ROW:
        with pytest.raises(UpstreamBroken, match="not the expected JSON"):
            read(answer({name: value for name, value in ROW.items() if name != key}))
    assert read(answer({**ROW, "percent": 1.5})) == read(answer(ROW))


def test_largest_count_is_accepted() -> None:
    assert rows(answer({**ROW, "downloads": MAX_COUNT})) == [("with_mirrors", day(0), MAX_COUNT)]


def test_json_null_is_category_null() -> None:
    unknown = {**ROW, "category": None}
    assert rows(answer(unknown)) == [("null", day(0), 7)]
    with pytest.raises(UpstreamBroken, match="two counts for one day"):
        read(answer(unknown, {**ROW, "category": "null"}))


def test_largest_true_answer_fits_ten_times() -> None:
    for breakdown, categories in REAL_CATEGORIES.items():
        body = table(breakdown, categories=TOLERANCE * categories, days=WINDOW_DAYS)
        reader = body_reader(breakdown, 200, {})
        reader.feed(body)
        asked = Question(ALL_OF_PYPI, breakdown)
        counts = read_answer(asked, UpstreamAnswer(200, {}, body, NOON))
        assert reader.finish() == body
        assert len(list(counts.rows())) == TOLERANCE * categories * WINDOW_DAYS


@pytest.mark.parametrize(
    ("categories", "days"), [(31, 1), (31, WINDOW_DAYS), (5_000, 1), (30, WINDOW_DAYS + 1)]
)
def test_too_many_categories_or_days_are_broken_upstream(categories: int, days: int) -> None:
    body = table(Breakdown.PYTHON_MAJOR, categories=categories, days=days)
    with pytest.raises(UpstreamBroken, match="far too many categories or days"):
        read_answer(
            Question(ALL_OF_PYPI, Breakdown.PYTHON_MAJOR), UpstreamAnswer(200, {}, body, NOON)
        )


def test_too_long_span_is_broken_upstream() -> None:
    """Even if there are only a few rows."""
    many = [{**ROW, "category": str(n)} for n in range(19)]
    assert len(rows(answer(*many, {**ROW, "date": "2026-06-01"}))) == 20
    with pytest.raises(UpstreamBroken, match="far too many categories or days"):
        read(answer(*many, {**ROW, "date": "2026-05-20"}))


def test_parsing_time_is_linear() -> None:
    """Twenty times the categories take twenty times as long, and not four hundred times."""
    few = table(Breakdown.PYTHON_MINOR, categories=15, days=20)
    many = table(Breakdown.PYTHON_MINOR, categories=300, days=20)
    assert len(many) > 19 * len(few)

    def reading(body: bytes) -> Callable[[], object]:
        raw = UpstreamAnswer(200, {}, body, NOON)
        return lambda: read_answer(Question(ALL_OF_PYPI, Breakdown.PYTHON_MINOR), raw)

    assert quickest_s(reading(many)) < 100 * quickest_s(reading(few))


@pytest.mark.parametrize("key", ["category", "date"])
def test_colliding_numbers_take_no_time(key: str) -> None:
    """Multiples of this prime have one hash, so a set or a dict of them takes quadratic time."""

    def reading(step: int) -> Callable[[], None]:
        raw = answer(*({**ROW, key: number * step} for number in range(1, 20_000)))

        def refuse() -> None:
            with pytest.raises(UpstreamBroken, match="not the expected JSON"):
                read(raw)

        return refuse

    assert quickest_s(reading(2**61 - 1)) < 10 * quickest_s(reading(1))


def test_answer_to_other_question_is_broken_upstream() -> None:
    with pytest.raises(UpstreamBroken, match="another package or endpoint"):
        read(answer(ROW, package="flask"))
    with pytest.raises(UpstreamBroken, match="another package or endpoint"):
        read(answer(ROW), Breakdown.SYSTEM)


def test_two_counts_for_one_day_are_broken_upstream() -> None:
    with pytest.raises(UpstreamBroken, match="two counts for one day"):
        read(answer(ROW, {**ROW, "downloads": 8}))


@pytest.mark.parametrize("date", ["0001-01-03", "2016-11-01", "2026-11-23", "9999-12-31"])
def test_impossible_day_is_broken_upstream(date: str) -> None:
    with pytest.raises(UpstreamBroken, match="dates in the future, or more than ten years ago"):
        read(answer(ROW, {**ROW, "date": date}))


def test_recent_is_validated_alike() -> None:
    sums = {"last_day": 1, "last_month": 30, "last_week": 7}
    body = {"data": sums, "package": "requests", "type": "recent_downloads"}
    good = UpstreamAnswer(200, {}, json.dumps(body).encode(), NOON)
    assert read_recent(REQUESTS, good) == RecentDownloads(last_day=1, last_week=7, last_month=30)
    with pytest.raises(UpstreamBroken, match="another package or endpoint"):
        read_recent(PackageName.parse("flask"), good)
    with pytest.raises(UnknownPackage):
        read_recent(REQUESTS, good._replace(status=404))


@pytest.mark.parametrize(
    "data",
    [
        [ROW],
        {"last_day": 1, "last_month": 30},
        *({"last_day": count, "last_month": 30, "last_week": 7} for count in (-1, 2**63, True)),
        *({"last_day": 1, "last_month": count, "last_week": 7} for count in ("30", 30.0, None)),
    ],
    ids=str,
)
def test_impossible_sums_are_broken_upstream(data: object) -> None:
    body = json.dumps({"data": data, "package": "requests", "type": "recent_downloads"})
    with pytest.raises(UpstreamBroken, match="not the expected JSON"):
        read_recent(REQUESTS, UpstreamAnswer(200, {}, body.encode(), NOON))


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "recent"])
def test_failure_body_is_limited_and_not_decompressed(endpoint: str) -> None:
    reader = body_reader(endpoint, 429, {"Content-Encoding": "br"})
    reader.feed(b"<a>429 RATE LIMIT EXCEEDED</a>")
    with pytest.raises(UpstreamBroken, match="far too large"):
        reader.feed(b"x" * 4_000_000)
