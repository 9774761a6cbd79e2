"""Asking pypistats.org and blocking until it answers: one pooled session for all."""

import datetime as dt
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError, MaxRetryError, ReadTimeoutError

from flask_app.settings import FlaskSettings
from pulse.account import account
from pulse.models import FetchedRows
from pulse.names import PackageName
from pulse.problems import (
    Problem,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.pypistats import (
    MAX_ATTEMPTS,
    REQUEST_HEADERS,
    Endpoint,
    UpstreamAnswer,
    read_answer,
    request_path,
)

CONNECT_TIMEOUT_S: Final = 2
_CHUNK_BYTES: Final = 65536


class BlockingUpstream:
    """pypistats.org, asked through a session that outlives invocations."""

    def __init__(self, settings: FlaskSettings) -> None:
        self._settings = settings
        self._session = requests.Session()
        self._session.headers.update(REQUEST_HEADERS)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=settings.upstream_concurrency))

    def fetch(self, package: PackageName, endpoint: Endpoint) -> FetchedRows:
        """All rows of one package on one endpoint, within `DEADLINE_S`.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        with account().spending("upstream"):
            try:
                fetched = self._fetch(package, endpoint, self._deadline())
            except Problem as problem:
                account().missed(problem)
                raise
        _note(fetched)
        return fetched

    def fetch_all(
        self, packages: Iterable[PackageName], endpoint: Endpoint
    ) -> dict[PackageName, FetchedRows | Problem]:
        """As `fetch` for each of `packages`, all within one `DEADLINE_S`.

        One after the other, or in threads, as `FLASK_FANOUT` says. A package that can't be had has
        its problem in the answer and disturbs no other.
        """
        deadline = self._deadline()

        def outcome(package: PackageName) -> FetchedRows | Problem:
            try:
                return self._fetch(package, endpoint, deadline)
            except Problem as problem:
                return problem

        distinct = list(dict.fromkeys(packages))
        with account().spending("upstream"):
            outcomes = self._outcomes(outcome, distinct)
        for one in outcomes.values():
            if isinstance(one, Problem):
                account().missed(one)
            else:
                _note(one)
        return outcomes

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _outcomes(
        self,
        outcome: Callable[[PackageName], FetchedRows | Problem],
        packages: list[PackageName],
    ) -> dict[PackageName, FetchedRows | Problem]:
        """The outcome for each package, one after the other or in threads."""
        if self._settings.flask_fanout == "sequential":
            return {package: outcome(package) for package in packages}
        with ThreadPoolExecutor(self._settings.upstream_concurrency) as threads:
            return dict(zip(packages, threads.map(outcome, packages), strict=True))

    def _deadline(self) -> float:
        """The moment, on the monotonic clock, by which a request that starts now must end."""
        return time.monotonic() + self._settings.deadline_s

    def _fetch(self, package: PackageName, endpoint: Endpoint, deadline: float) -> FetchedRows:
        response, body = self._get(request_path(package, endpoint), deadline)
        fetched_at = dt.datetime.now(dt.UTC).replace(microsecond=0)
        answer = UpstreamAnswer(response.status_code, response.headers, body, fetched_at)
        return read_answer(package, endpoint, answer)

    def _get(self, path: str, deadline: float) -> tuple[requests.Response, bytes]:
        """GET, and once more if the connection failed and there is still time."""
        failure: UpstreamProblem = UpstreamTooSlow()
        for _ in range(MAX_ATTEMPTS):
            now = time.monotonic()
            if now >= deadline:
                break
            try:
                return self._attempt(path, min(deadline, now + self._settings.upstream_timeout_s))
            except (requests.Timeout, ReadTimeoutError, TimeoutError):
                failure = UpstreamTooSlow()
            except DecodeError:
                raise UpstreamBroken.because("its encoding is wrong") from None
            except (requests.ConnectionError, HTTPError) as error:
                failure = _connection_problem(error)
        raise failure

    def _attempt(self, path: str, until: float) -> tuple[requests.Response, bytes]:
        """One GET, whose body is over by `until`: a read timeout alone lets a slow drip go on.

        The head is not: `requests` offers no hold on a connection before the head is there, and a
        head that drips outlasts `until`. Asynchronous code needs no hold: it is cancelled.
        """
        left = until - time.monotonic()
        with self._session.get(
            self._settings.pypistats_url + path,
            timeout=(min(CONNECT_TIMEOUT_S, left), left),
            stream=True,
            allow_redirects=False,
        ) as response:
            body = bytearray()
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                body += chunk
                if time.monotonic() >= until:
                    raise TimeoutError
            return response, bytes(body)


def _note(fetched: FetchedRows) -> None:
    account().had(fetched, "upstream", dt.datetime.now(dt.UTC))


def _connection_problem(error: Exception) -> UpstreamProblem:
    """Whether no connection could be made, or one broke off."""
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.exceptions.SSLError) or isinstance(cause, MaxRetryError):
        return UpstreamUnreachable()
    return UpstreamBroken.because("it broke off")
