"""A mirror and a certificate that only pip's configuration names serve whatever is installed."""

import hashlib
import io
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from tools import uv

PROGRAM = "#!/bin/sh\necho a mirror served me\n"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _put_wheel(index: Path, name: str) -> str:
    """Put version 1.0 of a package with a program of its name into an index; returns the file's SHA-256."""
    described, content = f"{name}-1.0.dist-info", io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        files = {
            f"{name}-1.0.data/scripts/{name}": PROGRAM,
            f"{described}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{described}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},,\n" for path in (*files, f"{described}/RECORD"))
        for path, text in {**files, f"{described}/RECORD": record}.items():
            wheel.writestr(path, text)
    page = index / "simple" / name / "index.html"
    page.parent.mkdir(parents=True)
    file = f"{name}-1.0-py3-none-any.whl"
    (page.parent / file).write_bytes(content.getvalue())
    page.write_text(f'<!DOCTYPE html><a href="{file}">{file}</a>')
    return hashlib.sha256(content.getvalue()).hexdigest()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """The URL of an index at `tmp_path`, over TLS with a certificate of an authority that nobody knows."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    handler = partial(_Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}/simple"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def environ(mirror: str, tmp_path: Path) -> dict[str, str]:
    """An environment with a pip.conf in its home, which knows the mirror and no other index."""
    config = tmp_path / "home/.config/pip/pip.conf"
    config.parent.mkdir(parents=True)
    config.write_text(
        f"[global]\nindex-url = {mirror}\ncert = {tmp_path / 'authority.pem'}\n[install]\nuser = true\n"
    )
    return {
        "PATH": "/nonexistent",  # no Python is there
        "HOME": str(tmp_path / "home"),
        "SSL_CERT_FILE": "/nonexistent",
        "NO_PROXY": "localhost",
    }


def test_uv_installs_from_pips_mirror(environ: dict[str, str], tmp_path: Path) -> None:
    _put_wheel(tmp_path, "canary")

    installed = subprocess.run(
        [
            *(sys.executable, "-E", uv.__file__, "pip", "install", "--no-cache", "canary"),
            *("--target", str(tmp_path / "installed")),
        ],
        cwd=tmp_path,  # no .venv is there, as in `make build`
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert installed.returncode == 0, installed.stderr
    assert (tmp_path / "installed/bin/canary").read_text() == PROGRAM


def test_pip_installs_uv_from_its_mirror(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = tmp_path / "requirements.txt"
    pin.write_text(f"uv==1.0 --hash=sha256:{_put_wheel(tmp_path, 'uv')}\n")
    monkeypatch.setattr(uv, "REQUIREMENTS", pin)
    monkeypatch.setattr(uv, "CACHE", tmp_path / ".cache")

    program = uv.ensure_uv({**environ, "PIP_REQUIRE_VIRTUALENV": "1", "PIP_PREFIX": "/nonexistent"})

    assert program.read_text() == PROGRAM
    assert program.is_relative_to(tmp_path / ".cache")
    assert [path.name for path in (tmp_path / "home").iterdir()] == [".config"]
