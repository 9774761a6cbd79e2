"""Sends the same requests to the API and to its upstream, to compare the responses."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from tests.http.served import Served
from tests.serving import NO_CERTIFICATES
from tools.fake_pypistats import FakePypistats

AT_ONCE = 8
"""Concurrent requests, since a single one spends most of its time waiting."""


@dataclass(frozen=True)
class BothAnswers:
    """The API's and upstream's responses to one request."""

    target: str
    ours: httpx.Response
    upstreams: httpx.Response

    def same_body(self) -> bool:
        """Whether our body equals upstream's byte for byte, except for the additional key `source`.

        Figures come from the fake pypistats, so ours ends with `"source": "simulated"`. Upstream's
        body ends with a line break.
        """
        expected = self.upstreams.text.removesuffix("}\n") + ',"source":"simulated"}'
        return (self.ours.status_code, self.ours.text) == (self.upstreams.status_code, expected)

    def same_rows(self, rows: list[dict[str, Any]]) -> bool:
        """Whether our body has exactly these rows in this order."""
        return self.ours.status_code == httpx.codes.OK and self.ours.json()["data"] == rows


def ask_both(
    api: Served, fake_pypistats: FakePypistats, targets: Sequence[str]
) -> list[BothAnswers]:
    """Send each request to both; responses are in the order of the requests."""
    with (
        httpx.Client(
            base_url=fake_pypistats.url, trust_env=False, verify=NO_CERTIFICATES
        ) as upstream,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        ours = pool.map(api.client.get, targets)
        upstreams = pool.map(upstream.get, targets)
        return [BothAnswers(*answers) for answers in zip(targets, ours, upstreams, strict=True)]


def rows_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of a series in their order."""
    rows: list[dict[str, Any]] = json.loads(answer.text)["data"]
    return rows
