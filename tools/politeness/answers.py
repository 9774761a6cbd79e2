"""What the API answered a client, for each package that it was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import httpx

COME_BACK = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
"""Statuses that may carry a `Retry-After`."""


class Kind(StrEnum):
    """What a client got for one package; the first three are what it was promised.

    `THROTTLED` is so with a `Retry-After` alone; without one it is `OTHER`.
    """

    DATA = "data"
    STALE = "stale"
    THROTTLED = "throttled"
    OTHER = "other"


@dataclass(frozen=True)
class Answer:
    """What came for each package, after how many seconds to ask again, and words about what is `OTHER`.

    `reserved` is false where the answer says that no call is reserved for then, for any of the packages.
    """

    kinds: Mapping[str, Kind]
    retry_after_s: int | None = None
    words: str = ""
    reserved: bool = True

    @property
    def throttled(self) -> tuple[str, ...]:
        """The packages to ask for again."""
        return tuple(package for package, kind in self.kinds.items() if kind is Kind.THROTTLED)


def nothing(packages: Sequence[str], words: str) -> Answer:
    """No answer at all, or none that can be read."""
    return Answer(dict.fromkeys(packages, Kind.OTHER), words=words)


def read(response: httpx.Response, packages: Sequence[str]) -> Answer:
    """Read the answer to `/packages/{package}` or `/compare`."""
    retry_after = response.headers.get("retry-after", "")
    retry_after_s = int(retry_after) if retry_after.isdecimal() else None
    try:
        kinds = _kinds(response, packages, promised=retry_after_s is not None)
    except (ValueError, KeyError, TypeError) as error:
        return nothing(packages, f"{response.status_code}, not readable: {error!r}")
    odd = Kind.OTHER in kinds.values()
    words = f"{response.status_code}: {response.text[:150]}" if odd else ""
    return Answer(kinds, retry_after_s, words, _is_reserved(response))


def _is_reserved(response: httpx.Response) -> bool:
    """Whether a call is reserved for what has to be asked for again, or for some of it."""
    try:
        body = response.json()
    except ValueError:
        return True
    if not isinstance(body, dict):
        return True
    entries = body.get("packages", [{"problem": body}])
    problems = [one["problem"] for one in entries if "problem" in one]
    return not problems or any("reserved" not in problem for problem in problems)


def _kinds(response: httpx.Response, packages: Sequence[str], *, promised: bool) -> dict[str, Kind]:
    if response.status_code in COME_BACK:
        return dict.fromkeys(packages, Kind.THROTTLED if promised else Kind.OTHER)
    if response.status_code != HTTPStatus.OK:
        return dict.fromkeys(packages, Kind.OTHER)
    body: dict[str, Any] = response.json()
    if "packages" not in body:
        return {body["package"]: Kind.STALE if body["stale"] else Kind.DATA}
    by_status = {"ok": Kind.DATA, "stale": Kind.STALE}
    if promised:
        by_status |= {"throttled": Kind.THROTTLED, "timeout": Kind.THROTTLED}
    return {
        entry["package"]: by_status.get(entry["status"], Kind.OTHER) for entry in body["packages"]
    }
