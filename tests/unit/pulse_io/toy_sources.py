"""A base class for sources of a few lines, which stand in for pypistats.org."""

from collections.abc import Collection, Mapping

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem, UpstreamProblem, UpstreamTooSlow
from pulse.questions import Question


class ToySource:
    """A source without a rate limit; a subclass adds `fetch`."""

    async def renewed(self, _: Mapping[Question, DailyCounts]) -> Mapping[Question, DailyCounts]:
        return {}

    async def refusals(
        self, _: Collection[Question], __: float, ___: Collection[Question]
    ) -> Mapping[Question, Problem]:
        return {}

    async def late(self, _: Question) -> Problem:
        return UpstreamTooSlow()

    async def with_retry_after(
        self, _: Question, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        return problem.after(kept_s)

    async def aclose(self) -> None:
        """Has nothing to close."""
