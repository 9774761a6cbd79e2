"""Reads that are wanted at the same time are one request, and each caller fares as if it were alone."""

import asyncio
import gc
from collections.abc import Coroutine, Iterator, Mapping, Sequence

import pytest

from pulse_io.reads import READ_AT_ONCE, Item, Reads
from tests.unit.pulse_io.simulated.loop import SimulatedLoop


class Broken(Exception):
    """What a request fails with."""


class Source:
    """Items as they are when a request for them starts, which takes a second.

    A request fails if any of its keys is one of `spoiled`.
    """

    def __init__(self, keys: Sequence[str], connections: int = 1) -> None:
        self.items: dict[str, Item] = {key: {"key": key} for key in keys}
        self.spoiled = ""
        self.requests: list[list[str]] = []
        self.connections = asyncio.Semaphore(connections)
        self._reads = Reads(self.connections, self._read_all)

    async def get(self, key: str, at: float = 0) -> Item | None:
        """Ask for an item at that second."""
        await asyncio.sleep(at)
        return await self._reads.get(key)

    async def _read_all(self, keys: Sequence[str]) -> Mapping[str, Item]:
        self.requests.append(list(keys))
        found = {key: self.items[key] for key in keys if key in self.items}
        await asyncio.sleep(1)
        if set(self.spoiled).intersection(keys):
            raise Broken
        return found


class Loop:
    """Runs a test in no time. Whoever waits for what never comes makes it fail, and so does what asyncio logs."""

    def __init__(self) -> None:
        self._loop = SimulatedLoop()
        self._logged: list[str] = []
        self._loop.set_exception_handler(lambda _, said: self._logged.append(said["message"]))

    def run(self, main: Coroutine[object, object, None]) -> None:
        """Run it to its end, and what it leaves under way."""
        self._loop.run_until_complete(main)
        self._loop.run_until_complete(asyncio.sleep(60))

    def close(self) -> None:
        """Hear of all that nobody looked at."""
        self._loop.close()
        gc.collect()
        assert self._logged == []


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def test_reads_of_the_same_moment_are_one_request(loop: Loop) -> None:
    source = Source("abc", connections=8)

    async def main() -> None:
        found = await asyncio.gather(*(source.get(key) for key in "abc"))
        assert found == [{"key": "a"}, {"key": "b"}, {"key": "c"}]

    loop.run(main())
    assert source.requests == [["a", "b", "c"]]


def test_no_read_waits_while_a_connection_is_free(loop: Loop) -> None:
    source = Source("ab", connections=2)

    async def main() -> None:
        async with asyncio.timeout(1.6):
            await asyncio.gather(source.get("a"), source.get("b", at=0.5))

    loop.run(main())
    assert source.requests == [["a"], ["b"]]


def test_what_comes_up_while_all_connections_are_busy_is_one_request(loop: Loop) -> None:
    source = Source("abcde", connections=2)

    async def main() -> None:
        asked = (source.get(key, at=number / 8) for number, key in enumerate("abcde"))
        assert await asyncio.gather(*asked) == list(source.items.values())

    loop.run(main())
    assert source.requests == [["a"], ["b"], ["c", "d", "e"]]


def test_connections_may_be_busy_with_something_else(loop: Loop) -> None:
    source = Source("ab")

    async def write() -> None:
        async with source.connections:
            await asyncio.sleep(1)
            assert source.requests == []

    async def main() -> None:
        await asyncio.gather(write(), source.get("a"), source.get("b", at=0.5))

    loop.run(main())
    assert source.requests == [["a", "b"]]


def test_a_key_that_several_want_is_read_once(loop: Loop) -> None:
    source = Source("ab")

    async def main() -> None:
        found = await asyncio.gather(*(source.get(key) for key in "abaa"))
        assert found == [{"key": key} for key in "abaa"]

    loop.run(main())
    assert source.requests == [["a", "b"]]


def test_a_key_is_read_anew_for_those_who_ask_while_it_is_being_read(loop: Loop) -> None:
    source = Source("a")

    async def change() -> None:
        await asyncio.sleep(0.5)
        source.items["a"] = {"key": "a", "changed": 1}

    async def main() -> None:
        before, _, after = await asyncio.gather(source.get("a"), change(), source.get("a", at=0.6))
        assert before == {"key": "a"}
        assert after == {"key": "a", "changed": 1}

    loop.run(main())


def test_more_keys_than_a_request_takes_are_several_side_by_side(loop: Loop) -> None:
    keys = [str(number) for number in range(2 * READ_AT_ONCE + 1)]
    source = Source(keys, connections=3)

    async def main() -> None:
        async with asyncio.timeout(1.5):
            found = await asyncio.gather(*(source.get(key) for key in keys))
        assert found == list(source.items.values())

    loop.run(main())
    assert [len(request) for request in source.requests] == [READ_AT_ONCE, READ_AT_ONCE, 1]


def test_what_is_not_there_is_none(loop: Loop) -> None:
    source = Source("a")

    async def main() -> None:
        assert await asyncio.gather(*(source.get(key) for key in "ab")) == [{"key": "a"}, None]

    loop.run(main())


def test_a_failure_reaches_all_who_asked_in_that_request_and_nobody_else(loop: Loop) -> None:
    source = Source("abcd", connections=2)
    source.spoiled = "b"

    async def main() -> None:
        asked = (source.get("a"), source.get("b"), source.get("c", at=0.5), source.get("d", at=2))
        first, second, *others = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(first, Broken)
        assert isinstance(second, Broken)
        assert others == [{"key": "c"}, {"key": "d"}]

    loop.run(main())
    assert source.requests == [["a", "b"], ["c"], ["d"]]


@pytest.mark.parametrize("given_up_at", [0.5, 1.5], ids=["in the queue", "under way"])
def test_one_who_is_cancelled_disturbs_no_other(loop: Loop, given_up_at: float) -> None:
    source = Source("abc")

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(given_up_at):
                await source.get("b", at=0.1)

    async def main() -> None:
        others = (source.get("a"), source.get("b", at=0.2), source.get("c", at=0.2))
        _, *found = await asyncio.gather(give_up(), *others)
        assert found == list(source.items.values())

    loop.run(main())
    assert source.requests == [["a"], ["b", "c"]]


def test_a_failure_that_nobody_waits_for_any_more_is_logged_by_nobody(loop: Loop) -> None:
    source = Source("ab")
    source.spoiled = "a"

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.gather(source.get("a"), source.get("b"))

    loop.run(main())
    assert source.requests == [["a", "b"]]
