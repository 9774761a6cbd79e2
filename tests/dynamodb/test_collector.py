"""The collector's handler with DynamoDB Local and the fake pypistats.org over HTTP."""

import asyncio
import datetime as dt
import itertools
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pytest

from collector.handler import handler
from pulse.history import Cells
from pulse.names import PackageName
from pulse.problems import HistoryUnavailable
from pulse.questions import ENDPOINTS, Question
from pulse_io.settings import Settings
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import TableUnavailable, open_table
from pulse_io.store.tracked import Progress
from tests.dynamodb.collecting import SCHEDULED, Context
from tools import environ
from tools.dynamodb.account import local_account
from tools.dynamodb.table import create_history_table, create_table
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

PACKAGES = [PackageName.parse(name) for name in sorted(DOWNLOADS_PER_DAY) if name != "__all__"][:40]
QUICK = {
    "COLLECTOR_PER_MINUTE": "0",
    "UPSTREAM_PER_SECOND": "1000",
    "UPSTREAM_PER_MINUTE": "10000",
    # The leases of a killed process end sooner.
    "DEADLINE_S": "4",
    "UPSTREAM_TIMEOUT_S": "3",
}


@dataclass
class CallClock:
    """The fake's clock, which stands still. It is asked at each call, so it can tell when there were enough."""

    now: dt.datetime
    left: int = 0

    def __post_init__(self) -> None:
        self.reached = threading.Event()

    def __call__(self) -> dt.datetime:
        self.left -= 1
        if self.left == 0:
            self.reached.set()
        return self.now

    def after(self, calls: int) -> threading.Event:
        """The event of this many further calls."""
        self.left = calls
        self.reached = threading.Event()
        return self.reached


@pytest.fixture
def clock() -> CallClock:
    return CallClock(dt.datetime.now(dt.UTC))


@pytest.fixture
def upstream(clock: CallClock) -> Iterator[FakePypistats]:
    with FakePypistats(now=clock, limits=False) as upstream:
        yield upstream


def variables(url: str, upstream: FakePypistats, packages: Collection[str]) -> dict[str, str]:
    """The environment variables of a collector with tables of its own."""
    return {
        **local_account(url),
        **QUICK,
        "PYPISTATS_URL": upstream.url,
        "CACHE_TABLE": create_table(url),
        "HISTORY_TABLE": create_history_table(url),
        "TRACKED_PACKAGES": ",".join(packages),
    }


def kept(own: Mapping[str, str]) -> tuple[dict[Question, Cells], set[PackageName]]:
    """All of history, and the packages that are written down as collected."""

    async def read() -> tuple[dict[Question, Cells], set[PackageName]]:
        settings = Settings.from_environ(own)
        table = open_table(settings, own["HISTORY_TABLE"])
        history = HistoryStore(table)
        try:
            cells = {
                question: await history.read(question, "simulated", dt.date.min, dt.date.max)
                for question in itertools.starmap(Question, itertools.product(PACKAGES, ENDPOINTS))
            }
            return cells, set(await Progress(table).read())
        finally:
            await table.aclose()

    return asyncio.run(read())


def test_killed_processes_leave_what_an_undisturbed_one_leaves(
    dynamodb_local_url: str,
    clock: CallClock,
    upstream: FakePypistats,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Runs over 40 packages, killed by the system after some calls; the last one ends by itself."""
    for name, value in local_account(dynamodb_local_url).items():
        monkeypatch.setenv(name, value)
    undisturbed, killed = (variables(dynamodb_local_url, upstream, PACKAGES) for _ in range(2))
    collect(undisturbed)
    assert kept(undisturbed)[1] == set(PACKAGES)
    upstream.reset()
    kills = (3, 30, 62)
    for calls in kills:
        reached = clock.after(calls)
        with started(killed) as process:
            assert reached.wait(60)
            process.kill()
    collect(killed)
    assert kept(killed) == kept(undisturbed)
    counts = Counter(request.path for request in upstream.requests)
    assert len(counts) == len(PACKAGES) * len(ENDPOINTS) + 1
    assert counts.total() - len(counts) <= len(ENDPOINTS) * len(kills)  # those under way at a kill


def started(own: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.dynamodb.collecting"]
    return subprocess.Popen(command, env=environ(**own), stderr=subprocess.DEVNULL)


def collect(own: Mapping[str, str]) -> None:
    with started(own) as process:
        assert process.wait(120) == 0


@pytest.fixture
def handled(
    dynamodb_local_url: str, upstream: FakePypistats, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment variables of this process."""
    own = variables(dynamodb_local_url, upstream, ["requests", "no-such-package"])
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return own


def test_handler_collects_once(
    handled: dict[str, str], upstream: FakePypistats, caplog: pytest.LogCaptureFixture
) -> None:
    """Each invocation has an event loop of its own."""
    caplog.set_level("INFO", "collector")
    handler(SCHEDULED, Context())
    calls = len(upstream.requests)
    handler(SCHEDULED, Context())
    assert len(upstream.requests) == calls
    assert kept(handled)[1] == {"requests", "no-such-package"}
    messages = [line.getMessage() for line in caplog.records]
    assert messages == ["tracked package unknown", "collector run", "collector run"]
    collected = [vars(line)["collected"] for line in caplog.records[1:]]
    assert collected == [1, 0]


def test_missing_table_is_an_error(
    handled: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert handled
    monkeypatch.setenv("HISTORY_TABLE", "no-such-table")
    with pytest.raises((TableUnavailable, HistoryUnavailable)):
        handler(SCHEDULED, Context())
    last = caplog.records[-1]
    assert (last.levelname, last.getMessage()) == ("ERROR", "collector failed")
    assert vars(last)["reason"] == "the table is unavailable"
