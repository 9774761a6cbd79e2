"""`python -m tools.runtime.log_lines`: what the Lambda image logs of one request, held up by upstream.

The upstream is the stand-in, which holds each answer back. `--write FILE` puts the lines into a Markdown
file, between the two comments that mark their place.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from .engine import ensure_engine
from .image import ensure_image
from .machine import Machine, ThisMachine
from .network import own_network
from .problems import NeedError, ToolError
from .processes import end_in_order_when_told_to, started
from .sam import BUILT_TEMPLATE, require_built
from .session import Session, write_variables
from .upstream import fake_pypistats

FUNCTION: Final = "FastApiFunction"
EVENT: Final = Path(__file__).parents[2] / "events/compare.json"
LATENCY_MS: Final = 1500
"""How long upstream takes for each package: below UPSTREAM_TIMEOUT_S, so that all are answered."""

PLACE: Final = re.compile(r"(?<=<!-- log lines -->\n).*?(?=<!-- end of log lines -->)", re.DOTALL)

# The runtime's JSON, and the emulator's own three.
_LINE: Final = re.compile(r"\{.*\}|(?:START|END|REPORT) RequestId: .*")


def log_lines(printed: str) -> list[str]:
    """The lines that would be in the log group, of all that SAM prints."""
    lines = (line.rstrip() for line in printed.splitlines())
    return [line for line in lines if _LINE.fullmatch(line)]


def of_a_slow_request(machine: Machine, template: Path) -> list[str]:
    """The log lines of one request to a new execution environment.

    Raises:
        NeedError: something is missing and can't be had here, or the function did not run.
    """
    ensure_engine(machine)
    image = ensure_image(machine)
    slowly = ("--rule", f"delay={LATENCY_MS}")
    with (
        own_network(machine) as network,
        fake_pypistats(machine, image=image, network=network, options=slowly) as upstream,
        tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder,
    ):
        session = Session(machine, template, network, write_variables(Path(folder), upstream.url))
        return log_lines(_printed_by(session))


def _printed_by(session: Session) -> str:
    with started(
        session.command("invoke", FUNCTION, "--event", str(EVENT)),
        environ=session.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        _, printed = process.communicate()
    if process.returncode:
        raise ToolError(f"sam local invoke failed:\n{printed}")
    return printed


def main() -> int:
    """Print the lines, or write them. Returns the exit status: 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.runtime.log_lines", description=__doc__)
    parser.add_argument("--template", type=Path, default=BUILT_TEMPLATE)
    parser.add_argument("--write", type=Path, metavar="FILE")
    asked = parser.parse_args()
    machine = ThisMachine()
    end_in_order_when_told_to()
    try:
        require_built(asked.template)
        lines = "\n".join(of_a_slow_request(machine, asked.template))
    except NeedError as need:
        machine.say(str(need))
        return 1
    if asked.write is None:
        print(lines)
    else:
        text = PLACE.sub(lambda _: f"\n```\n{lines}\n```\n\n", asked.write.read_text())
        asked.write.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
