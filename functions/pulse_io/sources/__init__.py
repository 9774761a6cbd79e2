"""Where downloads come from: the port that every source implements."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Protocol

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem, UpstreamProblem
from pulse.questions import Answer, Question

Ask = Callable[[Collection[Question], float], Awaitable[Mapping[Question, Answer]]]
"""Looks up further questions before a deadline, as the catalogue does."""


class Source(Protocol):
    """A source of daily counts. A `deadline` is a moment on the event loop's clock."""

    async def renewed(self, held: Mapping[Question, DailyCounts]) -> Mapping[Question, DailyCounts]:
        """The held counts that are still the newest, with a later `fresh_until`.

        Makes no call: a source that can't tell without one returns none.
        """

    async def refusals(
        self, questions: Collection[Question], deadline: float, known: Collection[Question]
    ) -> Mapping[Question, Problem]:
        """The questions that can't be fetched by the deadline, as far as the source can tell, and why.

        `known` questions, whose counts are held already, have priority.
        """

    def fetch(
        self,
        questions: Collection[Question],
        deadline: float,
        ask: Ask,
        known: Collection[Question] = (),
    ) -> AsyncIterator[tuple[Question, Answer]]:
        """Fetch the answers, in any order, each as soon as it arrives.

        May also return answers to other questions, for which other requests wait. No call begins after the
        deadline; one that has begun may go on for a while. `ask` answers what else the source has to know, such
        as which day it has loaded. `known` is as in `refusals`. A problem other than `UnknownPackage` and
        `UpstreamThrottled` is a failure: the question is not asked again for a few seconds.
        """

    async def late(self, question: Question) -> Problem:
        """Why there is no answer by a deadline."""

    async def with_retry_after(
        self, question: Question, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        """The problem for a client, with an accurate `Retry-After`.

        A call that can't be made now is reserved for that moment, or the problem says that none is. The
        problem is cached, and stays the answer, for another `kept_s` seconds.
        """

    async def aclose(self) -> None:
        """Close the connections."""
