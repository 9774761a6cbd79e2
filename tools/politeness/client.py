"""A client: asks any execution environment for all packages, in bursts, and comes back when it is told to."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx

from .plan import Plan

BURST_EVERY_S: Final = 15
"""All clients start a burst at the same moment."""

SINGLES: Final = 5
"""How many packages of a burst are asked for one by one."""

LARGEST_CHUNK: Final = 25
TIMEOUT_S: Final = 30.0
"""Far above `DEADLINE_S`: many processes share few processors."""

DATA: Final = {"ok", "stale"}
RETRY: Final = {"throttled", "timeout"}
"""Statuses of a package in a comparison; `RETRY` is as good as data if it comes with a `Retry-After`."""

_RETRY_STATUSES: Final = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


@dataclass(frozen=True)
class Answer:
    """The status of each package, and when to ask again for those that are throttled.

    `reserved` is false if the answer says that no call is reserved for any of them.
    """

    statuses: dict[str, str]
    retry_after_s: int | None = None
    reserved: bool = True

    @classmethod
    def read(cls, response: httpx.Response, packages: Sequence[str]) -> "Answer":
        """Read the answer to `/packages/{package}` or `/compare`. Other than data or a wait is `bad: …`."""
        retry_after = response.headers.get("retry-after", "")
        retry_after_s = int(retry_after) if retry_after.isdecimal() else None
        bad = f"bad: {response.status_code} {response.text[:150]}"
        good = DATA if retry_after_s is None else DATA | RETRY
        try:
            entries = _entries(response, packages)
            statuses = {one["package"]: one["status"] for one in entries}
            problems = [one["problem"] for one in entries if "problem" in one]
            reserved = not problems or any("reserved" not in problem for problem in problems)
        except (ValueError, KeyError, TypeError):
            return cls(dict.fromkeys(packages, bad))
        statuses = {name: status if status in good else bad for name, status in statuses.items()}
        return cls(statuses, retry_after_s, reserved)

    @property
    def throttled(self) -> set[str]:
        """The packages to ask for again."""
        return {package for package, status in self.statuses.items() if status in RETRY}


def _entries(response: httpx.Response, packages: Sequence[str]) -> list[dict[str, Any]]:
    """The answer as the entries of a comparison."""
    body = response.json()
    if response.status_code != HTTPStatus.OK:
        status = "throttled" if response.status_code in _RETRY_STATUSES else "failed"
        return [{"package": package, "status": status, "problem": body} for package in packages]
    if "packages" in body:
        return list(body["packages"])
    return [{"package": body["package"], "status": "stale" if body["stale"] else "ok"}]


@dataclass
class Outcomes:
    """What clients got.

    Attributes:
        answers: How many answers.
        statuses: How many packages in them, by status.
        seen: The packages that came with data at least once.
        kept: Waits after which some of the throttled packages came. Waits for which no call was reserved do not
            count.
        broken: Waits after which none came, in seconds.
        not_due: Waits that would have outlasted the run.
        lost: Requests to an environment that was killed; they were sent again.
    """

    answers: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    kept: int = 0
    broken: list[int] = field(default_factory=list)
    not_due: int = 0
    lost: int = 0

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers += 1
        self.statuses.update(answer.statuses.values())
        self.seen |= {package for package, status in answer.statuses.items() if status in DATA}


class Client:
    """Asks these base URLs as planned, and adds to `outcomes`; `number` tells clients of a run apart."""

    def __init__(
        self,
        environments: Sequence[str],
        plan: Plan,
        outcomes: Outcomes,
        transport: httpx.AsyncBaseTransport,
        number: int = 0,
    ) -> None:
        self._environments = environments
        self._plan = plan
        self._outcomes = outcomes
        self._ends_at = 0.0
        self._random = random.Random(f"{plan.seed}/{number}")  # noqa: S311 - not a secret
        self._waiting: set[str] = set()
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, transport=transport)

    async def run(self) -> None:
        """Ask, burst after burst, and return once every answer is there."""
        clock = asyncio.get_running_loop().time
        self._ends_at = clock() + self._plan.duration_s
        async with self._http, asyncio.TaskGroup() as asks:
            while (left_s := self._ends_at - clock()) > 0:
                for chunk in self._burst():
                    asks.create_task(self._ask_until_there(chunk))
                await asyncio.sleep(min(BURST_EVERY_S, left_s))

    def _burst(self) -> Iterator[list[str]]:
        """All packages that it does not wait for, in random order and chunks."""
        packages = [package for package in self._plan.names if package not in self._waiting]
        self._random.shuffle(packages)
        for package in packages[:SINGLES]:
            yield [package]
        rest = packages[SINGLES:]
        while rest:
            size = self._random.randint(1, LARGEST_CHUNK)
            yield rest[:size]
            rest = rest[size:]

    async def _ask_until_there(self, packages: Sequence[str]) -> None:
        clock = asyncio.get_running_loop().time
        answer = await self._ask(packages)
        while (waiting := answer.throttled) and (wait_s := answer.retry_after_s) is not None:
            if clock() + wait_s >= self._ends_at:
                self._outcomes.not_due += 1
                return
            reserved = answer.reserved
            self._waiting |= waiting
            await asyncio.sleep(wait_s)
            answer = await self._ask(sorted(waiting))
            self._waiting -= waiting
            if answer.throttled < waiting:
                self._outcomes.kept += reserved
            elif reserved:
                self._outcomes.broken.append(wait_s)

    async def _ask(self, packages: Sequence[str]) -> Answer:
        environment = self._random.choice(self._environments)
        path = f"compare?packages={','.join(packages)}"
        if len(packages) == 1:
            path = f"packages/{packages[0]}"
        try:
            answer = Answer.read(await self._http.get(f"{environment}/{path}"), packages)
        except httpx.HTTPError as error:
            if self._plan.kill_holders and isinstance(
                error, httpx.ReadError | httpx.RemoteProtocolError
            ):
                self._outcomes.lost += 1
                return await self._ask(packages)
            answer = Answer(dict.fromkeys(packages, f"bad: {error!r}"))
        self._outcomes.add(answer)
        return answer
