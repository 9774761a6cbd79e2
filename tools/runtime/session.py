"""What one `sam local` command runs in: engine, image, a network of its own, an upstream."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .engine import ensure_engine
from .image import ensure_image
from .machine import Machine
from .network import own_network
from .sam import sam_command, sam_environment
from .upstream import upstream_for_containers


@dataclass(frozen=True)
class Session:
    """Everything that a `sam local` command is told."""

    machine: Machine
    template: Path
    network: str
    variables: Path

    def command(self, subcommand: str, *arguments: str) -> list[str]:
        """The command line of `sam local SUBCOMMAND` in this session."""
        return sam_command(
            self.machine,
            *("local", subcommand, *arguments),
            # samconfig.toml is not read where the template lies elsewhere, so this is said again.
            *("--template", str(self.template), "--skip-pull-image"),
            *("--docker-network", self.network, "--env-vars", str(self.variables)),
        )

    @property
    def environ(self) -> dict[str, str]:
        """The environment that the command is to run in."""
        return sam_environment(self.machine, "local")


@contextmanager
def local_session(machine: Machine, template: Path) -> Iterator[Session]:
    """Set up what `sam local` needs, for the length of a `with` block.

    Raises:
        NeedError: something is missing and can't be had here; says what to do.
    """
    ensure_engine(machine)
    image = ensure_image(machine)
    with (
        own_network(machine) as network,
        upstream_for_containers(machine, image=image, network=network) as url,
        tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder,
    ):
        yield Session(machine, template, network, write_variables(Path(folder), url))


def write_variables(folder: Path, upstream_url: str) -> Path:
    """Write the file of settings that `sam local` hands to every function."""
    variables = folder / "variables.json"
    # No table: SAM would name one after the template, in an account that nobody here has.
    settings = {"PYPISTATS_URL": upstream_url, "CACHE_TABLE": ""}
    variables.write_text(json.dumps({"Parameters": settings}))
    return variables
