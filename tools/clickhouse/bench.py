"""`python -m tools.clickhouse.bench`: times of the API's answers from ClickHouse, beside their queries' own times.

A request goes through the Lambda handler of the FastAPI function, warm, with an event as API Gateway sends
it. pypistats.org is down here, so ClickHouse answers everything. All runs on loopback.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import httpx

from apigateway import safe_handler
from fastapi_app.app import create_app
from fastapi_app.handler import OneLoopMangum
from pulse.daily_counts import DailyCounts
from pulse.problems import Problem, UpstreamProblem, UpstreamUnreachable
from pulse.questions import Answer, Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.catalogues import Catalogues
from pulse_io.clocks import utc_now
from pulse_io.settings import Settings
from pulse_io.sources import Ask
from pulse_io.sources.clickhouse import ClickHouseSource
from pulse_io.sources.clickhouse_server import ClickHouseServer
from pulse_io.sources.local_queue import LocalQueue
from tools import ROOT
from tools.clickhouse.load import MANY_DAYS, load_many
from tools.clickhouse.rows import PACKAGES
from tools.clickhouse.server import DATABASE, ClickHouse, clickhouse
from tools.compare import circumstances
from tools.compare.formatting import number, table
from tools.fake_pypistats.window import newest_day
from tools.runtime.machine import Machine, NeedError
from tools.runtime.processes import end_in_order_when_told_to

DOWNLOADS: Final = 4_000_000
ROUNDS: Final = 15
BLOCK: Final = "clickhouse"
"""The name of the generated block in a page."""

FINEST: Final = "pypi_downloads_per_day_by_version_by_installer_by_type_by_country"
"""The largest table that is read: it has all columns that the API groups by, apart from Python and system."""

HEADER: Final = ("answer", "query", "through the handler", "from the cache", "body")

_EVENT: Final = (ROOT / "events" / "package.json").read_text()
_MS_PER_S: Final = 1_000
_NS_PER_MS: Final = 1_000_000
_BYTES_PER_KB: Final = 1_000
_OK: Final = 200

_COMPARED: Final = PACKAGES[:50]
_PACKAGE: Final = _COMPARED[0]


class BenchError(Exception):
    """An answer is a problem, or its figures differ from those of SQL; says which."""


class Case(NamedTuple):
    """A request, by what it asks for."""

    name: str
    path: str
    query: str = ""


class Timed(NamedTuple):
    """One answer: milliseconds until it was there, and of its queries by ClickHouse's own count; its body."""

    handler_ms: float
    query_ms: float
    body: str


def cases(newest: date) -> list[Case]:
    """The API's kinds of questions to ClickHouse, with days up to the newest."""
    package, all_names = f"/packages/{_PACKAGE}", "packages=" + ",".join(_COMPARED)
    first = f"start={newest - timedelta(days=MANY_DAYS - 1)}"
    categories = [
        Case(f"by {by}, 1 package, 180 days", f"{package}/downloads", f"by={by}")
        for by in ("version", "country", "installer", "file_type")
    ]
    return [
        Case("1 package, 10 years by day", f"{package}/downloads", first),
        Case("50 packages, 180 days", "/compare/downloads", all_names),
        Case(
            "50 packages, 180 days, no mirrors", "/compare/downloads", f"{all_names}&mirrors=false"
        ),
        Case(
            "50 packages, 10 years by month",
            "/compare/downloads",
            f"{all_names}&{first}&period=month",
        ),
        *categories,
        Case(
            "by version, 1 package, 10 years by month",
            f"{package}/downloads",
            f"by=version&limit=30&{first}&period=month",
        ),
        Case("all-time total, 1 package", f"{package}/total"),
        Case("all-time total by version, 1 package", f"{package}/total", "by=version"),
        Case("top list, all time", "/top", "period=all"),
        Case("top list, month", "/top", "period=month"),
        Case("badge, all-time total", f"{package}/badge.svg", "period=total"),
        Case("chart by version, 180 days", f"{package}/chart.svg", "by=version"),
    ]


class _Transport(httpx.AsyncHTTPTransport):
    """The network, which adds up how long ClickHouse says that its queries took."""

    query_ns = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        self.query_ns += int(json.loads(response.headers["X-ClickHouse-Summary"])["elapsed_ns"])
        return response


