"""Images over HTTP: as an image proxy asks for them, and with an upstream that hangs."""

import gzip
import time

import httpx
import pytest

from tests.http.served import Clock, Served, served
from tests.pictures import read
from tools.fake_pypistats import FakePypistats

BADGE = "/packages/requests/badge.svg"
IMAGES = [
    BADGE,
    "/packages/requests/chart.svg",
    "/packages/requests/chart.svg?by=system",
    "/compare/chart.svg?packages=requests,httpx",
]
PROXY_LIMIT_S = 4
"""GitHub's image proxy gives up after that."""


def as_proxy(api: Served, path: str) -> httpx.Response:
    """Ask as GitHub's image proxy does: it has little patience, and takes nothing but images."""
    answer = api.client.get(path, headers={"accept": "image/*"}, timeout=PROXY_LIMIT_S)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "max-age=" in answer.headers["cache-control"]
    assert answer.headers["etag"]
    assert len(answer.content) < 5 * 2**20
    read(answer.text)
    return answer


@pytest.mark.parametrize("path", IMAGES)
def test_image_suits_a_proxy(api: Served, path: str) -> None:
    answer = as_proxy(api, path)
    etag = answer.headers["etag"]
    assert api.client.get(path, headers={"if-none-match": etag}).status_code == 304


def test_chart_is_small_on_the_wire(api: Served) -> None:
    answer = as_proxy(api, "/compare/chart.svg?packages=requests,httpx,aiohttp")
    assert len(gzip.compress(answer.content)) < 8_000


@pytest.mark.parametrize("path", IMAGES)
def test_hanging_upstream_is_answered_in_time(
    fake_pypistats: FakePypistats, clock: Clock, path: str
) -> None:
    """The first request ever; the next one has the figures once upstream is well."""
    fake_pypistats.set_faults(["hang"])
    with served(fake_pypistats.url, clock, UPSTREAM_TIMEOUT_S="3") as api:
        began = time.monotonic()
        answer = as_proxy(api, path)
        assert time.monotonic() - began < PROXY_LIMIT_S - 1
        assert answer.headers["x-pulse-status"] in {"503", "504"}
        assert answer.headers["cache-control"] == "public, max-age=60, s-maxage=60"
        assert "no data yet" in answer.text.lower()
        fake_pypistats.set_faults([])
        clock.move(minutes=1)
        deadline = time.monotonic() + 30
        while as_proxy(api, path).headers["x-pulse-status"] != "200":
            assert time.monotonic() < deadline


@pytest.mark.parametrize("path", IMAGES)
def test_last_known_figures_are_dated(
    fake_pypistats: FakePypistats, clock: Clock, path: str
) -> None:
    with served(fake_pypistats.url, clock, IMAGE_DEADLINE_S="0.5") as api:
        as_proxy(api, path)
        fake_pypistats.set_faults(["hang"])
        clock.move(days=1)
        stale = as_proxy(api, path)
    assert stale.headers["x-pulse-stale"] == "true"
    assert stale.headers["x-pulse-status"] == "200"
    assert "max-age=60," in stale.headers["cache-control"]
    assert "2026-11-21" in stale.text


def test_images_share_the_fetch_of_the_other_routes(
    api: Served, fake_pypistats: FakePypistats
) -> None:
    api.client.get("/packages/requests")
    for path in (BADGE, "/packages/requests/badge.json", "/packages/requests/chart.svg"):
        as_proxy(api, path) if path.endswith("svg") else api.client.get(path)
    api.client.get("/compare/downloads?packages=requests")
    assert len(fake_pypistats.requests) == 1
