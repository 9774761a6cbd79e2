"""Leaves upstream alone for ten seconds after a failure, for all packages.

Not every failure is one of upstream as a whole:

- A call without an answer (a timeout, no connection, a broken connection) is, unless upstream has answered
  another call meanwhile.
- An unusable answer may concern its package only. Those of two packages in a row, without a good answer in
  between, are a failure of upstream.
- While other calls are in progress, their answers decide.
"""

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamBroken, UpstreamProblem
from pulse_io.clocks import Now
from pulse_io.sources.upstream import HEALTH_CHECK, Upstream
from pulse_io.store.answers import FAILURE_KEPT_FOR

MAX_UNUSABLE: Final = 1
"""Packages in a row whose answers are unusable, without a failure of upstream as a whole."""

_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(eq=False)
class Fetch:
    """A fetch in progress: why its last call had no answer, and `Upstream.answers` before its first call.

    If only the package may be the reason, there is no `failure`.
    """

    failure: UpstreamProblem | None = None
    answers_before: int | None = None


class HoldOff:
    """Decides from all fetches of an execution environment whether to leave upstream alone."""

    def __init__(self, upstream: Upstream, now: Now) -> None:
        self._upstream = upstream
        self._now = now
        self._fetches: set[Fetch] = set()
        self._unusable: set[PackageName] = set()
        self._until = _NEVER
        self._problem: UpstreamProblem | None = None

    @property
    def left_s(self) -> int:
        """For how many more seconds upstream is left alone; 0 if it is not."""
        return max(0, math.ceil((self._until - self._now()).total_seconds()))

    @property
    def problem(self) -> UpstreamProblem | None:
        """The failure for which upstream is left alone, with its `Retry-After`; None if it is not."""
        return self._problem.after(self.left_s) if self._problem and self.left_s else None

    def check(self) -> None:
        """Raise `problem`, if there is one."""
        if problem := self.problem:
            raise problem

    @contextmanager
    def fetching(self, package: PackageName) -> Iterator[Fetch]:
        """Learn from the outcome of a fetch.

        Raises:
            UpstreamProblem: upstream is left alone.
        """
        self.check()
        fetch = Fetch()
        self._fetches.add(fetch)
        try:
            yield fetch
        except UnknownPackage:
            self._succeeded()
            raise
        except UpstreamProblem as problem:
            self._failed(package, fetch, problem)
            raise
        else:
            self._succeeded()
        finally:
            self._fetches.discard(fetch)

    def deadline_passed(self) -> None:
        """A request ended without an answer: a call that failed once is not retried for it."""
        for fetch in self._fetches:
            if fetch.failure and self._is_silent_since(fetch):
                self._start(fetch.failure)

    def _failed(self, package: PackageName, fetch: Fetch, problem: UpstreamProblem) -> None:
        is_unusable = fetch.failure is None and isinstance(problem, UpstreamBroken)
        if is_unusable:
            self._unusable.add(package)
        if self._upstream.in_progress - {HEALTH_CHECK} or self.left_s:
            return
        is_silent = fetch.failure is not None and self._is_silent_since(fetch)
        if is_silent or (is_unusable and len(self._unusable) > MAX_UNUSABLE):
            self._start(problem)

    def _is_silent_since(self, fetch: Fetch) -> bool:
        """Whether upstream has answered nothing since the first call of a fetch."""
        return fetch.answers_before == self._upstream.answers

    def _start(self, problem: UpstreamProblem) -> None:
        self._problem = problem
        self._until = self._now() + FAILURE_KEPT_FOR

    def _succeeded(self) -> None:
        self._unusable.clear()
        self._until = _NEVER
