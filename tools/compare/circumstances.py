"""On what, and of what, something was measured."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from tools import ROOT
from tools.runtime.machine import Machine
from tools.runtime.tools import SAM

MB = 1_000_000
BYTES_PER_KB = 1024

# What a number may depend on, of what is installed beside this program.
LIBRARIES: Final = (
    *("fastapi", "starlette", "pydantic", "pydantic-core", "mangum", "httpx", "httpcore", "anyio"),
    *("flask", "werkzeug", "apig-wsgi", "requests", "urllib3"),
    *("uvicorn", "uvloop", "httptools", "h11", "gunicorn", "numpy", "matplotlib"),
)
ARTIFACTS: Final = {"fastapi": "fastapi_app", "flask": "flask_app"}
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


class Commit(BaseModel):
    """The state of the code."""

    id: str
    changed: bool
    """Whether files differed from it."""


class MachineFacts(BaseModel):
    """The machine that it was measured on."""

    processor: str
    architecture: str
    cores: int
    """How many of them this program may use."""
    memory_mb: int
    kernel: str
    system: str
    docker: str | None
    load_before: float
    """Processes that wanted a processor in the minute before."""
    load_after: float | None = None
    """The same in the last minute, what was measured included; None in older results."""


class Versions(BaseModel):
    """Everything whose version a number may depend on."""

    python: str
    """That ran this program, the servers and the core arena."""
    lambda_python: str
    sam: str
    libraries: dict[str, str]
    """Of the server and the core arena."""
    artifacts: dict[str, dict[str, str]]
    """What each function ships, by variant."""


def commit() -> Commit | None:
    """The commit that is checked out; None where this is no clone."""
    try:
        identity = _git("rev-parse", "HEAD").strip()
        return Commit(id=identity, changed=bool(_git("status", "--porcelain").strip()))
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
    ).stdout


def machine_facts(machine: Machine) -> MachineFacts:
    """What this machine is, as far as it tells."""
    docker = machine.run("docker", "version", "--format", "{{.Server.Version}}", timeout_s=10)
    model = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    total_kb = re.search(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    return MachineFacts(
        processor=model[1] if model else platform.processor() or "unknown",
        architecture=machine.architecture,
        cores=_cores(),
        memory_mb=int(total_kb[1]) * BYTES_PER_KB // MB if total_kb else 0,
        kernel=platform.release(),
        system=platform.platform(terse=True),
        docker=docker.stdout.strip() if docker.succeeded else None,
        load_before=_load(),
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def with_load_after(facts: MachineFacts) -> MachineFacts:
    """The same machine, with what it has to do now."""
    return facts.model_copy(update={"load_after": _load()})


def is_busy(facts: MachineFacts) -> bool:
    """Whether so much else was running before that ratios will spread more."""
    return facts.load_before > facts.cores / 2


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def versions() -> Versions:
    """The versions of everything that matters."""
    return Versions(
        python=platform.python_version(),
        lambda_python="3.13",
        sam=SAM.version,
        libraries=dict(_installed(LIBRARIES)),
        artifacts={
            variant: pins(ROOT / "functions" / folder / "requirements.txt")
            for variant, folder in ARTIFACTS.items()
        },
    )


def _installed(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue  # an extra that is not used here


def pins(requirements: Path) -> dict[str, str]:
    """The pinned versions of a requirements file, by name."""
    return {pin[1]: pin[2] for pin in _PIN.finditer(requirements.read_text(encoding="utf-8"))}
