"""Lambda's Runtime API for one execution environment, so that a function runs without Lambda.

The runtime in the image asks `…/runtime/invocation/next` for an event, and posts what its handler
returned. Both moments are seen here, so a duration has nothing of Docker in it.
"""

import json
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

FUNCTION_NAME: Final = "compared"

_MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """An invocation.

    Attributes:
        status: The HTTP status of the function's response; 500 if it crashed, 504 if it took too long.
        body: The response's JSON; an empty object if there is none.
        duration_ms: From the handing over of the event to the response.
    """

    status: int
    body: Any
    duration_ms: float


class RuntimeApi:
    """Hands events to a runtime, one at a time."""

    def __init__(self, address: str) -> None:
        self.address = address
        """Host and port, as `AWS_LAMBDA_RUNTIME_API` wants them."""
        self.ready_at_s: float | None = None
        """When the runtime first asked for an event, as `time.time()` has it; None until then."""
        self._ready = threading.Event()
        self._events: queue.Queue[tuple[bytes, float] | None] = queue.Queue()
        self._answers: queue.Queue[tuple[bytes, float]] = queue.Queue()
        self._handed_over_s = 0.0

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Whether the runtime has asked for an event by then."""
        return self._ready.wait(timeout_s)

    def invoke(self, event: bytes, timeout_s: float) -> Answer:
        """The function's answer to an event."""
        self._events.put((event, time.time() + timeout_s))
        try:
            posted, ended_s = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            return Answer(HTTPStatus.GATEWAY_TIMEOUT, {}, timeout_s * _MS_PER_S)
        duration_ms = (ended_s - self._handed_over_s) * _MS_PER_S
        try:
            response = json.loads(posted)
            return Answer(response["statusCode"], json.loads(response["body"]), duration_ms)
        except (ValueError, KeyError, TypeError):
            detail = posted[:500].decode(errors="replace")
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"detail": detail}, duration_ms)

    def close(self) -> None:
        """Let go of a runtime that waits for an event."""
        self._events.put(None)

    def next_event(self) -> tuple[bytes, float] | None:
        """The next event and its deadline, for the runtime; None at the end."""
        if self.ready_at_s is None:
            self.ready_at_s = time.time()
            self._ready.set()
        event = self._events.get()
        self._handed_over_s = time.perf_counter()
        return event

    def posted(self, answer: bytes, ended_s: float) -> None:
        """Take a response or an error from the runtime."""
        self._answers.put((answer, ended_s))


@contextmanager
def runtime_api() -> Iterator[RuntimeApi]:
    """Serve the API on a free port of the loopback, for the length of a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            event = api.next_event()
            if event is None:
                self.close_connection = True
                return
            body, deadline_s = event
            arn = f"arn:aws:lambda:eu-central-1:123456789012:function:{FUNCTION_NAME}"
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4()))
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(deadline_s * _MS_PER_S)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", arn)
            self.send_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.posted(body, time.perf_counter())
            self.send_response(HTTPStatus.ACCEPTED)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    # Its threads are daemons: none is waited for.
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = RuntimeApi(f"127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        api.close()
        server.shutdown()
        thread.join()
        server.socket.close()
