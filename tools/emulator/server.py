"""The emulator in a container, for the length of a `with` block."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tools.emulator.account import RequestLog
from tools.emulator.image import PREFIX, ensure_function_image
from tools.emulator.packages import ensure_packages
from tools.emulator.problems import EmulatorError
from tools.runtime.machine import Machine

START_S = 60.0
POLL_S = 0.1
# As ministack has it where it starts its server by itself.
KEEP_ALIVE_S = "75"

DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock"
_SOCKET_INSIDE = "/var/run/docker.sock"
_PACKAGES_INSIDE = "/opt/emulator"


@contextmanager
def emulator(machine: Machine, *, image: str, network: str) -> Iterator[RequestLog]:
    """Run ministack on a network of ours; yields its account once it is ready.

    It runs on the Python of the Lambda image, and starts a container on the same network for each
    execution environment of a function. Whoever made the network removes those with it.

    Raises:
        EmulatorError: it can't be installed or does not start; says what to do.
    """
    docker_socket = _docker_socket(machine)
    packages = ensure_packages(machine)
    ensure_function_image(machine, image)
    name, port = f"{network}-emulator", _free_port()
    settings = {
        # The URL that a deployed API gets has this port in it, so it is the same inside and out.
        "GATEWAY_PORT": str(port),
        # Rights are looked at as AWS does, those of functions' roles too.
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Without these it would run functions on its own Python, where they see its packages.
        "LAMBDA_EXECUTOR": "docker",
        "LAMBDA_STRICT": "1",
        "DOCKER_NETWORK": network,
        "MINISTACK_IMAGE_PREFIX": PREFIX,
        # Where functions find DynamoDB: at HTTP's own port, as AWS is at HTTPS's. aiodynamo leaves any
        # other out of what it signs, and the emulator looks at signatures.
        "AWS_ENDPOINT_URL": f"http://{name}",
        "PYTHONPATH": _PACKAGES_INSIDE,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    created = machine.run(
        *("docker", "run", "--detach", "--name", name, "--network", network),
        *("--publish", f"127.0.0.1:{port}:{port}"),
        *("--volume", f"{packages}:{_PACKAGES_INSIDE}:ro"),
        *("--volume", f"{docker_socket}:{_SOCKET_INSIDE}"),
        *(word for pair in settings.items() for word in ("--env", "=".join(pair))),
        *("--entrypoint", "python3.13", image, "-m", "hypercorn", "ministack.app:app"),
        # All addresses of a network of its own.
        *("--bind", f"0.0.0.0:{port}", "--bind", "0.0.0.0:80", "--keep-alive", KEEP_ALIVE_S),
    )
    try:
        if not created.succeeded or not _becomes_ready(machine, name):
            words = created if not created.succeeded else machine.run("docker", "logs", name)
            raise EmulatorError(
                f"The emulator did not start:\n{words.last_words()}\n"
                "Try again; if it stays so, remove .cache/emulator-* and have it installed anew."
            )
        yield RequestLog(f"http://127.0.0.1:{port}")
    finally:
        machine.run("docker", "rm", "--force", "--volumes", name)


def _docker_socket(machine: Machine) -> str:
    """The engine's socket, through which the emulator starts functions' containers."""
    host = machine.environ.get("DOCKER_HOST") or DEFAULT_DOCKER_HOST
    scheme, _, path = host.partition("://")
    if scheme != "unix":
        raise EmulatorError(
            f"DOCKER_HOST is {host}, and the emulator needs an engine on this machine, by its "
            "socket: unset DOCKER_HOST, or point it to a unix:// socket."
        )
    return path


def _becomes_ready(machine: Machine, container: str) -> bool:
    for _ in range(int(START_S / POLL_S)):
        logs = machine.run("docker", "logs", container)
        if "Running on http" in logs.stdout + logs.stderr:
            return True
        running = machine.run("docker", "inspect", "--format", "{{.State.Running}}", container)
        if running.stdout.strip() != "true":
            return False
        machine.pause(POLL_S)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
