"""Where downloads come from: the port that every source implements."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Protocol

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem, UpstreamProblem
from pulse.questions import Question

Answer = DailyCounts | Problem
"""What is known about a question: its daily counts, or why there are none."""

Ask = Callable[[Collection[Question], float], Awaitable[Mapping[Question, Answer]]]
"""Looks up further questions before a deadline, as the catalogue does."""


class Source(Protocol):
    """A source of daily counts. A `deadline` is a moment on the event loop's clock."""

    async def renewed(self, held: Mapping[Question, DailyCounts]) -> Mapping[Question, DailyCounts]:
        """Those of the held counts that the source has nothing newer for, with a later `fresh_until`.

        Without a call: a source that can't know returns none.
        """

    async def refusals(
        self, questions: Collection[Question], deadline: float, known: Collection[Question]
    ) -> Mapping[Question, Problem]:
        """The questions that can't be fetched by the deadline, as far as it is known, and why.

        To those that are `known`, of which counts are held already, a source gives what it has first.
        """

    def fetch(
        self,
        questions: Collection[Question],
        deadline: float,
        ask: Ask,
        known: Collection[Question] = (),
    ) -> AsyncIterator[tuple[Question, Answer]]:
        """Fetch the answers, each as soon as it is there, in any order.

        There may be answers to further questions, which are stored too: others wait for them. No call begins after the deadline; one that has begun may go on for a while. `ask` is for what
        else the source has to know, such as which day it has loaded. A problem other than
        `UnknownPackage` and `UpstreamThrottled` is a failure, and not asked for again for a few seconds.
        """

    async def late(self, question: Question) -> Problem:
        """Why there is no answer by a deadline."""

    async def with_retry_after(
        self, question: Question, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        """A problem that a client is about to be told, with a `Retry-After` that is true.

        A call that can't be made now is reserved for then, or the problem says that it is not. The problem
        is kept, and so is the answer, for another `kept_s` seconds.
        """

    async def aclose(self) -> None:
        """Close the connections."""
