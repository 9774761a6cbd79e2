"""After a failure upstream is left alone for ten seconds, for all packages.

Not every failure is upstream's as a whole. A call without an answer (a timeout, no connection, one that
broke off) is, unless upstream has answered another call meanwhile. An answer that can't be used may be the
package's own; those of two packages in a row, with no good one in between, are not. While other calls
are under way, theirs is the better word; and so it is, where a call hung, while others wait for its place.
"""

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamBroken, UpstreamProblem, UpstreamTooSlow

HOLD_OFF_S: Final = 10

MOST_UNUSABLE: Final = 1
"""Packages in a row whose answers can't be used before upstream is taken to be broken."""

_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)

Question = tuple[PackageName, str]
"""A package and an endpoint."""


@dataclass
class _Fetch:
    """A fetch under way: the answers that there had been before its call, and why a try had none."""

    answers: int | None = None
    failure: UpstreamProblem | None = None


class HoldOff:
    """Judges by all calls of an execution environment whether upstream is to be left alone.

    `calls` are those under way, kept up to date by whoever makes them; `others_wait` tells whether others
    wait for their place.
    """

    def __init__(
        self,
        now: Callable[[], dt.datetime],
        calls: Collection[Question],
        others_wait: Callable[[], bool],
    ) -> None:
        self._now = now
        self._others_wait = others_wait
        self._calls = calls
        self._fetches: dict[Question, _Fetch] = {}
        self._answers = 0
        self._unusable: set[PackageName] = set()
        self._until = _NEVER
        self._problem: UpstreamProblem | None = None

    @property
    def left_s(self) -> int:
        """Whole seconds for which upstream is left alone; 0 if it is not."""
        return max(0, math.ceil((self._until - self._now()).total_seconds()))

    def check(self) -> None:
        """Raise what upstream failed with, if it is being left alone for that."""
        if self._problem and self.left_s:
            raise self._problem.after(self.left_s)

    @contextmanager
    def fetching(self, question: Question) -> Iterator[None]:
        """Learn from a fetch; it is not begun while upstream is left alone."""
        self.check()
        fetch = self._fetches[question] = _Fetch()
        try:
            yield
        except UnknownPackage:
            self._is_well()
            raise
        except UpstreamProblem as problem:
            self._learn(question, fetch, problem)
            raise
        else:
            self._is_well()
        finally:
            self._fetches.pop(question, None)

    def called(self, question: Question) -> None:
        """A call is made for a fetch; it may not be the first."""
        fetch = self._fetches.get(question)
        if fetch and fetch.answers is None:
            fetch.answers = self._answers

    def answered(self) -> None:
        """A call has been answered, whatever the answer is."""
        self._answers += 1

    def no_answer(self, question: Question, failure: UpstreamProblem) -> None:
        """A try was not answered; there may be another."""
        if fetch := self._fetches.get(question):
            fetch.failure = failure

    def deadline_passed(self) -> None:
        """A request has to end without an answer: what has failed once will not be tried further for it."""
        failures = [one.failure for one in self._fetches.values() if one.answers == self._answers]
        if failure := next(filter(None, failures), None):
            self._start(failure)

    def _learn(self, question: Question, fetch: _Fetch, problem: UpstreamProblem) -> None:
        if fetch.failure is None and isinstance(problem, UpstreamBroken):
            self._unusable.add(question[0])
        if self._calls or self.left_s:
            return
        if isinstance(problem, UpstreamTooSlow) and self._others_wait():
            return
        no_answer = fetch.failure is not None and fetch.answers == self._answers
        if no_answer or len(self._unusable) > MOST_UNUSABLE:
            self._start(problem)

    def _start(self, problem: UpstreamProblem) -> None:
        self._problem = problem
        self._until = self._now() + dt.timedelta(seconds=HOLD_OFF_S)

    def _is_well(self) -> None:
        self._unusable.clear()
        self._until = _NEVER
