"""The API under test, asked over HTTP; how long its answers took."""

import json
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from pulse.network import Certificates, Network
from tools.addresses import (
    open_blocking_client,
    received,
    redirected_base,
    why_unreachable,
)

USER_AGENT = "pypi-pulse (smoke)"
HEALTH = "/health"
SECOND_TRIES = 3


class BrokenPromise(Exception):
    """What was promised and what came, in words."""


class Unreachable(Exception):
    """No PyPI Pulse answers at the URL; the message says what is there."""


def keep(*, that: bool, broken: str) -> None:
    """Raise `BrokenPromise`, unless what was promised is true."""
    if not that:
        raise BrokenPromise(broken)


@contextmanager
def client_for(
    url: str, *, headers: Mapping[str, str], timeout_s: float, cacert: str | None = None
) -> Iterator[httpx.Client]:
    """A client with this base URL; `cacert` is a file with a certificate to trust beside the usual.

    Raises:
        InvalidSettings: the proxy or the certificates can't be used.
    """
    network = Network.from_environ(os.environ)
    tls = ssl.create_default_context()
    for certificates in (network.certificates, cacert and Certificates("--cacert", cacert)):
        if certificates:
            try:
                tls.load_verify_locations(certificates.file, certificates.folder)
            except OSError as error:
                raise certificates.unusable(error) from None
    with open_blocking_client(url, network, tls, timeout_s=timeout_s) as client:
        client.headers.update({"user-agent": USER_AGENT, **headers})
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
        """Ask once whether the API is there.

        Raises:
            Unreachable: nothing answers HTTP, or something else does.
        """
        try:
            answer = self.client.get(HEALTH)
        except httpx.TransportError as error:
            why = why_unreachable(error, self.url, Network.from_environ(os.environ))
            raise Unreachable(f"Nothing answers at {self.url}: {why}.") from error
        # Server errors are a sick API's, or those of what stands before it: the table tells of them.
        if not answer.is_server_error and not _is_health(answer):
            better = redirected_base(answer)
            raise Unreachable(
                f"{self.url} is not where PyPI Pulse answers: GET {HEALTH} gets {received(answer, answer.content)}."
                + (f" Say make smoke URL={better}" if better else "")
            )


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


def _is_health(answer: httpx.Response) -> bool:
    with suppress(json.JSONDecodeError):
        return answer.is_success and isinstance(answer.json(), dict) and "variant" in answer.json()
    return False
