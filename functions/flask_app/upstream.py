"""Asking pypistats.org and blocking until it answers: one pooled session for all."""

import contextlib
import datetime as dt
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Final

import requests
from urllib3 import Timeout
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError

from flask_app.punctual import PunctualAdapter
from flask_app.settings import FlaskSettings
from pulse.account import account
from pulse.as_of import Loaded, loaded_day, own_as_of, supply
from pulse.freshness import fresh_until, newest_expected
from pulse.models import FetchedRows, Supply
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.network import Certificates
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
    body_reader,
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
    """pypistats.org, asked through a session that outlives invocations.

    Raises:
        InvalidSettings: the certificates that the settings name can't be loaded.
    """

    def __init__(self, settings: FlaskSettings, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._now = now
        self._settings = settings
        self._session = _Session()
        self._session.headers.update(REQUEST_HEADERS)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # keeps none
        self._session.trust_env = False  # what the environment says is in the settings
        if proxy := settings.network.proxy_for(settings.pypistats_url):
            self._session.proxies = {"all": proxy.url}
        if certificates := settings.network.certificates:
            self._session.verify = _checked(certificates)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, PunctualAdapter(pool_maxsize=settings.upstream_concurrency))

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
            recent = read_recent(ALL_OF_PYPI, self._get(ALL_OF_PYPI, RECENT, deadline))
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
        return read_answer(package, endpoint, self._get(package, endpoint, deadline))

    def _get(self, package: PackageName, endpoint: str, deadline: float) -> UpstreamAnswer:
        """GET, and once more if the connection failed and there is still time."""
        failure: UpstreamProblem = UpstreamTooSlow()
        for _ in range(MAX_ATTEMPTS):
            now = time.monotonic()
            if now >= deadline:
                break
            try:
                left_s = min(deadline - now, self._settings.upstream_timeout_s)
                return self._call(package, endpoint, left_s)
            except (requests.Timeout, ReadTimeoutError):
                failure = UpstreamTooSlow()
            except (requests.RequestException, HTTPError) as error:
                failure = _connection_problem(error)
        raise failure

    def _call(self, package: PackageName, endpoint: str, timeout_s: float) -> UpstreamAnswer:
        """One GET, over within `timeout_s`.

        Raises:
            UpstreamBroken: as `body_reader`.
        """
        with self._session.get(
            self._settings.pypistats_url + request_path(package, endpoint),
            timeout=Timeout(total=timeout_s, connect=CONNECT_TIMEOUT_S),  # type: ignore[arg-type] # requests takes one; its stubs don't know
            stream=True,
            allow_redirects=False,
        ) as response:
            body = body_reader(endpoint, response.status_code, response.headers)
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
                body.feed(chunk)
        return UpstreamAnswer(response.status_code, response.headers, body.finish(), self._now())


class _Session(requests.Session):
    """A session to which no answer is a redirect: it would read the whole body of one by itself."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - as requests has it
        return None


def _checked(certificates: Certificates) -> str:
    """Their path. `requests` would notice at the first call only that they can't be loaded."""
    try:
        if certificates.folder:
            next(Path(certificates.folder).iterdir(), None)
        ssl.create_default_context(cafile=certificates.file, capath=certificates.folder)
    except OSError as error:
        raise certificates.unusable(error) from None
    return certificates.path


def _connection_problem(error: Exception) -> UpstreamProblem:
    """Whether no connection could be made, or one broke off."""
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.exceptions.SSLError) or isinstance(cause, MaxRetryError):
        return UpstreamUnreachable()
    return UpstreamBroken.because("it broke off")
