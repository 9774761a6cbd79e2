"""Read and write units of requests, and sizes of items: the tables in docs/operations.md.

`make units` runs this with UPDATE_UNITS=1, which writes what is measured into the page first.
"""

import asyncio
import datetime as dt
import math
import os
import re
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from collector.run import Collector
from collector.settings import CollectorSettings
from pulse.daily_counts import DailyCounts
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.questions import ENDPOINTS, Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources.shared_rate_limit import SharedRateLimit
from pulse_io.store.rows import RowStore
from pulse_io.store.table import open_table
from pulse_io.wiring import open_catalogue
from tests.counts import counts_of
from tests.dynamodb.meter import Operation, item_bytes, metered
from tools import ROOT
from tools.costs import COLLECTED, FROM_HISTORY, FROM_TABLE, FROM_UPSTREAM, INTO_HISTORY, Units
from tools.dynamodb.account import local_account
from tools.dynamodb.table import create_history_table, create_table, dynamodb_client
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DEBUT, DOWNLOADS_PER_DAY

PAGE = ROOT / "docs/operations.md"
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NEXT_DAY = NOW + dt.timedelta(days=1)
TYPICAL, OTHER, UNKNOWN = map(PackageName.parse, ("requests", "flask", "no-such-package"))
BREAKDOWNS = (Breakdown.OVERALL, Breakdown.SYSTEM, Breakdown.PYTHON_MINOR)
COMPARED = 10
SLOW_MS = 1000
WAITED = f"another environment's call, of {SLOW_MS} ms, is waited for"
COMPARED_COLD = f"comparison of {COMPARED}: nobody has them"
DEPENDS_ON_TIME = (WAITED, COMPARED_COLD)
"""How often an environment looks whether another one is done, and how many calls are reserved at once."""

Costs = dict[str, list[Operation]]


@dataclass(frozen=True)
class World:
    """A table of its own and a fake upstream. The clocks are at `now` when it is made."""

    dynamodb_url: str
    upstream_url: str
    table: str
    history: str = ""
    now: dt.datetime = NOW
    began: float = field(default_factory=time.monotonic)

    @property
    def settings(self) -> Settings:
        return Settings.from_environ(self.variables)

    @property
    def variables(self) -> dict[str, str]:
        own = {"CACHE_TABLE": self.table, "PYPISTATS_URL": self.upstream_url}
        history = {"HISTORY_TABLE": self.history}
        return {**local_account(self.dynamodb_url), **own, **history}

    def clock(self) -> float:
        return self.now.timestamp() + time.monotonic() - self.began

    @asynccontextmanager
    async def environment(self) -> AsyncIterator[Catalogue]:
        """The catalogue of an execution environment that has nothing in memory."""
        catalogue = open_catalogue(self.settings, lambda: self.now, self.clock)
        try:
            yield catalogue
        finally:
            await catalogue.aclose()

    async def collect(self, *packages: str) -> list[Operation]:
        """The operations of a run of the collector."""
        settings = CollectorSettings.from_environ(
            {**self.variables, "TRACKED_PACKAGES": ",".join(packages)}
        )
        catalogue = open_catalogue(settings, lambda: self.now, self.clock)
        table = open_table(settings, self.history)
        with metered() as found:
            await Collector(settings, catalogue, table, lambda: self.now).run(60)
        await table.aclose()
        await catalogue.aclose()
        return found

    async def exhaust(self, breakdown: Breakdown) -> None:
        """Take all calls of a minute, as other environments would."""
        table = open_table(self.settings, self.table)
        limits = self.settings.upstream_per_second, self.settings.upstream_per_minute
        rate_limit = SharedRateLimit(table, breakdown, *limits, self.clock)
        for _ in range(self.settings.upstream_per_minute):
            await rate_limit.grant("another", math.inf)
        await table.aclose()


