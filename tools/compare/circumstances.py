"""The code, the machine and the versions that results depend on."""

import os
import platform
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from tools import ROOT

_LIBRARIES: Final = (
    *("fastapi", "starlette", "pydantic", "mangum", "httpx", "httpcore", "anyio"),
    *("httpx2", "httpx-aiohttp", "aiohttp", "pyreqwest"),
    *("flask", "werkzeug", "apig-wsgi", "requests", "urllib3", "uvicorn", "h11", "gunicorn"),
)
_BYTES_PER_KB: Final = 1024
_MB: Final = 1_000_000


def commit() -> str:
    """The commit that is checked out, and whether files differ from it; empty if this is no clone."""
    try:
        changed = _output("git", "-C", str(ROOT), "status", "--porcelain")
        return _output("git", "-C", str(ROOT), "rev-parse", "HEAD") + (
            ", with changes" if changed else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine() -> dict[str, Any]:
    """The machine, as far as it tells."""
    model = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    total_kb = re.search(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    return {
        "processor": model[1] if model else platform.processor() or "unknown",
        "architecture": platform.machine(),
        "cores": cores(),
        "memory_mb": int(total_kb[1]) * _BYTES_PER_KB // _MB if total_kb else 0,
        "system": platform.platform(terse=True),
        "load_before": load(),
    }


def cores() -> int:
    """How many cores this program may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float:
    """Processes that wanted a processor in the last minute."""
    return round(os.getloadavg()[0], 2)


def versions() -> dict[str, str]:
    """Versions of Python and of each library that is measured in this environment."""
    return {"python": platform.python_version(), **dict(_installed())}


def _installed() -> Iterator[tuple[str, str]]:
    for name in _LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
