"""Fetches from pypistats.org with blocking I/O, over one pooled session."""

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

from flask_app.deadline import DeadlineAdapter
from flask_app.settings import FlaskSettings
from pulse.as_of import is_known, needs_recent, with_all, with_recent
from pulse.daily_counts import DailyCounts
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
    UpstreamAnswer,
    body_reader,
    read_answer,
    read_recent,
    request_path,
)
from pulse.questions import ALL_OVERALL, Answer, Breakdown, Question
from pulse.request_log import request_log

CONNECT_TIMEOUT_S: Final = 2
_CHUNK_BYTES: Final = 65536


def utc_now() -> dt.datetime:
    """The current time in UTC, in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


class BlockingUpstream:
    """pypistats.org, called through a session that outlives invocations.

    Raises:
        InvalidSettings: the configured certificates can't be loaded.
    """

    def __init__(self, settings: FlaskSettings, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._now = now
        self._settings = settings
        self._session = _Session()
        self._session.headers.update(REQUEST_HEADERS)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # no cookies
        self._session.trust_env = False  # the settings have read the environment
        if proxy := settings.network.proxy_for(settings.pypistats_url):
            self._session.proxies = {"all": proxy.url}
        if certificates := settings.network.certificates:
            self._session.verify = _checked(certificates)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, DeadlineAdapter(pool_maxsize=settings.upstream_concurrency))

    def fetch(self, question: Question) -> DailyCounts:
        """The answer to one question, within `DEADLINE_S`.

        Raises:
            UnknownPackage: upstream does not know the package.
            UpstreamProblem: upstream failed; see its subclasses in `pulse.problems`.
        """
        answer = self.fetch_all([question])[question]
        if isinstance(answer, Problem):
            raise answer
        return answer

    def fetch_all(self, questions: Iterable[Question]) -> dict[Question, Answer]:
        """The answers to a request's questions, all within one `DEADLINE_S`.

        Fetched one by one or in threads, as `FLASK_FANOUT` says. The answer to a question that fails is
        its problem; the other questions are not affected.
        """
        deadline = time.monotonic() + self._settings.deadline_s
        with request_log().timed("upstream"):
            answers = self._dated(self._answers(list(dict.fromkeys(questions)), deadline), deadline)
        for answer in answers.values():
            if isinstance(answer, Problem):
                request_log().failed(answer)
            else:
                request_log().hit(answer, "upstream", self._now())
        return answers

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _answers(self, questions: list[Question], deadline: float) -> dict[Question, Answer]:
        """The answers, fetched one by one or in threads."""

        def answer(question: Question) -> Answer:
            try:
                return self._fetch_known(question, deadline)
            except Problem as problem:
                return problem.without_traceback()

        if self._settings.flask_fanout == "sequential":
            return {question: answer(question) for question in questions}
        with ThreadPoolExecutor(self._settings.upstream_concurrency) as threads:
            return dict(zip(questions, threads.map(answer, questions), strict=True))

    def _dated(self, answers: Mapping[Question, Answer], deadline: float) -> dict[Question, Answer]:
        """The answers with a final `as_of`; fetches `__all__` at most once, if any answer needs it."""
        counts = [answer for answer in answers.values() if isinstance(answer, DailyCounts)]
        if all(map(is_known, counts)):
            return dict(answers)
        everything = None
        with contextlib.suppress(Problem):
            everything = self._everything(deadline)
        seen = max((one.as_of for one in counts if is_known(one)), default=None)
        return {
            question: with_all(answer, everything, self._now(), seen)
            if isinstance(answer, DailyCounts) and not is_known(answer)
            else answer
            for question, answer in answers.items()
        }

    def _everything(self, deadline: float) -> DailyCounts:
        """The counts of `__all__`, with `as_of`; it is a guess if upstream's own sums are needed and fail."""
        everything = self._fetch(ALL_OVERALL, deadline)
        if not needs_recent(everything):
            return everything
        try:
            answer = self._get(ALL_OF_PYPI, RECENT, deadline)
            return with_recent(everything, read_recent(ALL_OF_PYPI, answer))
        except Problem:
            return everything

    def _fetch_known(self, question: Question, deadline: float) -> DailyCounts:
        """As `_fetch`; if there are no rows, checks with `overall` that the package exists."""
        counts = self._fetch(question, deadline)
        if not counts.counts:
            self._fetch(question._replace(breakdown=Breakdown.OVERALL), deadline)
        return counts

    def _fetch(self, question: Question, deadline: float) -> DailyCounts:
        return read_answer(question, self._get(question.package, question.breakdown, deadline))

    def _get(self, package: PackageName, endpoint: str, deadline: float) -> UpstreamAnswer:
        """GET an endpoint; retry once after a connection error if there is time left."""
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
        """One GET that takes at most `timeout_s`.

        Raises:
            UpstreamBroken: as `body_reader`.
        """
        with self._session.get(
            self._settings.pypistats_url + request_path(package, endpoint),
            timeout=Timeout(total=timeout_s, connect=CONNECT_TIMEOUT_S),  # type: ignore[arg-type] # requests accepts it; its stubs don't
            stream=True,
            allow_redirects=False,
        ) as response:
            body = body_reader(endpoint, response.status_code, response.headers)
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
                body.feed(chunk)
        return UpstreamAnswer(response.status_code, response.headers, body.finish(), self._now())


class _Session(requests.Session):
    """A session that ignores redirects: requests would read a redirect's whole body, without a limit."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' signature
        return None


def _checked(certificates: Certificates) -> str:
    """The path of the certificates, after loading them: `requests` loads them only at the first call."""
    try:
        if certificates.folder:
            next(Path(certificates.folder).iterdir(), None)
        ssl.create_default_context(cafile=certificates.file, capath=certificates.folder)
    except OSError as error:
        raise certificates.unusable(error) from None
    return certificates.path


def _connection_problem(error: Exception) -> UpstreamProblem:
    """The problem for a connection error: no connection, or a broken one."""
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.exceptions.SSLError) or isinstance(cause, MaxRetryError):
        return UpstreamUnreachable()
    return UpstreamBroken.because("it broke off")
