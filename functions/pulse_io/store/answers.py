"""What is kept about a question."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, NamedTuple

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem, UnknownPackage
from pulse.request_log import Tier

FAILURE_KEPT_FOR: Final = dt.timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there are no counts, and until when it is not worth asking again (UTC)."""

    problem: Problem
    since: dt.datetime
    fresh_until: dt.datetime

    @property
    def is_unknown_package(self) -> bool:
        """Whether it is the source's answer and not a failure of it."""
        return isinstance(self.problem, UnknownPackage)


Kept = DailyCounts | Failure


class Found(NamedTuple):
    """An answer, and where it was found."""

    answer: DailyCounts | Problem
    tier: Tier


def newer(one: Kept | None, other: Kept | None) -> Kept | None:
    """Of two kept answers to a question, the one that was asked for last."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=_asked_at)


def _asked_at(kept: Kept) -> tuple[dt.datetime, dt.datetime]:
    at = kept.since if isinstance(kept, Failure) else kept.fetched_at
    return at, kept.fresh_until
