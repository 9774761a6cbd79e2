"""`python -m tools.clickhouse`: a server with invented rows, until Ctrl-C."""

import argparse
import sys
import threading
from datetime import UTC, date, datetime

from tools.clickhouse.load import load, load_many
from tools.clickhouse.rows import PACKAGES
from tools.clickhouse.server import (
    DATABASE,
    PUBLIC_QUERIES_PER_HOUR,
    USER,
    clickhouse,
    ensure_installed,
)
from tools.fake_pypistats.window import newest_day
from tools.runtime.machine import Machine, NeedError
from tools.runtime.processes import end_in_order_when_told_to


def main(arguments: list[str]) -> int:
    """Serve until a signal. Returns the exit status."""
    options = _parser().parse_args(arguments)
    end_in_order_when_told_to()
    try:
        if options.install:
            ensure_installed(Machine())
            return 0
        with clickhouse(
            Machine(),
            queries_per_hour=options.queries_per_hour,
            password=options.password,
            port=options.port,
        ) as server:
            if options.many:
                load_many(server, options.many, options.newest)
            else:
                load(server, options.newest, options.packages, incomplete=options.incomplete)
            print(f"ClickHouse answers at {server.url}, user {USER}, database {DATABASE}.")
            print("All rows are invented. Ctrl-C ends it.", flush=True)
            threading.Event().wait()
    except NeedError as need:
        print(need, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Ended.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.clickhouse", description=__doc__)
    parser.add_argument("--install", action="store_true", help="only install what the server needs")
    parser.add_argument(
        "--port", type=int, default=0, help="port on loopback; 0, the default, picks a free one"
    )
    parser.add_argument(
        "--queries-per-hour",
        type=int,
        default=PUBLIC_QUERIES_PER_HOUR,
        help="quota of the user `demo`; 0 is no limit (default: %(default)s, the public endpoint's)",
    )
    parser.add_argument(
        "--password", default="", help="password of the user `demo` (default: none)"
    )
    parser.add_argument(
        "--packages",
        nargs="*",
        default=PACKAGES,
        metavar="NAME",
        help="packages to load (default: all)",
    )
    parser.add_argument(
        "--newest",
        type=date.fromisoformat,
        default=newest_day(datetime.now(UTC)),
        metavar="YYYY-MM-DD",
        help="the newest day; an earlier one is a load that has stalled (default: %(default)s)",
    )
    parser.add_argument(
        "--incomplete", action="store_true", help="the newest day has only a tenth of its rows"
    )
    parser.add_argument(
        "--many",
        type=int,
        metavar="DOWNLOADS",
        help="for benchmarks: load this many downloads of 50 packages over ten years instead",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
