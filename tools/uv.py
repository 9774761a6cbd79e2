"""`python tools/uv.py ARGUMENTS…` runs uv, which installs all Python packages of the project.

pip installs uv the first time. This makes `.venv`, so it needs only the standard library.

Where packages come from is read as pip reads it, from pip.conf and `PIP_…`. No other setting of uv, pip or Python
changes what is installed, or where.
"""

import configparser
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
CACHE: Final = ROOT / ".cache"
REQUIREMENTS: Final = ROOT / "requirements-uv.txt"

PIP_SETTINGS: Final = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host"),
    *("cert", "client-cert", "proxy", "timeout", "keyring-provider"),
)
"""The settings that are read from pip's configuration."""

_OTHER_NAMES: Final = {"default-timeout": "timeout", "pypi-url": "index-url"}
"""Names that pip has for the same setting."""

_LISTS: Final = {"extra-index-url", "find-links", "trusted-host"}
_PATHS: Final = {"find-links", "cert", "client-cert"}
_TRUE: Final = {"1", "true", "yes", "on", "y", "t"}

_PROXIES: Final = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")

_NOT_INHERITED: Final = ("UV_", "PIP_", "PYTHON", "CONDA_", "VIRTUAL_ENV")
"""Prefixes of variables that could change where packages are installed."""


class UvError(Exception):
    """uv can't be installed; says what to do."""


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The `PIP_SETTINGS` that pip's files and variables set, by name.

    Several values of one setting are separated by spaces. As in pip, an empty value counts as unset.

    Raises:
        UvError: a file of pip's can't be parsed.
    """
    found: dict[str, str] = {}
    files = [_parsed(path) for path in _pip_files(environ)]
    for section in ("global", "install"):
        for file in files:
            if file.has_section(section):
                found |= _by_name(file.items(section))
    found |= _by_name(
        (name.removeprefix("PIP_").lower(), value)
        for name, value in environ.items()
        if name.startswith("PIP_")
    )
    return {name: _spelled_out(name, found[name]) for name in PIP_SETTINGS if name in found}


def _by_name(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The values that are not empty, by pip's first name of the setting."""
    spelled = {name.replace("_", "-"): value for name, value in items if value}
    return {_OTHER_NAMES.get(name, name): value for name, value in spelled.items()}


def _pip_files(environ: Mapping[str, str]) -> list[Path]:
    """The configuration files of pip; a later one wins."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = Path(environ.get("HOME") or "~").expanduser()
    folders = [
        Path("/Library/Application Support"),
        *map(Path, reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep))),
    ]
    personal = [
        home / ".pip/pip.conf",
        home / "Library/Application Support/pip/pip.conf",
        Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip/pip.conf"),
    ]
    # Conda's environments have a file of their own too.
    active = [sys.base_prefix, environ.get("VIRTUAL_ENV")]
    return [
        *(folder / "pip/pip.conf" for folder in folders),
        Path("/etc/pip.conf"),
        *([] if named and Path(named).exists() else personal),
        *(Path(prefix, "pip.conf") for prefix in active if prefix),
        *([Path(named)] if named else []),
    ]


def _parsed(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UvError(
            f"pip's configuration can't be read: {' '.join(str(error).split())}"
        ) from None
    return parser


def _spelled_out(name: str, value: str) -> str:
    """The value with single spaces if it is a list, and with absolute paths: `make build` runs elsewhere."""
    words = value.split() if name in _LISTS else [value.strip()]
    return " ".join(map(_absolute, words) if name in _PATHS else words)


def _absolute(path_or_url: str) -> str:
    return path_or_url if "://" in path_or_url else str(Path(path_or_url).expanduser().absolute())


def _inherited(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(_NOT_INHERITED)}


def uv_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that uv runs in.

    Raises:
        UvError: pip's configuration can't be read.
    """
    settings = pip_settings(environ)
    told = {
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        # Where no option names another: the PATH may have none, or one that uv refuses.
        "UV_PYTHON": sys.executable,
        "UV_CACHE_DIR": str(CACHE / "uv-downloads"),
        # As pip does: all indexes are equal.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": settings.get("index-url", ""),
        "UV_INDEX": settings.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(settings.get("find-links", "").split()),
        "UV_INSECURE_HOST": settings.get("trusted-host", ""),
        "UV_HTTP_TIMEOUT": settings.get("timeout", ""),
        "UV_KEYRING_PROVIDER": "subprocess" if _asks_keyring(settings) else "",
        "SSL_CERT_FILE": _certificates(environ, settings),
        "SSL_CLIENT_CERT": settings.get("client-cert", ""),
        **dict.fromkeys(_PROXIES, settings.get("proxy", "")),
    }
    if settings.get("no-index", "").lower() in _TRUE:
        # uv has no variable for it; a folder with nothing in it is an index of nothing.
        nothing = CACHE / "no-index"
        nothing.mkdir(parents=True, exist_ok=True)
        told |= {"UV_DEFAULT_INDEX": nothing.as_uri(), "UV_INDEX": ""}
    told = {name: value for name, value in told.items() if value}
    if "SSL_CERT_FILE" not in {*told, *environ} and _has_certificates():
        told["UV_SYSTEM_CERTS"] = "1"
    return {**_inherited(environ), **told}


