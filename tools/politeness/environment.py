"""`python -m tools.politeness.environment FD`: one execution environment, on the socket that it was given.

Its settings are environment variables, as Lambda's are. What it logs goes to stderr, a line each.
"""

import logging
import socket
import sys

import uvicorn

SERVER_KEEPS_ALIVE_S = 60
"""Longer than clients pause: with both at 5 s, it closes now and then on a request under way."""

_LEFT_OUT = logging.makeLogRecord({}).__dict__.keys() | {"message", "package"}
"""What every record has; and the package, since lines that are alike are counted together."""


class WithExtra(logging.Formatter):
    """The message, and whatever `extra` it was logged with."""

    def format(self, record: logging.LogRecord) -> str:
        """Such as `table unavailable operation='GetItem'`; without a traceback, which has many lines."""
        extra = [
            f"{name}={value!r}" for name, value in vars(record).items() if name not in _LEFT_OUT
        ]
        return " ".join([record.getMessage(), *extra])


def main() -> None:
    """Serve until SIGTERM."""
    handler = logging.StreamHandler()
    handler.setFormatter(WithExtra())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # Imported once logging is set up: it reads its settings then, and may have something to say.
    from fastapi_app.app import app  # noqa: PLC0415 - see above

    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=SERVER_KEEPS_ALIVE_S,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