class _Down:
    """pypistats.org while it can't be reached, at once and without a network."""

    breakdowns = frozenset[Breakdown]()

    async def renewed(self, held: Mapping[Question, DailyCounts]) -> Mapping[Question, DailyCounts]:  # noqa: ARG002 - as `Source`
        return {}

    async def refusals(
        self,
        questions: Collection[Question],
        deadline: float,  # noqa: ARG002 - as `Source`
        known: Collection[Question],  # noqa: ARG002 - as `Source`
    ) -> Mapping[Question, Problem]:
        return {question: UpstreamUnreachable() for question in questions}

    async def fetch(
        self,
        questions: Collection[Question],
        deadline: float,  # noqa: ARG002 - as `Source`
        ask: Ask,  # noqa: ARG002 - as `Source`
        known: Collection[Question] = (),  # noqa: ARG002 - as `Source`
    ) -> AsyncIterator[tuple[Question, Answer]]:
        for question in questions:
            yield question, UpstreamUnreachable()

    async def late(self, question: Question) -> Problem:  # noqa: ARG002 - as `Source`
        return UpstreamUnreachable()

    async def with_retry_after(
        self,
        question: Question,  # noqa: ARG002 - as `Source`
        problem: UpstreamProblem,
        kept_s: int,  # noqa: ARG002 - as `Source`
    ) -> UpstreamProblem:
        return problem

    async def aclose(self) -> None:
        pass


class Api:
    """The handler of `fastapi_app.handler`, in front of a ClickHouse server; with or without the cache."""

    def __init__(self, server: ClickHouse, cache: Literal["on", "off"]) -> None:
        settings = Settings.from_environ({**server.environ(), "CACHE": cache})
        self._transport = _Transport()
        asked = ClickHouseServer(server.url, settings, utc_now, self._transport)
        # The server has no quota, so there is no limit.
        source = ClickHouseSource(asked, LocalQueue(0, time.time), None, utc_now)
        self._catalogues = Catalogues(
            Catalogue(settings, _Down(), None, utc_now), Catalogue(settings, source, None, utc_now)
        )
        self._adapter = OneLoopMangum(create_app(self._catalogues))
        self._handler = safe_handler(self._adapter)

    def answer(self, case: Case) -> Timed:
        """Have a request answered.

        Raises:
            BenchError: the answer is a problem.
        """
        sent = json.loads(_EVENT)
        sent["rawPath"] = sent["requestContext"]["http"]["path"] = case.path
        sent["rawQueryString"] = case.query
        self._transport.query_ns = 0
        began = time.perf_counter()
        answer = self._handler(sent, None)
        took_ms = (time.perf_counter() - began) * _MS_PER_S
        # Images with a problem have another status in this header.
        status = answer["headers"].get("x-pulse-status", str(answer["statusCode"]))
        if status != str(_OK):
            raise BenchError(f"{case.name}: {status} {answer['body'][:500]}")
        return Timed(took_ms, self._transport.query_ns / _NS_PER_MS, answer["body"])

    def close(self) -> None:
        """Close the connections and the event loop."""
        self._adapter.loop.run_until_complete(self._catalogues.aclose())
        self._adapter.loop.close()


def measure(server: ClickHouse, newest: date, rounds: int, say: Callable[[str], None]) -> str:
    """Check the figures of a loaded server, measure all cases in turn, and return the table.

    Raises:
        BenchError: an answer is wrong.
    """
    asked = cases(newest)
    uncached, cached = Api(server, "off"), Api(server, "on")
    try:
        check(server, uncached, newest)
        for case in asked:  # warm, and into the cache
            uncached.answer(case)
            cached.answer(case)
        samples: dict[Case, list[tuple[Timed, Timed]]] = {case: [] for case in asked}
        for round_ in range(1, rounds + 1):
            say(f"round {round_} of {rounds}")
            for case in asked:
                samples[case].append((uncached.answer(case), cached.answer(case)))
    finally:
        uncached.close()
        cached.close()
    return table(HEADER, [_row(case, samples[case]) for case in asked])


