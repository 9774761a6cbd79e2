"""What `make run` finds at an address that is to be upstream's."""

import socket
import ssl
import time
from pathlib import Path

import httpx
import pytest

from pulse.network import InvalidSettings, Network
from tests.company import company
from tests.raw_upstream import DRIPS_FOR_S, dripping, endless, raw_upstream
from tests.serving import answering
from tools import upstream_there
from tools.addresses import why_unreachable
from tools.fake_pypistats import FakePypistats
from tools.upstream_there import why_no_clickhouse, why_not_there

HTML = b"<!doctype html>\n<title>Sign in</title>"
HOST = "pypistats.example"
DIRECTLY = Network()
HINT = "Where the way out is a proxy, set HTTPS_PROXY to its URL"


def through(proxy: str, **environ: str) -> Network:
    return Network.from_environ({"ALL_PROXY": proxy, **environ})


def test_an_api_like_pypistats_orgs_is_there_also_when_it_throttles() -> None:
    with FakePypistats() as fake_pypistats:
        assert why_not_there(fake_pypistats.url, DIRECTLY) is None
        fake_pypistats.set_rules("429")
        assert why_not_there(fake_pypistats.url, DIRECTLY) is None


@pytest.mark.parametrize("status", [500, 503, 407])
def test_a_sick_upstream_or_proxy_is_not_there(status: int) -> None:
    with answering(status, HTML, content_type="text/html; charset=utf-8") as url:
        reason = why_not_there(url, DIRECTLY)
    assert reason is not None
    assert reason.startswith(f"{status} ")
    assert reason.endswith(" with text/html: '<!doctype html> <title>Sign in</title>'")


@pytest.mark.parametrize(
    ("status", "body", "headers", "told"),
    [
        (200, HTML, {"content_type": "text/html"}, "200 OK with text/html: '<!doctype html>"),
        (200, b"{}", {"content_type": "application/json"}, "200 OK with application/json: '{}'"),
        (404, b"404", {"content_type": "text/html"}, "404 Not Found with text/html: '404'"),
        (200, b"x" * 10**7, {}, "200 OK with no content type: 'xxxx"),
        (403, b"", {}, "403 Forbidden with no content type: ''"),
        (
            302,
            b"",
            {"location": "https://login.example/?x"},
            "302 Found, a redirect to https://login.example/?x.",
        ),
    ],
)
def test_another_server_is_told_by_what_it_answers(
    status: int, body: bytes, headers: dict[str, str], told: str
) -> None:
    with answering(status, body, **headers) as url, pytest.raises(InvalidSettings) as caught:
        why_not_there(url, DIRECTLY)
    message = str(caught.value)
    assert message.startswith(
        f"{url} does not answer as pypistats.org does: GET /api/packages/__all__"
    )
    assert told in message
    assert message.endswith("Set PYPISTATS_URL to the base URL of an API that does.")


def test_a_redirect_to_the_same_path_tells_which_address_to_set() -> None:
    with (
        answering(301, location="https://pypistats.example/mirror{path}") as url,
        pytest.raises(
            InvalidSettings, match=r"Set PYPISTATS_URL to https://pypistats.example/mirror\.$"
        ),
    ):
        why_not_there(url, DIRECTLY)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: y", b"HTTP/1.1 200 OK\r\n\r\n[ "])
def test_a_dripping_server_is_not_there(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr(upstream_there, "TOTAL_S", 0.5)
    began = time.monotonic()
    with raw_upstream(dripping(head)) as server:
        assert why_not_there(server.url, DIRECTLY) == "no whole answer in 0.5 seconds"
    assert time.monotonic() - began < DRIPS_FOR_S / 2


def test_an_endless_answer_is_told_by_its_beginning() -> None:
    with (
        raw_upstream(endless("HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536)) as server,
        pytest.raises(InvalidSettings, match="200 OK with no content type: 'xxxx"),
    ):
        why_not_there(server.url, DIRECTLY)


def test_clickhouse_is_there() -> None:
    with answering(200, b"Ok.\n") as url:
        assert why_no_clickhouse(url, DIRECTLY) is None


def test_another_server_is_no_clickhouse() -> None:
    with (
        answering(301, location="https://clickhouse.example{path}") as url,
        pytest.raises(InvalidSettings) as caught,
    ):
        why_no_clickhouse(url, DIRECTLY)
    assert str(caught.value) == (
        f"{url} does not answer as ClickHouse does: GET /ping gets 301 Moved Permanently, a redirect to "
        "https://clickhouse.example/ping. Set CLICKHOUSE_URL to https://clickhouse.example."
    )


def test_an_untrusted_certificate_of_clickhouse_is_told(tmp_path: Path) -> None:
    with company("http://127.0.0.1:1", HOST, tmp_path) as proxied:
        reason = why_no_clickhouse(f"https://{HOST}", through(proxied.proxy))
    assert reason is not None
    assert "set SSL_CERT_FILE to a file with that company's own" in reason


def test_each_address_of_a_name_is_refused() -> None:
    """`localhost` may be both 127.0.0.1 and ::1."""
    refused = ConnectionRefusedError(111, "Connect call failed ('::1', 9)")
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = ExceptionGroup("multiple connection attempts failed", [refused, refused])
    assert why_unreachable(error, "http://localhost:9", DIRECTLY) == "connection refused"


def test_a_companys_certificate_is_told_with_the_variable_that_helps(tmp_path: Path) -> None:
    with FakePypistats() as fake_pypistats, company(fake_pypistats.url, HOST, tmp_path) as proxied:
        untrusted = why_not_there(f"https://{HOST}", through(proxied.proxy))
        trusted = through(proxied.proxy, SSL_CERT_FILE=str(proxied.certificate))
        assert why_not_there(f"https://{HOST}", trusted) is None
    assert untrusted is not None
    assert untrusted.startswith(
        f"through the proxy of ALL_PROXY='{proxied.proxy}/': its certificate is not trusted: "
    )
    assert "set SSL_CERT_FILE to a file with that company's own" in untrusted


def test_a_proxy_that_refuses_is_told_by_what_it_answers(tmp_path: Path) -> None:
    with company("http://127.0.0.1:1", HOST, tmp_path, connect_status=407) as proxied:
        reason = why_not_there(f"https://{HOST}", through(proxied.proxy))
    assert reason == (
        f"through the proxy of ALL_PROXY='{proxied.proxy}/': 407 Proxy Authentication Required"
    )


def test_a_closed_port_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert why_not_there(url, DIRECTLY) == "connection refused"
    proxied = why_not_there(f"http://{HOST}", through(url))
    assert proxied == f"through the proxy of ALL_PROXY='{url}/': connection refused"


@pytest.mark.parametrize(
    ("error", "cause", "told"),
    [
        (
            httpx.ConnectError("failed"),
            socket.gaierror(-2, "Name or service not known"),
            f"the name can't be resolved: Name or service not known. {HINT}",
        ),
        (
            httpx.ConnectTimeout("timed out"),
            TimeoutError("timed out"),
            f"no connection in time. {HINT}",
        ),
        (httpx.ReadTimeout("timed out"), TimeoutError("timed out"), "no answer in time"),
        (httpx.RemoteProtocolError("it hung up"), None, "it hung up"),
        (httpx.ReadError(""), None, "ReadError"),
        (
            httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            "TLS fails: [SSL: WRONG_VERSION_NUMBER] wrong version number",
        ),
    ],
)
def test_each_reason_has_its_words(
    error: httpx.TransportError, cause: Exception | None, told: str
) -> None:
    error.__cause__ = cause
    assert why_unreachable(error, "https://pypistats.org", DIRECTLY) == told
