"""The catalogues' answers from a real ClickHouse server, against sums of the rows that were loaded."""

import datetime as dt
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final, Literal, TypeVar

import pytest

from pulse.daily_counts import DAY, DailyCounts
from pulse.freshness import window_expected
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import UnknownPackage, UpstreamBroken
from pulse.questions import Answer, Breakdown, Question, View
from pulse_io.catalogues import Catalogues
from tests.clickhouse.catalogues import about, ask, with_catalogues
from tests.clickhouse.conftest import LOADED, NEWEST
from tests.counts import NOON
from tools.clickhouse.load import create_tables, load, load_many, load_sums
from tools.clickhouse.rows import ARCHIVED, LOST, MALFORMED, MIRRORS, Row, rows
from tools.clickhouse.server import ClickHouse
from tools.fake_pypistats import data
from tools.fake_pypistats.packages import HERMIT, MIRRORED, NEWCOMER

T = TypeVar("T")
Cells = Counter[tuple[str, dt.date]]

PACKAGES: Final = ("requests", "httpx", NEWCOMER, HERMIT, MIRRORED, ARCHIVED, MALFORMED)
RANDOM_QUESTIONS: Final = 80
EVERY: Final = [one for one in Breakdown if one is not Breakdown.PACKAGE]
COLUMNS: Final = {
    Breakdown.VERSION: "version",
    Breakdown.COUNTRY: "country_code",
    Breakdown.INSTALLER: "installer",
    Breakdown.FILE_TYPE: "type",
}
PYTHONS: Final = {
    Breakdown.PYTHON_MAJOR: r"([0-9]+)\.[0-9]+",
    Breakdown.PYTHON_MINOR: r"([0-9]+\.[0-9]+)",
}


def cells_of(answer: Answer) -> Cells:
    assert isinstance(answer, DailyCounts), answer
    assert answer.source == "simulated"
    return Counter({(category, day): count for category, day, count in answer.rows()})


@cache
def loaded(package: str) -> list[Row]:
    return list(rows([package], NEWEST))


def day_of(row: Row) -> dt.date:
    return dt.date.fromisoformat(row.date)


def expected(downloads: Iterable[Row], question: Question) -> Cells:
    """The answer to a question, worked out of single rows."""
    breakdown, view = question.kind
    chosen = [
        row
        for row in downloads
        if (view.start is None or day_of(row) >= view.start)
        and (view.end is None or day_of(row) <= view.end)
        and (view.version is None or row.version == view.version)
    ]
    people = [row for row in chosen if row.installer not in (*MIRRORS, "")]
    if breakdown is Breakdown.OVERALL:
        both = {True: ("with_mirrors", chosen), False: ("without_mirrors", people)}
        wanted = both.values() if view.mirrors is None else [both[view.mirrors]]
        found = Counter[tuple[str, dt.date]]()
        for category, some in wanted:
            for row in some:
                found[category, day_of(row)] += row.downloads
    elif breakdown in COLUMNS:
        some = people if view.mirrors is False else chosen
        found = summed(some, lambda row: str(getattr(row, COLUMNS[breakdown])) or "null")
        limit = view.limit or {Breakdown.FILE_TYPE: 10}.get(breakdown, 30)
        found = limited(found, limit)
    else:
        found = limited(summed(chosen, lambda row: category_of(row, breakdown)), view.limit or 30)
        rest = summed(people, lambda _: "null")
        for (_, day), count in list(found.items()):
            rest["null", day] -= count
        found += rest
    if view.period == "all":
        first = max(min(day_of(row) for row in downloads), view.start or dt.date.min)
        totals = Cells()
        for (category, _), count in found.items():
            totals[category, first] += count
        return totals
    return +found


def summed(some: Iterable[Row], category: Callable[[Row], str]) -> Cells:
    found = Cells()
    for row in some:
        if name := category(row):
            found[name, day_of(row)] += row.downloads
    return found


def category_of(row: Row, breakdown: Breakdown) -> str:
    if breakdown is Breakdown.SYSTEM:
        return row.system if row.system in ("Windows", "Linux", "Darwin", "") else "other"
    matched = re.match(PYTHONS[breakdown], row.python_minor)
    return matched[1] if matched else ""


def limited(found: Cells, limit: int) -> Cells:
    """The largest categories, and the sum of the others. An unknown one is ordered as an empty text."""
    totals = Counter[str]()
    for (category, _), count in found.items():
        totals["" if category == "null" else category] += count
    order = sorted(totals, key=lambda name: (-totals[name], name))
    named = {name or "null" for name in order[:limit]}
    cut = Cells()
    for (category, day), count in found.items():
        cut[category if category in named else "other", day] += count
    return cut


@pytest.mark.parametrize("breakdown", EVERY)
def test_every_breakdown_of_every_package(server: ClickHouse, breakdown: Breakdown) -> None:
    """All days of all packages, in one query."""
    questions = [about(package, breakdown) for package in PACKAGES]
    for question, answer in ask(server, questions).items():
        assert cells_of(answer) == expected(loaded(question.package), question), question


