"""`python -m tools.costs`: what a month costs, at ten thousand to a hundred million requests a day.

It multiplies prices by what a request and a tracked package use; the options are for your own traffic.
docs/operations.md has the tables of the defaults.
"""

import argparse
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, NamedTuple

from tools import ROOT, prices
from tools.prices import MILLION, compute_per_million
from tools.runtime.sam import template

REQUESTS_A_DAY: Final = (10_000, 1_000_000, 100_000_000)
TRACKED: Final = (10, 1_000, 10_000)
DAYS: Final = 30
BYTES_PER_GB: Final = 1e9
SECONDS_A_DAY: Final = 86_400
SECONDS_A_MINUTE: Final = 60
MONTHS_A_YEAR: Final = 12
READ_BYTES: Final = 4096
"""A read unit is a strongly consistent read of this many bytes."""

# In USD, as `tools.prices` has Lambda's and API Gateway's: first tier, no free tier, no taxes.
LOGS_GB: Final = 0.50
LOGS_KEPT_GB_MONTH: Final = 0.03
TABLE_MILLION_READS: Final = 0.125
TABLE_MILLION_WRITES: Final = 0.625
TABLE_GB_MONTH: Final = 0.25
TABLE_RECOVERY_GB_MONTH: Final = 0.20
TRANSFER_GB: Final = 0.09
CDN_MILLION_REQUESTS: Final = 1.00
CDN_GB: Final = 0.085
TRACES_MILLION: Final = 5.00
ALARM: Final = 0.10
METRIC: Final = 0.30
DASHBOARD: Final = 3.00

MOST_CALLS_A_DAY: Final = 4 * 30 * 60 * 24
"""Upstream takes no more: four endpoints, thirty times a minute each."""


class Units(NamedTuple):
    """Read and write units of the tables."""

    reads: float
    writes: float


# As tests/dynamodb/test_units.py measures them on `overall`.
FROM_TABLE: Final = Units(0.5, 0)
FROM_UPSTREAM: Final = Units(1.5, 4)
INTO_HISTORY: Final = Units(1, 4)
"""What a fetch adds to history, the day after the last one."""
FROM_HISTORY: Final = Units(1.5, 0)
"""A request for days before upstream's window: half a year of `python_minor`."""

COLLECTED: Final = Units(17.5, 44)
"""A tracked package and day: all breakdowns, in the cache and in history, and the progress."""
COLLECTED_PER_MINUTE: Final = 12
"""As the template limits the collector."""
RUNS_A_DAY: Final = 3 + 4 * 22
"""As the template schedules them: from 01:15 UTC, every quarter of an hour."""
IDLE_RUN_S: Final = 0.5
"""A run that finds everything collected. An assumption."""
TRACKED_BYTES: Final = 80
"""The items that each run reads of a package: that it is tracked, and its progress."""
HISTORY_BYTES_A_MONTH: Final = 3_600
"""The items of a package's four breakdowns, with what DynamoDB adds to each."""


@dataclass(frozen=True)
class Traffic:
    """What one request uses on average, and how the stack is set up."""

    architecture: str = "x86_64"
    """The template's default."""
    memory_mb: int = 512
    """The template's default."""
    billed_ms: float = 15
    """A warm answer from memory takes some 4 ms of a core in the runtime image, and 512 MB have 0.29 of one."""
    answer_bytes: int = 2_000
    """Between a PackageStats with its headers (900) and a compressed DownloadSeries of all days (3,500)."""
    from_table: float = 0.35
    """Share of the requests that the table answers; memory answers the rest. An assumption."""
    from_upstream: float = 0.05
    """Share that needs a new fetch, as long as upstream may be called. An assumption."""
    from_history: float = 0.02
    """Share that asks for days before upstream's window. An assumption."""
    line_bytes: int = 480
    """The function's own log line, with what CloudWatch adds to each."""
    system_bytes: int = 700
    """Lambda's lines, with SystemLogLevel=INFO; 0 with WARN."""
    access_bytes: int = 500
    """API Gateway's line."""
    traced: float = 0
    """Tracing=PassThrough; 1 for Active."""
    cdn: float = 0
    """Share of the requests that the distribution answers by itself; 0 without one."""


_OWN_METRIC: Final = re.compile(r"MetricNamespace: .*\n +MetricName: (\w+)")

PAGE_WIDTH: Final = 120
"""Of the text in docs/."""

TOTAL: Final = "all, USD a month"


