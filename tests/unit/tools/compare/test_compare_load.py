"""A closed loop of clients, against a small server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest

from tools.compare.targets.answers import without_time
from tools.compare.targets.load import Load, Outcome, put

RIGHT = b'{"package":"requests","fetched_at":"2026-11-22T12:00:00Z","stale":false}'


class Answering(BaseHTTPRequestHandler):
    """Answers with what its server was given; without a status, it hangs up."""

    server: "Small"

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
        """Say nothing."""


class Small(ThreadingHTTPServer):
    """Has a list of answers, the last of which it repeats."""

    answers: list[tuple[int, bytes]]
    asked = 0
    lock = threading.Lock()


@contextmanager
def small_server(*answers: tuple[int, bytes], protocol: str = "HTTP/1.1") -> Iterator[Small]:
    class Handler(Answering):
        protocol_version = protocol

    with Small(("127.0.0.1", 0), Handler) as server:
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
def test_the_first_answer_of_a_client_does_not_count(protocol: str) -> None:
    with small_server((200, RIGHT), protocol=protocol) as server:
        outcome = put(load(server))
    assert outcome.answers == server.asked
    assert len(outcome.latencies_ms) == server.asked - 3
    assert not outcome.errors


def test_one_request_counts_however_short_the_time() -> None:
    with small_server((200, RIGHT)) as server:
        outcome = put(load(server, clients=1, lasting_s=0))
    assert len(outcome.latencies_ms) == 1


def test_one_request_counts_of_all_clients() -> None:
    with small_server((200, RIGHT)) as server:
        outcome = put(load(server, clients=5, lasting_s=0))
    assert (outcome.asked, outcome.answers) == (1, 6)


def test_answers_may_differ_in_fetched_at() -> None:
    later = RIGHT.replace(b"12:00:00", b"12:00:01")
    with small_server((200, later)) as server:
        assert not put(load(server)).errors


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, RIGHT), "status 503"),
        ((200, RIGHT.replace(b"requests", b"flask")), "another body"),
        ((0, b""), "ServerDisconnectedError"),
    ],
)
def test_a_wrong_answer_is_an_error(answer: tuple[int, bytes], said: str) -> None:
    with small_server(answer) as server:
        outcome = put(load(server))
    assert set(outcome.errors) == {said}
    assert outcome.answers == 0
    assert outcome.latencies_ms == []
    assert outcome.requests_per_s(3) == 0


def test_an_error_of_the_first_request_is_not_hidden() -> None:
    with small_server((500, b""), (200, RIGHT)) as server:
        outcome = put(load(server))
    assert outcome.errors == {"status 500": 1}


def test_a_refused_connection_is_an_error() -> None:
    with small_server((200, RIGHT)) as server:
        nobody = load(server)
    assert set(put(nobody).errors) == {"ClientConnectorError"}


def test_rate_is_answers_per_client_second() -> None:
    outcome = Outcome(latencies_ms=[200.0] * 8, asked=9, asking_s=2.0)
    assert outcome.requests_per_s(10) == 40
