"""Runs of the collector on simulated time: what they collect, and how they give up."""

import asyncio
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from pulse.history import as_cells
from pulse.names import PackageName
from pulse.problems import HistoryUnavailable, UnknownPackage, UpstreamThrottled
from pulse.questions import ENDPOINTS
from pulse_io.catalogue import Catalogue
from pulse_io.sources.window import Window
from pulse_io.store.table import TableUnavailable
from pulse_io.store.tracked import Collected, TrackedPackages
from tests.unit.collector.memory_table import Life
from tests.unit.collector.simulated import (
    CACHE,
    FLASK,
    HISTORY,
    HTTPX,
    LEFT_S,
    PACKAGES,
    QUARTER_S,
    REQUESTS,
    UNKNOWN,
    YESTERDAY,
    CollectorWorld,
)
from tests.unit.pulse_io.simulated.asking import fetch

DAY = dt.timedelta(days=1)


@pytest.fixture
def world() -> Iterator[CollectorWorld]:
    world = CollectorWorld("requests", "flask")
    yield world
    world.close()


def lines(caplog: pytest.LogCaptureFixture, message: str = "collector run") -> list[dict[str, Any]]:
    """The log lines with this message."""
    return [vars(line) for line in caplog.records if line.getMessage() == message]


def run(world: CollectorWorld, left_s: float = LEFT_S) -> None:
    world.loop.run_until_complete(world.run(left_s))


@pytest.fixture(autouse=True)
def _logs_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "collector")


