"""The log of one request: its packages, wait times and outcome.

It becomes a log line, which shows operators why a request was slow, and a `Server-Timing` header.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, get_args

from pulse.comparison import status_of
from pulse.daily_counts import DailyCounts
from pulse.freshness import newest_expected
from pulse.problems import (
    InternalError,
    NothingToCompare,
    Problem,
    UnknownPackage,
    UpstreamProblem,
)
from pulse.questions import Answer

Wait = Literal["table", "others", "rate_limit", "upstream"]
"""What a request waits for: the table, another fetch of the same package, the rate limit, upstream."""

Tier = Literal["none", "memory", "table", "upstream"]
"""Where figures came from; for several packages, the slowest tier used."""

Outcome = Literal[
    "ok", "invalid", "not_found", "stale", "throttled", "timeout", "upstream_error", "defect"
]
"""How the request ended; for several packages, the worst outcome."""

_TIERS: Final = get_args(Tier)
_OUTCOMES: Final = get_args(Outcome)


class RequestLog:
    """The log of one request. Times are in milliseconds; overlapping waits for one thing count once.

    `clock` is monotonic, in seconds. `client` is the same for all requests of one client; empty if it is
    not known.
    """

    def __init__(self, clock: Callable[[], float], request_id: str, client: str = "") -> None:
        self.request_id = request_id
        self.client = client
        self.packages = 0
        self.tier: Tier = "none"
        self.outcome: Outcome = "ok"
        self.days_behind: int | None = None
        self._clock = clock
        self._began = clock()
        self._waited: dict[Wait, float] = {}
        self._waiting: dict[Wait, int] = {}
        self._since: dict[Wait, float] = {}

    @contextmanager
    def timed(self, on: Wait) -> Iterator[None]:
        """Measure the time of the block; overlapping blocks with the same `on` count once."""
        self._waiting[on] = self._waiting.get(on, 0) + 1
        if self._waiting[on] == 1:
            self._since[on] = self._clock()
        try:
            yield
        finally:
            self._waiting[on] -= 1
            if not self._waiting[on]:
                self._waited[on] = self._waited.get(on, 0) + self._clock() - self._since[on]

    def hit(self, counts: DailyCounts, tier: Tier, now: dt.datetime) -> None:
        """Record a package with figures, and the tier that they came from."""
        self._note(tier, "stale" if counts.stale else "ok")
        if counts.source == "clickhouse":  # loads at other times
            return
        behind = (newest_expected(now) - counts.as_of).days
        self.days_behind = max(0, behind, self.days_behind or 0)

    def failed(self, problem: Problem) -> None:
        """Record a package without figures."""
        self._note("none", outcome_of(problem))

    def found_all(self, results: Iterable[tuple[Answer, Tier]], now: dt.datetime) -> None:
        """Record the packages of a request: their figures or problems, with the tiers."""
        for answer, tier in results:
            if isinstance(answer, Problem):
                self.failed(answer)
            else:
                self.hit(answer, tier, now)

    def ended_with(self, problem: Problem) -> None:
        """Record that the whole request failed."""
        if not isinstance(problem, NothingToCompare):  # its packages are recorded already
            self._worsen(outcome_of(problem))

    def _note(self, tier: Tier, outcome: Outcome) -> None:
        self.packages += 1
        self.tier = max(self.tier, tier, key=_TIERS.index)
        self._worsen(outcome)

    def _worsen(self, outcome: Outcome) -> None:
        self.outcome = max(self.outcome, outcome, key=_OUTCOMES.index)

    @property
    def server_timing(self) -> str:
        """The value of a `Server-Timing` header, in milliseconds."""
        waits = {name: ms for name, ms in self._times().items() if ms}
        times = {**waits, "total": self._ms(self._clock() - self._began)}
        return ", ".join(f"{name};dur={ms}" for name, ms in times.items())

    def line(self, *, method: str, route: str, status: int, cold_start: bool) -> dict[str, object]:
        """The fields of the log line; call it when the response is known."""
        behind = {} if self.days_behind is None else {"days_behind": self.days_behind}
        return {
            "request_id": self.request_id,
            "method": method,
            "route": route,
            "status": status,
            "outcome": self.outcome,
            "packages": self.packages,
            "tier": self.tier,
            "cold_start": cold_start,
            **{f"{name}_ms": ms for name, ms in self._times().items()},
            "total_ms": self._ms(self._clock() - self._began),
            **behind,
        }

    def _times(self) -> dict[str, float]:
        return {name: self._ms(self._waited.get(name, 0)) for name in get_args(Wait)}

    @staticmethod
    def _ms(seconds: float) -> float:
        return round(seconds * 1000, 1)


def outcome_of(problem: Problem) -> Outcome:
    """The outcome of a request or package that failed with this problem."""
    match problem:
        case UnknownPackage() | UpstreamProblem():
            return status_of(problem)
        case InternalError():
            return "defect"
        case _:
            return "invalid"


_current: ContextVar[RequestLog] = ContextVar("request_log")
_DISCARDED: Final = RequestLog(lambda: 0.0, "none")


def open_request_log(clock: Callable[[], float], request_id: str, client: str = "") -> RequestLog:
    """Create the log of the current context: of this request and the tasks that it starts."""
    log = RequestLog(clock, request_id, client)
    _current.set(log)
    return log


def request_log() -> RequestLog:
    """The log of the current request; outside of requests, a log that is never written."""
    return _current.get(_DISCARDED)