def check(server: ClickHouse, api: Api, newest: date) -> None:
    """Hold the figures of some answers to SQL, on the table with all columns.

    Raises:
        BenchError: they differ.
    """
    by_name = {case.name: case for case in cases(newest)}

    def answered(name: str) -> Any:  # noqa: ANN401 - JSON
        return json.loads(api.answer(by_name[name]).body)

    sums = _sums(server)
    months = answered("50 packages, 10 years by month")["packages"]
    top = answered("top list, all time")["packages"]
    _compare("months", {one["package"]: one["total"] for one in months}, sums)
    _compare("the top list", {one["package"]: one["downloads"] for one in top}, sums)
    for name in ("all-time total, 1 package", "all-time total by version, 1 package"):
        _compare(name, answered(name)["total_downloads"], sums[_PACKAGE])


def _sums(server: ClickHouse) -> dict[str, int]:
    """All downloads by package."""
    sql = f"SELECT project, sum(count) FROM {FINEST} GROUP BY project FORMAT TSV"
    lines = server.execute(sql, database=DATABASE).splitlines()
    return {package: int(count) for package, count in (line.split("\t") for line in lines)}


def _compare(name: str, found: object, expected: object) -> None:
    if found != expected:
        raise BenchError(f"{name}: the API has {found}, SQL has {expected}")


def _row(case: Case, samples: Sequence[tuple[Timed, Timed]]) -> tuple[str, ...]:
    uncached, cached = zip(*samples, strict=True)
    return (
        case.name,
        _spread([one.query_ms for one in uncached]),
        _spread([one.handler_ms for one in uncached]),
        _spread([one.handler_ms for one in cached]),
        f"{number(len(cached[0].body) / _BYTES_PER_KB)} kB",
    )


def _spread(values_ms: Sequence[float]) -> str:
    """The median, with the quartiles in brackets."""
    low, median, high = statistics.quantiles(values_ms, n=4, method="inclusive")
    return f"{number(median)} ms [{number(low)}…{number(high)}]"


def main(arguments: Sequence[str]) -> int:
    """Load, measure and print the table. Returns the exit status."""
    options = _parser().parse_args(arguments)
    end_in_order_when_told_to()
    newest = newest_day(datetime.now(UTC))
    machine = circumstances.machine()
    try:
        with clickhouse(Machine(), queries_per_hour=0) as server:
            _say(f"loading {options.downloads:,} downloads: up to a minute")
            load_many(server, options.downloads, newest, _COMPARED)
            measured = measure(server, newest, options.rounds, _say)
            rows = int(server.execute(f"SELECT count() FROM {FINEST}", database=DATABASE))
    except (BenchError, NeedError) as problem:
        _say(str(problem))
        return 1
    loaded = f"{options.downloads:,} downloads, {rows:,} rows in the largest table"
    results = f"{measured}\n\n{_circumstances(machine, loaded, options.rounds)}"
    print(results)
    if options.into:
        return _fill(options.into, results)
    return 0


def _circumstances(machine: Mapping[str, Any], loaded: str, rounds: int) -> str:
    return (
        f"{loaded}: {len(_COMPARED)} packages over ten years. Medians of {rounds} rounds, "
        f"quartiles in brackets. Measured on {datetime.now(UTC):%Y-%m-%d} with {machine['cores']} cores of "
        f"{machine['processor']}, Python {circumstances.versions()['python']}. The machine's load was "
        f"{machine['load_before']} before the run and {circumstances.load()} after it."
    )


def _fill(page: Path, results: str) -> int:
    # matplotlib and pandas come with it: while times are measured, the garbage collector would walk through them.
    from tools.compare.page import NoSuchBlock, filled  # noqa: PLC0415 - see above

    try:
        page.write_text(
            filled(page.read_text(encoding="utf-8"), {BLOCK: results}), encoding="utf-8"
        )
    except NoSuchBlock as problem:
        _say(str(problem))
        return 1
    return 0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.clickhouse.bench", description=__doc__)
    parser.add_argument("--downloads", type=int, default=DOWNLOADS, help="default: %(default)s")
    parser.add_argument(
        "--rounds",
        type=int,
        choices=range(2, 101),
        metavar="N",
        default=ROUNDS,
        help="default: %(default)s",
    )
    parser.add_argument("--into", type=Path, metavar="PAGE", help="fill PAGE's generated block")
    return parser


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
