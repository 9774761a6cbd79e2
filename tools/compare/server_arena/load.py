"""A closed loop of clients: each asks, waits for the answer, checks it, and asks again at once.

A client's first request only brings the server to its full load and is not counted; what it asks after
that is, until time is up. What was asked is always waited for, however long, so that no long latency is
cut off: where a worker serves one request after the other, fifty clients wait fifty turns for theirs.
"""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import aiohttp

PATIENCE_S: Final = 60
"""More than the longest queue takes: a server that does not answer at all is an error."""

_PAUSE_AFTER_AN_ERROR_S: Final = 0.01
_MS_PER_S: Final = 1000
_HTTP_OK: Final = 200
_FETCHED_AT: Final = re.compile(rb'(?<="fetched_at":")[^"]*')

# FastAPI could compress its answers and Flask does not: both shall do the same.
_HEADERS: Final = {"Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients do.

    Attributes:
        url: What each of them asks for.
        expected: The body of the right answer, as `without_time` leaves it.
        clients: How many there are.
        lasting_s: How long they go on asking, once all have arrived.
        arriving_over_s: The span in which they arrive, evenly: independent clients are not in step.
    """

    url: str
    expected: bytes
    clients: int
    lasting_s: float
    arriving_over_s: float = 0


@dataclass(slots=True)
class Outcome:
    """What came of it.

    Attributes:
        latencies_ms: From asking to the last byte, for each right answer that counts.
        asked: How many requests count.
        asking_s: The time that all clients together spent on them.
        answers: All right answers, the uncounted first ones included.
        errors: How often what went wrong, the first requests included.
        cpu: The share of one core that the clients took for themselves.
    """

    latencies_ms: list[float] = field(default_factory=list)
    asked: int = 0
    asking_s: float = 0
    answers: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    cpu: float = 0

    def requests_per_s(self, clients: int) -> float:
        """Right answers a second: every client asks again at once, so each has its share of the time."""
        return clients * len(self.latencies_ms) / self.asking_s


def without_time(body: bytes) -> bytes:
    """The body without the time at which its figures were fetched, which each answer has its own of."""
    return _FETCHED_AT.sub(b"", body)


def put(load: Load) -> Outcome:
    """Put the load on, in this process."""
    return asyncio.run(_put(load))


async def _put(load: Load) -> Outcome:
    outcome = Outcome()
    began, cpu_began = time.perf_counter(), time.process_time()
    time_is_up = began + load.arriving_over_s + load.lasting_s
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
        headers=_HEADERS,
    ) as session:
        clients = (_client(session, load, n, time_is_up, outcome) for n in range(load.clients))
        await asyncio.gather(*clients)
        outcome.cpu = (time.process_time() - cpu_began) / (time.perf_counter() - began)
    return outcome


async def _client(
    session: aiohttp.ClientSession, load: Load, place: int, time_is_up: float, outcome: Outcome
) -> None:
    await asyncio.sleep(load.arriving_over_s * place / load.clients)
    await _ask(session, load, outcome)
    # However slow the server is, there is one request that counts.
    while (began := time.perf_counter()) < time_is_up or not outcome.asked:
        outcome.asked += 1
        right = await _ask(session, load, outcome)
        took_s = time.perf_counter() - began
        outcome.asking_s += took_s
        if right:
            outcome.latencies_ms.append(took_s * _MS_PER_S)


async def _ask(session: aiohttp.ClientSession, load: Load, outcome: Outcome) -> bool:
    """Whether the answer was right; what was wrong is counted."""
    wrong = await _wrong(session, load)
    if not wrong:
        outcome.answers += 1
        return True
    outcome.errors[wrong] += 1
    # A server that refuses at once would else be asked thousands of times a second.
    await asyncio.sleep(_PAUSE_AFTER_AN_ERROR_S)
    return False


async def _wrong(session: aiohttp.ClientSession, load: Load) -> str:
    """Ask once. What is wrong with the answer; nothing, if it is right."""
    try:
        async with session.get(load.url) as response:
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
    if response.status != _HTTP_OK:
        return f"status {response.status}"
    return "" if without_time(body) == load.expected else "another body"
