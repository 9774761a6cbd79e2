"""The types of cached answers and of lookup results."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, NamedTuple

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem, UnknownPackage
from pulse.questions import Answer
from pulse.request_log import Tier

FAILURE_KEPT_FOR: Final = dt.timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Failure:
    """A problem, when it occurred, and when to ask again (both UTC)."""

    problem: Problem
    since: dt.datetime
    fresh_until: dt.datetime

    @property
    def is_unknown_package(self) -> bool:
        """Whether the source answered that it does not know the package; otherwise the source failed."""
        return isinstance(self.problem, UnknownPackage)


CachedAnswer = DailyCounts | Failure
"""What memory and the table store for a question."""


class LookupResult(NamedTuple):
    """An answer and the tier that it came from."""

    answer: Answer
    tier: Tier


def newer(one: CachedAnswer | None, other: CachedAnswer | None) -> CachedAnswer | None:
    """The more recently fetched of two cached answers to one question."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=_asked_at)


def _asked_at(cached: CachedAnswer) -> tuple[dt.datetime, dt.datetime]:
    at = cached.since if isinstance(cached, Failure) else cached.fetched_at
    return at, cached.fresh_until
