"""`make smoke` accepts a correct API and names each violation of an incorrect one."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from schemathesis.core.failures import FailureGroup

from tests.http.conftest import NOON
from tests.http.gateway import Change, Passing, flask_served, gateway, unchanged
from tests.http.gateway_faults import as_html, failing, reordered, replaced, unasked, without
from tests.http.served import Clock, served
from tests.raw_upstream import endless, raw_upstream
from tests.serving import answering
from tools import ROOT, environ
from tools.fake_pypistats import FakePypistats
from tools.smoke import test_errors, test_flask, test_headers, test_routes
from tools.smoke.api import Api, UnusableError, open_api

# Upstream accepts 30 calls a minute per client.
CALLS_OF_A_RUN = 12
PACKAGES = ("requests", "flask")

Check = Callable[[Api], None]


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


def smoke(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it as a person does."""
    command = [sys.executable, "-m", "pytest", "tools/smoke", f"--url={url}", *options]
    return subprocess.run(
        command, cwd=ROOT, env=environ(), capture_output=True, text=True, check=False
    )


def refusal(url: str, *headers: str) -> str:
    """Why no check is run."""
    with pytest.raises(UnusableError) as refused, open_api(url, *PACKAGES, headers):
        pass
    return str(refused.value)


PACKAGE = "/packages/{package}"
SUMMARY = r"(/flask)?/packages/requests(\?.*)?$"
UNKNOWN = f"/packages/{test_errors.UNKNOWN}"

unknown_package = partial(
    test_errors.test_error_of_a_route, status=404, documented=PACKAGE, path=UNKNOWN
)
readable = partial(test_headers.test_any_page_may_read, path=PACKAGE, headers={})
contract = partial(test_routes.test_contract, route=PACKAGE)
same_summary = partial(test_flask.test_flask_answers_the_same, path=PACKAGE)

BROKEN_RESPONSES: dict[str, tuple[Check, Change, str]] = {
    "no ETag": (
        test_headers.test_etag_is_strong_and_gives_304,
        without("etag"),
        "the ETag '' is not strong",
    ),
    "no lifetimes": (test_headers.test_lifetimes, without("cache-control"), "public"),
    "an error that is cached": (
        partial(test_headers.test_health_and_errors_are_not_cached, path="/health"),
        without("cache-control"),
        "no-store",
    ),
    "HEAD without its tag": (
        test_headers.test_head_is_get_without_body,
        without("etag"),
        "'etag' in",
    ),
    "no CORS": (readable, without("access-control-allow-origin"), r"None == '\*'"),
    "no exposed headers": (readable, without("access-control-expose-headers"), "retry-after"),
    "no request id": (
        partial(test_headers.test_request_id, path=PACKAGE),
        without("x-request-id"),
        "x-request-id",
    ),
    "no timing": (test_headers.test_server_timing, without("server-timing"), "';dur=' in ''"),
    "a preflight that is refused": (
        test_headers.test_preflight,
        failing("/packages", 403),
        "403",
    ),
    "a failing route": (
        partial(test_routes.test_drop_in, endpoint="system"),
        failing("/system", 500),
        "GET /api/packages/requests/system: 500 Internal Server Error",
    ),
    "a missing field": (
        contract,
        replaced(SUMMARY, '"last_week":', '"lastweek":'),
        '"last_week" is a required property',
    ),
    "a contract without the status": (
        contract,
        replaced("/openapi.json", '"200":', '"201":'),
        "Undocumented status code",
    ),
    "another media type": (
        contract,
        replaced("/openapi.json", '"application/json":', '"text/plain":'),
        "Undocumented Content-Type",
    ),
    "a week with more than its month": (
        test_routes.test_summary,
        replaced(SUMMARY, r'"last_week":\d+', '"last_week":99999999999'),
        "a longer span has fewer downloads",
    ),
    "a package by its spelling": (
        test_routes.test_any_spelling,
        replaced("/packages/REQUESTS", '"package":"requests"', '"package":"REQUESTS"'),
        "'REQUESTS' == 'requests'",
    ),
    "a total that is not the sum": (
        test_routes.test_series_adds_up,
        replaced("/packages/.*by=system", r'"total":\d+', '"total":1'),
        "does not add up",
    ),
    "a comparison in another order": (
        test_routes.test_comparison_keeps_order,
        reordered,
        r"\['requests', 'flask'\] == \['flask', 'requests'\]",
    ),
    "errors that are pages": (
        unknown_package,
        as_html,
        "the error is sent as text/html",
    ),
    "an unknown package that is found": (unknown_package, failing(UNKNOWN, 200), "not 404"),
    "a parameter that is not named": (
        test_errors.test_every_wrong_parameter_is_named,
        replaced("/compare", '"parameter":"mirrors"', '"parameter":"mirror"'),
        "mirrors",
    ),
    "a method that is known": (
        test_errors.test_other_method_is_405,
        failing("/health", 200),
        "not 405: DELETE /health: 200 OK",
    ),
    "a path that is known": (
        test_errors.test_other_path_is_404,
        failing("/pypi-pulse-smoke", 200),
        "not 404",
    ),
    "CSV with another column": (
        test_routes.test_csv_equals_json,
        replaced("/packages/.*csv", "date,category,downloads", "day,category,downloads"),
        "'day' != 'date'",
    ),
    "a Flask variant with other numbers": (
        same_summary,
        replaced("/flask/packages/requests$", r'"last_day":\d+', '"last_day":7'),
        'last_day":7,',
    ),
    "no Flask variant": (
        test_flask.test_flask_health,
        failing("/flask/health", 404),
        "without a Flask variant",
    ),
    "a page that shows nothing": (
        test_routes.test_docs,
        replaced("/docs", "/openapi.json", "/nothing.json"),
        "the page does not show /openapi.json",
    ),
    "another OpenAPI": (
        test_routes.test_openapi,
        replaced("/openapi.json", '"openapi":"3.1', '"openapi":"3.0'),
        "3.0",
    ),
}
BROKEN_REQUESTS: dict[str, tuple[Check, Change, str]] = {
    "tags that are not looked at": (
        test_headers.test_etag_is_strong_and_gives_304,
        unasked("if-none-match"),
        "200 == 304",
    ),
    "no compression": (
        test_headers.test_gzip_on_request,
        unasked("accept-encoding"),
        "None == 'gzip'",
    ),
}


