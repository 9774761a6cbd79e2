"""Stores answers, failures and leases in the table, for all execution environments.

An answer is one item. A lease is a separate small item, so that taking it costs one write unit. It has a
holder and an end; it is not renewed, and after its end another environment may take it. A failure replaces
the lease and stays until its own end; no environment calls upstream before then.

Items that an environment wrote with its clock far ahead are ignored: they would stay fresh for too long.

Reads are eventually consistent. While the table is unavailable, reads return nothing, writes do nothing and
every environment gets every lease.
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
from pulse_io.clocks import Clock
from pulse_io.store.answers import CachedAnswer, Failure
from pulse_io.store.packing import UnreadableCounts, pack, unpack
from pulse_io.store.table import ConditionFailed, Item, Table, TableUnavailable

FORMAT: Final = 2
"""The version of the item format; items with another format are ignored."""

KEPT_FOR: Final = dt.timedelta(days=WINDOW_DAYS)
"""How long counts can be served stale: as long as upstream's window still covers some of them."""

MAX_COUNTS_BYTES: Final = 390_000
"""The largest packed counts. DynamoDB's limit is 400 KB per item, including attribute names."""

MAX_CLOCK_ERROR_S: Final = 3600
"""A fetch further in the future, or a lease that ends then, is due to a wrong clock."""

_LEASE_EXPIRES_AFTER_S: Final = 3600
"""How long after its end a lease is deleted."""

_HOLDER: Final = F("holder")
_PROBLEM: Final = F("problem")
_UNTIL: Final = F("until_ms")


class RowsAndLeases(NamedTuple):
    """The cached answers to some questions, and the questions that an environment is fetching."""

    answers: Mapping[Question, CachedAnswer]
    leased: Collection[Question]


