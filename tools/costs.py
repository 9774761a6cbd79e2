"""`python -m tools.costs`: what a month costs, at ten thousand to a hundred million requests a day.

It multiplies; it knows no bill. What a request uses are flags, whose defaults say where they come from.
`--write FILE` puts the tables into a Markdown file, between the two comments that mark their place.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
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
    """What the table is asked for by one request, in its units."""

    reads: float
    writes: float


# As `tools.dynamodb.units` measures them on `overall`, and its test holds them to it.
FROM_TABLE: Final = Units(0.5, 0)
FROM_UPSTREAM: Final = Units(1.5, 4)

_PLACE: Final = re.compile(r"(?<=<!-- costs -->\n).*?(?=<!-- end of costs -->)", re.DOTALL)


@dataclass(frozen=True)
class Request:
    """What one request uses, on average, and how a stack is set up that answers it."""

    architecture: str = "x86_64"
    """The template's default."""
    memory_mb: int = 512
    """The template's default."""
    billed_ms: float = 15
    """A warm answer from memory takes some 4 ms of a core in the runtime image, and 512 MB have 0.29 of one."""
    answer_bytes: int = 2_000
    """Between a PackageStats with its headers (900) and a compressed DownloadSeries of all days (3,500)."""
    from_table: float = 0.35
    """The part of all requests that the table answers; memory answers the rest. An assumption."""
    from_upstream: float = 0.05
    """The part that brings something new, as long as upstream may be called. An assumption."""
    line_bytes: int = 480
    """The function's own line, with what CloudWatch adds to each."""
    system_bytes: int = 700
    """Lambda's lines, with SystemLogLevel=INFO; 0 with WARN."""
    access_bytes: int = 500
    """API Gateway's line."""
    traced: float = 0
    """Tracing=PassThrough; 1 for Active."""
    kept: float = 0
    """The part of all requests that the distribution answers by itself; 0 without one."""


@dataclass(frozen=True)
class Month:
    """USD a month, by what is paid for."""

    requests: float
    compute: float
    table: float
    logs: float
    transfer: float
    distribution: float
    tracing: float
    watching: float

    @property
    def total(self) -> float:
        """All of it."""
        return sum(vars(self).values(), 0.0)


def month(a_day: float, request: Request, template: str) -> Month:
    """What `a_day` requests a day cost in a month of 30 days."""
    asked = a_day * DAYS
    reached = asked * (1 - request.kept)
    millions = reached / MILLION
    per_line = request.line_bytes + request.system_bytes + request.access_bytes
    logged_gb = reached * per_line / BYTES_PER_GB
    sent_gb = asked * request.answer_bytes / BYTES_PER_GB
    # X-Ray takes the first request of a second and 5 % of the others.
    a_second = a_day * (1 - request.kept) / SECONDS_A_DAY
    traces = (min(a_second, 1) + 0.05 * max(a_second - 1, 0)) * SECONDS_A_DAY * DAYS
    watched = (
        template.count("Type: AWS::CloudWatch::Alarm") * ALARM
        + template.count("Type: AWS::Logs::MetricFilter") * METRIC
        + template.count("Type: AWS::CloudWatch::Dashboard") * DASHBOARD
    )
    behind_cdn = request.kept > 0
    return Month(
        requests=millions * prices.ALL_MILLION_REQUESTS,
        compute=millions
        * compute_per_million(request.billed_ms, request.memory_mb, request.architecture),
        table=DAYS * _table_a_day(a_day * (1 - request.kept), request),
        logs=logged_gb * (LOGS_GB + LOGS_KEPT_GB_MONTH),
        transfer=0 if behind_cdn else sent_gb * TRANSFER_GB,
        distribution=asked / MILLION * CDN_MILLION_REQUESTS + sent_gb * CDN_GB if behind_cdn else 0,
        tracing=request.traced * traces / MILLION * TRACES_MILLION,
        watching=watched,
    )


def _table_a_day(reached: float, request: Request) -> float:
    """USD for the units of a day; what upstream may not be called for is taken to be in the table."""
    wanted = reached * request.from_upstream
    called = min(wanted, MOST_CALLS_A_DAY)
    found = reached * request.from_table + wanted - called
    reads = found * FROM_TABLE.reads + called * FROM_UPSTREAM.reads
    writes = found * FROM_TABLE.writes + called * FROM_UPSTREAM.writes
    return (reads * TABLE_MILLION_READS + writes * TABLE_MILLION_WRITES) / MILLION


