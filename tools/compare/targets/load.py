"""A closed loop of clients: each asks, waits for the answer, checks it, and asks again at once.

A client's first request only brings the server to its full load and does not count. Whatever was asked is
waited for, so that no long latency is cut off: where a worker serves one request at a time, each of fifty
clients waits for fifty.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from .answers import without_time

_PATIENCE_S: Final = 60
"""Longer than the longest queue."""

_PAUSE_AFTER_AN_ERROR_S: Final = 0.01
_MS_PER_S: Final = 1000
_HTTP_OK: Final = 200
# FastAPI would compress its answers and Flask would not.
_HEADERS: Final = {"Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients do.

    Attributes:
        url: What each of them asks for.
        expected: The right body, as `without_time` leaves it.
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
    """What came of a load.

    Attributes:
        latencies_ms: From asking to the last byte, for each right answer that counts.
        asked: How many requests count.
        asking_s: The time that all clients together spent on them.
        answers: All right answers, the first ones included.
        errors: How often what went wrong, first requests included.
        cpu: The share of one core that the clients took.
    """

    latencies_ms: list[float] = field(default_factory=list)
    asked: int = 0
    asking_s: float = 0
    answers: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    cpu: float = 0

    def requests_per_s(self, clients: int) -> float:
        """Right answers per second: every client is always waiting for one."""
        return clients * len(self.latencies_ms) / self.asking_s


def put(load: Load) -> Outcome:
    """Put a load on, in this process."""
    return asyncio.run(_put(load))


async def _put(load: Load) -> Outcome:
    outcome = Outcome()
    began, cpu_began = time.perf_counter(), time.process_time()
    ends = began + load.arriving_over_s + load.lasting_s
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=_PATIENCE_S),
        headers=_HEADERS,
    ) as session:
        clients = (_client(session, load, place, ends, outcome) for place in range(load.clients))
        await asyncio.gather(*clients)
    outcome.cpu = (time.process_time() - cpu_began) / (time.perf_counter() - began)
    return outcome


async def _client(
    session: aiohttp.ClientSession, load: Load, place: int, ends: float, outcome: Outcome
) -> None:
    await asyncio.sleep(load.arriving_over_s * place / load.clients)
    await _ask(session, load, outcome)
    # However slow the server is, one request counts.
    while (began := time.perf_counter()) < ends or not outcome.asked:
        outcome.asked += 1
        right = await _ask(session, load, outcome)
        took_s = time.perf_counter() - began
        outcome.asking_s += took_s
        if right:
            outcome.latencies_ms.append(took_s * _MS_PER_S)


async def _ask(session: aiohttp.ClientSession, load: Load, outcome: Outcome) -> bool:
    """Whether the answer was right; an error is counted."""
    error = await _error(session, load)
    if not error:
        outcome.answers += 1
        return True
    outcome.errors[error] += 1
    # A server that refuses at once would otherwise be asked thousands of times a second.
    await asyncio.sleep(_PAUSE_AFTER_AN_ERROR_S)
    return False


async def _error(session: aiohttp.ClientSession, load: Load) -> str:
    """Ask once, and say what is wrong with the answer; empty if it is right."""
    try:
        async with session.get(load.url) as response:
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
    if response.status != _HTTP_OK:
        return f"status {response.status}"
    return "" if without_time(body) == load.expected else "another body"
