"""Both variants with proxies and certificates from environment variables, valid and invalid."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pulse.network import InvalidSettings
from tests.company import company
from tests.contract.variants import asking, handler_of
from tools import environ
from tools.fake_pypistats import FakePypistats

HOST = "pypistats.example"
DEAD = "http://127.0.0.1:1"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
EVERY_PROXY = dict.fromkeys((*PROXIES, *map(str.lower, PROXIES)), DEAD)
FOLDER, EMPTY = "a folder", "an empty file"


@pytest.fixture
def path_of(tmp_path: Path) -> Callable[[str], str]:
    """Return the path for a test's parameter."""
    (tmp_path / "empty.pem").touch()
    paths = {FOLDER: str(tmp_path), EMPTY: str(tmp_path / "empty.pem")}
    return lambda what: paths.get(what, what)


def test_loopback_upstream_bypasses_proxy(
    variant: str, fake_pypistats: FakePypistats, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, proxy in EVERY_PROXY.items():
        monkeypatch.setenv(name, proxy)
    with handler_of(variant, PYPISTATS_URL=fake_pypistats.url, **EVERY_PROXY) as handler:
        assert asking(handler)("/packages/requests").status == 200


def test_other_upstream_uses_proxy(
    variant: str, fake_pypistats: FakePypistats, tmp_path: Path
) -> None:
    with (
        company(fake_pypistats.url, HOST, tmp_path) as proxied,
        handler_of(variant, PYPISTATS_URL=f"http://{HOST}", HTTP_PROXY=proxied.proxy) as handler,
    ):
        assert asking(handler)("/packages/requests").status == 200
    assert proxied.asked == [f"GET http://{HOST}/api/packages/requests/overall"]


@pytest.mark.parametrize("names_it", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", None])
def test_configured_certificate_is_trusted(
    variant: str,
    fake_pypistats: FakePypistats,
    tmp_path: Path,
    names_it: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without the variable, the company's certificate is not trusted; FastAPI's log says so."""
    with company(fake_pypistats.url, HOST, tmp_path) as proxied:
        named = {names_it: str(proxied.certificate)} if names_it else {}
        settings = {"PYPISTATS_URL": f"https://{HOST}", "HTTPS_PROXY": proxied.proxy, **named}
        with handler_of(variant, **settings) as handler:
            answer = asking(handler)("/packages/requests")
    assert proxied.asked[0] == f"CONNECT {HOST}:443"
    if names_it:
        assert answer.status == 200
    else:
        assert answer.json["type"].endswith(":upstream-unreachable")
        assert "certificate" not in answer.body
        if variant == "fastapi":
            (line,) = (one for one in caplog.records if one.message == "upstream failed")
            assert "certificate verify failed" in vars(line)["reason"]


def test_refusing_proxy_is_upstream_unreachable(
    variant: str, fake_pypistats: FakePypistats, tmp_path: Path
) -> None:
    with (
        company(fake_pypistats.url, HOST, tmp_path, connect_status=403) as proxied,
        handler_of(variant, PYPISTATS_URL=f"https://{HOST}", ALL_PROXY=proxied.proxy) as handler,
    ):
        answer = asking(handler)("/packages/requests")
    assert (answer.status, answer.json["type"]) == (
        502,
        "urn:pypi-pulse:problem:upstream-unreachable",
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("all_proxy", "socks://127.0.0.1:1080"),
        ("HTTPS_PROXY", "http://proxy:99999"),
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_FILE", FOLDER),
        ("SSL_CERT_FILE", EMPTY),
        ("SSL_CERT_DIR", "/nonexistent"),
        ("SSL_CERT_DIR", EMPTY),
        ("REQUESTS_CA_BUNDLE", "/nonexistent"),
    ],
)
def test_unusable_setting_names_its_variable(
    variant: str, path_of: Callable[[str], str], variable: str, value: str
) -> None:
    """The error message is a single line."""
    value = path_of(value)
    with (
        pytest.raises(InvalidSettings) as caught,
        handler_of(variant, PYPISTATS_URL=f"https://{HOST}", **{variable: value}),
    ):
        pass
    assert str(caught.value).startswith(f"{variable}={value!r}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("module", ["fastapi_app.handler", "flask_app.handler"])
def test_import_error_names_the_variable(module: str) -> None:
    """As in Lambda, where settings are read on import."""
    settings = environ(ALL_PROXY="socks5://127.0.0.1:1080", NO_PROXY="[::1]", no_proxy="[::1]")
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env={name: value for name, value in settings.items() if not name.startswith("HTTP")},
        capture_output=True,
        text=True,
        check=False,
    )
    last_line = done.stderr.splitlines()[-1]
    assert last_line.startswith(
        "pulse.network.InvalidSettings: ALL_PROXY='socks5://127.0.0.1:1080': URL scheme"
    )
