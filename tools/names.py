"""The names that the website suggests, most downloaded first: `make names` writes them.

They come from the public list "Top PyPI Packages". With `--invented`, for machines that can't reach it, they
are the real packages that the fake pypistats.org knows.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import httpx

from pulse.names import InvalidPackageName, PackageName
from pulse.network import Network
from pulse_io.tls import tls_context
from tools.addresses import open_blocking_client
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

URL: Final = "https://hugovk.github.io/top-pypi-packages/top-pypi-packages.min.json"
FILE: Final = Path(__file__).parents[1] / "functions/fastapi_app/static/names.txt"
MOST: Final = 8_000
"""About 45 kB compressed."""

_TIMEOUT_S: Final = 30
_INVENTED: Final = "pulse-"


def ranked(names: Iterable[str]) -> list[str]:
    """The valid names, normalised, each once, in the same order; `MOST` of them."""
    found: dict[str, None] = {}
    for name in names:
        try:
            found[PackageName.parse(name)] = None
        except InvalidPackageName:
            continue
    return list(found)[:MOST]


def public_ranking() -> list[str]:
    """The names of the public list.

    Raises:
        httpx.HTTPError: it can't be reached.
        ValueError: it is no such list, or a proxy or certificate setting is invalid.
    """
    network = Network.from_environ(os.environ)
    tls = tls_context(network.certificates)
    with open_blocking_client(URL, network, tls, timeout_s=_TIMEOUT_S) as client:
        answer = client.get(URL, follow_redirects=True).raise_for_status()
    try:
        return ranked(row["project"] for row in answer.json()["rows"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{URL} has another shape") from error


def invented_ranking() -> list[str]:
    """The real packages that the fake pypistats.org knows, by their invented size."""
    ordered = sorted(DOWNLOADS_PER_DAY, key=lambda name: -DOWNLOADS_PER_DAY[name])
    return ranked(name for name in ordered if not name.startswith((_INVENTED, "_")))


def main(arguments: Sequence[str]) -> int:
    """Write the file. Returns the exit status; if it isn't 0, the file is as it was."""
    try:
        names = invented_ranking() if "--invented" in arguments else public_ranking()
    except (httpx.HTTPError, ValueError) as error:
        print(f"{FILE.name} stays as it is: {URL} can't be used ({error})", file=sys.stderr)
        return 1
    FILE.write_text("\n".join(names) + "\n", encoding="utf-8")
    print(f"{len(names):,} names in {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