def month(a_day: float, traffic: Traffic, text: str) -> dict[str, float]:
    """USD for `a_day` requests a day in a month of 30 days: each item, and `TOTAL` of them.

    `text` is the template's.
    """
    asked = a_day * DAYS
    reached_a_day = a_day * (1 - traffic.cdn)
    millions = reached_a_day * DAYS / MILLION
    line_bytes = traffic.line_bytes + traffic.system_bytes + traffic.access_bytes
    logged_gb = reached_a_day * DAYS * line_bytes / BYTES_PER_GB
    sent_gb = asked * traffic.answer_bytes / BYTES_PER_GB
    # X-Ray takes the first request of a second and 5 % of the others.
    a_second = reached_a_day / SECONDS_A_DAY
    traces = (min(a_second, 1) + 0.05 * max(a_second - 1, 0)) * SECONDS_A_DAY * DAYS
    compute = compute_per_million(traffic.billed_ms, traffic.memory_mb, traffic.architecture)
    transfer = sent_gb * TRANSFER_GB
    distribution = asked / MILLION * CDN_MILLION_REQUESTS + sent_gb * CDN_GB
    items = {
        "requests, of API Gateway and Lambda": millions * prices.ALL_MILLION_REQUESTS,
        "compute of Lambda": millions * compute,
        "reads and writes of the tables": DAYS * _tables_a_day(reached_a_day, traffic),
        "log lines, taken in and kept for 30 days": logged_gb * (LOGS_GB + LOGS_KEPT_GB_MONTH),
        "sending answers from API Gateway": 0 if traffic.cdn else transfer,
        "requests and sending of CloudFront": distribution if traffic.cdn else 0,
        "traces of X-Ray": traffic.traced * traces / MILLION * TRACES_MILLION,
        "alarms, metrics and the dashboard": (
            text.count("Type: AWS::CloudWatch::Alarm") * ALARM
            + len(set(_OWN_METRIC.findall(text))) * METRIC
            + text.count("Type: AWS::CloudWatch::Dashboard") * DASHBOARD
        ),
    }
    return {**items, TOTAL: sum(items.values())}


def _tables_a_day(reached: float, traffic: Traffic) -> float:
    """USD for the units of a day. The cache answers the requests for which upstream may not be called."""
    wanted = reached * traffic.from_upstream
    called = min(wanted, MOST_CALLS_A_DAY)
    found = reached * traffic.from_table + wanted - called
    return (
        found * _usd(FROM_TABLE)
        + called * (_usd(FROM_UPSTREAM) + _usd(INTO_HISTORY))
        + reached * traffic.from_history * _usd(FROM_HISTORY)
    )


def _usd(units: Units) -> float:
    return (units.reads * TABLE_MILLION_READS + units.writes * TABLE_MILLION_WRITES) / MILLION


class Tracking(NamedTuple):
    """What tracked packages use each day, and what that costs in USD a month."""

    run_s: float
    """Seconds of all runs together."""
    units: Units
    items: dict[str, float]


def tracking(packages: int, memory_mb: float, architecture: str) -> Tracking:
    """What it takes to collect this many packages each day."""
    run_s = packages / COLLECTED_PER_MINUTE * SECONDS_A_MINUTE + RUNS_A_DAY * IDLE_RUN_S
    units = Units(
        packages * COLLECTED.reads + RUNS_A_DAY * packages * TRACKED_BYTES / READ_BYTES,
        packages * COLLECTED.writes,
    )
    year_gb = packages * HISTORY_BYTES_A_MONTH * MONTHS_A_YEAR / BYTES_PER_GB
    compute = compute_per_million(run_s * 1000, memory_mb, architecture) / MILLION
    items = {
        "compute of Lambda": DAYS * compute,
        "invocations of Lambda": DAYS * RUNS_A_DAY * prices.MILLION_REQUESTS / MILLION,
        "reads and writes of the tables": DAYS * _usd(units),
        "a year of history, kept and recoverable": year_gb
        * (TABLE_GB_MONTH + TABLE_RECOVERY_GB_MONTH),
    }
    items[TOTAL] = sum(items.values())
    return Tracking(run_s, units, items)


def _months(traffic: Traffic, text: str) -> str:
    """A Markdown table with a row for each item that costs anything."""
    months = [month(a_day, traffic, text) for a_day in REQUESTS_A_DAY]
    rows = [
        [item, *(f"{one[item]:,.2f}" for one in months)] for item in months[0] if months[0][item]
    ]
    rows[-1] = [f"**{cell}**" for cell in rows[-1]]
    return markdown_table(["requests a day", *(f"{one:,}" for one in REQUESTS_A_DAY)], rows)


def _tracking(architecture: str) -> str:
    """A Markdown table with a column for each number of packages."""
    memory_mb = template()["Resources"]["CollectorFunction"]["Properties"]["MemorySize"]
    columns = [tracking(packages, memory_mb, architecture) for packages in TRACKED]
    rows = [
        ["seconds of Lambda a day", *(f"{one.run_s:,.0f}" for one in columns)],
        ["invocations a day", *(f"{RUNS_A_DAY}" for _ in columns)],
        ["read units a day", *(f"{one.units.reads:,.0f}" for one in columns)],
        ["write units a day", *(f"{one.units.writes:,.0f}" for one in columns)],
        *([item, *(f"{one.items[item]:,.2f}" for one in columns)] for item in columns[0].items),
    ]
    rows[-1] = [f"**{cell}**" for cell in rows[-1]]
    return markdown_table(["tracked packages", *(f"{one:,}" for one in TRACKED)], rows)


