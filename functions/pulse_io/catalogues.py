"""Chooses the source of each answer: pypistats.org where it has the answer, else ClickHouse.

An answer is from one source, and its counts name it. Days of two sources are never put together.

| question | asked first | if that fails, and nothing is kept |
|---|---|---|
| without a view | pypistats.org | ClickHouse, for pypistats.org's window |
| with a view | ClickHouse | pypistats.org, if its window has the answer |

Where ClickHouse is off, a question with a view that pypistats.org can't answer is a `NotConfigured` problem.
"""

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pulse.daily_counts import DAY, DailyCounts
from pulse.freshness import window_expected
from pulse.names import ALL_OF_PYPI
from pulse.problems import (
    HistoryUnavailable,
    NotConfigured,
    Problem,
    UnknownPackage,
    UpstreamProblem,
    UpstreamThrottled,
)
from pulse.questions import ALL_OVERALL, ENDPOINTS, FIRST_DAY, Answer, Breakdown, Question, View
from pulse.request_log import request_log
from pulse_io.catalogue import Catalogue
from pulse_io.store.answers import LookupResult

PYPISTATS_SHARE: Final = 0.7
"""The share of a request's time that pypistats.org may take if ClickHouse is there for the rest."""

MIN_HISTORY_S: Final = 0.4
"""The least time for reading history: an image may have used up its time for pypistats.org."""

_Found = dict[Question, LookupResult]


