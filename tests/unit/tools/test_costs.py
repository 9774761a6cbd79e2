from dataclasses import replace

import pytest

from tools.costs import FROM_TABLE, FROM_UPSTREAM, MOST_CALLS_A_DAY, TOTAL, Traffic, month

TEMPLATE = "Type: AWS::CloudWatch::Alarm\nType: AWS::Logs::MetricFilter\n"
MILLION_A_MONTH = 1_000_000 / 30


IDLE = Traffic(
    billed_ms=0,
    answer_bytes=0,
    from_table=0,
    from_upstream=0,
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


def test_the_table_is_paid_by_unit() -> None:
    found = one_million(replace(IDLE, from_table=1))["reads and writes of the table"]
    assert found == pytest.approx(FROM_TABLE.reads * 0.125)
    fetched = one_million(replace(IDLE, from_upstream=1))["reads and writes of the table"]
    assert fetched == pytest.approx(FROM_UPSTREAM.reads * 0.125 + FROM_UPSTREAM.writes * 0.625)


def test_upstream_is_called_no_more_than_it_allows() -> None:
    calls_allowed = month(MOST_CALLS_A_DAY, replace(IDLE, from_upstream=1), TEMPLATE)[
        "reads and writes of the table"
    ]
    wanted_twice = month(2 * MOST_CALLS_A_DAY, replace(IDLE, from_upstream=1), TEMPLATE)[
        "reads and writes of the table"
    ]
    found = month(MOST_CALLS_A_DAY, replace(IDLE, from_table=1), TEMPLATE)[
        "reads and writes of the table"
    ]
    assert wanted_twice == pytest.approx(calls_allowed + found)


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
