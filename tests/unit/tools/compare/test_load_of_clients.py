"""A closed loop of clients, before a small server of the tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest

from tools.compare.server_arena.load import Load, Outcome, put, without_time

RIGHT = b'{"package":"requests","fetched_at":"2026-11-22T12:00:00Z","stale":false}'


class Answering(BaseHTTPRequestHandler):
    """Answers with what its server was given; with no status at all, it hangs up."""

    server: "Target"

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.asked += 1
            status, body = self.server.answers[min(self.server.asked, len(self.server.answers)) - 1]
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: pytest's output is for the tests."""


class Target(ThreadingHTTPServer):
    """A server with a list of answers, the last of which it repeats."""

    answers: list[tuple[int, bytes]]
    asked = 0
    lock = threading.Lock()


@contextmanager
def target(*answers: tuple[int, bytes], protocol: str = "HTTP/1.1") -> Iterator[Target]:
    class Handler(Answering):
        protocol_version = protocol

    with Target(("127.0.0.1", 0), Handler) as server:
        server.answers = list(answers)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def load(server: HTTPServer, clients: int = 3, lasting_s: float = 0.1) -> Load:
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    return Load(url, without_time(RIGHT), clients, lasting_s)


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/1.1"])
def test_every_answer_is_counted_but_the_first_of_each_client(protocol: str) -> None:
    with target((200, RIGHT), protocol=protocol) as server:
        outcome = put(load(server))
    assert outcome.answers == server.asked
    assert len(outcome.latencies_ms) == server.asked - 3
    assert not outcome.errors


def test_one_request_counts_however_short_the_time() -> None:
    with target((200, RIGHT)) as server:
        outcome = put(load(server, clients=1, lasting_s=0))
    assert len(outcome.latencies_ms) == 1


def test_one_request_counts_where_a_turn_takes_longer_than_the_load_lasts() -> None:
    with target((200, RIGHT)) as server:
        outcome = put(load(server, clients=5, lasting_s=0))
    assert (outcome.asked, outcome.answers) == (1, 6)


def test_an_answer_may_have_a_time_of_its_own() -> None:
    later = RIGHT.replace(b"12:00:00", b"12:00:01")
    with target((200, later)) as server:
        assert not put(load(server)).errors


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, RIGHT), "status 503"),
        ((200, RIGHT.replace(b"requests", b"flask")), "another body"),
        ((0, b""), "ServerDisconnectedError"),
    ],
)
def test_a_wrong_answer_is_an_error_and_has_no_latency(
    answer: tuple[int, bytes], said: str
) -> None:
    with target(answer) as server:
        outcome = put(load(server))
    assert set(outcome.errors) == {said}
    assert outcome.answers == 0
    assert outcome.latencies_ms == []
    assert outcome.requests_per_s(3) == 0


def test_an_error_of_the_first_request_is_not_hidden() -> None:
    with target((500, b""), (200, RIGHT)) as server:
        outcome = put(load(server))
    assert outcome.errors == {"status 500": 1}


def test_that_nobody_listens_is_an_error() -> None:
    with target((200, RIGHT)) as server:
        nobody = load(server)
    assert set(put(nobody).errors) == {"ClientConnectorError"}


def test_the_rate_is_the_share_of_time_times_the_clients() -> None:
    outcome = Outcome(latencies_ms=[200.0] * 8, asked=9, asking_s=2.0)
    assert outcome.requests_per_s(10) == 40
