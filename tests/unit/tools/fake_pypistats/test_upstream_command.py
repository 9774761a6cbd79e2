"""`python -m tools.fake_pypistats`: its help, its flags, its one line, and its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tools.fake_pypistats import FaultKind
from tools.fake_pypistats.__main__ import main
from tools.fake_pypistats.routes import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[4]


@contextmanager
def command(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run it and give the process with its base URL."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tools.fake_pypistats", *flags],
        cwd=ROOT,
        env={**os.environ, "PYTHONDEVMODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
            assert found is not None, line
            yield process, found[1]
        finally:
            process.kill()


def test_it_serves_the_frozen_moment_it_is_given(connect: Callable[..., httpx.Client]) -> None:
    with (
        command("--now", "2026-11-22T01:00:00Z", "--no-limits") as (_, url),
        connect(url) as client,
    ):
        rows = client.get("/api/packages/requests/overall").json()["data"]
        assert rows[-1]["date"] == "2026-11-20"
        assert {client.get("/api/packages/requests/recent").status_code for _ in range(9)} == {200}


def test_limits_are_on_unless_switched_off(connect: Callable[..., httpx.Client]) -> None:
    with command() as (_, url), connect(url) as client:
        statuses = [client.get("/api/packages/requests/recent").status_code for _ in range(40)]

    assert 429 in statuses


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_while_a_request_hangs(
    end: signal.Signals, connect: Callable[..., httpx.Client]
) -> None:
    with command("--fault", "hang:overall") as (process, url):
        port = httpx.URL(url).port
        assert port is not None
        with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as connection:
            connection.sendall(b"GET /api/packages/requests/overall HTTP/1.1\r\nHost: a\r\n\r\n")
            with connect(url) as client:
                assert any(client.get("/_standin/requests").json()["requests"] for _ in range(999))
            process.send_signal(end)
            output, errors = process.communicate(timeout=3)

    assert (process.returncode, output, errors) == (0, "", "")


def test_help_explains_endpoints_faults_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    text = capsys.readouterr().out
    assert ended.value.code == 0
    words = text.split()
    assert {*ENDPOINTS, *FaultKind} <= set(words)
    for flag in (
        *("--host", "--port", "--now", "--limits", "--no-limits"),
        *("--fault", "--latency-ms", "--jitter-ms", "--slow", "--seed"),
    ):
        assert flag in text


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--fault", "flood"], "argument --fault: unknown fault 'flood': choose from 429, 500,"),
        (["--fault", "500:total"], "argument --fault: unknown endpoint 'total': choose from"),
        (["--slow", "x:overall"], "argument --slow: 'x' is not a time in milliseconds"),
        (["--latency-ms", "-3"], "argument --latency-ms: '-3' is not a time"),
        (["--jitter-ms", "soon"], "argument --jitter-ms: 'soon' is not a time"),
        (["--port", "65536"], "argument --port: '65536' is not a port"),
        (["--now", "2026-11-22T12:00"], "argument --now: '2026-11-22T12:00' is not a time with"),
        (["--now", "noon"], "argument --now: 'noon' is not a time with a zone"),
        (["--now", "1999-01-01T00:00:00Z"], "is before PyPI began"),
        (["--seed", "x"], "argument --seed"),
        (["--lat", "3"], "unrecognized arguments: --lat 3"),
    ],
)
def test_a_bad_flag_is_told_plainly(
    capsys: pytest.CaptureFixture[str], flags: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(flags)

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_port_in_use_is_told_plainly() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "tools.fake_pypistats", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )

    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr
