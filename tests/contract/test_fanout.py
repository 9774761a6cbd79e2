"""Concurrency of a comparison's upstream calls."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import pytest

from tests.contract.variants import asking, handler_of
from tests.serving import POLL_S

PATIENCE_S = 20


class Meeting(ThreadingHTTPServer):
    """An upstream that answers only when `size` calls are in progress at the same time."""

    daemon_threads = True

    def __init__(self, size: int) -> None:
        super().__init__(("127.0.0.1", 0), MeetingHandler)
        self.barrier = threading.Barrier(size)
        self.lock = threading.Lock()
        self.under_way = 0
        self.most_under_way = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(POLL_S,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.shutdown()
        self.server_close()


class MeetingHandler(BaseHTTPRequestHandler):
    server: Meeting
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        meeting = self.server
        with meeting.lock:
            meeting.under_way += 1
            meeting.most_under_way = max(meeting.most_under_way, meeting.under_way)
        meeting.barrier.wait(PATIENCE_S)
        with meeting.lock:
            meeting.under_way -= 1
        rows = [
            {"category": category, "date": "2026-11-21", "downloads": 1}
            for category in ("with_mirrors", "without_mirrors")
        ]
        package = self.path.split("/")[3]
        body = {"data": rows, "package": package, "type": "overall_downloads"}
        payload = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def patience() -> dict[str, str]:
    return {"UPSTREAM_TIMEOUT_S": str(PATIENCE_S), "DEADLINE_S": str(PATIENCE_S)}


def compare(variant: str, meeting: Meeting, packages: int, **environ: str) -> list[str]:
    names = ",".join(f"p{n}" for n in range(packages))
    settings = {"PYPISTATS_URL": meeting.url, **environ}
    with meeting, handler_of(variant, **settings) as handler:
        answer = asking(handler)("/compare", f"packages={names}")
    return [entry["status"] for entry in answer.json["packages"]]


@pytest.mark.parametrize("variant", ["fastapi", "flask threads"])
def test_packages_are_fetched_concurrently(variant: str, patience: dict[str, str]) -> None:
    meeting = Meeting(10)
    assert compare(variant, meeting, 10, **patience) == ["ok"] * 10
    assert meeting.most_under_way == 10


def test_flask_sequential_fetches_one_by_one(patience: dict[str, str]) -> None:
    meeting = Meeting(1)
    assert compare("flask sequential", meeting, 5, **patience) == ["ok"] * 5
    assert meeting.most_under_way == 1


@pytest.mark.parametrize("variant", ["fastapi", "flask threads"])
def test_upstream_concurrency_is_respected(variant: str, patience: dict[str, str]) -> None:
    meeting = Meeting(3)
    statuses = compare(variant, meeting, 9, UPSTREAM_CONCURRENCY="3", **patience)
    assert statuses == ["ok"] * 9
    assert meeting.most_under_way == 3
