import os
import sys
from pathlib import Path

import pytest

from tools import uv
from tools.uv import UvError, ensure_uv, pip_settings, uv_environment

FIRST, SECOND = "https://first.example/simple", "https://second.example/simple"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment in which pip finds files below `tmp_path` alone, /etc/pip.conf apart."""
    return {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "PIP_CERT": "/c.pem"}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("xdg/pip/pip.conf", ".pip/pip.conf"),
        (".pip/pip.conf", ".config/pip/pip.conf"),
        (".config/pip/pip.conf", "base/pip.conf"),
        ("base/pip.conf", "venv/pip.conf"),
        ("venv/pip.conf", "named.conf"),
    ],
)
def test_pips_files_in_pips_order(
    home: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    weaker: str,
    stronger: str,
) -> None:
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "base"))
    home |= {
        "VIRTUAL_ENV": str(tmp_path / "venv"),
        "PIP_CONFIG_FILE": str(tmp_path / "named.conf"),
    }
    _write(tmp_path / weaker, f"[global]\nindex-url = {FIRST}\nproxy = proxy.example:3128\n")
    _write(tmp_path / stronger, f"[global]\nindex_url = {SECOND}\n")

    settings = pip_settings(home)

    assert settings["index-url"] == SECOND
    assert settings["proxy"] == "proxy.example:3128"


def test_install_section_wins_over_global(home: dict[str, str], tmp_path: Path) -> None:
    _write(
        tmp_path / ".config/pip/pip.conf",
        f"[install]\nindex-url = {SECOND}\n[global]\nindex-url = {FIRST}\n",
    )
    assert pip_settings(home)["index-url"] == SECOND


def test_variable_wins_over_files_unless_empty(home: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / ".config/pip/pip.conf", f"[global]\nindex-url = {FIRST}\n")

    assert pip_settings({**home, "PIP_INDEX_URL": SECOND})["index-url"] == SECOND
    assert pip_settings({**home, "PIP_INDEX_URL": ""})["index-url"] == FIRST


def test_no_file_is_read_where_pip_reads_none(home: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / ".config/pip/pip.conf", f"[global]\nindex-url = {FIRST}\n")
    assert "index-url" not in pip_settings({**home, "PIP_CONFIG_FILE": os.devnull})


def test_named_file_is_read_in_place_of_the_users(home: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / ".config/pip/pip.conf", f"[global]\nindex-url = {FIRST}\n")
    named = tmp_path / "named.conf"
    home |= {"PIP_CONFIG_FILE": str(named)}

    assert pip_settings(home)["index-url"] == FIRST
    named.touch()
    assert "index-url" not in pip_settings(home)


def test_stronger_setting_wins_however_it_is_spelled(home: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / "xdg/pip/pip.conf", "[global]\ndefault_timeout = 1\ntimeout = 1\n")
    _write(tmp_path / ".config/pip/pip.conf", "[global]\ndefault-timeout = 2\n")

    assert pip_settings(home)["timeout"] == "2"
    assert pip_settings({**home, "PIP_TIMEOUT": "3"})["timeout"] == "3"


def test_relative_paths_are_those_of_this_folder(
    home: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make build` runs uv in other folders."""
    monkeypatch.chdir(tmp_path)
    home |= {"PIP_CERT": "authority.pem", "PIP_FIND_LINKS": f"wheels {FIRST}"}

    settings = pip_settings(home)

    assert settings["cert"] == str(tmp_path / "authority.pem")
    assert settings["find-links"] == f"{tmp_path / 'wheels'} {FIRST}"


def test_what_does_not_say_where_packages_come_from_is_passed_over(home: dict[str, str]) -> None:
    home |= {"PIP_TARGET": "/t", "PIP_USER": "1", "PIP_CONSTRAINT": "/c.txt"}
    assert set(pip_settings(home)) <= set(uv.PIP_SETTINGS)