class Catalogues:
    """The catalogues of both sources as one.

    `clickhouse` is None where CLICKHOUSE_URL is not set.
    """

    def __init__(self, pypistats: Catalogue, clickhouse: Catalogue | None = None) -> None:
        self.now = pypistats.now
        self.image_deadline_s = pypistats.image_deadline_s
        self._pypistats = pypistats
        self._clickhouse = clickhouse

    @property
    def has_history(self) -> bool:
        """Whether days that pypistats.org has dropped or lost are kept."""
        return self._pypistats.has_history

    @property
    def has_clickhouse(self) -> bool:
        """Whether questions with any view are answered."""
        return self._clickhouse is not None

    async def fetch(self, question: Question, deadline_s: float | None = None) -> DailyCounts:
        """The answer to one question, within `deadline_s`, by default `DEADLINE_S`.

        Raises:
            NotConfigured: only ClickHouse has it, which is off.
            UnknownPackage: the source does not know the package.
            UpstreamProblem: the sources failed, and no counts are cached.
        """
        answer = (await self.fetch_all([question], deadline_s))[question]
        if isinstance(answer, Problem):
            raise answer
        return answer

    async def fetch_all(
        self, questions: Iterable[Question], deadline_s: float | None = None
    ) -> dict[Question, Answer]:
        """The answers to a request's questions, all within `deadline_s`, by default `DEADLINE_S`.

        The keys are the questions as asked. The answer to a question that fails is its problem.
        """
        found = await self._look_up(questions, self._deadline(deadline_s))
        return self._logged(found)

    async def fetch_since(
        self, questions: Iterable[Question], start: dt.date | None, deadline_s: float | None = None
    ) -> dict[Question, Answer]:
        """As `fetch_all`, with the days from `start` on; a question with a view has its own start.

        pypistats.org's days are completed by kept ones. Where these don't reach back to `start`, the whole
        answer is ClickHouse's, if it has one.
        """
        deadline = self._deadline(deadline_s)
        found = await self._look_up(questions, deadline)
        return self._logged(await self._extended(found, start, deadline))

    async def extended(
        self, answers: Mapping[Question, Answer], start: dt.date, deadline_s: float
    ) -> dict[Question, Answer]:
        """The answers of `fetch_all`, with the days from `start` on, as `fetch_since` returns them."""
        found = {question: LookupResult(answer, "none") for question, answer in answers.items()}
        whole = await self._extended(found, start, self._deadline(deadline_s))
        return {question: one.answer for question, one in whole.items()}

    async def _extended(self, found: _Found, start: dt.date | None, deadline: float) -> _Found:
        """The answers with the days from `start` on; changes `found`."""
        answers = await asyncio.gather(
            *(
                self._with_history(question, one.answer, start, deadline)
                for question, one in found.items()
            )
        )
        for (question, one), answer in zip(list(found.items()), answers, strict=True):
            found[question] = one._replace(answer=answer)
        if start is not None and start < self._window_start:
            # From the first day of the year, so that many clients ask for the same.
            view = View(start=dt.date(max(start.year, FIRST_DAY.year), 1, 1))
            instead = {
                question: question._replace(view=view)
                for question, one in found.items()
                if question.view is None
                and question.package != ALL_OF_PYPI
                and not _reaches_back(one.answer, start)
            }
            await self._replace(found, instead, self._clickhouse, deadline)
        return found

    async def aclose(self) -> None:
        """Close the connections to the sources and to the tables."""
        await self._pypistats.aclose()
        if self._clickhouse:
            await self._clickhouse.aclose()

    async def _look_up(self, questions: Iterable[Question], deadline: float) -> _Found:
        """The answers to all questions, from the second source where the first has failed."""
        distinct = list(dict.fromkeys(questions))
        plain = [question for question in distinct if question.view is None]
        viewed = [question for question in distinct if question.view is not None]
        left_s = _left_s(deadline)
        share = PYPISTATS_SHARE if self._clickhouse else 1
        by_pypistats, by_clickhouse = await asyncio.gather(
            self._pypistats.look_up(plain, share * left_s), self._ask_clickhouse(viewed, left_s)
        )
        both = by_pypistats | by_clickhouse
        found = {question: both[question] for question in distinct}
        window = View(start=self._window_start)
        await self._replace(
            found,
            {
                question: question._replace(view=window)
                for question in plain
                if question.package != ALL_OF_PYPI and _is_down(found[question].answer)
            },
            self._clickhouse,
            deadline,
        )
        await self._replace(
            found,
            {
                question: question._replace(view=None)
                for question in viewed
                if self._has_window_of(question) and _has_failed(found[question].answer)
            },
            self._pypistats,
            deadline,
        )
        return found

    async def _ask_clickhouse(self, questions: list[Question], left_s: float) -> _Found:
        if self._clickhouse:
            return await self._clickhouse.look_up(questions, left_s)
        return {
            question: LookupResult(NotConfigured.without("CLICKHOUSE_URL", _what(question)), "none")
            for question in questions
        }

    async def _replace(
        self,
        found: _Found,
        instead: Mapping[Question, Question],
        catalogue: Catalogue | None,
        deadline: float,
    ) -> None:
        """Replace answers by those to other questions, where a catalogue has counts for these."""
        if catalogue is None or not instead:
            return
        others = await catalogue.look_up(instead.values(), _left_s(deadline))
        for question, other in instead.items():
            if isinstance(others[other].answer, DailyCounts):
                found[question] = others[other]

    async def _with_history(
        self, question: Question, answer: Answer, start: dt.date | None, deadline: float
    ) -> Answer:
        """An answer of pypistats.org, completed by the kept days from `start` on; others are left as they are."""
        if isinstance(answer, UnknownPackage) and start is not None:
            return await self._kept_alone(question, answer, start, deadline)
        if (
            question.view is not None
            or isinstance(answer, Problem)
            or answer.source == "clickhouse"
        ):
            return answer
        left_s = max(MIN_HISTORY_S, _left_s(deadline))
        try:
            async with asyncio.timeout(left_s):
                return await self._pypistats.with_history(question, answer, start)
        except HistoryUnavailable as problem:
            return problem
        except TimeoutError:
            if start is None or start >= answer.first:
                return answer
            return HistoryUnavailable("it takes too long")

    async def _kept_alone(
        self, question: Question, unknown: UnknownPackage, start: dt.date, deadline: float
    ) -> Answer:
        """The kept days from `start` on of a package that pypistats.org does not know any more."""
        if question.view is not None or not self.has_history:
            return unknown
        found = await self._pypistats.look_up([ALL_OVERALL], _left_s(deadline))
        everything = found[ALL_OVERALL].answer
        if isinstance(everything, Problem):
            return everything
        without_rows = replace(everything, first=everything.as_of + DAY, counts={})
        kept = await self._with_history(question, without_rows, start, deadline)
        return unknown if isinstance(kept, DailyCounts) and not kept.counts else kept

    def _has_window_of(self, question: Question) -> bool:
        """Whether pypistats.org's window has the answer to a question with a view."""
        view = question.view or View()
        return (
            question.breakdown in ENDPOINTS
            and (view.period, view.version) == ("day", None)
            and view.start is not None
            and view.start >= self._window_start
        )

    @property
    def _window_start(self) -> dt.date:
        first, _ = window_expected(self.now())
        return first

    def _deadline(self, deadline_s: float | None) -> float:
        """The end of a request's time, on the event loop's clock."""
        if deadline_s is None:
            deadline_s = self._pypistats.deadline_s
        return asyncio.get_running_loop().time() + deadline_s

    def _logged(self, found: _Found) -> dict[Question, Answer]:
        request_log().found_all(found.values(), self.now())
        return {question: one.answer for question, one in found.items()}


def _left_s(deadline: float) -> float:
    return max(0, deadline - asyncio.get_running_loop().time())


def _is_down(answer: Answer) -> bool:
    """Whether pypistats.org failed. A throttled call has not: it only has to wait."""
    return isinstance(answer, UpstreamProblem) and not isinstance(answer, UpstreamThrottled)


def _has_failed(answer: Answer) -> bool:
    """Whether ClickHouse failed, has no query left, or is off."""
    return isinstance(answer, UpstreamProblem | NotConfigured)


def _reaches_back(answer: Answer, start: dt.date) -> bool:
    """Whether an answer needs no older days. A package that pypistats.org does not know may have some."""
    return isinstance(answer, DailyCounts) and answer.first <= start


def _what(question: Question) -> str:
    if question.breakdown in ENDPOINTS:
        return "downloads by version, or before pypistats.org's window"
    if question.breakdown is Breakdown.PACKAGE:
        return "a list of the most downloaded packages"
    return f"downloads by {question.breakdown.replace('_', ' ')}"
