"""`python -m tools.politeness`: see `--help`."""

import argparse
import random
import sys

from tools.runtime.machine import Machine, NeedError
from tools.runtime.processes import end_in_order_when_told_to

from .plan import MOST_PACKAGES, Plan
from .promises import broken_promises, report
from .run import measure

DESCRIPTION = """\
Starts DynamoDB Local, a fake pypistats.org with its limits on and many servers of the API as execution
environments. Clients ask all of them in bursts. Reports what upstream saw and what clients got; exits with 1 if
a promise was broken.
"""
INTERRUPTED = 130


def main() -> int:
    """Return 0 if every promise was kept, 1 if one was broken or the run can't be made here."""
    plan = _plan()
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
    broken = list(broken_promises(result))
    for line in report(result):
        print(line)
    for sentence in broken:
        print(f"BROKEN: {sentence}")
    if not broken:
        print("All promises were kept.")
    return 1 if broken else 0


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tools.politeness", description=DESCRIPTION)
    add = parser.add_argument
    add(
        "--processes",
        type=int,
        default=20,
        help="number of environments, and of clients (%(default)s)",
    )
    add(
        "--packages",
        type=int,
        default=50,
        help=f"number of packages, at most {MOST_PACKAGES} (%(default)s)",
    )
    add("--minutes", type=float, default=3, help="how long the clients ask (%(default)s)")
    add("--stall", type=float, default=0, metavar="SECONDS", help="stall upstream now and then")
    add(
        "--kill-table",
        type=float,
        default=0,
        metavar="SECONDS",
        help="kill the table after this time; more than five environments then exceed the limits",
    )
    add(
        "--kill-holders",
        type=int,
        default=0,
        metavar="COUNT",
        help="kill this many environments now and then, in the middle of their calls",
    )
    seed = random.randrange(2**32)  # noqa: S311 - not a secret
    add("--seed", type=int, default=seed, help="seed of all random choices (any)")
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
