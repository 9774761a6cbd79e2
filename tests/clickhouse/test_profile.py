"""The server refuses, truncates and counts as ClickHouse's public endpoint was seen to do."""

from http import HTTPStatus
from typing import Final

import httpx
import pytest

from tests.clickhouse.asking import THROW, TIMEOUT_S, ask, error_code
from tests.clickhouse.conftest import FEW_QUERIES
from tools.clickhouse.server import ClickHouse

MANY_ROWS: Final = 500_000
ASK_MANY_ROWS: Final = f"SELECT number FROM numbers({MANY_ROWS})"
COUNTED: Final = "SELECT sum(count) FROM pypi.pypi_downloads"


def test_too_many_rows_are_silently_truncated(server: ClickHouse) -> None:
    """At the end of the block in which the limit of 1,000 lies."""
    answer = ask(server, ASK_MANY_ROWS, wait_end_of_query="1")
    assert answer.status_code == HTTPStatus.OK
    assert error_code(answer) is None
    assert 1000 < answer.text.count("\n") < MANY_ROWS


def test_too_many_rows_are_an_error_if_asked_for(server: ClickHouse) -> None:
    answer = ask(server, ASK_MANY_ROWS, wait_end_of_query="1", **THROW)
    assert (answer.status_code, error_code(answer)) == (HTTPStatus.INTERNAL_SERVER_ERROR, 396)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("max_result_rows", "100000"), ("max_execution_time", "1"), ("readonly", "0")],
)
def test_other_settings_are_read_only(server: ClickHouse, setting: str, value: str) -> None:
    answer = ask(server, "SELECT 1", **{setting: value})
    assert (answer.status_code, error_code(answer)) == (HTTPStatus.INTERNAL_SERVER_ERROR, 164)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO pypi.pypi_downloads VALUES ('requests', 1)",
        "DROP TABLE pypi.pypi_downloads",
        "CREATE TABLE pypi.mine (a Int64) ENGINE = Memory",
    ],
)
def test_nothing_can_be_written(server: ClickHouse, statement: str) -> None:
    assert error_code(ask(server, statement)) == 164


def test_parameters_that_are_no_settings_are_allowed(server: ClickHouse) -> None:
    answer = ask(
        server,
        "SELECT {names:Array(String)} AS names",
        param_names="['a', 'b\\'; DROP']",
        database="pypi",
        default_format="JSONCompact",
        query_id="pulse-test",
        wait_end_of_query="1",
    )
    assert answer.json()["data"] == [[["a", "b'; DROP"]]]
    assert answer.headers["X-ClickHouse-Query-Id"] == "pulse-test"


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELEC 1", HTTPStatus.BAD_REQUEST, 62),
        ("SELECT toDate('no date')", HTTPStatus.BAD_REQUEST, 38),
        ("SELECT {absent:String}", HTTPStatus.INTERNAL_SERVER_ERROR, 456),
        ("SELECT 1 FROM pypi.no_such_table", HTTPStatus.NOT_FOUND, 60),
        ("SELECT 1 FROM no_such_database.pypi", HTTPStatus.NOT_FOUND, 81),
    ],
)
def test_wrong_query(server: ClickHouse, sql: str, status: HTTPStatus, code: int) -> None:
    answer = ask(server, sql, wait_end_of_query="1")
    assert (answer.status_code, error_code(answer)) == (status, code)


def test_too_slow_query(server: ClickHouse) -> None:
    """The public limit is a minute, and only `default` may set a shorter one."""
    sql = "SELECT sleepEachRow(0.1) FROM numbers(100) SETTINGS max_block_size = 1, max_execution_time = 0.1"
    answer = ask(server, sql, user="default", wait_end_of_query="1")
    assert (answer.status_code, error_code(answer)) == (HTTPStatus.REQUEST_TIMEOUT, 159)


LATE_ERROR: Final = (
    "SELECT randomPrintableASCII(1000), throwIf(number = 9000) FROM numbers(10000) "
    "SETTINGS max_block_size = 100"
)


def test_error_after_the_head(server: ClickHouse) -> None:
    """The status is 200, and the body breaks off with the error."""
    chunks: list[bytes] = []
    with httpx.stream(
        "POST", server.url, content=LATE_ERROR, timeout=TIMEOUT_S, trust_env=False
    ) as begun:
        assert begun.status_code == HTTPStatus.OK
        assert error_code(begun) is None
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            chunks.extend(begun.iter_bytes())
    assert b"__exception__" in b"".join(chunks)[-1000:]


def test_error_before_the_head_if_the_end_is_waited_for(server: ClickHouse) -> None:
    waited = ask(server, LATE_ERROR, user="default", wait_end_of_query="1")
    assert (waited.status_code, error_code(waited)) == (HTTPStatus.INTERNAL_SERVER_ERROR, 395)


def test_quota(server_with_quota: ClickHouse) -> None:
    """Counted from a full hour on: if one begins meanwhile, more is allowed."""
    answers = [ask(server_with_quota, COUNTED) for _ in range(2 * FEW_QUERIES + 1)]
    refused = next(answer for answer in answers if answer.status_code != HTTPStatus.OK)
    assert [answer.status_code for answer in answers[:FEW_QUERIES]] == [200] * FEW_QUERIES
    assert (refused.status_code, error_code(refused)) == (HTTPStatus.INTERNAL_SERVER_ERROR, 201)
    assert "Interval will end at 20" in refused.text


def test_quota_does_not_count_questions_without_a_table(server_with_quota: ClickHouse) -> None:
    for _ in range(FEW_QUERIES + 1):
        ask(server_with_quota, "SELECT 1").raise_for_status()
        ask(server_with_quota, "SELECT queries FROM system.quota_usage").raise_for_status()
    assert ask(server_with_quota, COUNTED).status_code == HTTPStatus.OK


def test_password(server_with_password: ClickHouse) -> None:
    assert ask(server_with_password, COUNTED).status_code == HTTPStatus.OK
    for wrong in ("", "wrong", "x" + server_with_password.password):
        answer = ask(server_with_password, COUNTED, password=wrong)
        assert (answer.status_code, error_code(answer)) == (HTTPStatus.FORBIDDEN, 516)


def test_answers_are_marked_as_invented(server: ClickHouse) -> None:
    assert ask(server, COUNTED).headers["X-Pulse-Source"] == "simulated"
