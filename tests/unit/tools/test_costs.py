import re
from dataclasses import replace

import pytest

from tools.costs import (
    COLLECTED,
    COLLECTED_PER_MINUTE,
    FROM_HISTORY,
    FROM_TABLE,
    FROM_UPSTREAM,
    INTO_HISTORY,
    MOST_CALLS_A_DAY,
    RUNS_A_DAY,
    TOTAL,
    Traffic,
    month,
    tracking,
)
from tools.runtime.sam import template

METRIC = "- MetricNamespace: Pulse\n  MetricName: Own\n"
TEMPLATE = f"Type: AWS::CloudWatch::Alarm\n{METRIC}{METRIC}"
"""Two filters of one metric."""
MILLION_A_MONTH = 1_000_000 / 30
TABLES = "reads and writes of the tables"


IDLE = Traffic(
    billed_ms=0,
    answer_bytes=0,
    from_table=0,
    from_upstream=0,
    from_history=0,
    line_bytes=0,
    system_bytes=0,
    access_bytes=0,
)


def one_million(traffic: Traffic = IDLE) -> dict[str, float]:
    """A month in which a million requests come."""
    return month(MILLION_A_MONTH, traffic, TEMPLATE)


def test_a_million_requests_cost_what_aws_asks_for_them() -> None:
    assert one_million()["requests, of API Gateway and Lambda"] == pytest.approx(1.20)


def test_compute_is_memory_times_time() -> None:
    # A GB for a second, a million times.
    computed = one_million(replace(IDLE, billed_ms=1000, memory_mb=1024))
    assert computed["compute of Lambda"] == pytest.approx(16.6667)
    assert (
        one_million(replace(IDLE, billed_ms=1000, memory_mb=1024, architecture="arm64"))[
            "compute of Lambda"
        ]
        < computed["compute of Lambda"]
    )


def test_a_gigabyte_of_lines_is_taken_in_and_kept() -> None:
    assert one_million(replace(IDLE, line_bytes=1000))[
        "log lines, taken in and kept for 30 days"
    ] == pytest.approx(0.53)


def test_tables_are_paid_by_unit() -> None:
    found = one_million(replace(IDLE, from_table=1))[TABLES]
    assert found == pytest.approx(FROM_TABLE.reads * 0.125)
    fetched = one_million(replace(IDLE, from_upstream=1))[TABLES]
    reads, writes = map(sum, zip(FROM_UPSTREAM, INTO_HISTORY, strict=True))
    assert fetched == pytest.approx(reads * 0.125 + writes * 0.625)
    reached_back = one_million(replace(IDLE, from_history=1))[TABLES]
    assert reached_back == pytest.approx(FROM_HISTORY.reads * 0.125)


def test_upstream_is_called_no_more_than_it_allows() -> None:
    allowed = month(MOST_CALLS_A_DAY, replace(IDLE, from_upstream=1), TEMPLATE)[TABLES]
    twice = month(2 * MOST_CALLS_A_DAY, replace(IDLE, from_upstream=1), TEMPLATE)[TABLES]
    found = month(MOST_CALLS_A_DAY, replace(IDLE, from_table=1), TEMPLATE)[TABLES]
    assert twice == pytest.approx(allowed + found)


def test_tracking_is_paid_by_package_and_time() -> None:
    nothing, thousand = (tracking(packages, 256, "x86_64") for packages in (0, 1_000))
    per_package_s = 60 / COLLECTED_PER_MINUTE
    assert thousand.run_s - nothing.run_s == pytest.approx(1_000 * per_package_s)
    assert thousand.units.writes == 1_000 * COLLECTED.writes
    # A quarter of a GB for 5,000 seconds of each of 30 days.
    compute = thousand.items["compute of Lambda"] - nothing.items["compute of Lambda"]
    assert compute == pytest.approx(0.25 * 5_000 * 30 * 0.0000166667)
    assert thousand.items.pop(TOTAL) == pytest.approx(sum(thousand.items.values()))


def test_tracking_is_as_the_template_schedules_and_limits_it() -> None:
    function = template()["Resources"]["CollectorFunction"]["Properties"]
    runs = 0
    for event in function["Events"].values():
        minutes, hours = re.findall(r"[\d,/-]+", event["Properties"]["Schedule"])
        each = minutes.count(",") + 1 if "," in minutes else 60 // int(minutes.partition("/")[2])
        first, _, last = hours.partition("-")
        runs += each * (int(last or first) - int(first) + 1)
    assert runs == RUNS_A_DAY
    variables = function["Environment"]["Variables"]
    assert int(variables["COLLECTOR_PER_MINUTE"]) == COLLECTED_PER_MINUTE


def test_what_a_distribution_keeps_never_reaches_the_rest() -> None:
    kept = one_million(replace(IDLE, cdn=0.9, answer_bytes=1000))
    assert kept["requests, of API Gateway and Lambda"] == pytest.approx(0.12)
    assert kept["requests and sending of CloudFront"] == pytest.approx(1.00 + 0.085)
    assert kept["sending answers from API Gateway"] == 0


def test_traces_are_a_request_a_second_and_a_twentieth_of_the_others() -> None:
    busy = month(2 * 86_400, Traffic(traced=1), TEMPLATE)
    assert busy["traces of X-Ray"] == pytest.approx(86_400 * 30 * 1.05 * 5 / 1_000_000)


def test_what_watches_is_counted_in_the_template() -> None:
    assert one_million()["alarms, metrics and the dashboard"] == pytest.approx(0.40)


def test_the_total_is_all_of_it() -> None:
    whole = one_million(replace(IDLE, billed_ms=10, traced=1))
    assert whole.pop(TOTAL) == pytest.approx(sum(whole.values()))
