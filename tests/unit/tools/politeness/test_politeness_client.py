"""The client of a politeness run keeps to what it is told, and finds out whether that was true."""

import asyncio
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

import pytest

from tools.politeness.answers import Kind
from tools.politeness.client import Client, Outcomes

Reply = Callable[[str], tuple[int, dict[str, str], object]]


class Api(ThreadingHTTPServer):
    """An API that answers what a test says, and keeps the paths that it was asked for."""

    reply: Reply
    paths: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.paths.append(unquote(self.path))
        status, headers, body = self.server.reply(self.path)
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with Api(("127.0.0.1", 0), Handler) as api:
        api.paths = []
        thread = Thread(target=api.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield api
        finally:
            api.shutdown()
            thread.join()


def asked_once(api: Api, *, for_s: float, packages: tuple[str, ...] = ("rich",)) -> Outcomes:
    async def ask() -> Outcomes:
        client = Client([api.url], packages, for_s, seed="")
        await client.run()
        return client.outcomes

    return asyncio.run(ask())


def test_it_asks_for_every_package(api: Api) -> None:
    packages = tuple(f"p{number}" for number in range(40))
    api.reply = lambda _: (503, {"Retry-After": "600"}, {})
    outcomes = asked_once(api, for_s=0.01, packages=packages)
    assert sum(outcomes.packages.values()) == 40
    assert all(any(package in path for path in api.paths) for package in packages)


def test_data_after_the_wait_keeps_the_promise(api: Api) -> None:
    answers: Iterator[tuple[int, dict[str, str], object]] = iter(
        [(503, {"Retry-After": "1"}, {}), (200, {}, {"package": "rich", "stale": False})]
    )
    api.reply = lambda _: next(answers)
    outcomes = asked_once(api, for_s=3)
    assert (outcomes.kept, outcomes.broken, outcomes.not_due) == (1, [], 0)
    assert outcomes.had == {"rich"}


def test_nothing_after_the_wait_breaks_it(api: Api) -> None:
    answers = iter(["1", "600"])
    api.reply = lambda _: (503, {"Retry-After": next(answers)}, {})
    outcomes = asked_once(api, for_s=3)
    assert (outcomes.kept, outcomes.broken, outcomes.not_due) == (0, [1], 1)


def test_a_wait_for_which_nothing_was_reserved_is_no_promise(api: Api) -> None:
    throttled = 503, {"Retry-After": "1"}, {"reserved": False}
    answers: Iterator[tuple[int, dict[str, str], object]] = iter(
        [throttled, throttled, (200, {}, {"package": "rich", "stale": False})]
    )
    api.reply = lambda _: next(answers)
    outcomes = asked_once(api, for_s=4)
    assert (outcomes.kept, outcomes.broken, outcomes.had) == (0, [], {"rich"})


def test_it_asks_again_where_an_environment_was_killed(api: Api) -> None:
    async def ask(*, mortal: bool) -> Outcomes:
        client = Client([api.url], ["rich"], 0.01, seed="", mortal=mortal)
        await client.run()
        return client.outcomes

    def reply(_: str) -> tuple[int, dict[str, str], object]:
        if len(api.paths) == 1:
            raise ConnectionAbortedError
        return 200, {}, {"package": "rich", "stale": False}

    api.reply = reply
    outcomes = asyncio.run(ask(mortal=True))
    assert (outcomes.lost, outcomes.had) == (1, {"rich"})
    api.paths.clear()
    outcomes = asyncio.run(ask(mortal=False))
    assert (outcomes.lost, outcomes.had) == (0, set())
    assert outcomes.packages == {Kind.OTHER: 1}


@pytest.mark.parametrize("address", [None, "127.0.0.1"])
def test_it_asks_from_the_address_that_it_is_given(api: Api, address: str | None) -> None:
    api.reply = lambda _: (200, {}, {"package": "rich", "stale": False})

    async def ask() -> Outcomes:
        client = Client([api.url], ["rich"], 0.01, seed="", address=address)
        await client.run()
        return client.outcomes

    assert asyncio.run(ask()).had == {"rich"}