def _asks_keyring(settings: Mapping[str, str]) -> bool:
    return settings.get("keyring-provider") in {"subprocess", "import"}


def _certificates(environ: Mapping[str, str], settings: Mapping[str, str]) -> str:
    """The file of certificates that pip would trust; empty if none is set."""
    return (
        settings.get("cert")
        or environ.get("REQUESTS_CA_BUNDLE")
        or environ.get("CURL_CA_BUNDLE")
        or ""
    )


def _has_certificates() -> bool:
    """Whether this system has a certificate store, which uv ignores by default."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def ensure_uv(environ: Mapping[str, str]) -> Path:
    """Return the path of the pinned uv once it is installed.

    Raises:
        UvError: it can't be installed.
    """
    (version,) = re.findall(r"^uv==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    home = CACHE / f"uv-{version}"
    if not (home / "bin/uv").exists():
        _install(home, environ)
    return home / "bin/uv"


def _install(home: Path, environ: Mapping[str, str]) -> None:
    settings = pip_settings(environ)
    pip_environ = {
        **_inherited(environ),
        **{f"PIP_{name.upper().replace('-', '_')}": value for name, value in settings.items()},
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_CACHE_DIR": str(CACHE / "pip-downloads"),
    }
    python = _python_with_pip(pip_environ)
    CACHE.mkdir(exist_ok=True)
    # Made beside its place, then moved: another process may do the same.
    with tempfile.TemporaryDirectory(prefix="uv-making-", dir=CACHE) as folder:
        made = Path(folder, "uv")
        installed = subprocess.run(
            [
                *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--root-user-action=ignore", "--require-hashes", "--only-binary=:all:"),
                *("--target", str(made), "--requirement", str(REQUIREMENTS)),
            ],
            env=pip_environ,
            check=False,
        )
        if installed.returncode != 0:
            raise UvError("pip can't install uv, with which all else is installed: see above.")
        if not home.exists():
            shutil.move(made, home)


def _python_with_pip(environ: Mapping[str, str]) -> str:
    """This interpreter, or the base of its virtual environment, whichever has pip."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    for python in (sys.executable, base):
        asked = subprocess.run(
            [python, "-m", "pip", "--version"], env=environ, capture_output=True, check=False
        )
        if asked.returncode == 0:
            return python
    raise UvError(
        f"{base} has no pip, which set-up needs: install it (on Debian: apt-get install python3-pip), "
        "or name a Python that has it: make setup PYTHON=python3.13"
    )


def main() -> None:
    """Become uv, or exit with 1 and the reason on stderr."""
    try:
        program = ensure_uv(os.environ)
        environ = uv_environment(os.environ)
    except UvError as error:
        sys.exit(str(error))
    os.execve(program, [str(program), *sys.argv[1:]], environ)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
