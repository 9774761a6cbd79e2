"""The API under test, asked over HTTP; how long its answers took."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

USER_AGENT = "pypi-pulse (smoke)"
SECOND_TRIES = 3


class BrokenPromise(Exception):
    """What was promised and what came, in words."""


class Unreachable(Exception):
    """Nothing answers HTTP at the URL."""


def keep(*, that: bool, broken: str) -> None:
    """Raise `BrokenPromise`, unless what was promised is true."""
    if not that:
        raise BrokenPromise(broken)


@contextmanager
def client_for(
    url: str, *, headers: Mapping[str, str], timeout_s: float, cacert: str | None = None
) -> Iterator[httpx.Client]:
    """A client with this base URL; `cacert` is a file with a certificate to trust beside the usual."""
    tls = ssl.create_default_context()
    if cacert is not None:
        tls.load_verify_locations(cacert)
    with httpx.Client(
        base_url=url,
        headers={"user-agent": USER_AGENT, **headers},
        timeout=timeout_s,
        verify=tls,
        # A proxy for the world outside is none for this machine.
        trust_env=not _is_loopback(urlsplit(url).hostname or ""),
    ) as client:
        yield client


@dataclass
class Live:
    """The API behind a client, and what it is asked about."""

    client: httpx.Client
    package: str = "requests"
    """A package that has downloads, in its normalised spelling."""
    other: str = "flask"
    """One more, to compare it with."""
    waited_ms: float = 0
    """For answers, since somebody last set it to zero."""
    _contract: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return str(self.client.base_url).rstrip("/")

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
        """The answer to one request; header names are given with `_` for `-`.

        Raises:
            BrokenPromise: there was none.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            answer = self.client.request(method, path, headers=named)
        except httpx.TransportError as error:
            raise BrokenPromise(f"{method} {path}: no answer ({_why(error)})") from error
        self.waited_ms += answer.elapsed.total_seconds() * 1000
        return answer

    def ask_well(self, path: str, **headers: str) -> httpx.Response:
        """As `ask`, for an answer that is to be a 200."""
        answer = self.ask(path, **headers)
        keep(that=answer.status_code == httpx.codes.OK, broken=f"GET {path}: {said(answer)}")
        return answer

    def ask_again_with_its_tag(self, path: str) -> httpx.Response:
        """The answer to a request that carries the `ETag` of the one before it.

        Two execution environments may have fetched the same figures at other times, which is in the
        body and so in the tag; then it is asked again.
        """
        before = self.ask_well(path)
        for _ in range(SECOND_TRIES):
            tag = before.headers.get("etag", "")
            keep(
                that=tag.startswith('"'),
                broken=f"its ETag is {tag or 'missing'}: it is to be strong",
            )
            answer = self.ask(path, if_none_match=tag)
            if answer.status_code != httpx.codes.OK or answer.headers.get("etag") == tag:
                break
            before = answer
        return answer

    def contract(self) -> dict[str, Any]:
        """The OpenAPI document; fetched once."""
        if self._contract is None:
            document = body_of(self.ask_well("/openapi.json"))
            keep(that=isinstance(document, dict), broken="/openapi.json is no JSON object")
            self._contract = document
        return self._contract

    def reach(self) -> None:
        """Ask once whether anything is there.

        Raises:
            Unreachable: nothing answers HTTP.
        """
        try:
            self.client.get("/health")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(f"Nothing answers at {self.url}: {_why(error)}.") from error


def body_of(answer: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
    """An answer's JSON.

    Raises:
        BrokenPromise: it has none.
    """
    try:
        return answer.json()
    except json.JSONDecodeError as error:
        raise BrokenPromise(f"{answer.request.url.path}: the body is no JSON ({error})") from error


def said(answer: httpx.Response) -> str:
    """An answer in a few words: its status, and what it says of itself."""
    detail = answer.text[:200]
    with suppress(json.JSONDecodeError, KeyError, TypeError):
        detail = answer.json()["detail"]
    return f"{answer.status_code} {answer.reason_phrase}: {detail}"


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")
