"""`python -m tools.fake_pypistats`: its help, its flags, its one line, and its end."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.unit.tools.fake_pypistats.conftest import Connect
from tools.fake_pypistats.__main__ import main
from tools.fake_pypistats.routes import ENDPOINTS
from tools.fake_pypistats.rules import MEANINGS

ROOT = Path(__file__).parents[4]


@contextmanager
def command(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run it; yields the process and its base URL. It has no package but the standard library."""
    with subprocess.Popen(
        [sys.executable, "-S", "-W", "error", "-m", "tools.fake_pypistats", *flags],
        cwd=ROOT,
        env={**os.environ, "PYTHONDEVMODE": "1", "PYTHONPATH": ""},
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


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_at_once(end: signal.Signals, connect: Connect) -> None:
    flags = ("--now", "2026-11-22T01:00:00Z", "--no-limits", "--rule", "hang:recent")
    with command(*flags) as (process, url), connect(url) as client:
        rows = client.get("/api/packages/requests/overall").json()["data"]
        assert rows[-1]["date"] == "2026-11-20"
        address = ("127.0.0.1", httpx.URL(url).port or 0)
        with closing(socket.create_connection(address, timeout=5)) as connection:
            connection.sendall(b"GET /api/packages/requests/recent HTTP/1.1\r\nHost: a\r\n\r\n")
            logged = (client.get("/_fake/requests").json()["requests"] for _ in range(999))
            assert any(len(requests) == 2 for requests in logged)
            process.send_signal(end)
            output, errors = process.communicate(timeout=3)
    assert (process.returncode, output, errors) == (0, "", "")


def test_help_explains_endpoints_effects_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert {*ENDPOINTS, *MEANINGS} <= set(text.split())
    for flag in ("--host", "--port", "--now", "--limits", "--no-limits", "--rule", "--seed"):
        assert flag in text


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--rule", "flood"], "unknown effect 'flood': choose from STATUS, hang,"),
        (["--now", "2026-11-22T12:00"], "'2026-11-22T12:00' is not a time with a zone"),
        (["--now", "noon"], "'noon' is not a time with a zone"),
        (["--now", "1999-01-01T00:00:00Z"], "is before PyPI began"),
        (["--seed", "x"], "argument --seed"),
        (["--se", "3"], "unrecognized arguments: --se 3"),
    ],
)
def test_bad_flag_is_an_error(
    capsys: pytest.CaptureFixture[str], flags: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(flags)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("port", ["taken", "65536"])
def test_address_that_cannot_be_used_is_an_error(port: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = port if port.isdigit() else str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "tools.fake_pypistats", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    assert done.returncode == 2
    assert f"error: cannot listen on 127.0.0.1:{port}: " in done.stderr
    assert "Traceback" not in done.stderr
