"""`python -m tools.politeness.environment FD`: one execution environment, on the socket that it is given.

Environment variables are its settings, as on Lambda. It logs to stderr, a line for each problem.
"""

import socket
import sys
from typing import Final

import uvicorn

from tools.terminal import log_to_terminal

KEEP_ALIVE_S: Final = 60
"""Longer than clients pause: at uvicorn's 5 s it sometimes closes a connection under a request."""


def main() -> None:
    """Serve until SIGTERM."""
    log_to_terminal()
    # The application reads its settings, and may log, when it is imported.
    from fastapi_app.app import app  # noqa: PLC0415 - see above

    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=KEEP_ALIVE_S
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
