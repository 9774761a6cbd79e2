"""What starts each variant behind the server that it is usually run with, one worker each.

What is equal in all: the interpreter, its bytecode, the settings about upstream, no cache, no budget,
no access log, and `AT_ONCE` upstream calls at most, each on a connection that is kept. What differs is
what is compared: uvicorn has one event loop, gunicorn's `sync` worker one request at a time, its
`gthread` worker as many threads as uvicorn may have calls under way.

uvicorn runs as it is installed without extras, in pure Python as gunicorn does: asyncio's own loop, and
h11 for HTTP. With uvloop and httptools, which it takes where they are there, it would be faster.

gunicorn's `sync` worker keeps no connection: every request of a client opens one. That is how it is.
"""

import sys
from typing import Any, Final

from tools import environ
from tools.compare.samples import Variant

HOST: Final = "127.0.0.1"

AT_ONCE: Final = 50
"""Upstream calls under way at once, as many as there usually are clients at most.

As shipped it is 10, which suits one invocation on Lambda. On a server, FastAPI shares them among all
requests: with upstream at 200 ms it would answer 50 requests a second, and so would ten threads.
"""

# A connection outlasts any pause; nobody is waiting any more when a server is stopped.
_UVICORN: Final = (
    "uvicorn --workers 1 --loop asyncio --http h11 --lifespan off --no-access-log --log-level warning "
    "--timeout-keep-alive 75 --timeout-graceful-shutdown 1"
)
_GUNICORN: Final = (
    "gunicorn --workers 1 --no-control-socket --log-level warning "
    "--keep-alive 75 --graceful-timeout 0"
)

_COMMANDS: Final[dict[Variant, str]] = {
    "fastapi": f"{_UVICORN} --host {HOST} --port {{port}} fastapi_app.app:app",
    "flask": f"{_GUNICORN} --bind {HOST}:{{port}} --worker-class sync flask_app.app:app",
    "flask-threads": (
        f"{_GUNICORN} --bind {HOST}:{{port}} --worker-class gthread --threads {AT_ONCE} "
        "flask_app.app:app"
    ),
}

_ENVIRONMENT: Final = {
    "CACHE": "off",
    "UPSTREAM_PER_SECOND": "0",
    "UPSTREAM_PER_MINUTE": "0",
    "UPSTREAM_CONCURRENCY": str(AT_ONCE),
    "UPSTREAM_TIMEOUT_S": "30",
    "DEADLINE_S": "60",
}

# What the user of this machine has set is not what is measured, so nothing else is passed on.
_PASSED_ON: Final = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH")

SETTINGS: Final[dict[str, Any]] = {"commands": _COMMANDS, "environment": _ENVIRONMENT}
"""What is worth knowing about how it is measured."""


def command(variant: Variant, port: int) -> list[str]:
    """What starts a variant's server on a port of loopback."""
    return [sys.executable, "-m", *_COMMANDS[variant].format(port=port).split()]


def environment(upstream_url: str) -> dict[str, str]:
    """The whole environment of a server."""
    ours = environ()
    passed_on = {name: value for name, value in ours.items() if name in _PASSED_ON}
    return {**passed_on, **_ENVIRONMENT, "PYPISTATS_URL": upstream_url}
