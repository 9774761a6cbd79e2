"""`python -m tools.runtime.local`: run functions in the Lambda image, with `sam local`.

`invoke FUNCTION EVENT` prints one answer, `start-api` serves the API on loopback until Ctrl-C.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import ROOT

from .docker import ensure_image, own_network
from .machine import Machine, NeedError
from .processes import end_in_order_when_told_to, started
from .sam import sam_command, sam_environment
from .upstream import upstream_for_containers

BUILT_TEMPLATE: Final = Path(".aws-sam/build/template.yaml")
CERTIFICATES: Final = ROOT / ".cache" / "tls"


@dataclass(frozen=True)
class Session:
    """What each `sam local` command is told."""

    machine: Machine
    template: Path
    network: str
    variables: Path

    def command(self, subcommand: str, *arguments: str) -> list[str]:
        """The command line of `sam local SUBCOMMAND`."""
        return sam_command(
            self.machine,
            *("local", subcommand, *arguments),
            # samconfig.toml is not read if the template is in another folder, so this is repeated.
            *("--template", str(self.template), "--skip-pull-image"),
            *("--docker-network", self.network, "--env-vars", str(self.variables)),
        )

    def start_api(self, port: int, certificate: Path | None = None) -> list[str]:
        """The command line that serves the API on loopback; over TLS with a folder of `make_certificate`.

        Containers are kept, as Lambda keeps execution environments, and start before the first request.
        """
        tls: tuple[str, ...] = ()
        if certificate:
            tls = ("--ssl-cert-file", str(certificate / "server.pem"))
            tls += ("--ssl-key-file", str(certificate / "server.key"))
        where = ("--host", "127.0.0.1", "--port", str(port))
        return self.command("start-api", *where, "--warm-containers", "EAGER", *tls)

    @property
    def environ(self) -> dict[str, str]:
        """The environment for the command."""
        return sam_environment(self.machine, "local")


@contextmanager
def local_session(machine: Machine, template: Path) -> Iterator[Session]:
    """Set up what `sam local` needs, for the length of a `with` block.

    Raises:
        NeedError: something is missing and can't be set up here; says what to do.
    """
    if not template.exists():
        raise NeedError(f"There is no {template}: run `make build` first.")
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
    settings = {"PYPISTATS_URL": upstream_url, "CACHE_TABLE": "", "HISTORY_TABLE": ""}
    variables.write_text(json.dumps({"Parameters": settings}))
    return variables


def make_certificate(folder: Path) -> Path:
    """Make server.pem and server.key for localhost, and client.pem, the authority that clients trust.

    They are new each time, so they never expire in use. The authority's key is not kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    trustme = [sys.executable, "-m", "trustme", "--quiet", "--dir", str(folder)]
    subprocess.run(trustme, check=True)
    return folder


def main() -> int:
    """Return SAM's exit status, 0 after Ctrl-C, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.runtime.local", description=__doc__)
    parser.add_argument("--template", type=Path, default=BUILT_TEMPLATE)
    commands = parser.add_subparsers(dest="command", required=True)
    invoke = commands.add_parser("invoke")
    invoke.add_argument("function", help="a logical id of the template, such as FastApiFunction")
    invoke.add_argument("event", help="a file of events/")
    api = commands.add_parser("start-api")
    api.add_argument("--port", type=int, default=3000)
    api.add_argument("--tls", action="store_true", help="with a certificate made for it")
    asked = parser.parse_args()
    machine = Machine()
    end_in_order_when_told_to()
    try:
        with local_session(machine, asked.template) as session:
            if asked.command == "invoke":
                command = session.command("invoke", asked.function, "--event", asked.event)
            else:
                certificate = _certificate(machine, asked.port) if asked.tls else None
                command = session.start_api(asked.port, certificate)
            with started(command, environ=session.environ) as process:
                return process.wait()
    except NeedError as need:
        machine.say(str(need))
        return 1
    except KeyboardInterrupt:
        return 0


def _certificate(machine: Machine, port: int) -> Path:
    folder = make_certificate(CERTIFICATES)
    authority = folder / "client.pem"
    machine.say(
        f"A certificate for localhost was made; its authority is in {authority}. Try: "
        f"curl --cacert {authority} https://localhost:{port}/health"
    )
    return folder


if __name__ == "__main__":
    sys.exit(main())