ITEMS: Final = {
    "requests": "requests, of API Gateway and Lambda",
    "compute": "compute of Lambda",
    "table": "reads and writes of the table",
    "logs": "log lines, taken in and kept for 30 days",
    "transfer": "sending answers from API Gateway",
    "distribution": "requests and sending of CloudFront",
    "tracing": "traces of X-Ray",
    "watching": "alarms, metrics and the dashboard",
    "total": "all, USD a month",
}


def table(request: Request, template: str) -> str:
    """A Markdown table of months, a column for each number of requests a day."""
    months = [month(a_day, request, template) for a_day in REQUESTS_A_DAY]
    rows = [
        [words, *(f"{getattr(one, item):,.2f}" for one in months)]
        for item, words in ITEMS.items()
        if any(getattr(one, item) for one in months)
    ]
    rows[-1] = [f"**{cell}**" for cell in rows[-1]]
    return markdown_table(["requests a day", *(f"{one:,}" for one in REQUESTS_A_DAY)], rows)


def choices(request: Request, template: str) -> str:
    """A Markdown table of what some settings change in all."""
    changed = {
        "as above, without a distribution": request,
        "`Architecture=arm64`": replace(request, architecture="arm64"),
        "`MemorySize=1024`, if it halves the time": replace(
            request, memory_mb=1024, billed_ms=request.billed_ms / 2
        ),
        "`SystemLogLevel=WARN`": replace(request, system_bytes=0),
        "`Tracing=Active`": replace(request, traced=1),
        "`Cdn=on`, which keeps one half": replace(request, kept=0.5),
        "`Cdn=on`, which keeps 99 of 100": replace(request, kept=0.99),
    }
    rows = [
        [words, *(f"{month(a_day, one, template).total:,.2f}" for a_day in REQUESTS_A_DAY)]
        for words, one in changed.items()
    ]
    return markdown_table(
        ["all, USD a month, at requests a day", *(f"{n:,}" for n in REQUESTS_A_DAY)], rows
    )


def tables(request: Request, kept: float, template: str) -> str:
    """All tables, with what they take for granted."""
    return (
        f"Prices of {prices.REGION} as of {prices.KNOWN_ON}, first tier, without free tier and taxes. "
        f"A request is billed {request.billed_ms:g} ms at {request.memory_mb} MB ({request.architecture}), "
        f"its answer has {request.answer_bytes:,} bytes, and it leaves "
        f"{request.line_bytes + request.system_bytes + request.access_bytes:,} bytes of log lines. Of those "
        f"that reach a function, {request.from_table:.0%} are taken to be answered from the table "
        f"({FROM_TABLE.reads:g} read units), {request.from_upstream:.0%} from upstream "
        f"({FROM_UPSTREAM.reads:g} read and {FROM_UPSTREAM.writes:g} write units; it takes "
        f"{MOST_CALLS_A_DAY:,} calls a day at most, and beyond that the table is taken to answer), the rest "
        "from memory.\n\n"
        f"Without a distribution:\n\n{table(request, template)}\n"
        f"With one (`Cdn=on`) that answers {kept:.0%} of all requests by itself:\n\n"
        f"{table(replace(request, kept=kept), template)}\n"
        f"What settings change:\n\n{choices(request, template)}"
    )


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with numbers in all columns but the first."""
    aligned = ["---", *("---:" for _ in header[1:])]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, aligned, *rows))


def main() -> int:
    """Print the tables, or write them. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.costs", description=__doc__)
    for field in fields(Request):
        flag = f"--{field.name.replace('_', '-')}"
        if field.name == "kept":
            parser.add_argument(
                flag, type=float, default=0.9, help="part that a distribution answers"
            )
        else:
            parser.add_argument(flag, type=type(field.default), default=field.default)
    parser.add_argument("--write", type=Path, metavar="FILE")
    given = vars(parser.parse_args())
    file, kept = given.pop("write"), given.pop("kept")
    written = tables(Request(**given), kept, (ROOT / "template.yaml").read_text())
    if file is None:
        print(written)
    else:
        file.write_text(_PLACE.sub(lambda _: f"\n{written}\n", file.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
