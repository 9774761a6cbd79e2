"""Asking pypistats.org and blocking until it answers: one pooled session for all."""

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError, MaxRetryError, ReadTimeoutError

from flask_app.settings import FlaskSettings
from pulse.account import account
from pulse.as_of import Loaded, loaded_day, own_as_of, supply
from pulse.freshness import fresh_until, newest_expected
from pulse.models import FetchedRows, Supply
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import (
    Problem,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.pypistats import (
    MAX_ATTEMPTS,
    RECENT,
    REQUEST_HEADERS,
    Endpoint,
    UpstreamAnswer,
    read_answer,
    read_recent,
    request_path,
)

CONNECT_TIMEOUT_S: Final = 2
_CHUNK_BYTES: Final = 65536


def utc_now() -> dt.datetime:
    """The time of day, UTC, in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


class BlockingUpstream:
    """pypistats.org, asked through a session that outlives invocations."""

    def __init__(self, settings: FlaskSettings, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._now = now
        self._settings = settings
        self._session = requests.Session()
        self._session.headers.update(REQUEST_HEADERS)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=settings.upstream_concurrency))

    def fetch(self, package: PackageName, endpoint: Endpoint) -> Supply:
        """All rows of one package on one endpoint, within `DEADLINE_S`.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        outcome = self.fetch_all([package], endpoint)[package]
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    def fetch_all(
        self, packages: Iterable[PackageName], endpoint: Endpoint
    ) -> dict[PackageName, Supply | Problem]:
        """As `fetch` for each of `packages`, all within one `DEADLINE_S`.

        One after the other, or in threads, as `FLASK_FANOUT` says. A package that can't be had has
        its problem in the answer and disturbs no other.
        """
        deadline = self._deadline()

        def outcome(package: PackageName) -> FetchedRows | Problem:
            try:
                return self._fetch_known(package, endpoint, deadline)
            except Problem as problem:
                return problem

        distinct = list(dict.fromkeys(packages))
        with account().spending("upstream"):
            supplies = self._supplies(self._outcomes(outcome, distinct), deadline)
        for one in supplies.values():
            if isinstance(one, Problem):
                account().missed(one)
            else:
                account().had(one, "upstream", self._now())
        return supplies

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

    def _supplies(
        self, outcomes: Mapping[PackageName, FetchedRows | Problem], deadline: float
    ) -> dict[PackageName, Supply | Problem]:
        """The rows with the day that they are as of, for which `__all__` is asked once at most."""
        fetched = [one for one in outcomes.values() if isinstance(one, FetchedRows)]
        days = [own_as_of(one) for one in fetched]
        loaded = None
        if None in days:
            with contextlib.suppress(Problem):
                loaded = self._loaded(deadline)
        seen = max(filter(None, days), default=None)

        def supplied(outcome: FetchedRows | Problem) -> Supply | Problem:
            if isinstance(outcome, Problem):
                return outcome
            as_of = own_as_of(outcome)
            if as_of:
                return Supply(outcome, as_of, fresh_until(as_of, outcome.fetched_at))
            return supply(outcome, loaded, self._now(), seen)

        return {package: supplied(outcome) for package, outcome in outcomes.items()}

    def _loaded(self, deadline: float) -> Loaded:
        """The newest day that upstream has loaded, lost ones included."""
        everything = self._fetch(ALL_OF_PYPI, Endpoint.OVERALL, deadline)
        expected = newest_expected(everything.fetched_at)
        day = loaded_day(everything, expected)
        if day is None:
            recent = read_recent(ALL_OF_PYPI, self._answer(ALL_OF_PYPI, RECENT, deadline))
            day = loaded_day(everything, expected, recent) or expected
        return Loaded(day, everything.fetched_at)

    def _deadline(self) -> float:
        """The moment, on the monotonic clock, by which a request that starts now must end."""
        return time.monotonic() + self._settings.deadline_s

    def _fetch_known(
        self, package: PackageName, endpoint: Endpoint, deadline: float
    ) -> FetchedRows:
        """As `_fetch`; without rows, `overall` tells whether upstream knows the package."""
        fetched = self._fetch(package, endpoint, deadline)
        if not fetched.rows:
            self._fetch(package, Endpoint.OVERALL, deadline)
        return fetched

    def _fetch(self, package: PackageName, endpoint: Endpoint, deadline: float) -> FetchedRows:
        return read_answer(package, endpoint, self._answer(package, endpoint, deadline))

    def _answer(self, package: PackageName, endpoint: str, deadline: float) -> UpstreamAnswer:
        response, body = self._get(request_path(package, endpoint), deadline)
        return UpstreamAnswer(response.status_code, response.headers, body, self._now())

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


def _connection_problem(error: Exception) -> UpstreamProblem:
    """Whether no connection could be made, or one broke off."""
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.exceptions.SSLError) or isinstance(cause, MaxRetryError):
        return UpstreamUnreachable()
    return UpstreamBroken.because("it broke off")
