"""ministack, an emulator of AWS, in a container; its packages are installed once into `.cache/`."""

import hashlib
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools import ROOT
from tools.runtime.docker import PYTHON, container
from tools.runtime.machine import Machine, NeedError
from tools.runtime.tools import UV
from tools.uv import CACHE

from .account import Account

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
INSTALL_TIMEOUT_S: Final = 600
IMAGE_PREFIX: Final = "localhost/pypi-pulse"
"""What the emulator puts before an image's name, so that no registry is asked for it."""

_SOCKET: Final = "/var/run/docker.sock"
_PACKAGES: Final = "/opt/emulator"


@contextmanager
def emulator(machine: Machine, *, image: str, network: str) -> Iterator[Account]:
    """Run ministack on a network of ours for the length of a `with` block; yields its account.

    It runs on the Python of the Lambda image, and starts a container of that image on the same network for
    each execution environment of a function. They are removed with the network.

    Raises:
        NeedError: it can't be installed or does not start; says what to do.
    """
    host = machine.environ.get("DOCKER_HOST") or f"unix://{_SOCKET}"
    if not host.startswith("unix://"):
        raise NeedError(
            f"DOCKER_HOST is {host}, and the emulator needs an engine on this machine, by its socket: "
            "unset DOCKER_HOST, or point it to a unix:// socket."
        )
    packages = ensure_packages(machine)
    functions_image = f"{IMAGE_PREFIX}/public.ecr.aws/lambda/python:{PYTHON}"
    tagged = machine.run("docker", "tag", image, functions_image)
    if not tagged.succeeded:
        raise NeedError(f"Docker could not tag {image}:\n{tagged.last_words()}")
    name, port = f"{network}-emulator", _free_port()
    settings = {
        # In the URL of a deployed API, so it is the same inside and outside.
        "GATEWAY_PORT": str(port),
        "AUTH": "true",  # rights are checked as AWS does, those of functions' roles too
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Otherwise it runs functions on its own Python, where they see its packages.
        "LAMBDA_EXECUTOR": "docker",
        "LAMBDA_STRICT": "1",
        "DOCKER_NETWORK": network,
        "MINISTACK_IMAGE_PREFIX": IMAGE_PREFIX,
        # Where functions find DynamoDB. At HTTP's own port: aiodynamo leaves any other out of what it signs.
        "AWS_ENDPOINT_URL": f"http://{name}",
        "PYTHONPATH": _PACKAGES,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with container(
        machine,
        name,
        *("--network", network, "--publish", f"127.0.0.1:{port}:{port}"),
        *("--volume", f"{packages}:{_PACKAGES}:ro"),
        *("--volume", f"{host.removeprefix('unix://')}:{_SOCKET}"),
        *(word for pair in settings.items() for word in ("--env", "=".join(pair))),
        *("--entrypoint", f"python{PYTHON}", image, "-m", "hypercorn", "ministack.app:app"),
        # All addresses of a network of its own. It keeps connections as its own command does.
        *("--bind", f"0.0.0.0:{port}", "--bind", "0.0.0.0:80", "--keep-alive", "75"),
        ready="Running on http",
    ):
        yield Account(f"http://127.0.0.1:{port}")


def ensure_packages(machine: Machine) -> Path:
    """Return the folder of the emulator's packages, for the Python of the Lambda image, once installed.

    Raises:
        NeedError: they can't be installed; says why.
    """
    key = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    folder = CACHE / f"emulator-{key}-{machine.architecture}"
    if machine.has(folder):
        return folder
    machine.say(f"Installing the emulator's packages into {folder}")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    platform = ROOT / "functions" / "architectures" / machine.architecture / "platform"
    installed = machine.run(
        *(*UV, "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:"),
        *("--python-platform", platform.read_text().strip(), "--python-version", PYTHON),
        *("--target", str(unfinished), "--requirements", str(REQUIREMENTS)),
        timeout_s=INSTALL_TIMEOUT_S,
    )
    if not installed.succeeded:
        raise NeedError(f"The emulator can't be installed:\n{installed.last_words()}")
    unfinished.rename(folder)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
