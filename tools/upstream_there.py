"""Whether an API like pypistats.org's answers at a URL."""

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
from pulse_io.clocks import utc_now
from pulse_io.tls import tls_context
from tools.addresses import (
    open_blocking_client,
    received,
    redirected_base,
    why_unreachable,
)

TIMEOUT_S: Final = 3
QUESTION: Final = Question(ALL_OF_PYPI, Breakdown.OVERALL)
PATH: Final = request_path(QUESTION.package, QUESTION.breakdown)
"""Every such API answers it, and nothing else does."""

_HEADERS: Final = {**REQUEST_HEADERS, "Accept-Encoding": "identity"}


def why_not_there(url: str, network: Network) -> str | None:
    """Send one request; returns None if such an API answers, also with 429, else why it can't be used.

    Raises:
        InvalidSettings: Something else answers, or a proxy or certificate setting is invalid.
    """
    body = b""
    try:
        tls = tls_context(network.certificates)
        with (
            open_blocking_client(url, network, tls, timeout_s=TIMEOUT_S) as client,
            client.stream("GET", PATH, headers=_HEADERS) as answer,
        ):
            reader = body_reader(Breakdown.OVERALL, answer.status_code, answer.headers)
            for chunk in answer.iter_raw():
                body += chunk
                reader.feed(chunk)
            read = UpstreamAnswer(answer.status_code, answer.headers, reader.finish(), utc_now())
        if answer.is_server_error or answer.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            proxy = network.proxy_for(url)
            return received(answer, body) + (f", through the proxy of {proxy}" if proxy else "")
        read_answer(QUESTION, read)
    except httpx.TransportError as error:
        return why_unreachable(error, url, network)
    except UpstreamThrottled:
        return None
    except Problem:
        better = redirected_base(answer)
        raise InvalidSettings(
            f"{url} does not answer as pypistats.org does: GET {PATH} gets {received(answer, body)}. Set "
            f"PYPISTATS_URL to {better or 'the base URL of an API that does'}."
        ) from None
    return None
