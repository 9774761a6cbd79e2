"""`python -m tools.politeness`: see `--help`."""

import argparse
import random
import sys

from rich.console import Console

from tools.runtime.machine import Machine, NeedError
from tools.runtime.processes import end_in_order_when_told_to

from .plan import MOST_PACKAGES, Plan
from .report import show
from .run import measure
from .verdict import broken_promises

DESCRIPTION = """\
Starts DynamoDB Local, a stand-in for pypistats.org with its limits on and many servers of the API as
execution environments, lets clients ask all of them in bursts, and tells what upstream saw and what the
clients got. Leaves with 1 if a promise was broken.
"""
INTERRUPTED = 130
PLAIN_WIDTH = 120
"""Where no terminal says how wide it is."""


def main() -> int:
    """Return 0 if every promise was kept, 1 if one was broken or the run can't be made here."""
    plan = _asked_plan()
    machine = Machine()
    end_in_order_when_told_to()
    machine.say(f"--seed {plan.seed}")
    try:
        result = measure(machine, plan, machine.say)
    except NeedError as need:
        machine.say(str(need))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    broken = broken_promises(result)
    show(result, broken, Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH))
    return 1 if broken else 0


def _asked_plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tools.politeness", description=DESCRIPTION)
    add = parser.add_argument
    add(
        "--processes",
        type=int,
        default=20,
        help="execution environments, and clients (%(default)s)",
    )
    add("--packages", type=int, default=50, help=f"at most {MOST_PACKAGES} (%(default)s)")
    add("--minutes", type=float, default=3, help="how long the clients ask (%(default)s)")
    add(
        "--stall",
        type=float,
        default=0,
        help="seconds that upstream now and then stalls (%(default)s)",
    )
    add(
        "--kill-table",
        type=float,
        default=0,
        metavar="SECONDS",
        help="after so many seconds the table is killed (never)",
    )
    add(
        "--kill-holders",
        type=int,
        default=0,
        metavar="COUNT",
        help="environments that are killed now and then, in the middle of their calls (%(default)s)",
    )
    add("--seed", type=int, default=random.randrange(2**32), help="of all that is drawn (any)")  # noqa: S311 - not a secret
    asked = parser.parse_args()
    if asked.processes < 1 or not 1 <= asked.packages <= MOST_PACKAGES or asked.minutes <= 0:
        parser.error(f"write at least one process, 1 to {MOST_PACKAGES} packages and some minutes")
    return Plan(
        asked.processes,
        asked.packages,
        asked.minutes * 60,
        asked.seed,
        asked.stall,
        asked.kill_table,
        min(asked.kill_holders, asked.processes),
    )


if __name__ == "__main__":
    sys.exit(main())