def test_run_collects_every_breakdown(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        await world.run()
        history = await world.history([REQUESTS, FLASK])
        for question, kept in history.items():
            counts = await world.environment().fetch(question)
            assert kept == as_cells(counts.first, counts.counts), question
        assert await world.progress() == dict.fromkeys([REQUESTS, FLASK], Collected(YESTERDAY))

    world.loop.run_until_complete(main())
    assert Counter(Counter(world.calls()).values()) == {1: 9}  # `__all__` tells the day
    (line,) = lines(caplog)
    assert 0 < line["ms"] < 20_000
    counted = {"tracked": 2, "collected": 2, "remaining": 0, "unknown": 0, "failed": 0, "behind": 0}
    assert {**counted, "target": "2026-11-21"}.items() <= line.items()


def test_run_without_work_reads_only(world: CollectorWorld) -> None:
    run(world)
    calls, life = len(world.calls()), Life()
    world.loop.run_until_complete(world.run(life=life))
    assert (len(world.calls()) - calls, life.steps) == (0, 3)


def test_run_without_tracked_packages_calls_nobody(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.tracked = ()
    run(world)
    assert not world.calls()
    assert lines(caplog)[0]["tracked"] == 0


def test_table_adds_tracked_packages(world: CollectorWorld) -> None:
    async def main() -> None:
        tracked = TrackedPackages(world.open_table(HISTORY))
        await tracked.add([HTTPX, REQUESTS])
        await world.run()
        assert (await world.progress()).keys() == {HTTPX, REQUESTS, FLASK}

    world.loop.run_until_complete(main())


def test_all_of_pypi_is_tracked_like_a_package(world: CollectorWorld) -> None:
    world.tracked = ("__all__",)
    run(world)
    assert sorted(world.calls()) == [f"/api/packages/__all__/{one}" for one in sorted(ENDPOINTS)]
    assert world.loop.run_until_complete(world.progress()) == {"__all__": Collected(YESTERDAY)}


def test_each_day_is_collected_once(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        for hour, minute, days in ((1, 15, 1), (1, 30, 0), (13, 0, 0)):
            world.sleep_until(hour, minute, days)
            run(world)
    collected = [(line["target"], line["collected"]) for line in lines(caplog)]
    newest = [YESTERDAY + days * DAY for days in (1, 2, 3)]
    assert collected == [(str(day), count) for day in newest for count in (2, 0, 0)]
    assert Counter(world.calls("flask/system")) == {"/api/packages/flask/system": 3}


def test_unknown_package_is_logged_once_a_day(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.tracked = ("no-such-package", "requests")
    run(world)
    calls = len(world.calls())
    for _ in range(4):
        world.loop.freeze(QUARTER_S * 5)  # beyond the hour for which the cache remembers it
        run(world)
    assert len(world.calls()) == calls
    assert [line["package"] for line in lines(caplog, "tracked package unknown")] == [UNKNOWN]
    assert {(line["unknown"], line["failed"], line["remaining"]) for line in lines(caplog)} == {
        (1, 0, 0)
    }
    world.sleep_until(9, days=1)
    run(world)
    assert len(lines(caplog, "tracked package unknown")) == 2
    assert lines(caplog)[-1]["behind"] == 0


def test_half_loaded_day_is_asked_again(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """First `__all__` is half loaded, so the day does not count yet; then a package is."""
    world.sleep_until(1, 15, days=1)
    world.upstream.rules.set(["half-loaded"])
    run(world)
    assert lines(caplog)[-1]["target"] == "2026-11-21"
    world.upstream.rules.set([])
    for _ in range(3):
        world.loop.freeze(QUARTER_S)
        run(world)
    last = lines(caplog)[-1]
    assert (last["target"], last["remaining"]) == ("2026-11-22", 0)
    assert max(Counter(world.calls()).values()) == 2

    async def main() -> None:
        for question, kept in (await world.history([REQUESTS, FLASK])).items():
            counts = await world.environment().fetch(question)
            assert kept == as_cells(counts.first, counts.counts), question

    world.loop.run_until_complete(main())


@pytest.mark.parametrize("rule", ["dropped", "500", "429", "hang"])
def test_failing_night_asks_little_and_loses_nothing(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture, rule: str
) -> None:
    world.tracked = tuple(PACKAGES[:8])
    run(world)
    history = world.loop.run_until_complete(world.history(PACKAGES[:8]))
    world.sleep_until(1, 15, days=1)
    world.upstream.rules.set([rule])
    calls = len(world.calls())
    runs = 27  # until 08:00
    for _ in range(runs):
        began = world.loop.time()
        run(world)
        world.loop.freeze(QUARTER_S - (world.loop.time() - began))
    assert (len(world.calls()) - calls) / runs <= 2  # a call for the newest day, and its retry
    assert world.loop.run_until_complete(world.history(PACKAGES[:8])) == history
    run(world)
    failing = lines(caplog)[-1]
    assert (failing["failed"], failing["collected"], failing["behind"]) == (1, 0, 8)
    world.upstream.rules.set([])
    world.loop.freeze(QUARTER_S)
    run(world)
    last = lines(caplog)[-1]
    assert (last["collected"], last["remaining"], last["behind"]) == (8, 0, 0)


@pytest.mark.parametrize("rule", ["dropped", "500", "429", "hang"])
def test_upstream_that_fails_for_packages_ends_the_run(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture, rule: str
) -> None:
    """`__all__` still answers."""
    world.tracked = tuple(PACKAGES[:8])
    run(world)
    world.sleep_until(2, days=1)
    world.upstream.rules.set([f"{rule}:*:{package}" for package in PACKAGES])
    asked = world.upstream.asked
    run(world)
    assert world.upstream.asked - asked <= 13
    last = lines(caplog)[-1]
    assert (last["target"], last["failed"], last["remaining"]) == ("2026-11-22", 3, 8)


def test_failing_packages_keep_no_others_waiting(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.tracked = tuple(PACKAGES[:8])
    failing = PACKAGES[:3]
    world.sleep_until(1, 15, days=1)
    world.upstream.rules.set([f"500:*:{package}" for package in failing])
    for hour in range(1, 8):
        world.sleep_until(hour, 30)
        run(world)
    assert lines(caplog)[-1]["remaining"] == len(failing)


def test_refusal_by_upstream_is_waited_for(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """The refused package is left to the next run, the others wait for a minute."""
    world.upstream.rules.set(["429:system:*:1"])
    run(world)
    world.loop.freeze(QUARTER_S)
    run(world)
    first, second = lines(caplog)
    assert (first["failed"], first["collected"], second["collected"]) == (1, 1, 1)
    assert first["ms"] > 60_000
    assert world.upstream.refused == 1


def test_run_ends_in_time(world: CollectorWorld, caplog: pytest.LogCaptureFixture) -> None:
    """12 packages in a minute; the next run goes on."""
    world.tracked = tuple(PACKAGES)
    began = world.loop.time()
    run(world, 60)
    assert world.loop.time() - began < 60
    run(world)
    first, second = lines(caplog)
    assert (first["collected"], first["remaining"], first["failed"]) == (12, 28, 0)
    assert (second["collected"], second["remaining"]) == (28, 0)
    assert set(Counter(world.calls()).values()) == {1}


def test_two_runs_at_once_make_no_call_twice(world: CollectorWorld) -> None:
    """Nor do they go faster."""
    world.tracked = tuple(PACKAGES)

    async def main() -> None:
        first = asyncio.create_task(world.run())
        await asyncio.sleep(12)
        await asyncio.gather(first, world.run())
        assert (await world.progress()).keys() == set(PACKAGES)

    world.loop.run_until_complete(main())
    assert set(Counter(world.calls()).values()) == {1}
    called = [call.at for call in world.upstream.calls if call.path.endswith("/system")]
    assert all(later - first > 55 for first, later in zip(called, called[12:], strict=False))


@pytest.mark.parametrize("failure", ["away", "throttled"])
def test_failing_table_fails_the_run(world: CollectorWorld, failure: str) -> None:
    """The next run goes on where it was."""
    world.tracked = tuple(PACKAGES)

    async def main() -> None:
        running = asyncio.create_task(world.run())
        await asyncio.sleep(30.5)
        world.dynamo.away = failure == "away"
        world.dynamo.throttled = HISTORY if failure == "throttled" else ""
        with pytest.raises((TableUnavailable, HistoryUnavailable)):
            await running
        world.dynamo.away, world.dynamo.throttled = False, ""
        assert len(await world.progress()) == 7
        await world.run()
        assert (await world.progress()).keys() == set(PACKAGES)

    world.loop.run_until_complete(main())
    repeated = {path for path, count in Counter(world.calls()).items() if count > 1}
    assert len(repeated) <= len(ENDPOINTS)


@pytest.mark.parametrize("jump_days", [-3, -1, 1, 3, 400])
def test_clock_that_jumps_loses_nothing(
    world: CollectorWorld, caplog: pytest.LogCaptureFixture, jump_days: int
) -> None:
    """The collector's clock is wrong for a day, upstream's is right."""
    run(world)
    world.sleep_until(2, days=1)
    world.clock_error = jump_days * DAY
    run(world)
    world.clock_error *= 0
    world.sleep_until(3, days=1)
    run(world)
    last = lines(caplog)[-1]
    assert (last["target"], last["remaining"]) == ("2026-11-23", 0)

    async def main() -> None:
        history = await world.history([REQUESTS, FLASK])
        for question, kept in history.items():
            counts = await world.environment().fetch(question)
            assert as_cells(counts.first, counts.counts).items() <= kept.items(), question

    world.loop.run_until_complete(main())


async def ask_for_ever(
    environment: Catalogue, names: Iterator[int], pause_s: float, broken: list[str]
) -> None:
    """Ask for one unknown name after the other; `broken` gets those whose reservation was not kept."""
    while True:
        name, is_reserved = PackageName.parse(f"person-{next(names)}"), False
        while True:
            try:
                await fetch(environment, name)
            except UpstreamThrottled as problem:
                broken.extend([name] * is_reserved)
                is_reserved = problem.reserved is None
                await asyncio.sleep(problem.retry_after_s or 0)
            except UnknownPackage:
                break
        await asyncio.sleep(pause_s)


@pytest.mark.parametrize(
    ("clients", "pause_s", "collected"), [(0, 0, 12), (1, 4, 12), (1, 0, 3), (3, 0, 3), (40, 0, 0)]
)
def test_people_get_the_larger_share(
    world: CollectorWorld, clients: int, pause_s: float, collected: int
) -> None:
    """Without a pause they ask for as much as they get. What is reserved for them is kept."""
    world.tracked = tuple(PACKAGES)
    names, broken = itertools.count(), list[str]()
    # Its cache has yesterday's answers, which would give requests priority.
    run(world)
    world.sleep_until(12, days=1)
    began = world.loop.time()

    async def main() -> None:
        people = [
            asyncio.create_task(ask_for_ever(world.environment(), names, pause_s, broken))
            for _ in range(clients)
        ]
        await asyncio.sleep(70)
        collecting = asyncio.create_task(world.run())
        await asyncio.sleep(180)
        for task in (*people, collecting):
            task.cancel()

    world.loop.run_until_complete(main())
    assert (world.upstream.refused, broken) == (0, [])
    for minute in (2, 3):
        overall = [
            call.path
            for call in world.upstream.calls
            if (call.at - began) // 60 == minute and call.path.endswith("/overall")
        ]
        of_people = sum("person" in path for path in overall)
        assert len(overall) - of_people == pytest.approx(collected, abs=1)
        assert of_people >= 14 * bool(clients)
    packed = world.dynamo.tables[CACHE]["rate_limit#overall", ""]["window"]
    window = Window(5, 30).unpack(packed)
    assert window.priority_until == 0
    assert not window.reservations.keys() & set(PACKAGES)