@pytest.mark.parametrize(
    ("check", "change", "words"), BROKEN_RESPONSES.values(), ids=BROKEN_RESPONSES
)
def test_broken_response_is_named(
    variants: Variants, check: Check, change: Change, words: str
) -> None:
    with (
        # Uncompressed, so that bodies can be changed.
        variants.behind_one_address(before=unasked("accept-encoding"), after=change) as url,
        open_api(url, *PACKAGES) as api,
        pytest.raises((AssertionError, FailureGroup), match=words),
    ):
        check(api)


@pytest.mark.parametrize(
    ("check", "change", "words"), BROKEN_REQUESTS.values(), ids=BROKEN_REQUESTS
)
def test_ignored_request_header_is_named(
    variants: Variants, check: Check, change: Change, words: str
) -> None:
    with (
        variants.behind_one_address(before=change) as url,
        open_api(url, *PACKAGES) as api,
        pytest.raises((AssertionError, FailureGroup), match=words),
    ):
        check(api)


def test_good_api_passes_politely(variants: Variants) -> None:
    """Every route is asked, with the headers that were given and few upstream calls."""
    paths, headers = set(), set()

    def note(passing: Passing) -> None:
        paths.add(passing.path.partition("?")[0])
        headers.add(passing.asked.get("x-tried-by"))

    before = len(variants.fake_pypistats.requests)
    with variants.behind_one_address(before=note) as url:
        # Packages that are not in the cache yet.
        done = smoke(url, "--package=numpy", "--other=boto3", "--header=X-Tried-By: tests")

    assert done.returncode == 0, done.stdout
    assert 0 < len(variants.fake_pypistats.requests) - before <= CALLS_OF_A_RUN
    routes = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    assert {route.replace("{package}", "numpy") for route in routes} - paths == set()
    assert headers == {"tests"}


def test_broken_api_fails_with_a_line(variants: Variants) -> None:
    with variants.behind_one_address(after=failing("/system", 500)) as url:
        done = smoke(url, "-k", "system")

    assert done.returncode == 1
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert [line.partition(" - ")[0] for line in failed] == [
        "FAILED tools/smoke/test_routes.py::test_contract[/api/packages/{package}/system]",
        "FAILED tools/smoke/test_routes.py::test_drop_in[system]",
    ]


def test_unreachable_api_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    done = smoke(url)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stdout == ""
    assert done.stderr == f"ERROR: Nothing answers at {url}: connection refused.\n\n"


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (
            301,
            {"location": "https://pulse.example{path}"},
            "Try make smoke URL=https://pulse.example",
        ),
        (404, {"content_type": "text/html"}, "404 Not Found with text/html: '<h1>Hello</h1>'"),
        (200, {"content_type": "text/html"}, "200 OK with text/html: '<h1>Hello</h1>'"),
    ],
)
def test_other_server_is_reported(status: int, headers: dict[str, str], told: str) -> None:
    with answering(status, b"<h1>Hello</h1>", **headers) as url:
        line = refusal(url)
    assert line.startswith(f"{url} is not where PyPI Pulse answers: GET /health gets {status} ")
    assert told in line


def test_endless_answer_is_reported() -> None:
    with raw_upstream(endless("HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536)) as server:
        assert "GET /health gets 200 OK with no content type: 'xxxx" in refusal(server.url)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, {}), "PYPISTATS_URL is not the address of an API like pypistats.org's"),
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
        served(upstream_url, Clock(NOON)) as served_api,
        open_api(served_api.url, *PACKAGES) as api,
        pytest.raises((AssertionError, FailureGroup), match=words),
    ):
        test_routes.test_all_of_pypi(api)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"all_proxy": "socks5://h:1"}, "all_proxy='socks5://h:1': "),
        ({"SSL_CERT_FILE": "/nonexistent"}, "SSL_CERT_FILE='/nonexistent': No such file"),
    ],
)
def test_unusable_network_setting_is_reported(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], told: str
) -> None:
    for name, value in {"https_proxy": "", "http_proxy": "", **settings}.items():
        monkeypatch.setenv(name, value)
    assert refusal("https://pulse.example").startswith(told)


def test_loopback_bypasses_proxy(variants: Variants, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:1")
    with open_api(variants.fastapi, *PACKAGES) as api:
        test_routes.test_all_of_pypi(api)


@pytest.mark.parametrize("url", ["", "pulse.example.org"])
def test_bad_url_is_refused(url: str) -> None:
    assert refusal(url) == f"{url!r} is no http or https URL: try make smoke URL=https://…"


def test_bad_header_is_refused() -> None:
    assert refusal("http://127.0.0.1:9", "x").startswith("A header looks like this: ")
