"""`make smoke` accepts a correct API and names each violation of an incorrect one."""

import json
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.http.conftest import NOON
from tests.http.gateway import Change, Passing, flask_served, gateway, unchanged
from tests.http.served import Clock, served
from tests.serving import answering
from tools.contract import COMMITTED
from tools.fake_pypistats import FakePypistats
from tools.smoke import caches, documents, failures, figures, pages, traces, twin
from tools.smoke.__main__ import main
from tools.smoke.live import Live, client_for
from tools.smoke.promises import Promise, try_all

PACKAGE = re.compile(r"(/flask)?/packages/requests(\?.*)?$")
# Upstream accepts 30 calls a minute per client.
CALLS_OF_A_RUN = 12

Smoke = Callable[..., int]
Promises = tuple[Promise, ...]


@dataclass(frozen=True)
class Variants:
    """Both variants, each on its own port, and their upstream."""

    fastapi: str
    flask: str
    fake_pypistats: FakePypistats

    @contextmanager
    def behind_one_address(
        self, *, before: Change = unchanged, after: Change = unchanged
    ) -> Iterator[str]:
        with gateway(self.fastapi, self.flask, before=before, after=after) as url:
            yield url


@pytest.fixture(scope="module")
def variants() -> Iterator[Variants]:
    """All tests share the variants, since only the gateway changes responses."""
    now = Clock(NOON)
    with (
        FakePypistats(now=now, limits=False) as fake_pypistats,
        served(fake_pypistats.url, now) as api,
        flask_served(fake_pypistats.url, now) as flask,
    ):
        yield Variants(api.url, flask, fake_pypistats)


@pytest.fixture
def smoke(variants: Variants, monkeypatch: pytest.MonkeyPatch) -> Smoke:
    """The exit status for both variants behind a gateway that changes what passes."""

    def run(*options: str, before: Change = unchanged, after: Change = unchanged) -> int:
        with variants.behind_one_address(before=before, after=after) as url:
            monkeypatch.setattr(sys, "argv", ["smoke", url, *options])
            return main()

    return run


def without(name: str) -> Change:
    """A response without a header."""

    def change(passing: Passing) -> None:
        passing.headers.pop(name, None)

    return change


def replaced(pattern: re.Pattern[str], old: str, new: str) -> Change:
    """Another body for paths like this."""

    def change(passing: Passing) -> None:
        if pattern.match(passing.path):
            passing.body = re.sub(old.encode(), new.encode(), passing.body)

    return change


def unasked(name: str) -> Change:
    """A request without a header."""

    def change(passing: Passing) -> None:
        passing.asked = {k: v for k, v in passing.asked.items() if k.lower() != name}

    return change


def failing(path: str, status: int) -> Change:
    """Another status for paths that contain this."""

    def change(passing: Passing) -> None:
        if path in passing.path:
            passing.status = status

    return change


def reordered(passing: Passing) -> None:
    if passing.path.startswith("/compare") and passing.status == httpx.codes.OK:
        passing.body = json.dumps({"packages": json.loads(passing.body)["packages"][::-1]}).encode()


def as_html(passing: Passing) -> None:
    if passing.status >= httpx.codes.BAD_REQUEST:
        passing.headers["content-type"] = "text/html"


ON_THE_WAY_BACK: dict[str, tuple[Promises, Change, str]] = {
    "no ETag": (caches.PROMISES, without("etag"), "its ETag is missing"),
    "no lifetimes": (caches.PROMISES, without("cache-control"), "Cache-Control lacks max-age"),
    "no CORS": (
        pages.PROMISES,
        without("access-control-allow-origin"),
        "/packages/requests may be read by nobody",
    ),
    "no request id": (
        traces.PROMISES,
        without("x-request-id"),
        "/packages/requests is answered without X-Request-Id",
    ),
    "no timing": (traces.PROMISES, without("server-timing"), "Server-Timing is missing"),
    "a preflight that is refused": (
        (pages.PREFLIGHT,),
        failing("/packages", 403),
        "the preflight is answered 403",
    ),
    "a failing route": (figures.PROMISES, failing("/system", 500), "500 Internal Server Error"),
    "a field that is not there": (
        figures.PROMISES,
        replaced(PACKAGE, '"last_week":', '"lastweek":'),
        "'last_week' is a required property",
    ),
    "a week with more than its month": (
        figures.PROMISES,
        replaced(PACKAGE, r'"last_week":\d+', '"last_week":99999999999'),
        "a longer span has fewer downloads",
    ),
    "a comparison in another order": (
        figures.PROMISES,
        reordered,
        "the packages are requests, flask",
    ),
    "errors that are pages": (failures.PROMISES, as_html, "the error is sent as text/html"),
    "an unknown package that is found": (
        failures.PROMISES,
        failing("no-such-package", 200),
        "answers 200 and not 404",
    ),
    "CSV with another column": (
        figures.PROMISES,
        replaced(
            re.compile(r"/packages/.*csv"), "date,category,downloads", "day,category,downloads"
        ),
        "its columns are day, category, downloads",
    ),
    "a twin with other figures": (
        twin.PROMISES,
        replaced(re.compile(r"/flask/packages/requests$"), r'"last_day":\d+', '"last_day":7'),
        '"last_day":7',
    ),
    "no twin": (twin.PROMISES, failing("/flask/health", 404), "say --no-flask"),
    "a page that shows nothing": (
        documents.PROMISES,
        replaced(re.compile("/docs"), "/openapi.json", "/nothing.json"),
        "it does not show /openapi.json",
    ),
    "a contract without a route": (
        figures.PROMISES,
        replaced(re.compile("/openapi.json"), '"/health"', '"/healthy"'),
        "/openapi.json has no GET /health",
    ),
    "an answer that is no JSON": (
        figures.PROMISES,
        replaced(re.compile("/health"), "^{", ""),
        "the body is no JSON",
    ),
}
ON_THE_WAY_THERE: dict[str, tuple[Promises, Change, str]] = {
    "tags that are not looked at": (
        caches.PROMISES,
        unasked("if-none-match"),
        "If-None-Match with its ETag is answered 200",
    ),
    "no compression": (
        caches.PROMISES,
        unasked("accept-encoding"),
        "Accept-Encoding: gzip is answered with none",
    ),
}


