"""What every measure of this arena is done with: artifacts, a network, an upstream, and an emulator."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.compare.samples import Say, Variant
from tools.runtime.docker import ensure_image, own_network
from tools.runtime.local import Session
from tools.runtime.machine import Machine
from tools.runtime.upstream import fake_pypistats

from .artifacts import build
from .containers import Containers, none_left
from .emulator import Emulator, emulator
from .functions import Settings, write_template, write_upstream
from .upstream import Upstream


@dataclass(frozen=True)
class Bench:
    """Set up once for all measures.

    Attributes:
        built: The folder that `sam build` wrote into.
        upstream: The stand-in, in a container on the functions' network.
        variables: The file that names it to the functions.
    """

    machine: Machine
    built: Path
    network: str
    upstream: Upstream
    variables: Path

    @contextmanager
    def emulator(
        self, variants: tuple[Variant, ...], settings: Settings, *, warm: bool
    ) -> Iterator[Emulator]:
        """Run the variants' functions with these settings for the length of a `with` block."""
        template = write_template(self.built, "compared.json", settings)
        session = Session(self.machine, template, self.network, self.variables)
        with emulator(session, variants, warm=warm) as running:
            yield running

    def containers(self, variants: tuple[Variant, ...]) -> Containers:
        """The containers of a warm emulator, in which each function has been invoked."""
        return Containers(self.machine, self.built, variants)


@contextmanager
def bench(machine: Machine, say: Say) -> Iterator[Bench]:
    """Build, and start what outlives an emulator, for the length of a `with` block.

    Raises:
        NeedError: something is missing and can't be had here; says what to do.
    """
    image = ensure_image(machine)
    with tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder:
        say("lambda: building the artifacts")
        built = build(machine, Path(folder))
        with (
            own_network(machine) as network,
            none_left(machine, built),
            fake_pypistats(machine, image=image, network=network) as simulated,
            httpx.Client(base_url=simulated.local_url, trust_env=False) as client,
        ):
            variables = write_upstream(Path(folder), simulated.url)
            yield Bench(machine, built, network, Upstream(client), variables)
