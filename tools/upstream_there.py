"""Whether an API like pypistats.org's, or ClickHouse, answers at a URL."""

import asyncio
from http import HTTPStatus
from typing import Final

import httpx

from pulse.names import ALL_OF_PYPI
from pulse.network import InvalidSettings, Network
from pulse.problems import Problem, UpstreamThrottled
from pulse.pypistats import (
    REQUEST_HEADERS,
    UpstreamAnswer,
    body_reader,
    read_answer,
    request_path,
)
from pulse.questions import Breakdown, Question
from pulse_io.clients import open_client
from pulse_io.clocks import utc_now
from tools.addresses import received, redirected_base, why_unreachable

TIMEOUT_S: Final = 3
"""For a connection, and for each part of the answer."""

TOTAL_S: Final = 6
MAX_BODY_BYTES: Final = 1_000_000
QUESTION: Final = Question(ALL_OF_PYPI, Breakdown.OVERALL)
PATH: Final = request_path(QUESTION.package, QUESTION.breakdown)
"""Every such API answers it, and nothing else does."""

PING: Final = "/ping"
"""ClickHouse answers it without a login, and counts no query."""

_HEADERS: Final = {**REQUEST_HEADERS, "Accept-Encoding": "identity"}


class _NotThereError(Exception):
    """There is no answer, or one that means that the server is out of order; the message says which."""


def why_not_there(url: str, network: Network) -> str | None:
    """Send one request; returns None if such an API answers, also with 429, else why it can't be used.

    Raises:
        InvalidSettings: Something else answers, or a proxy or certificate setting is invalid.
    """
    try:
        answer, body = asyncio.run(_get(url, PATH, network))
    except _NotThereError as reason:
        return str(reason)
    try:
        reader = body_reader(Breakdown.OVERALL, answer.status_code, answer.headers)
        reader.feed(body)
        read = UpstreamAnswer(answer.status_code, answer.headers, reader.finish(), utc_now())
        read_answer(QUESTION, read)
    except UpstreamThrottled:
        return None
    except Problem:
        better = redirected_base(answer)
        raise InvalidSettings(
            f"{url} does not answer as pypistats.org does: GET {PATH} gets {received(answer, body)}. Set "
            f"PYPISTATS_URL to {better or 'the base URL of an API that does'}."
        ) from None
    return None


def why_no_clickhouse(url: str, network: Network) -> str | None:
    """As `why_not_there`, for ClickHouse's HTTP interface.

    Raises:
        InvalidSettings: as `why_not_there`.
    """
    try:
        answer, body = asyncio.run(_get(url, PING, network))
    except _NotThereError as reason:
        return str(reason)
    if answer.status_code != HTTPStatus.OK or body.strip() != b"Ok.":
        better = redirected_base(answer)
        raise InvalidSettings(
            f"{url} does not answer as ClickHouse does: GET {PING} gets {received(answer, body)}. Set "
            f"CLICKHOUSE_URL to {better or 'the address of its HTTP interface'}."
        )
    return None


async def _get(url: str, path: str, network: Network) -> tuple[httpx.Response, bytes]:
    """The answer, and the beginning of its body.

    Raises:
        _NotThereError: see there.
    """
    client = open_client(url, network, timeout=httpx.Timeout(TIMEOUT_S), max_connections=1)
    body = b""
    try:
        async with (
            asyncio.timeout(TOTAL_S),
            client,
            client.stream("GET", path, headers=_HEADERS) as answer,
        ):
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    break
    except TimeoutError:
        raise _NotThereError(f"no whole answer in {TOTAL_S} seconds") from None
    except httpx.TransportError as error:
        raise _NotThereError(why_unreachable(error, url, network)) from error
    if answer.is_server_error or answer.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        proxy = network.proxy_for(url)
        through = f", through the proxy of {proxy}" if proxy else ""
        raise _NotThereError(received(answer, body) + through)
    return answer, body