def random_view(chance: random.Random, package: str) -> View:
    days = sorted(day_of(chance.choice(loaded(package))) for _ in range(2))
    start, end = (chance.choice([None, day]) for day in days)
    return View(
        start,
        end,
        period=chance.choice(["day", "day", "all"]),
        version=chance.choice([None, None, chance.choice(loaded(package)).version, "0.0"]),
        mirrors=chance.choice([None, True, False]),
        limit=chance.choice([None, 1, 3, 100]),
    )


def test_random_views(server: ClickHouse, pytestconfig: pytest.Config) -> None:
    # pytest prints this seed at its start, and --hypothesis-seed sets it.
    chance = random.Random(int(pytestconfig.option.hypothesis_seed))  # noqa: S311 - not a secret
    questions = []
    for _ in range(RANDOM_QUESTIONS):
        package = chance.choice(PACKAGES)
        view = random_view(chance, package)
        breakdown = chance.choice(EVERY)
        if breakdown not in COLUMNS:
            view = view._replace(limit=None)
        questions.append(about(package, breakdown, view))
    for question, answer in ask(server, questions, DEADLINE_S="60").items():
        assert cells_of(answer) == expected(loaded(question.package), question), question


@pytest.mark.parametrize("package", PACKAGES)
def test_parts_add_up(server: ClickHouse, package: str) -> None:
    """By version, country, installer and file type to `overall` with mirrors, on each day."""
    overall = about(package, Breakdown.OVERALL, View(mirrors=True))
    parts = [about(package, breakdown, View(limit=3)) for breakdown in COLUMNS]
    answers = ask(server, [overall, *parts])
    whole = {day: count for (_, day), count in cells_of(answers[overall]).items()}
    for part in parts:
        sums = Counter[dt.date]()
        for (_, day), count in cells_of(answers[part]).items():
            sums[day] += count
        assert sums == whole, part


@pytest.mark.parametrize("package", ["requests", "httpx", HERMIT, MIRRORED])
@pytest.mark.parametrize(
    "breakdown",
    [Breakdown.OVERALL, Breakdown.PYTHON_MAJOR, Breakdown.PYTHON_MINOR, Breakdown.SYSTEM],
)
def test_fallback_is_pypistats_definition(
    server: ClickHouse, package: str, breakdown: Breakdown
) -> None:
    """pypistats.org is down: its window by its definitions, as the fake pypistats.org has it."""
    question = Question(PackageName.parse(package), breakdown)
    answer = ask(server, [question])[question]
    first, _ = window_expected(NOON)
    figures = {
        (category, day): count
        for day in data.active_days(package, NEWEST, 181)
        if day >= first
        for category, count in data.true_counts(package, breakdown, day).items()
    }
    assert cells_of(answer) == figures


def test_all_of_pypi_by_package(server: ClickHouse) -> None:
    """All time, and the last whole month."""
    days: tuple[dt.date | None, dt.date | None]
    for days in ((None, None), (dt.date(2026, 10, 1), dt.date(2026, 10, 31))):
        start, end = days
        view = View(start, end, period="all", limit=3)
        answer = ask(server, [about(ALL_OF_PYPI, Breakdown.PACKAGE, view)]).popitem()[1]
        assert isinstance(answer, DailyCounts)
        totals = Counter(
            {
                package: sum(
                    row.downloads
                    for row in loaded(package)
                    if start is None or end is None or start <= day_of(row) <= end
                )
                for package in LOADED
            }
        )
        largest = dict(totals.most_common(3))
        assert {name: counts[0] for name, counts in answer.counts.items()} == {
            **largest,
            "other": totals.total() - sum(largest.values()),
        }
        assert list(answer.counts)[:3] == list(largest)


def test_known_and_unknown(server: ClickHouse) -> None:
    """A package without rows in a range, or of a version, is known."""
    empty = about("requests", Breakdown.SYSTEM, View(version="no-such-version"))
    lost = about("requests", Breakdown.COUNTRY, View(*LOST))
    unknown = about("no-such-package", Breakdown.COUNTRY)
    answers = ask(server, [empty, lost, unknown])
    assert cells_of(answers[empty]) == cells_of(answers[lost]) == Cells()
    assert isinstance(answers[unknown], UnknownPackage)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (dt.date.min, dt.date(1969, 12, 31)),
        (dt.date(1970, 1, 1), dt.date(2010, 12, 31)),
        (NEWEST + 2 * DAY, None),
        (dt.date(2149, 6, 7), dt.date.max),
    ],
)
@pytest.mark.parametrize("period", ["day", "all"])
def test_no_such_days(
    server: ClickHouse, start: dt.date, end: dt.date | None, period: Literal["day", "all"]
) -> None:
    question = about("requests", Breakdown.SYSTEM, View(start, end, period=period))
    assert cells_of(ask(server, [question])[question]) == Cells()


