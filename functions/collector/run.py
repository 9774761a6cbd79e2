"""A run of the collector: fetches what tracked packages lack of the newest loaded day.

A package is collected when its answers of all endpoints reach that day and are in history. This is recorded,
so a run continues where a killed one ended; every write may be repeated. Runs at the same time share
answers and leases, as requests do.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from collector.settings import CollectorSettings
from pulse.daily_counts import DAY, DailyCounts
from pulse.names import PackageName
from pulse.problems import UpstreamProblem, UpstreamRefused, UpstreamThrottled
from pulse.questions import ALL_OVERALL, ENDPOINTS, Answer, Question
from pulse_io.catalogue import Catalogue
from pulse_io.clocks import Now, utc_now
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import Table
from pulse_io.store.tracked import Collected, Progress, TrackedPackages

_log = logging.getLogger(__name__)

MAX_FAILURES: Final = 3
"""If upstream fails for this many packages in a row, it is left alone until the next run."""

BEHIND_AT: Final = dt.time(8, tzinfo=dt.UTC)
"""When packages without yesterday begin to count as behind."""

Answers = Mapping[Question, Answer]


@dataclass
class _Report:
    """What a run knows and has done. `target` is the newest loaded day, None if it could not be fetched."""

    order: list[PackageName]
    progress: dict[PackageName, Collected]
    target: dt.date | None = None
    collected: int = 0
    failed: int = 0

    @property
    def remaining(self) -> list[PackageName]:
        """The packages to collect, in order."""
        # Not `<`: a later day may be from a time when the clock was wrong.
        return [one for one in self.order if self._as_of(one) != self.target]

    def fields(self, now: dt.datetime) -> dict[str, object]:
        """The fields of the log line."""
        unknown = {one for one, collected in self.progress.items() if collected.is_unknown}
        behind = 0
        if now.timetz() >= BEHIND_AT:
            yesterday = now.date() - DAY
            behind = sum(self._as_of(one) < yesterday for one in self.order if one not in unknown)
        return {
            "target": self.target.isoformat() if self.target else None,
            "tracked": len(self.order),
            "collected": self.collected,
            "remaining": len(self.remaining),
            "unknown": len(unknown),
            "failed": self.failed,
            "behind": behind,
        }

    def _as_of(self, package: PackageName) -> dt.date:
        collected = self.progress.get(package)
        return collected.as_of if collected else dt.date.min


class Collector:
    """Collects with a catalogue and the table of history."""

    def __init__(
        self, settings: CollectorSettings, catalogue: Catalogue, table: Table, now: Now = utc_now
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._history = HistoryStore(table)
        self._tracked = TrackedPackages(table)
        self._progress = Progress(table)
        self._now = now

    async def run(self, left_s: float) -> None:
        """Collect what is missing. No package is begun after `left_s` seconds. Logs one line.

        Raises:
            TableUnavailable, HistoryUnavailable: the table of history failed.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        report = await self._read()
        try:
            if report.order:
                await self._collect(report, began + left_s)
        finally:
            ms = round((loop.time() - began) * 1000)
            _log.info("collector run", extra={**report.fields(self._now()), "ms": ms})

    async def _read(self) -> _Report:
        """The tracked packages, and what was collected of them."""
        tracked = sorted(self._settings.tracked_packages | await self._tracked.read())
        progress = await self._progress.read()
        # Each hour begins with another package: those that always fail don't keep the others waiting.
        first = len(tracked) * self._now().hour // 24
        return _Report(
            order=tracked[first:] + tracked[:first],
            progress={one: progress[one] for one in tracked if one in progress},
        )

    async def _collect(self, report: _Report, end: float) -> None:
        """Collect the remaining packages until `end`, on the event loop's clock."""
        everything = (await self._ask([ALL_OVERALL], end))[ALL_OVERALL]
        if not isinstance(everything, DailyCounts):
            report.failed += not _waits_for_limit(everything)
            return
        report.target = everything.as_of
        loop = asyncio.get_running_loop()
        failures, next_at = 0, loop.time()
        for package in report.remaining:
            if failures == MAX_FAILURES or max(next_at, loop.time()) >= end:
                return
            await asyncio.sleep(next_at - loop.time())
            next_at = loop.time() + self._settings.pace_s
            answers = await self._ask([Question(package, one) for one in ENDPOINTS], end)
            if any(map(_has_failed, answers.values())):
                report.failed += 1
                failures += 1
                continue
            if any(map(_waits_for_limit, answers.values())):
                return
            failures = 0
            await self._keep(package, answers, report.target, report)

    async def _ask(self, questions: Sequence[Question], end: float) -> Answers:
        """The answers. While only our own rate limit is in the way, wait for it until `end`."""
        loop = asyncio.get_running_loop()
        while True:
            answers = await self._catalogue.fetch_all(questions)
            waits_s = [one.retry_after_s or 1 for one in answers.values() if _waits_for_limit(one)]
            wait_s = max(waits_s, default=0)
            if not wait_s or any(map(_has_failed, answers.values())) or loop.time() + wait_s >= end:
                return answers
            await asyncio.sleep(wait_s)

    async def _keep(
        self, package: PackageName, answers: Answers, target: dt.date, report: _Report
    ) -> None:
        """Ensure that history has the answers, and record the package as collected if they reach the target."""
        counts = {one: answer for one, answer in answers.items() if isinstance(answer, DailyCounts)}
        # The catalogue merges what it fetches, but the environment that fetched this may have ended before that.
        await asyncio.gather(*(self._history.ensure(*one) for one in counts.items()))
        if any(answer.as_of < target for answer in counts.values()):
            return  # late: fetched again when it is no longer fresh
        collected = Collected(target, is_unknown=not counts)
        await self._progress.write(package, collected)
        report.progress[package] = collected
        if counts:
            report.collected += 1
        else:
            _log.warning("tracked package unknown", extra={"package": package})


def _waits_for_limit(answer: Answer) -> TypeGuard[UpstreamThrottled]:
    """Whether our own rate limit permitted no call."""
    return isinstance(answer, UpstreamThrottled) and not isinstance(answer, UpstreamRefused)


def _has_failed(answer: Answer) -> bool:
    """Whether upstream failed or refused a call."""
    return isinstance(answer, UpstreamProblem) and not _waits_for_limit(answer)
