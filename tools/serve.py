"""Serves the API on this machine: no Docker, no AWS account. `make run` starts it.

With `TABLE=local` it has a cache and history below it, in AWS's DynamoDB Local; with `CLICKHOUSE=local` a
ClickHouse server with invented rows as second source.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime

import uvicorn

from pulse.settings import InvalidSettings
from pulse_io.settings import Settings
from tools.clickhouse.load import load
from tools.clickhouse.server import USER, clickhouse
from tools.dynamodb.account import local_account
from tools.dynamodb.local import dynamodb_local
from tools.dynamodb.table import create_history_table, create_table
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.window import newest_day
from tools.runtime.machine import Machine, NeedError
from tools.runtime.processes import end_in_order_when_told_to
from tools.terminal import ForgivingProtocol, log_to_terminal
from tools.upstream_there import why_no_clickhouse, why_not_there

HOST = "127.0.0.1"
DEFAULT_PORT = "8000"
MAX_PORT = 65535


def main() -> int:
    """Serve until Ctrl-C. Returns the exit status."""
    end_in_order_when_told_to()
    try:
        settings = Settings.from_environ(os.environ)
        tables = _asked_tables(os.environ.get("TABLE"))
        second = _asked_clickhouse(os.environ.get("CLICKHOUSE"))
        listening = _listen(os.environ.get("PORT") or DEFAULT_PORT)
        with listening as listener, tables, second, _upstream(settings) as url:
            _check_clickhouse(settings)
            _serve(listener, url)
    except (InvalidSettings, NeedError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Ended.")
    return 0


class _Server(uvicorn.Server):
    """uvicorn that prints its address once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and print the address."""
        await super().startup(sockets)
        for listener in sockets or []:
            address = f"{HOST}:{listener.getsockname()[1]}"
            print(f"PyPI Pulse answers at http://{address}, from {os.environ['PYPISTATS_URL']}.")
            print(f"Try: http://{address}/?packages=requests,httpx in a browser, or")
            print(f"     curl {address}/packages/requests (Ctrl-C ends it)", flush=True)


def _serve(listener: socket.socket, upstream_url: str) -> None:
    """Serve the application until a signal ends it."""
    os.environ["PYPISTATS_URL"] = upstream_url
    from fastapi_app.app import app  # noqa: PLC0415 - it reads its settings when it is imported

    log_to_terminal()
    config = uvicorn.Config(
        app,
        http=ForgivingProtocol,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
    )
    _Server(config).run(sockets=[listener])


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
        InvalidSettings: `port` is no port, or taken.
    """
    if not (port.isascii() and port.isdigit()) or int(port) > MAX_PORT:
        raise InvalidSettings(f"PORT={port!r} is not a port: it is a number from 0 to {MAX_PORT}.")
    try:
        return loopback_listener(int(port))
    except OSError as error:
        raise InvalidSettings(
            f"Can't listen on port {port} ({error.strerror}). Try: make run PORT=8001"
        ) from error


def _asked_tables(asked: str | None) -> AbstractContextManager[None]:
    """The tables to serve with: none, or DynamoDB Local's for `local`.

    Raises:
        InvalidSettings: another value.
    """
    match asked:
        case None | "":
            return nullcontext()
        case "local":
            return _local_tables()
        case _:
            raise InvalidSettings(
                f"TABLE={asked!r} is not known: TABLE=local serves with tables in DynamoDB Local. For tables in an "
                "AWS account, set CACHE_TABLE and HISTORY_TABLE to their names, and the region and credentials as "
                "for AWS's CLI."
            )


@contextmanager
def _local_tables() -> Iterator[None]:
    """Have this process use tables in a DynamoDB Local of its own.

    Raises:
        NeedError: DynamoDB Local can't be had here; says what to do.
    """
    with dynamodb_local(Machine()) as url:
        cache, history = create_table(url), create_history_table(url)
        os.environ.update(local_account(url), CACHE_TABLE=cache, HISTORY_TABLE=history)
        print(
            f"DynamoDB Local answers at {url}, with the tables {cache} and {history}.",
            file=sys.stderr,
        )
        yield


def _asked_clickhouse(asked: str | None) -> AbstractContextManager[None]:
    """The second source to serve with: what `CLICKHOUSE_URL` says, or a server of our own for `local`.

    Raises:
        InvalidSettings: another value.
    """
    match asked:
        case None | "":
            return nullcontext()
        case "local":
            return _local_clickhouse()
        case _:
            raise InvalidSettings(
                f"CLICKHOUSE={asked!r} is not known: CLICKHOUSE=local serves with a ClickHouse server of its own. "
                "For another server, set CLICKHOUSE_URL."
            )


@contextmanager
def _local_clickhouse() -> Iterator[None]:
    """Have this process ask a ClickHouse server of its own, with invented rows.

    Raises:
        NeedError: ClickHouse can't be had here; says what to do.
    """
    with clickhouse(Machine(), queries_per_hour=0) as server:
        print("Loading invented rows into ClickHouse: about ten seconds.", file=sys.stderr)
        load(server, newest_day(datetime.now(UTC)))
        # It is nobody else's, so queries need no limit.
        os.environ.update(server.environ(), CLICKHOUSE_PER_HOUR="0")
        print(f"ClickHouse answers at {server.url}, user {USER}.", file=sys.stderr)
        yield


def _check_clickhouse(settings: Settings) -> None:
    """Say why the server of CLICKHOUSE_URL can't be reached.

    Raises:
        InvalidSettings: something else answers there.
    """
    url = settings.clickhouse_url
    if url and (reason := why_no_clickhouse(url, settings.network)):
        print(
            f"CLICKHOUSE_URL={url} can't be reached from here ({reason}). Answers that need ClickHouse will fail.",
            file=sys.stderr,
        )


@contextmanager
def _upstream(settings: Settings) -> Iterator[str]:
    """The base URL to fetch from: the settings' if it answers, else a fake pypistats.org's.

    Raises:
        InvalidSettings: something else answers there.
    """
    url = settings.pypistats_url
    reason = why_not_there(url, settings.network)
    if reason is None:
        yield url
        return
    print(
        f"{url} can't be reached from here ({reason}). The fake pypistats.org answers in its place: all numbers "
        'are invented, and every answer says "source": "simulated".',
        file=sys.stderr,
    )
    # It is nobody else's, so calls need no limit.
    os.environ.update(UPSTREAM_PER_SECOND="0", UPSTREAM_PER_MINUTE="0")
    with FakePypistats(limits=False) as fake_pypistats:
        yield fake_pypistats.url


if __name__ == "__main__":
    sys.exit(main())
