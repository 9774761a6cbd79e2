"""`python -m tools.runtime.invoke FUNCTION EVENT`: one invocation, the answer last on stdout."""

import argparse
import subprocess
import sys
from pathlib import Path

from .machine import ThisMachine
from .problems import NeedError
from .processes import end_in_order_when_told_to, started
from .sam import BUILT_TEMPLATE, require_built
from .session import Session, local_session


def invoke(session: Session, function: str, event: Path) -> tuple[int, str]:
    """Run a function once on an event; returns SAM's exit status and its stdout, which ends in the answer."""
    command = session.command("invoke", function, "--event", str(event))
    with started(command, environ=session.environ, stdout=subprocess.PIPE) as process:
        stdout, _ = process.communicate()
    return process.returncode, stdout


def main() -> int:
    """Return SAM's exit status, or 1 with the reason on stderr where it can't be run."""
    parser = argparse.ArgumentParser(prog="python -m tools.runtime.invoke", description=__doc__)
    parser.add_argument("function", help="a logical id of the template, such as FastApiFunction")
    parser.add_argument("event", type=Path, help="a file of events/")
    parser.add_argument("--template", type=Path, default=BUILT_TEMPLATE)
    asked = parser.parse_args()
    machine = ThisMachine()
    end_in_order_when_told_to()
    try:
        require_built(asked.template)
        with local_session(machine, asked.template) as session:
            status, stdout = invoke(session, asked.function, asked.event)
    except NeedError as need:
        machine.say(str(need))
        return 1
    print(stdout.strip(), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