@pytest.mark.parametrize(
    ("promises", "change", "words"), ON_THE_WAY_BACK.values(), ids=ON_THE_WAY_BACK
)
def test_broken_response_is_named(
    variants: Variants, promises: Promises, change: Change, words: str
) -> None:
    with variants.behind_one_address(after=change) as url:
        assert any(words in reason for reason in broken(url, promises))


@pytest.mark.parametrize(
    ("promises", "change", "words"), ON_THE_WAY_THERE.values(), ids=ON_THE_WAY_THERE
)
def test_broken_request_is_named(
    variants: Variants, promises: Promises, change: Change, words: str
) -> None:
    with variants.behind_one_address(before=change) as url:
        assert any(words in reason for reason in broken(url, promises))


def test_good_api_exits_0(smoke: Smoke, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke() == 0
    assert re.search(r": \d\d promises kept, 0 broken\.", capsys.readouterr().out)


def test_broken_api_exits_1_with_a_row(smoke: Smoke, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke(after=failing("/system", 500)) == 1

    printed = capsys.readouterr().out
    (row,) = (line for line in printed.splitlines() if "no:" in line)
    assert "/api/packages/{package}/system" in row
    assert ", 1 broken." in printed


def test_smoke_asks_every_route_politely(variants: Variants, smoke: Smoke) -> None:
    """It makes few upstream calls, covers every route and sends the headers it was given."""
    asked, headers = set(), set()

    def note(passing: Passing) -> None:
        asked.add(passing.path.partition("?")[0])
        headers.add(passing.asked.get("x-tried-by"))

    before = len(variants.fake_pypistats.requests)
    # Packages that are not in the cache yet.
    smoke("--package=numpy", "--other=boto3", "--header=X-Tried-By: tests", before=note)

    assert 0 < len(variants.fake_pypistats.requests) - before <= CALLS_OF_A_RUN
    routes = json.loads(COMMITTED.read_text())["paths"]
    assert {route.replace("{package}", "numpy") for route in routes} - asked == set()
    assert headers == {"tests"}


def test_unreachable_api_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setattr(sys, "argv", ["smoke", f"http://127.0.0.1:{port}"])

    assert main() == 2
    assert f"Nothing answers at http://127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (
            301,
            {"location": "https://pulse.example{path}"},
            "Say make smoke URL=https://pulse.example",
        ),
        (
            302,
            {"location": "https://login.example/"},
            "302 Found, a redirect to https://login.example/",
        ),
        (404, {"content_type": "text/html"}, "404 Not Found with text/html: '<h1>Hello</h1>'"),
        (200, {"content_type": "text/html"}, "200 OK with text/html: '<h1>Hello</h1>'"),
    ],
)
def test_other_server_is_reported_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    status: int,
    headers: dict[str, str],
    told: str,
) -> None:
    with answering(status, b"<h1>Hello</h1>", **headers) as url:
        monkeypatch.setattr(sys, "argv", ["smoke", url])
        assert main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{url} is not where PyPI Pulse answers: GET /health gets {status} ")
    assert told in line


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, {}), "it is unknown, so PYPISTATS_URL is not the address of an API like"),
        (
            (301, {"location": "https://elsewhere.example/"}),
            "redirect to 'https://elsewhere.example/'",
        ),
        ((200, {}), "it is not the expected JSON"),
    ],
)
def test_api_without_upstream_is_reported(answer: tuple[int, dict[str, str]], words: str) -> None:
    status, headers = answer
    with (
        answering(status, b"<h1>Hello</h1>", **headers) as upstream_url,
        served(upstream_url, Clock(NOON)) as api,
    ):
        (reason,) = broken(api.url, (figures.ALL_OF_PYPI,))
    assert words in reason


@pytest.mark.parametrize(
    ("settings", "arguments", "told"),
    [
        ({"all_proxy": "socks5://h:1"}, [], "all_proxy='socks5://h:1': "),
        ({"SSL_CERT_FILE": "/nonexistent"}, [], "SSL_CERT_FILE='/nonexistent': No such file"),
        ({}, ["--cacert=/nonexistent"], "--cacert='/nonexistent': No such file"),
    ],
)
def test_unusable_proxy_is_reported_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    arguments: list[str],
    told: str,
) -> None:
    for name in ("https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["smoke", "https://pulse.example", *arguments])
    assert main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(told)


def test_loopback_bypasses_proxy(variants: Variants, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:1")
    assert broken(variants.fastapi, (figures.ALL_OF_PYPI,)) == []


@pytest.mark.parametrize("arguments", [[""], ["pulse.example.org"], ["http://x", "--header=x"]])
def test_bad_url_or_header_is_refused(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["smoke", *arguments])

    with pytest.raises(SystemExit, match="2"):
        main()


def broken(url: str, promises: Promises) -> list[str]:
    """The reason for each failed check."""
    with client_for(url, headers={}, timeout_s=30) as client:
        verdicts = list(try_all(Live(client), promises))
    return [verdict.broken for verdict in verdicts if verdict.broken is not None]
