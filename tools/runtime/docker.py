"""Docker: the engine and the Lambda image, set up if need be; networks and containers that end with a block."""

import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .machine import Machine, NeedError, Outcome
from .tools import SAM, UV

PYTHON: Final = "3.13"
SETUP: Final = Path(__file__).with_name("setup.sh")
START_S: Final = 60.0
POLL_S: Final = 0.1


def set_up(*arguments: str) -> None:
    """Run setup.sh, which shows its progress on stderr.

    Raises:
        NeedError: it can't do that here; says what to do.
    """
    with subprocess.Popen(
        ["sh", str(SETUP), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate()
        except BaseException:
            os.killpg(
                process.pid, signal.SIGTERM
            )  # all that it runs; it then removes what is half made
            raise
    if process.returncode:
        raise NeedError(said.strip() or f"{SETUP.name} {arguments[0]} failed: see above.")


def ensure_image(machine: Machine) -> str:
    """Return the name of this machine's Lambda image once an engine runs and has it.

    Raises:
        NeedError: there is no engine, or the image can neither be pulled nor made; says what to do.
    """
    set_up("engine")
    SAM.ensure(machine)
    name = f"aws-lambda-rie-{machine.architecture}"
    (emulator,) = SAM.home.glob(f"lib/*/site-packages/samcli/local/rapid/{name}")
    set_up("image", machine.architecture, str(emulator), *UV)
    return f"public.ecr.aws/lambda/python:{PYTHON}-{machine.architecture}"


@contextmanager
def own_network(machine: Machine) -> Iterator[str]:
    """A network for the length of a `with` block; yields its name.

    All containers that are still on it at the end, SAM's included, are removed.
    """
    name = f"pypi-pulse-{secrets.token_hex(4)}"
    made = machine.run("docker", "network", "create", name)
    if not made.succeeded:
        raise NeedError(f"Docker could not make a network:\n{made.last_words()}")
    try:
        yield name
    finally:
        on_it = machine.run("docker", "ps", "--all", "--quiet", "--filter", f"network={name}")
        if containers := on_it.stdout.split():
            machine.run("docker", "rm", "--force", "--volumes", *containers)
        machine.run("docker", "network", "rm", name)


@contextmanager
def container(machine: Machine, name: str, *arguments: str, ready: str) -> Iterator[None]:
    """Run a container for the length of a `with` block, once its log says `ready`.

    `arguments` are those of `docker run`.

    Raises:
        NeedError: it did not start; has its last words.
    """
    outcome = machine.run("docker", "run", "--detach", "--name", name, *arguments)
    try:
        if outcome.succeeded:
            outcome = _wait_until_ready(machine, name, ready)
        if not outcome.succeeded:
            raise NeedError(f"The container {name} did not start:\n{outcome.last_words()}")
        yield
    finally:
        machine.run("docker", "rm", "--force", "--volumes", name)


def _wait_until_ready(machine: Machine, name: str, ready: str) -> Outcome:
    logs = Outcome(1)
    for _ in range(int(START_S / POLL_S)):
        running = machine.run("docker", "inspect", "--format", "{{.State.Running}}", name)
        logs = machine.run("docker", "logs", name)
        if ready in logs.stdout + logs.stderr:
            return logs
        if running.stdout.strip() != "true":
            break
        machine.pause(POLL_S)
    return Outcome(1, logs.stdout, logs.stderr)