class RowStore:
    """Answers, failures and leases by question. A lease lasts `lease_s` seconds."""

    def __init__(self, table: Table, lease_s: float, clock: Clock) -> None:
        self._table = table
        self._lease_s = lease_s
        self._clock = clock
        self._holder = str(uuid4())

    async def read(self, questions: Collection[Question]) -> Mapping[Question, CachedAnswer]:
        """The cached answers that have not expired, fresh or not, in one batch read."""
        items = await self._items([_row_key(question) for question in questions])
        cached = {
            question: self._cached(question, items.get(_row_key(question)))
            for question in questions
        }
        return {question: one for question, one in cached.items() if one}

    async def read_with_leases(self, questions: Collection[Question]) -> RowsAndLeases:
        """As `read`, with failures and leases, in one batch read."""
        keys = [key(question) for question in questions for key in (_row_key, _lease_key)]
        items = await self._items(keys)
        now = self._clock()
        cached: dict[Question, CachedAnswer] = {}
        leased: set[Question] = set()
        for question in questions:
            if answer := self._cached(question, items.get(_row_key(question))):
                cached[question] = answer
            lease = items.get(_lease_key(question))
            if lease and now * 1000 < lease["until_ms"] <= _ms(now + MAX_CLOCK_ERROR_S):
                if "problem" in lease:
                    cached[question] = _failure(question, lease)
                else:
                    leased.add(question)
        return RowsAndLeases(cached, leased)

    async def lease(self, questions: Collection[Question]) -> list[Question]:
        """Take leases; returns the questions that this environment must fetch now, in order."""
        taken = await asyncio.gather(*(self._lease(question) for question in questions))
        return [question for question, is_taken in zip(questions, taken, strict=True) if is_taken]

    async def release(self, question: Question) -> None:
        """Give a lease back, because no call could be made in time."""
        with contextlib.suppress(ConditionFailed, TableUnavailable):
            await self._table.delete({"key": _lease_key(question)}, _HOLDER.equals(self._holder))

    async def keep(self, question: Question, cached: CachedAnswer) -> None:
        """Store an answer, unless the stored one is newer. A failure replaces the lease instead."""
        if isinstance(cached, Failure) and not cached.is_unknown_package:
            await self._keep_failure(question, cached)
            return
        item = _item(cached)
        if item is None:
            return
        before = F("fetched_at")
        is_older = before.does_not_exist() | before.lte(item["fetched_at"])
        is_wrong = before.gt(int(self._clock()) + MAX_CLOCK_ERROR_S)
        # Ignored: the table is unavailable, or it has a newer answer.
        with contextlib.suppress(ConditionFailed, TableUnavailable):
            await self._table.put(
                {"key": _row_key(question), "format": FORMAT, **item}, is_older | is_wrong
            )
        if cached.fresh_until.timestamp() < self._clock() + self._lease_s:
            # The answer expires before the lease would: nobody should wait for the lease then.
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
        is_wrong = _UNTIL.gt(_ms(now + MAX_CLOCK_ERROR_S))
        # A retried write must succeed if the first attempt did.
        is_mine = _HOLDER.equals(self._holder) & _PROBLEM.does_not_exist()
        try:
            await self._table.put(item, is_over | is_wrong | is_mine)
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
        # Ignored: the lease was taken over, or the table is unavailable.
        with contextlib.suppress(ConditionFailed, TableUnavailable):
            await self._table.put(item, _HOLDER.equals(self._holder))

    def _lease_item(self, question: Question, until: float) -> dict[str, str | int]:
        return {
            "key": _lease_key(question),
            "holder": self._holder,
            "until_ms": _ms(until),
            "expires_at": math.ceil(until) + _LEASE_EXPIRES_AFTER_S,
        }

    def _cached(self, question: Question, item: Item | None) -> CachedAnswer | None:
        if item is None or item.get("format") != FORMAT or item["expires_at"] <= self._clock():
            return None
        if item["fetched_at"] > self._clock() + MAX_CLOCK_ERROR_S:
            return None
        fetched_at, fresh_until = _moment(item["fetched_at"]), _moment(item["fresh_until"])
        if "counts" not in item:
            return Failure(
                UnknownPackage.named(question.package, question.source), fetched_at, fresh_until
            )
        try:
            first, counts = unpack(item["counts"])
        except UnreadableCounts:
            return None
        as_of = dt.date.fromisoformat(item["as_of"])
        return DailyCounts(first, counts, item["source"], fetched_at, as_of, fresh_until)


def _item(cached: CachedAnswer) -> Item | None:
    """The attributes of a stored answer; None if it is too large for an item."""
    if isinstance(cached, Failure):
        return {
            "fetched_at": _seconds(cached.since),
            "fresh_until": _seconds(cached.fresh_until),
            "expires_at": _seconds(cached.fresh_until),
        }
    packed = pack(cached.first, cached.counts)
    if len(packed) > MAX_COUNTS_BYTES:
        return None
    return {
        "fetched_at": _seconds(cached.fetched_at),
        "fresh_until": _seconds(cached.fresh_until),
        "expires_at": _seconds(cached.fetched_at + KEPT_FOR),
        "as_of": cached.as_of.isoformat(),
        "counts": packed,
        "source": cached.source,
    }


def _failure(question: Question, lease: Item) -> Failure:
    """The failure stored in a lease item."""
    problem: Problem
    match lease["problem"]:
        case UpstreamTooSlow.slug:
            problem = UpstreamTooSlow(source=question.source)
        case UpstreamUnreachable.slug:
            problem = UpstreamUnreachable(question.source)
        case _:
            problem = UpstreamBroken(lease["detail"], source=question.source)
    return Failure(problem, _moment(lease["since"]), _moment(lease["until_ms"] / 1000))


def _row_key(question: Question) -> str:
    return f"rows#{question.key}"


def _lease_key(question: Question) -> str:
    return f"lease#{question.key}"


def _ms(moment: float) -> int:
    return math.ceil(moment * 1000)


def _seconds(moment: dt.datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
