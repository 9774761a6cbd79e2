"""The table's rows: what any execution environment fetched, and who is fetching what right now.

An answer is one item. A lease is a small item beside it, so that taking one costs a single unit: it has a
holder and an end, nothing renews it, and the next one takes it over when it has ended. A failure is kept as
a lease that says why; nobody asks again before its end.

What was written last may be read by others a moment later. While the table is away nothing is found and
nothing kept, and everybody gets every lease.
"""

import asyncio
import contextlib
import datetime as dt
import math
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple
from uuid import uuid4

from aiodynamo.expressions import F

from pulse.daily_counts import DailyCounts
from pulse.freshness import WINDOW_DAYS
from pulse.problems import (
    Problem,
    UnknownPackage,
    UpstreamBroken,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.questions import Question
from pulse_io.sources.rate_limit import Clock
from pulse_io.store.answers import Failure, Kept
from pulse_io.store.packing import UnreadableCounts, pack, unpack
from pulse_io.store.table import ConditionFailed, Item, Table, TableUnavailable

FORMAT: Final = 2
"""Of an item; one with another format is another version's, and is passed over."""

KEPT_FOR: Final = dt.timedelta(days=WINDOW_DAYS)
"""Counts are served stale for as long as upstream itself would remember some of them."""

MAX_BYTES: Final = 390_000
"""DynamoDB takes 400 KB in an item, its attributes' names included."""

_FORGOTTEN_AFTER_S: Final = 3600
_HOLDER: Final = F("holder")
_PROBLEM: Final = F("problem")
_UNTIL: Final = F("until_ms")


class Found(NamedTuple):
    """What the table has about some questions, and which of the others somebody is fetching."""

    kept: Mapping[Question, Kept]
    leased: Collection[Question]


class Rows:
    """Answers, failures and leases by question. `lease_s` is how long a holder has."""

    def __init__(self, table: Table, lease_s: float, clock: Clock) -> None:
        self._table = table
        self._lease_s = lease_s
        self._clock = clock
        self._holder = str(uuid4())

    async def read(self, questions: Collection[Question]) -> Mapping[Question, Kept]:
        """What is kept, fresh or not, if it has not expired. One request for all."""
        items = await self._items([_row_key(question) for question in questions])
        kept = {
            question: self._kept(question, items.get(_row_key(question))) for question in questions
        }
        return {question: one for question, one in kept.items() if one}

    async def read_with_leases(self, questions: Collection[Question]) -> Found:
        """As `read`, with the failures and the leases. One request for all."""
        keys = [key(question) for question in questions for key in (_row_key, _lease_key)]
        items = await self._items(keys)
        now = self._clock()
        kept: dict[Question, Kept] = {}
        leased: set[Question] = set()
        for question in questions:
            if answer := self._kept(question, items.get(_row_key(question))):
                kept[question] = answer
            lease = items.get(_lease_key(question))
            if lease and lease["until_ms"] > now * 1000:
                if "problem" in lease:
                    kept[question] = _failure(lease)
                else:
                    leased.add(question)
        return Found(kept, leased)

    async def lease(self, questions: Collection[Question]) -> list[Question]:
        """Those of the questions that this environment is to fetch now, in their order."""
        taken = await asyncio.gather(*(self._lease(question) for question in questions))
        return [question for question, is_taken in zip(questions, taken, strict=True) if is_taken]

    async def release(self, question: Question) -> None:
        """Give a lease back: there was no call to be had in time."""
        with contextlib.suppress(ConditionFailed, TableUnavailable):
            await self._table.delete(_lease_key(question), _HOLDER.equals(self._holder))

    async def keep(self, question: Question, kept: Kept) -> None:
        """Keep an answer, unless what is kept was fetched later; or a failure, in the place of the lease."""
        if isinstance(kept, Failure) and not kept.is_unknown_package:
            await self._keep_failure(question, kept)
            return
        item = _item(kept)
        if item is None:
            return
        before = F("fetched_at")
        # The table is away, or an environment that fetched later has kept its own.
        with contextlib.suppress(ConditionFailed, TableUnavailable):
            await self._table.put(
                {"key": _row_key(question), "format": FORMAT, **item},
                before.does_not_exist() | before.lte(item["fetched_at"]),
            )
        if kept.fresh_until.timestamp() < self._clock() + self._lease_s:
            # Nobody is to wait for the end of a lease that lasts longer than what it was for.
            await self.release(question)

    async def aclose(self) -> None:
        """Close the connections to the table."""
        await self._table.aclose()

    async def _items(self, keys: Collection[str]) -> Mapping[str, Item]:
        try:
            return await self._table.get_all(keys)
        except TableUnavailable:
            return {}

    async def _lease(self, question: Question) -> bool:
        now = self._clock()
        item = self._lease_item(question, now + self._lease_s)
        is_over = _UNTIL.does_not_exist() | _UNTIL.lte(_ms(now))
        # A write that came through but whose answer did not is made again.
        is_mine = _HOLDER.equals(self._holder) & _PROBLEM.does_not_exist()
        try:
            await self._table.put(item, is_over | is_mine)
        except ConditionFailed:
            return False
        except TableUnavailable:
            return True
        return True

    async def _keep_failure(self, question: Question, failure: Failure) -> None:
        problem = failure.problem
        item = self._lease_item(question, failure.fresh_until.timestamp()) | {
            "problem": problem.slug,
            "detail": problem.detail,
            "since": _seconds(failure.since),
        }
        # Lost to another meanwhile, or the table is away.
        with contextlib.suppress(ConditionFailed, TableUnavailable):
            await self._table.put(item, _HOLDER.equals(self._holder))

    def _lease_item(self, question: Question, until: float) -> dict[str, str | int]:
        return {
            "key": _lease_key(question),
            "holder": self._holder,
            "until_ms": _ms(until),
            "expires_at": math.ceil(until) + _FORGOTTEN_AFTER_S,
        }

    def _kept(self, question: Question, item: Item | None) -> Kept | None:
        if item is None or item.get("format") != FORMAT or item["expires_at"] <= self._clock():
            return None
        fetched_at, fresh_until = _moment(item["fetched_at"]), _moment(item["fresh_until"])
        if "counts" not in item:
            return Failure(UnknownPackage.named(question.package), fetched_at, fresh_until)
        try:
            first, counts = unpack(item["counts"])
        except UnreadableCounts:
            return None
        as_of = dt.date.fromisoformat(item["as_of"])
        return DailyCounts(first, counts, item["source"], fetched_at, as_of, fresh_until)


def _item(kept: Kept) -> Item | None:
    """The attributes that say what is kept; None if there is no room for it."""
    if isinstance(kept, Failure):
        return {
            "fetched_at": _seconds(kept.since),
            "fresh_until": _seconds(kept.fresh_until),
            "expires_at": _seconds(kept.fresh_until),
        }
    packed = pack(kept.first, kept.counts)
    if len(packed) > MAX_BYTES:
        return None
    return {
        "fetched_at": _seconds(kept.fetched_at),
        "fresh_until": _seconds(kept.fresh_until),
        "expires_at": _seconds(kept.fetched_at + KEPT_FOR),
        "as_of": kept.as_of.isoformat(),
        "counts": packed,
        "source": kept.source,
    }


def _failure(lease: Item) -> Failure:
    """The failure that a lease tells of."""
    problem: Problem
    match lease["problem"]:
        case UpstreamTooSlow.slug:
            problem = UpstreamTooSlow()
        case UpstreamUnreachable.slug:
            problem = UpstreamUnreachable()
        case _:
            problem = UpstreamBroken(lease["detail"])
    return Failure(problem, _moment(lease["since"]), _moment(lease["until_ms"] / 1000))


def _row_key(question: Question) -> str:
    return f"rows#{question.breakdown}#{question.package}"


def _lease_key(question: Question) -> str:
    return f"lease#{question.breakdown}#{question.package}"


def _ms(moment: float) -> int:
    return math.ceil(moment * 1000)


def _seconds(moment: dt.datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
