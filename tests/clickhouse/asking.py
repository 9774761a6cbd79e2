"""Asks a ClickHouse server as anyone asks the public endpoint."""

from typing import Final

import httpx

from tools.clickhouse.server import USER, ClickHouse

THROW: Final = {"result_overflow_mode": "throw", "read_overflow_mode": "throw"}
"""The settings that make too large a result an error."""

TIMEOUT_S: Final = 30


def ask(
    server: ClickHouse,
    sql: str,
    *,
    user: str = USER,
    password: str | None = None,
    **parameters: str,
) -> httpx.Response:
    """The answer to a query; `password` is the right one if not given, `parameters` are those of the URL."""
    if password is None:
        password = server.password if user == USER else ""
    return ask_at(server.url, sql, user=user, password=password, **parameters)


def ask_at(
    url: str, sql: str, *, user: str = USER, password: str = "", **parameters: str
) -> httpx.Response:
    """As `ask`, of the server at this URL."""
    return httpx.post(
        url,
        params=parameters,
        content=sql,
        headers=httpx.Headers(
            {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}, encoding="utf-8"
        ),
        timeout=TIMEOUT_S,
        trust_env=False,
    )


def error_code(answer: httpx.Response) -> int | None:
    """ClickHouse's number of the error, if the head of the answer says that there is one."""
    code = answer.headers.get("X-ClickHouse-Exception-Code")
    return None if code is None else int(code)
