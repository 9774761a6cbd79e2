"""`python -m tools.costs`: what a month costs, at ten thousand to a hundred million requests a day.

It multiplies prices by what a request uses; the options are for your own traffic. docs/operations.md has
the tables of the defaults.
"""

import argparse
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, NamedTuple

from tools import ROOT, prices
from tools.prices import MILLION, compute_per_million

REQUESTS_A_DAY: Final = (10_000, 1_000_000, 100_000_000)
DAYS: Final = 30
BYTES_PER_GB: Final = 1e9
SECONDS_A_DAY: Final = 86_400

# In USD, as `tools.prices` has Lambda's and API Gateway's: first tier, no free tier, no taxes.
LOGS_GB: Final = 0.50
LOGS_KEPT_GB_MONTH: Final = 0.03
TABLE_MILLION_READS: Final = 0.125
TABLE_MILLION_WRITES: Final = 0.625
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
    """Read and write units of the table for one request."""

    reads: float
    writes: float


# As tests/dynamodb/test_units.py measures them on `overall`.
FROM_TABLE: Final = Units(0.5, 0)
FROM_UPSTREAM: Final = Units(1.5, 4)


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


PAGE_WIDTH: Final = 120
"""Of the text in docs/."""

TOTAL: Final = "all, USD a month"


def month(a_day: float, traffic: Traffic, template: str) -> dict[str, float]:
    """USD for `a_day` requests a day in a month of 30 days: each item, and `TOTAL` of them."""
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
        "reads and writes of the table": DAYS * _table_a_day(reached_a_day, traffic),
        "log lines, taken in and kept for 30 days": logged_gb * (LOGS_GB + LOGS_KEPT_GB_MONTH),
        "sending answers from API Gateway": 0 if traffic.cdn else transfer,
        "requests and sending of CloudFront": distribution if traffic.cdn else 0,
        "traces of X-Ray": traffic.traced * traces / MILLION * TRACES_MILLION,
        "alarms, metrics and the dashboard": (
            template.count("Type: AWS::CloudWatch::Alarm") * ALARM
            + template.count("Type: AWS::Logs::MetricFilter") * METRIC
            + template.count("Type: AWS::CloudWatch::Dashboard") * DASHBOARD
        ),
    }
    return {**items, TOTAL: sum(items.values())}


def _table_a_day(reached: float, traffic: Traffic) -> float:
    """USD for the units of a day. The table answers the requests for which upstream may not be called."""
    wanted = reached * traffic.from_upstream
    called = min(wanted, MOST_CALLS_A_DAY)
    found = reached * traffic.from_table + wanted - called
    reads = found * FROM_TABLE.reads + called * FROM_UPSTREAM.reads
    writes = found * FROM_TABLE.writes + called * FROM_UPSTREAM.writes
    return (reads * TABLE_MILLION_READS + writes * TABLE_MILLION_WRITES) / MILLION


def _months(traffic: Traffic, template: str) -> str:
    """A Markdown table with a row for each item that costs anything."""
    months = [month(a_day, traffic, template) for a_day in REQUESTS_A_DAY]
    rows = [
        [item, *(f"{one[item]:,.2f}" for one in months)] for item in months[0] if months[0][item]
    ]
    rows[-1] = [f"**{cell}**" for cell in rows[-1]]
    return markdown_table(["requests a day", *(f"{one:,}" for one in REQUESTS_A_DAY)], rows)


def _choices(traffic: Traffic, template: str) -> str:
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
        [words, *(f"{month(a_day, one, template)[TOTAL]:,.2f}" for a_day in REQUESTS_A_DAY)]
        for words, one in choices.items()
    ]
    return markdown_table(
        [f"{TOTAL}, at requests a day", *(f"{n:,}" for n in REQUESTS_A_DAY)], rows
    )


def tables(traffic: Traffic = Traffic(), cdn: float = 0.9) -> str:
    """All tables as Markdown, with their assumptions; one is with a distribution that answers `cdn` of all."""
    template = (ROOT / "template.yaml").read_text()
    line_bytes = traffic.line_bytes + traffic.system_bytes + traffic.access_bytes
    assumed = (
        f"Prices of {prices.REGION} as of {prices.KNOWN_ON}, first tier, without free tier and taxes. A request "
        f"is billed {traffic.billed_ms:g} ms at {traffic.memory_mb} MB ({traffic.architecture}), its answer has "
        f"{traffic.answer_bytes:,} bytes, and it writes {line_bytes:,} bytes of log lines. Of the requests that "
        f"reach a function, the table answers {traffic.from_table:.0%} ({FROM_TABLE.reads:g} read units), upstream "
        f"{traffic.from_upstream:.0%} ({FROM_UPSTREAM.reads:g} read and {FROM_UPSTREAM.writes:g} write units), and "
        f"memory the rest. Upstream takes {MOST_CALLS_A_DAY:,} calls a day at most; beyond that, the table answers."
    )
    return f"""\
{textwrap.fill(assumed, PAGE_WIDTH)}

Without a distribution:

{_months(traffic, template)}
With one (`Cdn=on`) that answers {cdn:.0%} of all requests by itself:

{_months(replace(traffic, cdn=cdn), template)}
What settings change:

{_choices(traffic, template)}"""


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with numbers in all columns but the first."""
    aligned = ["---", *("---:" for _ in header[1:])]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, aligned, *rows))


def main() -> None:
    """Print the tables for the traffic that the options describe."""
    parser = argparse.ArgumentParser(prog="python -m tools.costs", description=__doc__)
    for field in fields(Traffic):
        default = 0.9 if field.name == "cdn" else field.default
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, type=type(default), default=default, help="default: %(default)s")
    options = vars(parser.parse_args())
    cdn = options.pop("cdn")
    print(tables(Traffic(**options), cdn))


if __name__ == "__main__":
    main()
