"""What `make run` prints: one line for each warning and error."""

import logging
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_OF_EVERY_RECORD: Final = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"}


class OneLine(logging.Formatter):
    """The message, and the other fields of Lambda's JSON log."""

    def format(self, record: logging.LogRecord) -> str:
        """As `WARNING: upstream failed: endpoint=overall package=requests …`; with a traceback, if any."""
        fields = sorted(record.__dict__.keys() - _OF_EVERY_RECORD)
        told = " ".join(f"{name}={record.__dict__[name]}" for name in fields)
        line = f"{record.levelname}: {record.getMessage()}{': ' if told else ''}{told}"
        line = " ".join(line.splitlines())  # a reason may quote what somebody else has sent
        return "\n".join(
            filter(None, [line, record.exc_info and self.formatException(record.exc_info)])
        )


def log_to_terminal() -> None:
    """Write warnings and errors of all modules to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class ForgivingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 without the traceback for a malformed body.

    uvicorn sends a 400, then lets the application respond too, which h11 refuses.
    """

    def send_400_response(self, msg: str) -> None:
        """Send a 400 unless a response has begun, and ignore what the application still sends."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.close()