def test_all_days_that_there_are(server: ClickHouse) -> None:
    question = about("requests", Breakdown.SYSTEM, View(dt.date.min, dt.date.max, limit=10**6))
    everything = about("requests", Breakdown.SYSTEM)
    answers = ask(server, [question, everything])
    assert cells_of(answers[question]) == cells_of(answers[everything])


def test_as_of_is_the_newest_day(server: ClickHouse) -> None:
    """Also of a package whose last download was years ago."""
    answers = ask(server, [about(package, Breakdown.VERSION) for package in ("requests", ARCHIVED)])
    for answer in answers.values():
        assert isinstance(answer, DailyCounts)
        assert (answer.as_of, answer.stale) == (NEWEST, False)


def test_incomplete_newest_day(server: ClickHouse, database: str) -> None:
    load(server, NEWEST, ("requests", HERMIT), incomplete=True, database=database)
    for package in ("requests", HERMIT):
        answer = ask(
            server, [about(package, Breakdown.VERSION)], CLICKHOUSE_DATABASE=database
        ).popitem()[1]
        assert isinstance(answer, DailyCounts)
        assert answer.as_of == NEWEST - DAY


HOSTILE: Final = [
    "'; DROP TABLE pypi_downloads; --",
    "\\",
    "\\'",
    "a\nb\tc",
    "{packages:Array(String)}",
    "1.0é中\U0001f40d",
    '"},{"',
    "<script>",
    "other",
    "null",
    "__exception__",
    "x" * 300,
    "\u202e",
]


def escaped(text: str) -> str:
    """As TabSeparated has it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def test_hostile_texts(server: ClickHouse, database: str) -> None:
    """They come back as they are, or as `other` where they can't be shown, and select only themselves."""
    day = NEWEST - DAY
    counts = {text: 10 + number for number, text in enumerate(HOSTILE)}
    create_tables(server, database)
    load_sums(
        server,
        [
            Row._make(("requests", day.isoformat(), *[escaped(text)] * 4, "3.13", "Linux", count))
            for text, count in counts.items()
        ],
        database,
    )
    selected = {text: about("requests", Breakdown.COUNTRY, View(version=text)) for text in HOSTILE}
    split = {breakdown: about("requests", breakdown, View(limit=100)) for breakdown in COLUMNS}
    answers = ask(server, [*selected.values(), *split.values()], CLICKHOUSE_DATABASE=database)
    hidden = {text for text in HOSTILE if len(text) > 100 or not text.isprintable()} | {"other"}
    for text, question in selected.items():
        shown = "other" if text in hidden else text
        assert cells_of(answers[question]) == {(shown, day): counts[text]}
    for question in split.values():
        expected = {(text, day): counts[text] for text in HOSTILE if text not in hidden}
        expected["other", day] = sum(counts[text] for text in hidden)
        assert cells_of(answers[question]) == expected


def test_package_with_many_versions(
    server: ClickHouse, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more are named than an answer has rows for. If there were more, ClickHouse would refuse the query."""
    create_tables(server, database)
    load_sums(
        server,
        [
            Row("requests", NEWEST.isoformat(), f"1.{number}", "US", "sdist", "pip", "", "", 1)
            for number in range(1500)
        ],
        database,
    )
    question = about("requests", Breakdown.VERSION, View(period="all", limit=10**6))
    answer = ask(server, [question], CLICKHOUSE_DATABASE=database)[question]
    counts = cells_of(answer)
    assert len(counts) == 996
    assert counts.total() == 1500
    monkeypatch.setattr("pulse.clickhouse.query.MAX_ROWS", 10**6)
    refused = ask(server, [question], CLICKHOUSE_DATABASE=database)[question]
    assert isinstance(refused, UpstreamBroken)
    assert "too many rows" in refused.detail


def test_fifty_packages_of_ten_years(server: ClickHouse, database: str) -> None:
    """One query, within the public endpoint's limits for an answer."""
    packages = [f"package-{number}" for number in range(50)]
    load_many(server, 50 * 3650, NEWEST, packages, database=database)
    questions = [about(package, Breakdown.OVERALL, View(mirrors=True)) for package in packages]
    answers = ask(server, questions, CLICKHOUSE_DATABASE=database, CLICKHOUSE_PER_HOUR="1")
    for answer in answers.values():
        assert isinstance(answer, DailyCounts)
        assert answer.counts == {"with_mirrors": [1] * 3650}


def test_cache_off_asks_again_at_once(server: ClickHouse) -> None:
    """On a clock that stands still: nothing is stored that the second request could wait for."""
    question = about("requests", Breakdown.OVERALL, View(period="all"))

    async def twice(catalogues: Catalogues) -> list[Answer]:
        return [(await catalogues.fetch_all([question], 2))[question] for _ in range(2)]

    first, second = with_catalogues(server, twice, {"CACHE": "off"})
    assert isinstance(first, DailyCounts)
    assert first == second
