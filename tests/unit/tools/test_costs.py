from dataclasses import replace

import pytest

from tools.costs import FROM_TABLE, FROM_UPSTREAM, MOST_CALLS_A_DAY, Month, Request, month

TEMPLATE = "Type: AWS::CloudWatch::Alarm\nType: AWS::Logs::MetricFilter\n"
MILLION_A_MONTH = 1_000_000 / 30


IDLE = Request(
    billed_ms=0,
    answer_bytes=0,
    from_table=0,
    from_upstream=0,
    line_bytes=0,
    system_bytes=0,
    access_bytes=0,
)


def one_million(request: Request = IDLE) -> Month:
    """A month in which a million requests come."""
    return month(MILLION_A_MONTH, request, TEMPLATE)


def test_a_million_requests_cost_what_aws_asks_for_them() -> None:
    assert one_million().requests == pytest.approx(1.20)


def test_compute_is_memory_times_time() -> None:
    # A GB for a second, a million times.
    computed = one_million(replace(IDLE, billed_ms=1000, memory_mb=1024))
    assert computed.compute == pytest.approx(16.6667)
    assert (
        one_million(replace(IDLE, billed_ms=1000, memory_mb=1024, architecture="arm64")).compute
        < computed.compute
    )


def test_a_gigabyte_of_lines_is_taken_in_and_kept() -> None:
    assert one_million(replace(IDLE, line_bytes=1000)).logs == pytest.approx(0.53)


def test_the_table_is_paid_by_unit() -> None:
    found = one_million(replace(IDLE, from_table=1)).table
    assert found == pytest.approx(FROM_TABLE.reads * 0.125)
    fetched = one_million(replace(IDLE, from_upstream=1)).table
    assert fetched == pytest.approx(FROM_UPSTREAM.reads * 0.125 + FROM_UPSTREAM.writes * 0.625)


def test_upstream_is_called_no_more_than_it_allows() -> None:
    calls_allowed = month(MOST_CALLS_A_DAY, replace(IDLE, from_upstream=1), TEMPLATE).table
    wanted_twice = month(2 * MOST_CALLS_A_DAY, replace(IDLE, from_upstream=1), TEMPLATE).table
    found = month(MOST_CALLS_A_DAY, replace(IDLE, from_table=1), TEMPLATE).table
    assert wanted_twice == pytest.approx(calls_allowed + found)


def test_what_a_distribution_keeps_never_reaches_the_rest() -> None:
    kept = one_million(replace(IDLE, kept=0.9, answer_bytes=1000))
    assert kept.requests == pytest.approx(0.12)
    assert kept.distribution == pytest.approx(1.00 + 0.085)
    assert kept.transfer == 0


def test_traces_are_a_request_a_second_and_a_twentieth_of_the_others() -> None:
    busy = month(2 * 86_400, Request(traced=1), TEMPLATE)
    assert busy.tracing == pytest.approx(86_400 * 30 * 1.05 * 5 / 1_000_000)


def test_what_watches_is_counted_in_the_template() -> None:
    assert one_million().watching == pytest.approx(0.40)


def test_the_total_is_all_of_it() -> None:
    whole = one_million(replace(IDLE, billed_ms=10, traced=1))
    assert whole.total == pytest.approx(sum(vars(whole).values()))