def test_broken_file_is_said_in_a_line(home: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / ".config/pip/pip.conf", "index-url\n= [global\n")

    with pytest.raises(UvError, match=r"pip's configuration can't be read.*pip\.conf") as caught:
        pip_settings(home)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pips", "uvs"),
    [
        ({"PIP_INDEX_URL": FIRST}, {"UV_DEFAULT_INDEX": FIRST}),
        ({"PIP_EXTRA_INDEX_URL": f"{FIRST}\n  {SECOND}"}, {"UV_INDEX": f"{FIRST} {SECOND}"}),
        ({"PIP_FIND_LINKS": f"/wheels {FIRST}"}, {"UV_FIND_LINKS": f"/wheels,{FIRST}"}),
        ({"PIP_FIND_LINKS": "~/wheels"}, {"UV_FIND_LINKS": os.path.expanduser("~/wheels")}),  # noqa: PTH111
        ({"PIP_CERT": "/authority.pem"}, {"SSL_CERT_FILE": "/authority.pem"}),
        ({"PIP_CLIENT_CERT": "/client.pem"}, {"SSL_CLIENT_CERT": "/client.pem"}),
        ({"PIP_TRUSTED_HOST": "a.example b.example:8443"}, {"UV_INSECURE_HOST": "a.example b.example:8443"}),
        ({"PIP_TIMEOUT": "60"}, {"UV_HTTP_TIMEOUT": "60"}),
        ({"PIP_DEFAULT_TIMEOUT": "60"}, {"UV_HTTP_TIMEOUT": "60"}),
        ({"PIP_KEYRING_PROVIDER": "subprocess"}, {"UV_KEYRING_PROVIDER": "subprocess"}),
        (
            {"PIP_PROXY": "http://proxy.example:3128"},
            dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://proxy.example:3128"),
        ),
    ],
)  # fmt: skip
def test_uv_is_told_what_pip_is_told(
    home: dict[str, str], pips: dict[str, str], uvs: dict[str, str]
) -> None:
    environ = uv_environment({**home, "PIP_CONFIG_FILE": os.devnull, **pips})
    assert uvs.items() <= environ.items()


def test_without_an_index_uv_has_an_empty_one(
    home: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uv, "CACHE", tmp_path)
    environ = uv_environment({**home, "PIP_NO_INDEX": "1", "PIP_EXTRA_INDEX_URL": FIRST})

    assert environ["UV_DEFAULT_INDEX"] == (tmp_path / "no-index").as_uri()
    assert list((tmp_path / "no-index").iterdir()) == []
    assert "UV_INDEX" not in environ


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_pip_trusts_by_other_variables(home: dict[str, str], name: str) -> None:
    del home["PIP_CERT"]
    environ = {**home, "PIP_CONFIG_FILE": os.devnull, name: "/bundle.pem", "SSL_CERT_FILE": "/x"}
    assert uv_environment(environ)["SSL_CERT_FILE"] == "/bundle.pem"


@pytest.mark.parametrize("stored", [True, False])
def test_the_systems_certificates_are_trusted_where_there_are_any(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, stored: bool
) -> None:
    monkeypatch.setattr(uv, "_has_certificates", lambda: stored)
    del home["PIP_CERT"]
    environ = uv_environment({**home, "PIP_CONFIG_FILE": os.devnull})
    assert environ.get("UV_SYSTEM_CERTS") == ("1" if stored else None)


@pytest.mark.parametrize(
    "name",
    ["VIRTUAL_ENV", "CONDA_PREFIX", "UV_SYSTEM_PYTHON", "UV_INDEX_URL", "PYTHONHOME"],
)
def test_nothing_leads_an_installation_elsewhere(home: dict[str, str], name: str) -> None:
    assert name not in uv_environment({**home, name: "1"})


def test_uv_uses_the_interpreter_that_runs_it(home: dict[str, str]) -> None:
    assert uv_environment({**home, "UV_PYTHON": "3.9"})["UV_PYTHON"] == sys.executable


def test_interpreter_without_pip_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\necho No module named pip >&2; exit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(uv, "CACHE", tmp_path)
    for attribute in ("executable", "_base_executable"):
        monkeypatch.setattr(sys, attribute, str(python))

    with pytest.raises(UvError, match=r"has no pip.*apt-get install python3-pip") as caught:
        ensure_uv({})

    assert "\n" not in str(caught.value)
