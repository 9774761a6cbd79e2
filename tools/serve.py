"""Serves the API on this machine: no Docker, no AWS account. `make run` starts it.

With `TABLE=local` it has a table below it, in AWS's DynamoDB Local.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import uvicorn

from pulse.settings import InvalidSettings
from pulse_io.settings import Settings
from tools.dynamodb.account import local_account
from tools.dynamodb.local import dynamodb_local
from tools.dynamodb.table import create_table
from tools.fake_pypistats import FakePypistats
from tools.runtime.machine import ThisMachine
from tools.runtime.problems import NeedError
from tools.runtime.processes import end_in_order_when_told_to
from tools.terminal import ForgivingProtocol, log_to_terminal
from tools.upstream_there import why_not_there

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
MAX_PORT = 65535
LOCAL_TABLE = "local"


def main() -> int:
    """Serve until Ctrl-C. Returns the exit status."""
    end_in_order_when_told_to()
    try:
        settings = Settings.from_environ(os.environ)
        table = _asked_table(os.environ.get("TABLE"))
        listener = _listen(os.environ.get("PORT") or str(DEFAULT_PORT))
    except (InvalidSettings, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        with listener, table, _upstream(settings) as url:
            _serve(listener, url)
    except (InvalidSettings, NeedError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Ended.")
    return 0


class _Server(uvicorn.Server):
    """uvicorn, saying where it answers once it does."""

    def __init__(self, config: uvicorn.Config, upstream_url: str) -> None:
        super().__init__(config)
        self._upstream_url = upstream_url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and say so."""
        await super().startup(sockets)
        for listener in sockets or []:
            address = f"{HOST}:{listener.getsockname()[1]}"
            print(f"PyPI Pulse answers at http://{address}, from {self._upstream_url}.")
            print(f"Try: http://{address}/?packages=requests,httpx in a browser, or")
            print(f"     curl {address}/packages/requests (Ctrl-C ends it)", flush=True)


def _serve(listener: socket.socket, upstream_url: str) -> None:
    """Serve the application until a signal ends it."""
    os.environ["PYPISTATS_URL"] = upstream_url
    # The application reads its settings when it is imported, so not before now.
    from fastapi_app.app import app  # noqa: PLC0415 - see above

    log_to_terminal()
    config = uvicorn.Config(
        app,
        http=ForgivingProtocol,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
    )
    _Server(config, upstream_url).run(sockets=[listener])


def loopback_listener(port: int) -> socket.socket:
    """A listening socket on loopback for uvicorn; port 0 picks a free one.

    asyncio switches Nagle's algorithm off on sockets that it makes and not on those it is given. With
    it on, a body waits 40 ms for the client to acknowledge the head.
    """
    listener = socket.create_server((HOST, port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)  # noqa: FBT003 - as the call is
    return listener


def _listen(port: str) -> socket.socket:
    """A socket that listens on loopback; 0 picks a free port.

    Raises:
        ValueError: `port` is no port.
        OSError: the port is taken.
    """
    if not (port.isascii() and port.isdigit()) or int(port) > MAX_PORT:
        message = f"PORT={port!r} is not a port: it is a number from 0 to 65535."
        raise ValueError(message)
    try:
        return loopback_listener(int(port))
    except OSError as error:
        message = f"Can't listen on port {port} ({error.strerror}). Try: make run PORT=8001"
        raise OSError(message) from error


def _asked_table(asked: str | None) -> AbstractContextManager[None]:
    """The table to serve with, as `TABLE` says.

    Raises:
        ValueError: it says something else than `local` or nothing.
    """
    if not asked:
        return nullcontext()
    if asked == LOCAL_TABLE:
        return _local_table()
    message = (
        f"TABLE={asked!r} is not known: TABLE=local serves with a table in DynamoDB Local. For a table in "
        "an AWS account, set CACHE_TABLE to its name, and the region and credentials as for AWS's CLI."
    )
    raise ValueError(message)


@contextmanager
def _local_table() -> Iterator[None]:
    """Have this process use a table in a DynamoDB Local of its own.

    Raises:
        NeedError: DynamoDB Local can't be had here; says what to do.
    """
    with dynamodb_local(ThisMachine()) as url:
        name = create_table(url)
        os.environ.update(local_account(url), CACHE_TABLE=name)
        print(f"DynamoDB Local answers at {url}, with the table {name}.", file=sys.stderr)
        yield


@contextmanager
def _upstream(settings: Settings) -> Iterator[str]:
    """The base URL to fetch from: the settings' if it answers, else the stand-in's, while it runs.

    Raises:
        InvalidSettings: something else than an API like pypistats.org's answers there.
    """
    url = settings.pypistats_url
    reason = why_not_there(url, settings.network)
    if reason is None:
        yield url
        return
    print(
        f"{url} can't be reached from here ({reason}). So the stand-in upstream is used: every figure is "
        'invented, and every answer says "source": "simulated".',
        file=sys.stderr,
    )
    # Nobody else is there to be polite to, so neither it nor we count calls.
    os.environ.update(UPSTREAM_PER_SECOND="0", UPSTREAM_PER_MINUTE="0")
    with FakePypistats(limits=False) as fake_pypistats:
        yield fake_pypistats.url


if __name__ == "__main__":
    sys.exit(main())
