"""A client: asks in bursts for all packages, of any execution environment, and waits when it is told to."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from .answers import Answer, Kind, nothing, read

BURST_EVERY_S: Final = 15
"""All clients start a burst at the same moment."""

SINGLES: Final = 5
"""How many packages of a burst are asked for one by one."""

LARGEST_CHUNK: Final = 25
TIMEOUT_S: Final = 30.0
"""Far above `DEADLINE_S`: this many processes have few processors."""

KEPT_WORDS: Final = 3


@dataclass
class Outcomes:
    """What a client got.

    Attributes:
        answers: How many answers.
        packages: How many packages in them, by what was said of each.
        had: The packages that it got data for at least once.
        kept: Waits after which some of what had been throttled was there. Those for which no call was
            reserved, as the answer said, do not count.
        broken: Waits after which none of it was: how many seconds each of them was.
        not_due: Waits that would have outlasted the run.
        lost: Answers that never came since their environment was killed; they were asked for again.
        words: The first answers that were none of what is promised.
    """

    answers: int = 0
    packages: Counter[Kind] = field(default_factory=Counter)
    had: set[str] = field(default_factory=set)
    kept: int = 0
    broken: list[int] = field(default_factory=list)
    not_due: int = 0
    lost: int = 0
    words: list[str] = field(default_factory=list)

    def take(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers += 1
        self.packages.update(answer.kinds.values())
        self.had |= {
            package for package, kind in answer.kinds.items() if kind in {Kind.DATA, Kind.STALE}
        }
        if answer.words and len(self.words) < KEPT_WORDS:
            self.words.append(answer.words)


class Client:
    """Asks for `duration_s` from `run` on; its `outcomes` grow meanwhile.

    `address` is its own, any free one where there is none. `mortal` environments may be killed, and begin
    anew.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that a run decides about its clients
        self,
        environments: Sequence[str],
        packages: Sequence[str],
        duration_s: float,
        seed: str,
        *,
        address: str | None = None,
        mortal: bool = False,
    ) -> None:
        self.outcomes = Outcomes()
        self._environments = environments
        self._packages = packages
        self._duration_s = duration_s
        self._mortal = mortal
        self._ends_at = 0.0
        self._chance = random.Random(seed)  # noqa: S311 - not a secret
        self._waiting: set[str] = set()
        self._http = httpx.AsyncClient(
            timeout=TIMEOUT_S, transport=httpx.AsyncHTTPTransport(local_address=address)
        )

    async def run(self) -> None:
        """Ask, burst after burst, and return when every answer is there."""
        clock = asyncio.get_running_loop().time
        self._ends_at = clock() + self._duration_s
        async with self._http, asyncio.TaskGroup() as asks:
            while (left_s := self._ends_at - clock()) > 0:
                for chunk in self._burst():
                    asks.create_task(self._ask_until_had(chunk))
                await asyncio.sleep(min(BURST_EVERY_S, left_s))

    def _burst(self) -> Iterator[tuple[str, ...]]:
        """All packages but those that it is to wait for, in any order and in any chunks."""
        packages = [package for package in self._packages if package not in self._waiting]
        self._chance.shuffle(packages)
        for package in packages[:SINGLES]:
            yield (package,)
        rest = packages[SINGLES:]
        while rest:
            size = self._chance.randint(1, LARGEST_CHUNK)
            yield tuple(rest[:size])
            rest = rest[size:]

    async def _ask_until_had(self, packages: tuple[str, ...]) -> None:
        clock = asyncio.get_running_loop().time
        answer = await self._ask(packages)
        self.outcomes.take(answer)
        while (waiting := answer.throttled) and answer.retry_after_s is not None:
            if clock() + answer.retry_after_s >= self._ends_at:
                self.outcomes.not_due += 1
                return
            self._waiting |= set(waiting)
            waited_s, reserved = answer.retry_after_s, answer.reserved
            await asyncio.sleep(waited_s)
            answer = await self._ask(waiting)
            self._waiting -= set(waiting)
            self.outcomes.take(answer)
            if set(answer.throttled) < set(waiting):
                self.outcomes.kept += reserved
            elif reserved:
                self.outcomes.broken.append(waited_s)

    async def _ask(self, packages: tuple[str, ...]) -> Answer:
        try:
            return read(await self._http.get(self._url(packages)), packages)
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            if not self._mortal:
                return nothing(packages, repr(error))
            self.outcomes.lost += 1
            return await self._ask(packages)
        except httpx.HTTPError as error:
            return nothing(packages, repr(error))

    def _url(self, packages: Sequence[str]) -> str:
        environment = self._chance.choice(self._environments)
        if len(packages) == 1:
            return f"{environment}/packages/{packages[0]}"
        return f"{environment}/compare?packages={','.join(packages)}"
