"""What clients are told while ClickHouse refuses, hangs, or is gone."""

import asyncio
import datetime as dt
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pulse.daily_counts import DailyCounts
from pulse.problems import (
    Problem,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.questions import Answer, Breakdown, View
from pulse_io.catalogues import Catalogues
from tests.clickhouse.catalogues import about, ask, with_catalogues
from tests.clickhouse.conftest import FEW_QUERIES, NEWEST, PASSWORD, SMALL
from tests.clocks import Clock
from tests.counts import NOON
from tools.clickhouse.load import load
from tools.clickhouse.server import ClickHouse, clickhouse
from tools.runtime.machine import Machine

PACKAGE = SMALL[0]
QUESTION = about(PACKAGE, Breakdown.VERSION)
SECRET = "wrong secret"  # noqa: S105 - of nobody


def test_used_up_quota_says_when_it_is_whole(server_with_quota: ClickHouse) -> None:
    """By ClickHouse's own words. Here our own limit is off. An hour may end meanwhile."""
    questions = [
        about(PACKAGE, Breakdown.VERSION, View(limit=limit))
        for limit in range(1, 2 * FEW_QUERIES + 2)
    ]

    async def ask_one_by_one(catalogues: Catalogues) -> list[tuple[float, Answer, float]]:
        """The answers, each with the seconds until the hour ends, before and after it."""
        return [
            (_hour_ends_s(), (await catalogues.fetch_all([question]))[question], _hour_ends_s())
            for question in questions
        ]

    (_, first, _), *rest = with_catalogues(
        server_with_quota, ask_one_by_one, now=lambda: dt.datetime.now(dt.UTC)
    )
    assert isinstance(first, DailyCounts)
    refused = [(most, answer, least) for most, answer, least in rest if isinstance(answer, Problem)]
    assert len(refused) >= len(questions) - 2 * FEW_QUERIES
    for most, answer, least in refused:
        assert isinstance(answer, UpstreamThrottled)
        assert "ClickHouse" in answer.detail
        if least < most:
            assert answer.retry_after_s is not None
            assert least - 1 <= answer.retry_after_s <= most + 1


def _hour_ends_s() -> float:
    return 3600 - time.time() % 3600


def test_own_limit_keeps_within_the_quota(server_with_quota: ClickHouse) -> None:
    """What can't be asked now is told when to come back; ClickHouse is not asked too often."""
    questions = [about(PACKAGE, Breakdown.VERSION, View(limit=limit)) for limit in range(1, 20)]
    answers = ask(server_with_quota, questions, CLICKHOUSE_PER_HOUR=str(FEW_QUERIES))
    throttled = [answer for answer in answers.values() if isinstance(answer, UpstreamThrottled)]
    assert len(throttled) == len(questions) - 1
    assert sorted({answer.retry_after_s or 0 for answer in throttled})[:2] == [1200, 2400]


def test_right_password(server_with_password: ClickHouse) -> None:
    answer = ask(server_with_password, [QUESTION], CLICKHOUSE_PASSWORD=PASSWORD)[QUESTION]
    assert isinstance(answer, DailyCounts)


@pytest.mark.parametrize(
    "settings",
    [{"CLICKHOUSE_PASSWORD": SECRET}, {"CLICKHOUSE_USER": "no-such-user"}],
    ids=["password", "user"],
)
def test_wrong_login(
    server_with_password: ClickHouse,
    settings: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says so, without the password."""
    caplog.set_level("DEBUG")
    answer = ask(server_with_password, [QUESTION], **settings)[QUESTION]
    assert isinstance(answer, UpstreamBroken)
    (line,) = (record for record in caplog.records if record.message == "upstream failed")
    assert "the login failed" in vars(line)["reason"]
    everything = "\n".join(str(vars(record)) for record in caplog.records) + answer.detail
    assert SECRET not in everything
    assert PASSWORD not in everything


@pytest.mark.parametrize(
    ("database", "said"), [("no_tables", "no such table"), ("no_such_database", "no such database")]
)
def test_missing_table(server: ClickHouse, database: str, said: str) -> None:
    server.execute("CREATE DATABASE IF NOT EXISTS no_tables")
    answer = ask(server, [QUESTION], CLICKHOUSE_DATABASE=database)[QUESTION]
    assert isinstance(answer, UpstreamBroken)
    assert said in answer.detail


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nobody.invalid"])
def test_nobody_listens(server: ClickHouse, url: str) -> None:
    answer = ask(server, [QUESTION], CLICKHOUSE_URL=url)[QUESTION]
    assert isinstance(answer, UpstreamUnreachable)


def test_another_server(server: ClickHouse) -> None:
    """The address is that of a page of ClickHouse's, which answers anything with 404."""
    answer = ask(server, [QUESTION], CLICKHOUSE_URL=f"{server.url}/no/such/page")[QUESTION]
    assert isinstance(answer, UpstreamBroken)


def test_hanging_server(server_with_password: ClickHouse) -> None:
    """The client is told when to come back; the answer is kept when it comes, and not asked for again."""
    server = server_with_password

    async def use(catalogues: Catalogues) -> None:
        server.process.send_signal(signal.SIGSTOP)
        try:
            told = (await catalogues.fetch_all([QUESTION], 1))[QUESTION]
            assert isinstance(told, UpstreamTooSlow)
            assert told.retry_after_s == 5
        finally:
            server.process.send_signal(signal.SIGCONT)
        answer = await catalogues.fetch(QUESTION)
        assert isinstance(answer, DailyCounts)

    before = queries_of(server)
    with_catalogues(server, use)
    assert queries_of(server) == before + 2  # with the one that tells


def queries_of(server: ClickHouse) -> int:
    """How many queries the server has been sent, this one included."""
    counted = server.execute("SELECT value FROM system.events WHERE event = 'SelectQuery'")
    return int(counted or 0)


def test_killed_server_is_asked_again_when_it_is_back(machine: Machine, tmp_path: Path) -> None:
    """Killed while it works on a query, then started again; what is kept is served as stale meanwhile."""
    clock = Clock(NOON)
    other = about(PACKAGE, Breakdown.COUNTRY)

    async def use(catalogues: Catalogues) -> None:
        kept = await catalogues.fetch(QUESTION)
        clock.now += dt.timedelta(days=1)
        first.process.send_signal(signal.SIGSTOP)
        asked = asyncio.create_task(catalogues.fetch_all([QUESTION, other]))
        await asyncio.sleep(0)
        first.kill()
        answers = await asked
        stale = answers[QUESTION]
        assert isinstance(stale, DailyCounts)
        assert (stale.stale, stale.counts) == (True, kept.counts)
        assert isinstance(answers[other], UpstreamProblem)
        with clickhouse(machine, folder=tmp_path, port=urlsplit(first.url).port or 0):
            clock.now += dt.timedelta(seconds=10)
            assert isinstance(await catalogues.fetch(other), DailyCounts)

    with clickhouse(machine, folder=tmp_path) as first:
        load(first, NEWEST, SMALL)
        with_catalogues(first, use, now=clock)
