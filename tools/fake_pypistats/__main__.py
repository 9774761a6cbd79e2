"""The command line: see `python -m tools.fake_pypistats --help`."""

import signal
import sys
from argparse import ArgumentParser, BooleanOptionalAction, RawDescriptionHelpFormatter
from datetime import datetime
from typing import Final

from tools.fake_pypistats import packages
from tools.fake_pypistats.control import REQUESTS_PATH, SETTINGS_PATH
from tools.fake_pypistats.fake import FakePypistats
from tools.fake_pypistats.routes import ENDPOINTS
from tools.fake_pypistats.rules import MEANINGS, SYNTAX

_PYPI_BEGAN: Final = 2003
_PROG: Final = "python -m tools.fake_pypistats"

_DESCRIPTION: Final = f"""\
A fake pypistats.org: the same paths, rows, errors, flaws and limits, with invented numbers for
{len(packages.DOWNLOADS_PER_DAY)} package names. Any other name is unknown, as pypistats.org means it.
Every answer with data has the header "X-Pulse-Source: simulated".
"""

_EPILOG: Final = f"""\
endpoints, under /api/packages/PACKAGE/:
  {" ".join(ENDPOINTS)}

special packages:
  {packages.ALL_OF_PYPI:<16}all of PyPI
  {packages.NEWCOMER:<16}history begins inside the window
  {packages.DEBUT:<16}four days old
  {packages.HERMIT:<16}days without downloads
  {packages.MIRRORED:<16}downloaded by mirrors alone
  {packages.RETIRED:<16}not downloaded for {packages.RETIRED_DAYS} days

effects of rules:
{chr(10).join(f"  {effect:<15}{meaning}" for effect, meaning in MEANINGS.items())}

  * or a missing part means any endpoint, any package, any number of requests; COUNT means only the
  first so many. Delays add up. Of other effects, the first that matches and is not used up applies.
  A request beyond the limits is refused and uses up no rule but delays.

examples:
  {_PROG} --port 8899 --now 2026-11-22T12:00:00Z --no-limits
  {_PROG} --rule hang:overall:requests --rule 500:*:*:1
  {_PROG} --rule delay=40-60 --rule delay=800:overall:boto3

the request log, for other processes (requests to /_fake/ are not in it):
  GET    {REQUESTS_PATH}    {{"connections": n, "requests": [
                            {{"method", "path", "user_agent", "arrived_s", "processed_s",
                             "status", "duration_ms"}}]}}; duration_ms is null until the answer is sent
  DELETE {REQUESTS_PATH}    clear it

what can be changed while it runs:
  GET    {SETTINGS_PATH}    {{"rules": [...], "limits": "on" or "off"}}
  PUT    {SETTINGS_PATH}?rule=RULE&rule=RULE&limits=on|off&stall_ms=MS
  What is not named stays. `rule` replaces all rules; an empty one removes them. `limits` also resets
  their counts. `stall_ms` stalls the worker: requests queue up, and are counted when it wakes up.
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns 0. A bad flag or address exits with 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.now = options.now and _moment(options.now)
        fake = FakePypistats(**vars(options))
    except ValueError as error:
        parser.error(str(error))
    # Blocked before any thread starts, and waited for below: a handler could run in the middle of
    # anything, and a container's first process would never get them at all.
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        with fake as upstream:
            print(f"listening on {upstream.url}", flush=True)
            signal.sigwait(ends)
    except (OSError, OverflowError) as error:
        parser.error(f"cannot listen on {options.host}:{options.port}: {error}")
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
    add("--port", type=int, default=0, help="port to listen on; 0 for a free one (0)")
    add(
        "--now",
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
        "--rule",
        dest="rules",
        action="append",
        default=[],
        metavar=SYNTAX,
        help="let something go wrong or take longer; may be repeated",
    )
    add("--seed", type=int, default=0, help="seed of random delays (0)")
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is not a time with a zone: write it as 2026-11-22T12:00:00Z")
    if moment.year < _PYPI_BEGAN:
        raise ValueError(f"{text!r} is before PyPI began, in {_PYPI_BEGAN}")
    return moment


if __name__ == "__main__":
    sys.exit(main())
