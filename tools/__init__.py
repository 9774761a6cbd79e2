"""Development tools, never deployed; docs/architecture.md lists them."""

import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
"""The project's folder."""

# Every command prints tables with lines and signs that some terminals can't show: none may fail for it.
if isinstance(sys.stdout, TextIOWrapper):
    sys.stdout.reconfigure(errors="replace")


def environ(**changes: str) -> dict[str, str]:
    """This process's environment for another one that imports what is in `functions/`."""
    path = os.pathsep.join([str(ROOT / "functions"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, **changes}


def without_proxies_for_loopback(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables with which another program asks no proxy for what is on the loopback."""
    said = environ.get("no_proxy", environ.get("NO_PROXY"))
    direct = ",".join(filter(None, [said, "127.0.0.1", "localhost", "::1"]))
    return {"NO_PROXY": direct, "no_proxy": direct}
