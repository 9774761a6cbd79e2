"""`python -m tools.smoke URL`: tries every promise of the API that answers at a URL."""

import argparse
import sys

from rich.console import Console

from pulse.network import HTTP_URL, InvalidSettings
from tools.smoke import caches, documents, failures, figures, pages, traces, twin
from tools.smoke.live import Live, Unreachable, client_for
from tools.smoke.promises import Promise, try_all
from tools.smoke.report import print_table

BROKEN = 1
UNREACHABLE = 2
FILE_WIDTH = 140

FASTAPI: tuple[Promise, ...] = (
    *figures.PROMISES,
    *documents.PROMISES,
    *failures.PROMISES,
    *caches.PROMISES,
    *pages.PROMISES,
    *traces.PROMISES,
)


def smoke(live: Live, *, flask: bool = True, preflight: bool = True) -> bool:
    """Try every promise, or all but those of the twin or preflights; returns whether they were kept.

    It prints a table.

    Raises:
        Unreachable: nothing answers there, or something else does.
    """
    live.reach()
    promises = (
        *FASTAPI,
        *((pages.PREFLIGHT,) if preflight else ()),
        *(twin.PROMISES if flask else ()),
    )
    return print_table(_console(), live.url, try_all(live, promises))


def main() -> int:
    """Return 0 if every promise was kept, 1 if one was broken, 2 if no such API answers."""
    asked = _arguments()
    headers = dict(line.split(":", 1) for line in asked.header)
    try:
        with client_for(
            asked.url,
            headers={name.strip(): value.strip() for name, value in headers.items()},
            timeout_s=asked.timeout,
            cacert=asked.cacert,
        ) as client:
            live = Live(client, asked.package, asked.other)
            kept = smoke(live, flask=asked.flask, preflight=asked.preflight)
            return 0 if kept else BROKEN
    except (InvalidSettings, Unreachable) as error:
        print(error, file=sys.stderr)
        return UNREACHABLE


def _console() -> Console:
    """The terminal at its own width; a file gets lines that are long enough."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.smoke", description=__doc__)
    parser.add_argument("url", type=_url, help="the API's base URL, such as the output ApiUrl")
    parser.add_argument("--package", default="requests", help="a package that has downloads")
    parser.add_argument("--other", default="flask", help="one more, to compare it with")
    parser.add_argument(
        "--no-flask", dest="flask", action="store_false", help="no twin is deployed beside it"
    )
    parser.add_argument(
        "--no-preflight",
        dest="preflight",
        action="store_false",
        help="something before the API answers OPTIONS in its own way",
    )
    parser.add_argument(
        "--header", action="append", default=[], type=_header, help="'Name: value', on each request"
    )
    parser.add_argument("--timeout", type=float, default=30, help="seconds for one answer")
    parser.add_argument("--cacert", help="a certificate to trust, such as `make local TLS=1` makes")
    return parser.parse_args()


def _url(text: str) -> str:
    try:
        HTTP_URL.validate_python(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no http or https URL: say make smoke URL=https://…"
        ) from None
    return text


def _header(text: str) -> str:
    if ":" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no header: say 'Name: value'")
    return text


if __name__ == "__main__":
    sys.exit(main())
