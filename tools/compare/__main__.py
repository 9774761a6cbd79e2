"""`python -m tools.compare`: measure both variants side by side, and report."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools import ROOT
from tools.runtime.processes import end_in_order_when_told_to

from . import page, plots, report
from .benchmark import run, targets
from .plan import FULL, QUICK, TARGETS, TRANSPORTS, VARIANTS, Plan, with_transports
from .results import NoResults, load

REPORT: Final = "report.md"
_INTERRUPTED: Final = 128 + signal.SIGINT

_DESCRIPTION: Final = """\
Measure the FastAPI and the Flask variant side by side, and print a table of cases.

targets
  lambda   both functions in the Lambda runtime image, under Docker
  server   one worker each of uvicorn, and of gunicorn with its sync and its gthread worker
  core     the article's two functions, with no framework
variants
  fastapi        asynchronous, ten upstream calls at once
  flask          blocking, one upstream call after the other, as in the article
  flask-threads  blocking, upstream calls in ten threads: the fair control

In every round each variant is measured once per cell. The folder of --output then holds samples.csv,
run.json, report.md and plots. Progress is on stderr, the table on stdout. Ctrl-C keeps what was measured
until then, and reports it."""

_EPILOG: Final = """\
exit status: 0 when everything was measured; 1 when something could not be; 130 after Ctrl-C."""


def main(arguments: Sequence[str], find: Callable[..., object] = targets) -> int:
    """Do what the command line asks for, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.report:
            write_report(options.report, options.into)
            return 0
    except (NoResults, page.NoSuchBlock) as problem:
        _say(str(problem))
        return 1
    return _measure(_plan(options), options.output, options.into, find)


def _measure(plan: Plan, folder: Path, into: Path | None, find: Callable[..., object]) -> int:
    end_in_order_when_told_to()
    began = time.monotonic()
    complete = False
    try:
        complete = run(
            plan, folder, lambda w: _say(f"{time.monotonic() - began:5.0f} s  {w}"), find
        )
    except KeyboardInterrupt:
        _say("interrupted")
        return _INTERRUPTED
    finally:
        # Also after Ctrl-C or SIGTERM: what was measured until then is not lost.
        write_report(folder, into if complete else None)
    if into and not complete:
        _say(f"{into} is left as it is: not everything was measured")
    return 0 if complete else 1


def write_report(folder: Path, into: Path | None) -> None:
    """Write a run's report and plots into its folder, print the table, and fill a page.

    Raises:
        NoResults: the folder does not hold a run.
        NoSuchBlock: the page asks for a block that there is not.
    """
    results = load(folder)
    plots.write(results, folder)
    (folder / REPORT).write_text(report.whole(results, plots.NAMES), encoding="utf-8")
    print(report.summary(results))
    _say(f"wrote {folder / REPORT}")
    if into:
        page.publish(folder, into)
        _say(f"filled {into}")


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else FULL
    asked = {
        "targets": options.targets,
        "packages": options.packages,
        "latencies_ms": options.latency,
        "clients": options.clients,
        "rounds": options.rounds,
    }
    variants = with_transports(options.variants or VARIANTS, options.transports)
    given = {name: value for name, value in asked.items() if value}
    return replace(plan, variants=variants, **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.compare",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    measure = parser.add_argument_group("what to measure (lists have commas)")
    measure.add_argument(
        "--quick", action="store_true", help="in three minutes instead of fifteen: a trial"
    )
    measure.add_argument("--targets", type=_names(TARGETS), help=f"some of {','.join(TARGETS)}")
    measure.add_argument("--variants", type=_names(VARIANTS), help=f"some of {','.join(VARIANTS)}")
    measure.add_argument(
        "--transports",
        type=_names(TRANSPORTS),
        default=("httpx",),
        help=f"the clients below fastapi's calls: some of {','.join(TRANSPORTS)}; each one other than "
        "httpx is one more variant (default: httpx)",
    )
    measure.add_argument(
        "--packages", type=_numbers(1, 50), help="numbers of packages of a request"
    )
    measure.add_argument("--latency", type=_numbers(0, 5000), help="upstream's latencies, in ms")
    measure.add_argument("--clients", type=_numbers(1, 500), help="numbers of simultaneous clients")
    measure.add_argument(
        "--rounds", type=int, choices=range(1, 101), metavar="N", help="default: 5, --quick: 2"
    )
    started = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}"
    measure.add_argument(
        "--output",
        type=Path,
        default=ROOT / ".cache" / "compare" / started,
        help="folder; default: one named by the time, in .cache/compare",
    )
    measured = parser.add_argument_group("what to do with what was measured")
    measured.add_argument("--report", type=Path, metavar="FOLDER", help="report a run again")
    measured.add_argument(
        "--into", type=Path, metavar="PAGE", help="fill PAGE's generated blocks, plots beside it"
    )
    return parser


def _names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        asked = [part.strip() for part in text.split(",")]
        for one in asked:
            if one not in known:
                raise argparse.ArgumentTypeError(f"{one!r} is not one of {', '.join(known)}")
        return tuple(one for one in known if one in asked)

    return names


def _numbers(least: int, most: int) -> Callable[[str], tuple[int, ...]]:
    def numbers(text: str) -> tuple[int, ...]:
        asked = [part.strip() for part in text.split(",")]
        for one in asked:
            if not (one.isascii() and one.isdigit() and least <= int(one) <= most):
                raise argparse.ArgumentTypeError(f"{one!r} is not a number from {least} to {most}")
        return tuple(sorted({int(one) for one in asked}))

    return numbers


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
