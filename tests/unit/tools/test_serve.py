"""`make run`: the API on this machine, whatever the network is like."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.commands import running, url_said_by
from tests.serving import answering
from tools import environ
from tools.fake_pypistats import FakePypistats

SERVE = [sys.executable, "-m", "tools.serve"]


@contextmanager
def served(**settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running server and its base URL."""
    with running("tools.serve", PORT="0", **settings) as server:
        yield server, url_said_by(server)


def refused(**settings: str) -> tuple[int, str]:
    """The exit status and words of a server that does not start."""
    done = subprocess.run(
        SERVE,
        env=environ(**{"PORT": "0", **settings}),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr.strip()


@pytest.fixture
def unreachable() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_without_upstream_it_says_so_and_every_figure_is_called_simulated(unreachable: str) -> None:
    with served(PYPISTATS_URL=unreachable) as (server, url):
        stats = httpx.get(f"{url}/packages/requests", trust_env=False).json()
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=10)
    assert stats["source"] == "simulated"
    assert stats["total_downloads"] > 0
    assert f"{unreachable} can't be reached from here (connection refused)" in stderr


def test_an_upstream_that_answers_is_used() -> None:
    with FakePypistats() as upstream, served(PYPISTATS_URL=upstream.url) as (_, url):
        assert httpx.get(f"{url}/packages/requests", trust_env=False).status_code == 200
        assert upstream.requests[-1].path == "/api/packages/requests/overall"


def test_upstream_on_loopback_is_asked_without_a_proxy() -> None:
    dead = dict.fromkeys(
        ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:1"
    )
    with (
        FakePypistats() as upstream,
        served(PYPISTATS_URL=f"{upstream.url}/api", **dead) as (_, url),
    ):
        assert httpx.get(f"{url}/packages/requests", trust_env=False).status_code == 200
        assert upstream.requests[-1].path == "/api/packages/requests/overall"


def test_a_failure_of_upstream_is_a_line_that_says_of_what_and_why() -> None:
    with (
        FakePypistats(rules=["500:overall:requests"]) as upstream,
        served(PYPISTATS_URL=upstream.url) as (server, url),
    ):
        assert httpx.get(f"{url}/packages/requests", trust_env=False).status_code == 502
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=10)
    assert stderr == (
        "WARNING: upstream failed: endpoint=overall package=requests problem=upstream-broken "
        "reason=pypistats.org's response can't be used: its status is 500. Try again later.\n"
    )


CHUNKED = b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /health" + CHUNKED + b"zz\r\n",
        b"POST /health" + CHUNKED + b"1\r\na\r\nzz\r\n",
        b"?\r\n\r\n",
    ],
)
def test_a_request_that_is_no_http_is_one_line(request_: bytes) -> None:
    with FakePypistats() as upstream, served(PYPISTATS_URL=upstream.url) as (server, url):
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as client:
            client.sendall(request_)
            answer = client.makefile("rb").read()
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=10)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert stderr == "WARNING: Invalid HTTP request received.\n"


def test_a_body_that_turns_bad_after_its_answer_is_one_line() -> None:
    with FakePypistats() as upstream, served(PYPISTATS_URL=upstream.url) as (server, url):
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as client:
            client.sendall(b"GET /health" + CHUNKED)
            answer = client.makefile("rb")
            assert answer.readline().startswith(b"HTTP/1.1 200 ")
            client.sendall(b"zz\r\n")
            answer.read()
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=10)
    assert stderr == "WARNING: Invalid HTTP request received.\n"


def test_ctrl_c_ends_it_cleanly() -> None:
    with FakePypistats() as upstream, served(PYPISTATS_URL=upstream.url) as (server, url):
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=10)
    assert server.returncode == 0
    assert stderr == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        status, words = refused(PORT=str(port))
    assert status == 1
    assert words.startswith(f"Can't listen on port {port}")


@pytest.mark.parametrize("port", ["http", "65536", "-1", "²"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    assert refused(PORT=port) == (
        1,
        f"PORT={port!r} is not a port: it is a number from 0 to 65535.",
    )


@pytest.mark.parametrize("setting", ["DEADLINE_S", "UPSTREAM_PER_SECOND"])
def test_a_setting_that_can_not_be_used_is_named(setting: str) -> None:
    status, words = refused(**{setting: "soon"})
    assert status == 1
    assert words.startswith(f"{setting}='soon'")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("all_proxy", "socks5://127.0.0.1:1080"),
        ("SSL_CERT_FILE", "/nonexistent"),
    ],
)
def test_what_leads_nowhere_is_one_line(variable: str, value: str) -> None:
    others = {"http_proxy": "", "https_proxy": "", "NO_PROXY": "[::1],fe80::/10", "no_proxy": ""}
    status, words = refused(**{**others, variable: value})
    assert status == 1
    assert words.startswith(f"{variable}={value!r}: ")
    assert "\n" not in words


def test_an_upstream_that_is_none_is_no_reason_to_invent_figures() -> None:
    with answering(404, b"<h1>404</h1>", content_type="text/html") as url:
        status, words = refused(PYPISTATS_URL=url)
    assert status == 1
    assert words.startswith(f"{url} does not answer as pypistats.org does: ")
    assert "404 Not Found with text/html: '<h1>404</h1>'" in words


def test_clickhouse_that_can_not_be_reached_is_a_line(unreachable: str) -> None:
    with (
        FakePypistats() as upstream,
        served(PYPISTATS_URL=upstream.url, CLICKHOUSE_URL=unreachable) as (server, url),
    ):
        question = f"{url}/packages/requests/downloads?by=version"
        assert httpx.get(question, trust_env=False).status_code == 502
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=10)
    told, logged = stderr.splitlines()
    assert told.startswith(
        f"CLICKHOUSE_URL={unreachable} can't be reached from here (connection refused)."
    )
    assert logged.startswith("WARNING: upstream failed: endpoint=version package=requests ")
    assert "reason=ClickHouse can't be reached: All connection attempts failed" in logged


def test_an_address_that_is_no_clickhouse_is_refused() -> None:
    with FakePypistats() as upstream, answering(200, b"<h1>Hello</h1>") as url:
        status, words = refused(PYPISTATS_URL=upstream.url, CLICKHOUSE_URL=url)
    assert status == 1
    assert words.startswith(f"{url} does not answer as ClickHouse does: ")
    assert "\n" not in words


def test_another_clickhouse_is_refused_with_what_to_set_instead() -> None:
    status, words = refused(CLICKHOUSE="https://clickhouse.test")
    assert status == 1
    assert "CLICKHOUSE=local" in words
    assert words.endswith("set CLICKHOUSE_URL.")


def test_a_table_that_is_not_local_is_refused_with_what_to_set_instead() -> None:
    status, words = refused(TABLE="production")
    assert status == 1
    assert words.startswith("TABLE='production' is not known: TABLE=local ")
    assert "CACHE_TABLE" in words
