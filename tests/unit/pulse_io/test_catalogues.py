"""Which source answers which question, and what happens while one of them is down."""

import datetime as dt
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

from pulse.daily_counts import DAY, DailyCounts, Source
from pulse.freshness import window_expected
from pulse.history import Cells
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import (
    NotConfigured,
    Problem,
    UnknownPackage,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from pulse.questions import Answer, Breakdown, Question, View
from pulse_io.catalogue import Catalogue
from pulse_io.catalogues import Catalogues
from pulse_io.settings import Settings
from pulse_io.sources import Ask
from tests.clocks import Clock
from tests.counts import NOON, counts_of
from tests.unit.pulse_io.simulated.loop import SimulatedLoop
from tests.unit.pulse_io.toy_sources import ToySource

if TYPE_CHECKING:
    from pulse_io.store.history import HistoryStore

T = TypeVar("T")
SIX = PackageName.parse("six")
OLD = PackageName.parse("old-package")
WINDOW_START, _ = window_expected(NOON)
PLAIN = Question(SIX, Breakdown.OVERALL)
IN_WINDOW = Question(SIX, Breakdown.OVERALL, View(start=WINDOW_START))
BY_VERSION = Question(SIX, Breakdown.VERSION, View(start=WINDOW_START))
LONG_AGO = dt.date(2019, 5, 17)


class NamedSource(ToySource):
    """Has rows since `first`, or fails; does not know `unknown`."""

    def __init__(self, name: Source, first: dt.date, unknown: PackageName | None = None) -> None:
        self.name: Source = name
        self.first = first
        self.unknown = unknown
        self.failure: Problem | None = None
        self.asked: list[Question] = []

    async def fetch(
        self, questions: Collection[Question], _: float, __: Ask, ___: Collection[Question] = ()
    ) -> AsyncIterator[tuple[Question, Answer]]:
        for question in questions:
            self.asked.append(question)
            yield question, self.answer(question)

    def answer(self, question: Question) -> Answer:
        if self.failure:
            return self.failure
        if question.package == self.unknown:
            return UnknownPackage.named(question.package)
        first = max(self.first, question.view.start or self.first) if question.view else self.first
        counts = counts_of({("with_mirrors", first): 7}, as_of=NOON.date() - DAY, source=self.name)
        return replace(counts, fresh_until=NOON + DAY / 2)


class Both:
    """Both sources with their catalogues."""

    def __init__(self, *, clickhouse: bool = True) -> None:
        self.clock = Clock(NOON)
        self.loop = SimulatedLoop()
        self.pypistats = NamedSource("pypistats.org", WINDOW_START, OLD)
        self.clickhouse = NamedSource("clickhouse", dt.date(2012, 1, 1))
        settings = Settings.from_environ({})
        self.catalogues = Catalogues(
            Catalogue(settings, self.pypistats, None, self.clock),
            Catalogue(settings, self.clickhouse, None, self.clock) if clickhouse else None,
        )

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def ask(self, question: Question) -> Answer:
        return self.run(self.catalogues.fetch_all([question]))[question]

    def since(self, start: dt.date | None, question: Question = PLAIN) -> Answer:
        return self.run(self.catalogues.fetch_since([question], start))[question]


@pytest.fixture
def both() -> Iterator[Both]:
    both = Both()
    yield both
    both.loop.close()


@pytest.fixture
def alone() -> Iterator[Both]:
    """ClickHouse is off."""
    both = Both(clickhouse=False)
    yield both
    both.loop.close()


def source_of(answer: Answer) -> str:
    assert isinstance(answer, DailyCounts), answer
    return answer.source


@pytest.mark.parametrize(
    ("question", "source"),
    [(PLAIN, "pypistats.org"), (IN_WINDOW, "clickhouse"), (BY_VERSION, "clickhouse")],
    ids=str,
)
def test_each_question_has_its_source(both: Both, question: Question, source: str) -> None:
    assert source_of(both.ask(question)) == source
    assert len(both.pypistats.asked + both.clickhouse.asked) == 1


def test_sources_of_one_request_are_asked_together(both: Both) -> None:
    answers = both.run(both.catalogues.fetch_all([BY_VERSION, PLAIN, IN_WINDOW, PLAIN]))
    assert list(answers) == [BY_VERSION, PLAIN, IN_WINDOW]
    assert [source_of(answer) for answer in answers.values()] == [
        "clickhouse",
        "pypistats.org",
        "clickhouse",
    ]


def test_pypistats_down(both: Both) -> None:
    """ClickHouse answers for the same window, and says so."""
    both.pypistats.failure = UpstreamBroken.because("its status is 500")
    answer = both.ask(PLAIN)
    assert source_of(answer) == "clickhouse"
    assert both.clickhouse.asked == [IN_WINDOW]


def test_pypistats_down_and_counts_are_kept(both: Both) -> None:
    both.ask(PLAIN)
    both.pypistats.failure = UpstreamTooSlow()
    both.clock.now += DAY
    answer = both.ask(PLAIN)
    assert isinstance(answer, DailyCounts)
    assert (answer.source, answer.stale) == ("pypistats.org", True)
    assert both.clickhouse.asked == []


def test_throttled_call_is_waited_for(both: Both) -> None:
    both.pypistats.failure = UpstreamThrottled(7)
    assert isinstance(both.ask(PLAIN), UpstreamThrottled)
    assert both.clickhouse.asked == []


@pytest.mark.parametrize("package", [ALL_OF_PYPI, OLD])
def test_what_clickhouse_does_not_have(both: Both, package: PackageName) -> None:
    """It has no sums of all packages; and an unknown one is not known to be unknown to pypistats.org."""
    both.pypistats.failure = UpstreamTooSlow()
    both.clickhouse.unknown = OLD
    answer = both.ask(Question(package, Breakdown.OVERALL))
    assert isinstance(answer, UpstreamTooSlow)
    assert "pypistats.org" in answer.detail


@pytest.mark.parametrize(
    "failure", [UpstreamTooSlow(source="ClickHouse"), UpstreamThrottled(600, "ClickHouse")]
)
def test_clickhouse_down(both: Both, failure: UpstreamProblem) -> None:
    """pypistats.org answers what lies in its window; nobody answers the rest."""
    both.clickhouse.failure = failure
    assert source_of(both.ask(IN_WINDOW)) == "pypistats.org"
    for question in (
        BY_VERSION,
        Question(SIX, Breakdown.SYSTEM, View(WINDOW_START, version="1.0")),
        Question(SIX, Breakdown.SYSTEM, View(WINDOW_START, period="all")),
        Question(SIX, Breakdown.SYSTEM, View(WINDOW_START - DAY)),
        Question(SIX, Breakdown.SYSTEM, View()),
    ):
        answer = both.ask(question)
        assert type(answer) is type(failure)


def test_clickhouse_down_and_counts_are_kept(both: Both) -> None:
    both.ask(IN_WINDOW)
    both.clickhouse.failure = UpstreamTooSlow(source="ClickHouse")
    both.clock.now += DAY
    answer = both.ask(IN_WINDOW)
    assert isinstance(answer, DailyCounts)
    assert (answer.source, answer.stale) == ("clickhouse", True)


def test_both_down(both: Both) -> None:
    both.pypistats.failure = UpstreamTooSlow()
    both.clickhouse.failure = UpstreamTooSlow(source="ClickHouse")
    for question, said in ((PLAIN, "pypistats.org"), (BY_VERSION, "ClickHouse")):
        answer = both.ask(question)
        assert isinstance(answer, UpstreamTooSlow)
        assert answer.detail.startswith(said)


@pytest.mark.parametrize(
    ("question", "said"),
    [(BY_VERSION, "by version"), (Question(SIX, Breakdown.SYSTEM, View()), "before")],
)
def test_not_configured(alone: Both, question: Question, said: str) -> None:
    answer = alone.ask(question)
    assert isinstance(answer, NotConfigured)
    assert said in answer.detail
    assert "CLICKHOUSE_URL" in answer.detail
    with pytest.raises(NotConfigured):
        alone.run(alone.catalogues.fetch(question))


def test_window_without_clickhouse(alone: Both) -> None:
    assert source_of(alone.ask(IN_WINDOW)) == "pypistats.org"
    assert source_of(alone.since(LONG_AGO)) == "pypistats.org"
    alone.pypistats.failure = UpstreamTooSlow()
    assert isinstance(alone.ask(Question(SIX, Breakdown.SYSTEM)), UpstreamTooSlow)


@pytest.mark.parametrize("start", [None, WINDOW_START, WINDOW_START + 100 * DAY])
def test_days_in_the_window_are_pypistats(both: Both, start: dt.date | None) -> None:
    assert source_of(both.since(start)) == "pypistats.org"
    assert both.clickhouse.asked == []


def test_older_days_are_clickhouses(both: Both) -> None:
    """The whole answer, from the first day of the year on."""
    answer = both.since(LONG_AGO)
    assert isinstance(answer, DailyCounts)
    assert (answer.source, answer.first) == ("clickhouse", dt.date(2019, 1, 1))
    assert both.clickhouse.asked[-1].view == View(start=dt.date(2019, 1, 1))


def test_days_that_reach_back_are_pypistats(both: Both) -> None:
    """Kept ones are joined to them; here, the source has them itself."""
    both.pypistats.first = LONG_AGO
    assert source_of(both.since(LONG_AGO)) == "pypistats.org"


def test_package_of_the_past_is_known(both: Both) -> None:
    old = Question(OLD, Breakdown.OVERALL)
    assert isinstance(both.ask(old), UnknownPackage)
    assert source_of(both.since(LONG_AGO, old)) == "clickhouse"


def test_older_days_while_clickhouse_is_down(both: Both) -> None:
    """What pypistats.org has, cut off as without ClickHouse."""
    both.clickhouse.failure = UpstreamTooSlow(source="ClickHouse")
    answer = both.since(LONG_AGO)
    assert isinstance(answer, DailyCounts)
    assert (answer.source, answer.first) == ("pypistats.org", WINDOW_START)


@pytest.mark.parametrize("failure", [UpstreamThrottled(7), UpstreamTooSlow()])
def test_older_days_while_pypistats_is_down(both: Both, failure: UpstreamProblem) -> None:
    """It would not have them."""
    both.pypistats.failure = failure
    assert source_of(both.since(LONG_AGO)) == "clickhouse"


class UnreadHistory:
    """History that must not be read."""

    async def read(self, *_: object) -> Cells:
        raise AssertionError("history was read")


def test_clickhouses_counts_have_no_history(both: Both) -> None:
    """They stand in for pypistats.org's, whose kept days are not added to them."""
    settings, history = Settings.from_environ({}), cast("HistoryStore", UnreadHistory())
    both.catalogues = Catalogues(
        Catalogue(settings, both.pypistats, None, both.clock, history),
        Catalogue(settings, both.clickhouse, None, both.clock),
    )
    both.pypistats.failure = UpstreamTooSlow()
    assert source_of(both.since(None)) == "clickhouse"
