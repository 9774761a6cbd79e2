"""A fake API Gateway: both variants behind one address, with hooks that change what passes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from werkzeug.serving import make_server

from flask_app.app import create_app
from flask_app.settings import FlaskSettings
from flask_app.upstream import BlockingUpstream
from tests.http.served import Clock
from tests.serving import POLL_S, QuietHandler, serving

PREFIX = "/flask"
# Hop-by-hop headers; the gateway sets its own.
BETWEEN_NEIGHBOURS = {"connection", "date", "server", "transfer-encoding"}


@dataclass
class Passing:
    """A request and its response on their way through the gateway; both can be changed."""

    method: str
    path: str
    """The path with its query."""
    asked: dict[str, str]
    """The request's headers, with lower-case names."""
    status: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""


Change = Callable[[Passing], None]


def unchanged(_passing: Passing) -> None:
    """Change nothing."""


@contextmanager
def flask_served(upstream_url: str, now: Clock) -> Iterator[str]:
    """Serve the Flask variant on its own port; yields its base URL."""
    settings = FlaskSettings.from_environ({"PYPISTATS_URL": upstream_url})
    server = make_server("127.0.0.1", 0, create_app(BlockingUpstream(settings, now)), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def gateway(
    api_url: str, flask_url: str, *, before: Change = unchanged, after: Change = unchanged
) -> Iterator[str]:
    """Forward requests to both variants; `before` and `after` may change what passes. Yields the base URL."""
    with httpx.Client(trust_env=False, timeout=30) as client:

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                asked = {name.lower(): value for name, value in self.headers.items()}
                passing = Passing(self.command, self.path, asked)
                before(passing)
                base = flask_url if passing.path.startswith(PREFIX) else api_url
                request = client.build_request(
                    # Otherwise httpx would ask for compression.
                    passing.method,
                    base + passing.path,
                    headers={"accept-encoding": "identity", **passing.asked},
                )
                answer = client.send(request, stream=True)
                passing.status, passing.headers = answer.status_code, answer.headers.copy()
                passing.body = b"".join(answer.iter_raw())
                after(passing)
                self.send_response_only(passing.status)
                for name, value in passing.headers.multi_items():
                    if name not in BETWEEN_NEIGHBOURS | {"content-length"}:
                        self.send_header(name, value)
                if self.command != "HEAD" and passing.status != httpx.codes.NOT_MODIFIED:
                    self.send_header("content-length", str(len(passing.body)))
                self.end_headers()
                self.wfile.write(passing.body)

            do_GET = do_HEAD = do_OPTIONS = do_DELETE = answer  # noqa: N815 - as the base class has them

        with serving(Handler) as url:
            yield url
