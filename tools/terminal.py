"""What a server shows a person at a terminal: a line for each thing that goes wrong."""

import logging
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_OF_EVERY_RECORD: Final = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"}


class OneLine(logging.Formatter):
    """The message, and the fields that Lambda's log has beside it."""

    def format(self, record: logging.LogRecord) -> str:
        """As `WARNING: upstream failed: endpoint=overall package=requests …`; with a traceback, if any."""
        fields = sorted(record.__dict__.keys() - _OF_EVERY_RECORD)
        told = " ".join(f"{name}={record.__dict__[name]}" for name in fields)
        line = f"{record.levelname}: {record.getMessage()}{': ' if told else ''}{told}"
        return "\n".join(
            filter(None, [line, record.exc_info and self.formatException(record.exc_info)])
        )


def log_to_terminal() -> None:
    """Have warnings and errors of all modules written to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class ForgivingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, to which a malformed body is a client's mistake.

    uvicorn answers 400 at once, and then lets the application answer into the same, which h11 refuses.
    """

    def send_400_response(self, msg: str) -> None:
        """Answer, unless an answer is under way, and pass over what the application still has to say."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.close()