def _choices(traffic: Traffic, text: str) -> str:
    """A Markdown table with the total for some settings."""
    choices = {
        "as above, without a distribution": traffic,
        "`Architecture=arm64`": replace(traffic, architecture="arm64"),
        "`MemorySize=1024`, if it halves the time": replace(
            traffic, memory_mb=1024, billed_ms=traffic.billed_ms / 2
        ),
        "`SystemLogLevel=WARN`": replace(traffic, system_bytes=0),
        "`Tracing=Active`": replace(traffic, traced=1),
        "`Cdn=on`, which keeps one half": replace(traffic, cdn=0.5),
        "`Cdn=on`, which keeps 99 of 100": replace(traffic, cdn=0.99),
    }
    rows = [
        [words, *(f"{month(a_day, one, text)[TOTAL]:,.2f}" for a_day in REQUESTS_A_DAY)]
        for words, one in choices.items()
    ]
    return markdown_table(
        [f"{TOTAL}, at requests a day", *(f"{n:,}" for n in REQUESTS_A_DAY)], rows
    )


def tables(traffic: Traffic = Traffic(), cdn: float = 0.9) -> str:
    """All tables as Markdown, with their assumptions; one is with a distribution that answers `cdn` of all."""
    text = (ROOT / "template.yaml").read_text()
    line_bytes = traffic.line_bytes + traffic.system_bytes + traffic.access_bytes
    assumed = (
        f"Prices of {prices.REGION} as of {prices.KNOWN_ON}, first tier, without free tier and taxes. A request "
        f"is billed {traffic.billed_ms:g} ms at {traffic.memory_mb} MB ({traffic.architecture}), its answer has "
        f"{traffic.answer_bytes:,} bytes, and it writes {line_bytes:,} bytes of log lines. Of the requests that "
        f"reach a function, the cache's table answers {traffic.from_table:.0%} ({FROM_TABLE.reads:g} read units), "
        f"upstream {traffic.from_upstream:.0%} ({FROM_UPSTREAM.reads:g} read and {FROM_UPSTREAM.writes:g} write units, "
        f"and {INTO_HISTORY.reads:g} and {INTO_HISTORY.writes:g} of history), and memory the rest; "
        f"{traffic.from_history:.0%} also read history ({FROM_HISTORY.reads:g} read units). Upstream takes "
        f"{MOST_CALLS_A_DAY:,} calls a day at most; beyond that, the table answers."
    )
    tracked = (
        f"Tracked packages cost this too. A package and day takes {COLLECTED.reads:g} read and {COLLECTED.writes:g} "
        f"write units, and {SECONDS_A_MINUTE / COLLECTED_PER_MINUTE:g} s of the collector, which mostly waits for the rate "
        "limit. A run that finds nothing to do reads what is tracked and ends."
    )
    return f"""\
{textwrap.fill(assumed, PAGE_WIDTH)}

Without a distribution:

{_months(traffic, text)}
With one (`Cdn=on`) that answers {cdn:.0%} of all requests by itself:

{_months(replace(traffic, cdn=cdn), text)}
What settings change:

{_choices(traffic, text)}
{textwrap.fill(tracked, PAGE_WIDTH)}

{_tracking(traffic.architecture)}"""


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with numbers in all columns but the first."""
    aligned = ["---", *("---:" for _ in header[1:])]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, aligned, *rows))


_MEANINGS: Final = {
    "architecture": "of the functions: x86_64 or arm64",
    "memory_mb": "the memory of a function",
    "billed_ms": "the average billed time of a request",
    "answer_bytes": "the average size of an answer",
    "from_table": "share of the functions' requests that the table answers, from 0 to 1",
    "from_upstream": "share that needs a new fetch",
    "from_history": "share that asks for days before upstream's window",
    "line_bytes": "the function's log line of a request",
    "system_bytes": "Lambda's log lines of a request; 0 with SystemLogLevel=WARN",
    "access_bytes": "API Gateway's log line of a request",
    "traced": "1 with Tracing=Active",
    "cdn": "share of all requests that the distribution answers, in the table with one",
}


def main() -> None:
    """Print the tables for the traffic that the options describe."""
    parser = argparse.ArgumentParser(prog="python -m tools.costs", description=__doc__)
    for field in fields(Traffic):
        default = 0.9 if field.name == "cdn" else field.default
        flag = f"--{field.name.replace('_', '-')}"
        told = f"{_MEANINGS[field.name]} (default: %(default)s)"
        parser.add_argument(flag, type=type(default), default=default, help=told)
    options = vars(parser.parse_args())
    cdn = options.pop("cdn")
    print(tables(Traffic(**options), cdn))


if __name__ == "__main__":
    main()
