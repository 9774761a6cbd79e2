"""DynamoDB in memory, for runs over many packages: moto copies every table at each transaction."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt
from typing import TypeVar

from aiodynamo.expressions import (
    AndCondition,
    Between,
    Comparison,
    Condition,
    DoesNotExist,
    F,
    HashAndRangeKeyCondition,
    HashKey,
    KeyCondition,
    OrCondition,
)

from pulse_io.store.table import ConditionFailed, Item, Table, TableThrottled, TableUnavailable
from tests.unit.pulse_io.simulated.world import TABLE_LATENCY_S

_OPERATORS = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}

Key = tuple[str, str]
T = TypeVar("T")


@dataclass
class Life:
    """The life of one environment: it is killed at step `ends_at`, a table operation or an upstream call.

    A step is taken when its effect is there and before its result is back.
    """

    ends_at: int | None = None
    steps: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def step(self) -> None:
        """Take a step. After the last one nothing happens any more."""
        self.steps += 1
        if self.steps == self.ends_at:
            self.over.set()
        self.check()

    def check(self) -> None:
        if self.over.is_set():
            raise asyncio.CancelledError


@dataclass
class MemoryDynamo:
    """The items of all tables, by table and key.

    `away` refuses everything, `throttled` is a table that refuses writes.
    """

    tables: dict[str, dict[Key, Item]] = field(default_factory=dict)
    away: bool = False
    throttled: str = ""

    def copy(self) -> "MemoryDynamo":
        return MemoryDynamo({name: dict(items) for name, items in self.tables.items()})


class MemoryTable(Table):
    """A table as one environment sees it."""

    def __init__(self, dynamo: MemoryDynamo, name: str, life: Life) -> None:
        self._dynamodb = dynamo
        self._name = name
        self._life = life

    async def get(self, key: str) -> Item | None:
        items = await self._begin()
        return self._done(items.get((key, "")))

    async def get_all(self, keys: Collection[str]) -> Mapping[str, Item]:
        items = await self._begin()
        return self._done({key: items[key, ""] for key in keys if (key, "") in items})

    async def put(self, item: Item, condition: Condition | None = None) -> None:
        await self.put_all(item, condition, ())

    async def delete(self, key: Item, condition: Condition | None = None) -> None:
        items = await self._begin(writes=True)
        _check(items.get(_key(key), {}), condition)
        self._done(items.pop(_key(key), None))

    async def query(self, condition: KeyCondition, *, consistent: bool) -> list[Item]:
        assert consistent in {True, False}
        items = await self._begin()
        found = [items[key] for key in sorted(items) if _matches_key(items[key], condition)]
        return self._done(found)

    async def put_all(
        self, item: Item, condition: Condition | None, others: Sequence[Item]
    ) -> None:
        items = await self._begin(writes=True)
        _check(items.get(_key(item), {}), condition)
        self._done(items.update({_key(one): dict(one) for one in (item, *others)}))

    async def aclose(self) -> None:
        """Has no connections."""

    async def _begin(self, *, writes: bool = False) -> dict[Key, Item]:
        self._life.check()
        await asyncio.sleep(TABLE_LATENCY_S)
        self._life.check()
        if self._dynamodb.away:
            raise TableUnavailable
        if writes and self._dynamodb.throttled == self._name:
            raise TableThrottled
        return self._dynamodb.tables.setdefault(self._name, {})

    def _done(self, result: T) -> T:
        self._life.step()
        return result


def _key(item: Item) -> Key:
    return item.get("key") or item["series"], item.get("month", "")


def _check(item: Item, condition: Condition | None) -> None:
    if condition is not None and not _matches(item, condition):
        raise ConditionFailed


def _matches_key(item: Item, condition: KeyCondition) -> bool:
    match condition:
        case HashKey(name, value):
            return bool(item.get(name) == value)
        case HashAndRangeKeyCondition(hash_key, range_condition):
            return _matches_key(item, hash_key) and _matches(item, range_condition)
    raise TypeError(f"not simulated: {condition}")


def _matches(item: Item, condition: Condition) -> bool:
    match condition:
        case AndCondition(children):
            return all(_matches(item, one) for one in children)
        case OrCondition(children):
            return any(_matches(item, one) for one in children)
        case DoesNotExist(one):
            return one.path.root not in item
        case Comparison(F() as one, operator, value):
            found = item.get(one.path.root)
            return found is not None and bool(_OPERATORS[operator](found, value))
        case Between(one, low, high):
            return bool(low <= item[one.path.root] <= high)
    raise TypeError(f"not simulated: {condition}")
