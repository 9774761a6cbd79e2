"""`python -m tools.dynamodb`: DynamoDB Local with the table in it, on the loopback, until Ctrl-C."""

import argparse
import signal
import sys

from tools.runtime.machine import ThisMachine
from tools.runtime.problems import NeedError
from tools.runtime.processes import end_in_order_when_told_to

from .account import local_account
from .local import dynamodb_local
from .table import create_table


def main() -> int:
    """Return 0 after Ctrl-C, 1 with the reason on stderr where it can't be run."""
    parser = argparse.ArgumentParser(prog="python -m tools.dynamodb", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for a free one (%(default)s)")
    parser.add_argument("--table", help="name of the table (one that nobody has)")
    asked = parser.parse_args()
    machine = ThisMachine()
    end_in_order_when_told_to()
    try:
        with dynamodb_local(machine, asked.port) as url:
            table = create_table(url, asked.table)
            print(f"DynamoDB Local answers at {url}. For programs that are to use it:")
            for name, value in {**local_account(url), "CACHE_TABLE": table}.items():
                print(f"export {name}={value}", flush=True)
            signal.pause()
    except NeedError as need:
        machine.say(str(need))
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
