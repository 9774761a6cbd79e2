"""What the functions ship: built as for a deployment, in a folder of the run's own."""

import io
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

from tools import ROOT, environ
from tools.compare import transports
from tools.compare.benchmark import MeasurementError
from tools.compare.plan import base, transport

from .containers import docker

FUNCTIONS: Final = {
    "fastapi": "FastApiFunction",
    "flask": "FlaskFunction",
    "flask-threads": "FlaskFunction",
}
"""The function of the template that each variant is."""

_BUILD_S: Final = 600


def artifact_name(variant: str) -> str:
    """The folder of a variant's artifact within the built ones."""
    carried = transport(variant)
    name = FUNCTIONS[base(variant)]
    return name if carried == "httpx" else f"{name}-{carried}"


def sizes(artifact: Path) -> dict[str, float]:
    """`unzipped_bytes`, which Lambda's limit counts, and `zipped_bytes`, which a deployment uploads."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(artifact.rglob("*")):
            packed.write(file, file.relative_to(artifact))
    files = [file for file in artifact.rglob("*") if file.is_file()]
    unzipped = sum(file.stat().st_size for file in files)
    return {"unzipped_bytes": unzipped, "zipped_bytes": archive.tell()}


def build(folder: Path) -> Path:
    """Run `sam build` into a folder of `folder`, and return that.

    Raises:
        MeasurementError: it failed, or ships no bytecode.
    """
    built = folder / "build"
    template = str(ROOT / "template.yaml")
    words = run_tool(
        *("-m", "tools.runtime.sam", "build", "--template-file", template),
        *("--build-dir", str(built)),
        temporary=folder,
    )
    if "ships no bytecode" in words:
        raise MeasurementError(words.strip()[-1000:])
    return built


def add_transport(built: Path, carried: str, image: str, architecture: str) -> None:
    """Make an artifact of the FastAPI function that has another transport.

    Raises:
        MeasurementError: its packages can't be installed.
    """
    platform = (
        (ROOT / "functions" / "architectures" / architecture / "platform").read_text().strip()
    )
    artifact = built / f"{FUNCTIONS['fastapi']}-{carried}"
    shutil.copytree(built / FUNCTIONS["fastapi"], artifact)
    shutil.copy(transports.__file__, artifact / "transports.py")
    run_tool(
        *("-E", "tools/uv.py", "pip", "install", "--quiet", "--only-binary", ":all:"),
        *("--python-version", "3.13", "--python-platform", platform),
        *("--constraints", "requirements-dev.txt", "--target", str(artifact)),
        *transports.PACKAGES[carried],
        temporary=built,
    )
    docker(
        *("run", "--rm", "--network", "none", "--volume", f"{artifact}:/var/task"),
        *("--user", f"{os.getuid()}:{os.getgid()}", "--entrypoint", "python3.13", image),
        *("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "/var/task"),
    )


def run_tool(*arguments: str, temporary: Path) -> str:
    """What one of the project's own commands printed.

    Raises:
        MeasurementError: it failed, with its last words.
    """
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environ(TMPDIR=str(temporary)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A group of its own: what the command starts ends with it.
        start_new_session=True,
    ) as process:
        try:
            words, _ = process.communicate(timeout=_BUILD_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise MeasurementError("\n".join(words.strip().splitlines()[-5:]))
    return words
