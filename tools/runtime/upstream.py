"""The upstream of functions in containers: the one asked for, pypistats.org, or the fake one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pulse.network import is_loopback
from tools import ROOT

from .docker import container
from .machine import Machine, NeedError

PYPISTATS_URL: Final = "https://pypistats.org"
PROBE_S: Final = 30.0
FAKE_PORT: Final = 8080

_PROBE: Final = """
import sys, urllib.request
headers = {"User-Agent": "pypi-pulse (is upstream there?)"}
urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="HEAD", headers=headers), timeout=5)
"""


@dataclass(frozen=True)
class FakePypistats:
    """The fake pypistats.org in a container."""

    url: str
    """As containers on its network reach it."""
    local_url: str
    """As this machine reaches it, on loopback."""


@contextmanager
def fake_pypistats(
    machine: Machine, *, image: str, network: str, options: Sequence[str] = ()
) -> Iterator[FakePypistats]:
    """Run the fake pypistats.org on a network for the length of a `with` block.

    `options` are more of `python -m tools.fake_pypistats`'s, such as its rules.

    Raises:
        NeedError: it did not start.
    """
    name = f"{network}-upstream"
    with container(
        machine,
        name,
        *("--network", network, "--publish", f"127.0.0.1::{FAKE_PORT}"),
        *("--volume", f"{ROOT / 'tools'}:/opt/pypi-pulse/tools:ro", "--workdir", "/opt/pypi-pulse"),
        *("--entrypoint", "python3.13", image, "-B", "-u", "-m", "tools.fake_pypistats"),
        *("--host", "0.0.0.0", "--port", str(FAKE_PORT)),  # noqa: S104 - of its own network
        *("--no-limits", *options),
        ready="listening on",
    ):
        published = machine.run("docker", "port", name, f"{FAKE_PORT}/tcp").stdout.split()
        yield FakePypistats(f"http://{name}:{FAKE_PORT}", f"http://{published[0]}")


@contextmanager
def upstream_for_containers(machine: Machine, *, image: str, network: str) -> Iterator[str]:
    """The base URL that the functions are to use, for the length of a `with` block.

    It is PYPISTATS_URL if that is set, else pypistats.org if containers reach it, else a fake one.

    Raises:
        NeedError: PYPISTATS_URL is on loopback, which in a container is the container itself.
    """
    url = machine.environ.get("PYPISTATS_URL")
    if url and is_loopback(urlsplit(url).hostname or ""):
        raise NeedError(
            f"PYPISTATS_URL is {url}, and functions run in containers, where that address is the "
            "container itself. Unset it for pypistats.org (or a fake one, if that can't be reached), or "
            "give an address that containers reach."
        )
    if url:
        yield url
    elif machine.run(
        *("docker", "run", "--rm", "--network", network, "--entrypoint", "python3.13", image),
        *("-c", _PROBE, PYPISTATS_URL),
        timeout_s=PROBE_S,
    ).succeeded:
        yield PYPISTATS_URL
    else:
        machine.say(
            "pypistats.org can't be reached from a container on this machine: using a fake one instead. "
            'Its numbers are invented ("source": "simulated").'
        )
        with fake_pypistats(machine, image=image, network=network) as fake:
            yield fake.url
