"""The command line: `python -m tools.fake_pypistats --help` explains it."""

from __future__ import annotations

import signal
import sys
from argparse import (
    ArgumentParser,
    ArgumentTypeError,
    BooleanOptionalAction,
    RawDescriptionHelpFormatter,
)
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tools.fake_pypistats.control import RECORD_PATH, SETTINGS_PATH
from tools.fake_pypistats.delays import Slow, milliseconds
from tools.fake_pypistats.fake import FakePypistats
from tools.fake_pypistats.faults import MEANINGS, Fault
from tools.fake_pypistats.packages import (
    ALL_OF_PYPI,
    DEBUT,
    DOWNLOADS_PER_DAY,
    HERMIT,
    MIRRORED,
    NEWCOMER,
    RETIRED,
    RETIRED_DAYS,
)
from tools.fake_pypistats.routes import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable

_PYPI_BEGAN: Final = 2003
_PORTS: Final = range(65_536)
_PROG: Final = "python -m tools.fake_pypistats"

_DESCRIPTION: Final = f"""\
A stand-in for pypistats.org: the same paths, rows, errors, flaws and limits, with invented numbers
for {len(DOWNLOADS_PER_DAY)} package names. Any other name is unknown, as pypistats.org means it.
Every answer with data carries the header "X-Pulse-Source: simulated".
"""

_KINDS: Final = "\n".join(f"  {kind:<13}{meaning}" for kind, meaning in MEANINGS.items())

_EPILOG: Final = f"""\
endpoints, under /api/packages/PACKAGE/:
  {" ".join(ENDPOINTS)}

packages of a special kind:
  {ALL_OF_PYPI:<16}all of PyPI
  {NEWCOMER:<16}history begins inside the window
  {DEBUT:<16}four days old
  {HERMIT:<16}days without downloads
  {MIRRORED:<16}downloaded by mirrors alone
  {RETIRED:<16}not downloaded for {RETIRED_DAYS} days

faults:
{_KINDS}

  * stands for any endpoint or package, a missing part too. COUNT strikes the first so many
  matching requests alone. Of several faults the first that matches and is not spent strikes.
  Limits go before faults: a refused request spends no fault.

examples:
  {_PROG} --port 8899 --now 2026-11-22T12:00:00Z --no-limits
  {_PROG} --fault hang:overall:requests --fault 500:*:*:1
  {_PROG} --latency-ms 40 --jitter-ms 20 --slow 800:overall:boto3

what was asked, for tests and measurements in other processes (not recorded itself):
  GET    {RECORD_PATH}    {{"connections": n, "requests": [
                               {{"method", "path", "user_agent", "arrived_s", "processed_s",
                                "status", "duration_ms"}}]}}
  DELETE {RECORD_PATH}    begin anew
  duration_ms is null while a request is under way

what can be changed while it runs:
  GET    {SETTINGS_PATH}    {{"latency_ms": n, "limits": "on" or "off"}}
  PUT    {SETTINGS_PATH}?latency_ms=MS&limits=on|off&stall_ms=MS
  What is not named stays. Naming the limits, even as they are, forgets what was spent of them.
  stall_ms lets the worker stall from now on: requests queue up, and are counted when it wakes up.
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Args:
        arguments: The command line without the program's name; None takes it from `sys.argv`.

    Returns:
        The exit status 0. A bad flag, or an address that cannot be had, exits with 2 instead.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    # Blocked here, before any thread is there to take them, and waited for below: a handler could
    # run in the middle of anything, and a container's first process would never get them at all.
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        with FakePypistats(**vars(options)) as upstream:
            print(f"listening on {upstream.url}", flush=True)
            signal.sigwait(ends)
    except OSError as error:
        parser.error(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog=_PROG,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (%(default)s)")
    add("--port", type=_reads(_port), default=0, help="port to listen on; 0 for a free one (0)")
    add(
        "--now",
        type=_reads(_moment),
        metavar="TIME",
        help="freeze the data at this moment, such as 2026-11-22T12:00:00Z (the real time)",
    )
    add(
        "--limits",
        action=BooleanOptionalAction,
        default=True,
        help="refuse beyond 5 requests a second or 30 a minute, per address and endpoint (on)",
    )
    add(
        "--fault",
        dest="faults",
        type=_reads(_valid(Fault.parse)),
        action="append",
        default=[],
        metavar="KIND[:ENDPOINT[:PACKAGE[:COUNT]]]",
        help="let something go wrong; may be repeated",
    )
    ms = _reads(milliseconds)
    add("--latency-ms", type=ms, default=0, metavar="MS", help="hold back every answer (0)")
    add("--jitter-ms", type=ms, default=0, metavar="MS", help="and up to so much more (0)")
    add(
        "--slow",
        type=_reads(_valid(Slow.parse)),
        action="append",
        default=[],
        metavar="MS[:ENDPOINT[:PACKAGE]]",
        help="hold back some answers longer still; may be repeated",
    )
    add("--seed", type=int, default=0, help="what the jitter is drawn by (0)")
    return parser


def _reads(read: Callable[[str], object]) -> Callable[[str], object]:
    """Let argparse show what a `ValueError` says, which it otherwise replaces by words of its own."""

    def checked(text: str) -> object:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return checked


def _valid(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Keep the spec as it is, once it is known to be one."""

    def spec(text: str) -> str:
        parse(text)
        return text

    return spec


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) in _PORTS):
        raise ValueError(f"{text!r} is not a port: write a number from 0 to {_PORTS[-1]}")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is not a time with a zone: write it as 2026-11-22T12:00:00Z")
    if moment.year < _PYPI_BEGAN:
        raise ValueError(f"{text!r} is before PyPI began, in {_PYPI_BEGAN}")
    return moment.astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