@pytest.fixture
def dynamodb_url(dynamodb_local_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """DynamoDB Local, with credentials for it in the environment, where the client looks for them."""
    for name, value in local_account(dynamodb_local_url).items():
        monkeypatch.setenv(name, value)
    return dynamodb_local_url


def new_world(dynamodb_url: str, upstream: FakePypistats) -> World:
    return World(dynamodb_url, upstream.url, create_table(dynamodb_url, expiring=False))


async def operations(catalogue: Catalogue, asked: Collection[Question]) -> list[Operation]:
    with metered() as found:
        await catalogue.fetch_all(asked)
    return found


async def costs(dynamodb_url: str) -> Costs:
    """The operations of a request, by situation."""
    found: Costs = {}
    with (
        FakePypistats(now=NOW, limits=False) as quick,
        FakePypistats(now=NEXT_DAY, limits=False) as next_day,
        FakePypistats(now=NOW, limits=False, rules=[f"delay={SLOW_MS}"]) as slow,
    ):
        for one in BREAKDOWNS:
            found |= await of_one_package(new_world(dynamodb_url, quick), next_day.url, one)
        found |= await of_an_unknown_package(new_world(dynamodb_url, quick))
        found |= await of_a_throttled_package(new_world(dynamodb_url, quick))
        found |= await of_a_comparison(new_world(dynamodb_url, quick))
        found |= await of_two_at_once(new_world(dynamodb_url, slow))
        found |= await of_the_collector(new_world(dynamodb_url, quick), next_day.url)
    return found


async def of_one_package(world: World, next_day_url: str, breakdown: Breakdown) -> Costs:
    asked, other = [Question(TYPICAL, breakdown)], [Question(OTHER, breakdown)]
    later = replace(world, now=NEXT_DAY, upstream_url=next_day_url)
    async with (
        world.environment() as first,
        world.environment() as second,
        later.environment() as third,
    ):
        nobody = await operations(first, asked)
        another = await operations(first, other)
        return {
            f"`{breakdown}`: fresh in memory": await operations(first, asked),
            f"`{breakdown}`: fresh in the table": await operations(second, asked),
            f"`{breakdown}`: nobody has it": nobody,
            f"`{breakdown}`: nobody has it, and no other called since": another,
            f"`{breakdown}`: gone stale in the table": await operations(third, asked),
        }


async def of_an_unknown_package(world: World) -> Costs:
    asked = [Question(UNKNOWN, Breakdown.OVERALL)]
    async with world.environment() as first, world.environment() as second:
        return {
            "unknown package: asked for first": await operations(first, asked),
            "unknown package: remembered in the table": await operations(second, asked),
        }


async def of_a_throttled_package(world: World) -> Costs:
    await world.exhaust(Breakdown.OVERALL)
    asked = [Question(TYPICAL, Breakdown.OVERALL)]
    async with world.environment() as one:
        return {
            "rate limit reached: the environment finds out": await operations(one, asked),
            "rate limit reached: the environment knows": await operations(one, asked),
        }


async def of_a_comparison(world: World) -> Costs:
    packages = [PackageName.parse(name) for name in list(DOWNLOADS_PER_DAY)[1 : COMPARED + 1]]
    asked = [Question(package, Breakdown.OVERALL) for package in packages]
    async with world.environment() as first, world.environment() as second:
        return {
            COMPARED_COLD: await operations(first, asked),
            f"comparison of {COMPARED}: fresh in the table": await operations(second, asked),
        }


async def of_two_at_once(world: World) -> Costs:
    asked = [Question(TYPICAL, Breakdown.OVERALL)]
    async with world.environment() as holder, world.environment() as waiting:
        with metered() as held:
            asking = asyncio.create_task(holder.fetch_all(asked))
            while "PutItem" not in names(held):  # noqa: ASYNC110 - a list, which has no event
                await asyncio.sleep(0.01)
        found = await operations(waiting, asked)
        await asking
    return {WAITED: found}


async def of_the_collector(world: World, next_day_url: str) -> Costs:
    """A run with one package, all of whose breakdowns are collected, and what a request then reads."""
    world = replace(world, history=create_history_table(world.dynamodb_url))
    later = replace(world, now=NEXT_DAY, upstream_url=next_day_url)
    await world.collect()
    async with world.environment() as one:  # as any request does that day
        await one.fetch(Question(ALL_OF_PYPI, Breakdown.OVERALL))
    first = await world.collect(TYPICAL)
    nothing = await world.collect(TYPICAL)
    async with later.environment() as one:
        await one.fetch(Question(ALL_OF_PYPI, Breakdown.OVERALL))
        daily = await later.collect(TYPICAL)
        asked = Question(TYPICAL, Breakdown.PYTHON_MINOR)
        counts = await one.fetch(asked)
        with metered() as read:
            await one.with_history(asked, counts, dt.date(2020, 1, 1))
    return {
        "collector: a package, for the first time": first,
        "collector: a package, on the next day": daily,
        "collector: nothing to do": nothing,
        "history of `python_minor`: half a year": read,
    }


async def items(dynamodb_url: str) -> dict[str, int]:
    """The bytes of items of all kinds, by key: of a young package, a typical one, and the largest numbers."""
    broken = Question(UNKNOWN, Breakdown.PYTHON_MAJOR)
    rules = [f"500:{broken.breakdown}:{broken.package}"]
    with FakePypistats(now=NOW, limits=False, rules=rules) as upstream:
        world = new_world(dynamodb_url, upstream)
        async with world.environment() as one:
            for breakdown in ENDPOINTS:
                packages = (PackageName.parse(DEBUT), TYPICAL, ALL_OF_PYPI)
                await one.fetch_all([Question(package, breakdown) for package in packages])
            await one.fetch_all([Question(UNKNOWN, Breakdown.SYSTEM)])
            await one.fetch_all([broken])
        await world.exhaust(Breakdown.OVERALL)
        async with world.environment() as one:
            await one.fetch_all([Question(OTHER, Breakdown.OVERALL)])
    shown = ("rate_limit#overall", "lease#system#requests", f"lease#{broken.breakdown}#{UNKNOWN}")
    scanned = dynamodb_client(dynamodb_url).scan(TableName=world.table)["Items"]
    sizes = {item["key"]["S"]: item_bytes(item) for item in scanned}
    return {key: sizes[key] for key in sorted(sizes) if key.startswith("rows#") or key in shown}


def names(found: list[Operation]) -> list[str]:
    return [one.name for one in found]


def units(found: list[Operation]) -> Units:
    return Units(sum(one.reads for one in found), sum(one.writes for one in found))


def documented(block: str, rows: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The rows of a table of the page by their first cell; with UPDATE_UNITS these rows are written first."""
    place = re.compile(
        rf"(?<=<!-- results:begin {block} -->\n\n)(.*?)(?=\n\n<!-- results:end -->)", re.DOTALL
    )
    page = PAGE.read_text()
    (found,) = place.findall(page)
    heading = found.splitlines()[:2]
    if os.environ.get("UPDATE_UNITS"):
        made = [f"| {' | '.join((name, *cells))} |" for name, cells in rows.items()]
        found = "\n".join([*heading, *made])
        PAGE.write_text(place.sub(lambda _: found, page))
    split = [row.strip("| ").split(" | ") for row in found.splitlines()[2:]]
    return {name: cells for name, *cells in split}


@pytest.fixture(scope="module")
def measured(dynamodb_local_url: str) -> Costs:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_account(dynamodb_local_url).items():
            patch.setenv(name, value)
        return asyncio.run(costs(dynamodb_local_url))


def test_documented_requests_are_those_measured(measured: Costs) -> None:
    rows = {
        situation: [f"{units(one).reads:g}", f"{units(one).writes:g}", str(len(one))]
        for situation, one in measured.items()
    }
    page = documented("units-requests", rows)
    assert list(page) == list(rows)
    for situation in DEPENDS_ON_TIME:
        del page[situation], rows[situation]
    assert page == rows


def test_documented_items_are_those_measured(dynamodb_url: str) -> None:
    measured = {f"`{key}`": size for key, size in asyncio.run(items(dynamodb_url)).items()}
    page = documented("units-items", {key: [f"{size:,}"] for key, size in measured.items()})
    sizes = {key: int(size.replace(",", "")) for key, (size,) in page.items()}
    window = "`rate_limit#overall`"  # compressed moments, which differ
    assert sizes.pop(window) == pytest.approx(measured.pop(window), rel=0.1)
    # DynamoDB does not store a number's zeros at the end, which some moments have.
    assert sizes == pytest.approx(measured, abs=4)


def test_costs_are_estimated_with_measured_units(measured: Costs) -> None:
    assert units(measured["`overall`: fresh in the table"]) == FROM_TABLE
    assert units(measured["`overall`: nobody has it"]) == FROM_UPSTREAM
    assert units(measured["history of `python_minor`: half a year"]) == FROM_HISTORY
    daily = units(measured["collector: a package, on the next day"])
    nothing = units(measured["collector: nothing to do"])
    assert (daily.reads - nothing.reads, daily.writes - nothing.writes) == COLLECTED


def test_costs_of_history_are_those_of_the_next_day(dynamodb_url: str) -> None:
    async def merged() -> Units:
        with (
            FakePypistats(now=NOW, limits=False) as upstream,
            FakePypistats(now=NEXT_DAY, limits=False) as next_day,
        ):
            kept = create_history_table(dynamodb_url)
            first = replace(new_world(dynamodb_url, upstream), history=kept)
            later = replace(first, now=NEXT_DAY, upstream_url=next_day.url)
            asked = [Question(TYPICAL, Breakdown.OVERALL)]
            async with first.environment() as one, later.environment() as other:
                await one.fetch_all(asked)
                found = await operations(other, asked)
        return units([one for one in found if one.name in {"Query", "TransactWriteItems"}])

    assert asyncio.run(merged()) == INTO_HISTORY


def test_comparison_costs_at_most_its_packages(measured: Costs) -> None:
    reads, writes = units(measured[COMPARED_COLD])
    assert 0 < reads <= COMPARED * FROM_UPSTREAM.reads
    assert 0 < writes <= COMPARED * FROM_UPSTREAM.writes


def test_waiting_costs_a_lease_and_reads(measured: Costs) -> None:
    waited = measured[WAITED]
    assert names(waited)[:2] == ["BatchGetItem", "PutItem"]
    assert set(names(waited)[2:]) == {"BatchGetItem"}
    assert units(waited).writes == 1


def test_fresh_comparison_of_fifty_is_one_read(dynamodb_url: str) -> None:
    async def compare() -> list[str]:
        packages = [PackageName.parse(f"package-{number}") for number in range(50)]
        asked = [Question(package, Breakdown.OVERALL) for package in packages]
        table = create_table(dynamodb_url, expiring=False)
        world = World(dynamodb_url, "http://127.0.0.1:9", table)
        opened = open_table(world.settings, table)
        kept = counts_of({("with_mirrors", NOW.date()): 1}, fetched_at=NOW)
        kept = replace(kept, fresh_until=NOW + dt.timedelta(hours=1))
        for question in asked:
            await RowStore(opened, 14, world.clock).keep(question, kept)
        await opened.aclose()
        async with world.environment() as one:
            with metered() as found:
                answers = await one.fetch_all(asked)
            assert {type(answer) for answer in answers.values()} == {DailyCounts}
            return names(found)

    assert asyncio.run(compare()) == ["BatchGetItem"]


@pytest.mark.parametrize("padding", [900, 1007, 1008, 1009, 1010, 3000])
def test_item_size_matches_dynamodb(dynamodb_url: str, padding: int) -> None:
    client, table = dynamodb_client(dynamodb_url), create_table(dynamodb_url)
    item: dict[str, dict[str, Any]] = {
        "key": {"S": "é"},
        "n": {"N": "1784635261078"},
        "b": {"B": b"x" * padding},
    }
    put = client.put_item(TableName=table, Item=item, ReturnConsumedCapacity="TOTAL")
    assert put["ConsumedCapacity"]["CapacityUnits"] == math.ceil(item_bytes(item) / 1024)
