"""Which upstream the functions in containers use: the one asked for, pypistats.org, or the stand-in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pulse.network import is_loopback

from .machine import Machine
from .problems import UpstreamError

PYPISTATS_URL = "https://pypistats.org"
PROBE_TIMEOUT_S = 5
# Docker's start of a container comes on top.
PROBE_CONTAINER_S = 30.0

STAND_IN_PORT = 8080
STAND_IN_START_S = 30.0
STAND_IN_POLL_S = 0.1

WORKBENCH = Path(__file__).parents[1]

# An answer of whatever status is an answer; 5xx means that nobody is at home behind the proxy.
_PROBE = """
import sys, urllib.error, urllib.request
request = urllib.request.Request(
    sys.argv[1], method="HEAD", headers={"User-Agent": "pypi-pulse (is upstream there?)"}
)
try:
    urllib.request.urlopen(request, timeout=float(sys.argv[2]))
except urllib.error.HTTPError as error:
    sys.exit(error.code >= 500)
"""


@dataclass(frozen=True)
class FakePypistats:
    """The stand-in upstream in a container."""

    url: str
    """As containers on its network reach it."""
    local_url: str
    """As this machine reaches it, on the loopback."""


def asked_upstream(machine: Machine) -> str | None:
    """The PYPISTATS_URL of the environment, None where it has none.

    Raises:
        UpstreamError: it is on the loopback, which in a container is the container itself.
    """
    url = machine.environ.get("PYPISTATS_URL")
    if url and is_loopback(urlsplit(url).hostname or ""):
        raise UpstreamError(
            f"PYPISTATS_URL is {url}, and functions run in containers, where that address is the "
            "container itself. Unset it for pypistats.org (or the stand-in, where that can't be "
            "reached), or give an address that containers reach."
        )
    return url or None


def answers_containers(machine: Machine, url: str, *, image: str, network: str) -> bool:
    """Whether an upstream answers one HEAD request from where the functions will run."""
    asked = machine.run(
        *("docker", "run", "--rm", "--network", network, "--entrypoint", "python3.13", image),
        *("-c", _PROBE, url, str(PROBE_TIMEOUT_S)),
        timeout_s=PROBE_CONTAINER_S,
    )
    return asked.succeeded


@contextmanager
def fake_pypistats(
    machine: Machine, *, image: str, network: str, options: Sequence[str] = ()
) -> Iterator[FakePypistats]:
    """Run the stand-in on a network for the length of a `with` block, once it is ready.

    `options` are more of `python -m tools.fake_pypistats`'s, such as its rules.

    Raises:
        UpstreamError: it did not start.
    """
    name = f"{network}-upstream"
    created = machine.run(
        *("docker", "run", "--detach", "--name", name, "--network", network),
        *("--publish", f"127.0.0.1::{STAND_IN_PORT}"),
        *("--volume", f"{WORKBENCH}:/opt/pypi-pulse/tools:ro"),
        *("--workdir", "/opt/pypi-pulse", "--entrypoint", "python3.13", image),
        *("-B", "-u", "-m", "tools.fake_pypistats", "--host", "0.0.0.0"),  # noqa: S104 - of its own network
        *("--port", str(STAND_IN_PORT), "--no-limits", *options),
    )
    try:
        if not created.succeeded or not _becomes_ready(machine, name):
            words = created if not created.succeeded else machine.run("docker", "logs", name)
            raise UpstreamError(f"The stand-in upstream did not start:\n{words.last_words()}")
        published = machine.run("docker", "port", name, f"{STAND_IN_PORT}/tcp").stdout.split()
        yield FakePypistats(f"http://{name}:{STAND_IN_PORT}", f"http://{published[0]}")
    finally:
        machine.run("docker", "rm", "--force", "--volumes", name)


def _becomes_ready(machine: Machine, container: str) -> bool:
    for _ in range(int(STAND_IN_START_S / STAND_IN_POLL_S)):
        logs = machine.run("docker", "logs", container)
        if "listening on" in logs.stdout + logs.stderr:
            return True
        running = machine.run("docker", "inspect", "--format", "{{.State.Running}}", container)
        if running.stdout.strip() != "true":
            return False
        machine.pause(STAND_IN_POLL_S)
    return False


@contextmanager
def upstream_for_containers(machine: Machine, *, image: str, network: str) -> Iterator[str]:
    """Yield the base URL that the functions are to use, for the length of a `with` block."""
    if asked := asked_upstream(machine):
        yield asked
    elif answers_containers(machine, PYPISTATS_URL, image=image, network=network):
        yield PYPISTATS_URL
    else:
        machine.say(
            "pypistats.org can't be reached from a container on this machine: starting the "
            'stand-in upstream instead. Its numbers are made up ("source": "simulated").'
        )
        with fake_pypistats(machine, image=image, network=network) as simulated:
            yield simulated.url
