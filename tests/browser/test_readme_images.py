"""Badges and charts in a README, behind GitHub's image proxy, never show as broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.image_proxy import ImageProxy, image_proxy
from tests.http.served import Clock, Served
from tests.serving import answering
from tools.fake_pypistats import FakePypistats

IMAGES = [
    "/packages/requests/badge.svg",
    "/packages/requests/badge.svg?style=plastic&period=week&label=%3Cscript%3E",
    "/packages/requests/chart.svg?theme=dark",
    "/packages/requests/chart.svg?by=system",
    "/compare/chart.svg?packages=flask%2Chttpx&theme=light&scale=log",
    "/preview.png?packages=flask,httpx",
]
BAD = [
    "/packages/no-such-package/badge.svg",
    "/packages/-x-/chart.svg?width=5000",
    "/packages/requests/badge.svg?color=none&nothing=1",
    "/compare/chart.svg?packages=a,b,c,d,e,f,g,h,i,j,k",
    "/preview.png",
]


@pytest.fixture
def proxy() -> Iterator[ImageProxy]:
    with image_proxy() as proxy:
        yield proxy


def broken(chromium: Browser, readme: Path, images: list[str]) -> list[str]:
    """The images that a reader sees as broken."""
    readme.write_text("".join(f'<p><img src="{image}">' for image in images), encoding="utf-8")
    page = chromium.new_page()
    page.goto(readme.as_uri(), wait_until="load")
    found: list[str] = page.locator("img").evaluate_all(
        "images => images.filter((image) => !image.naturalWidth).map((image) => image.src)"
    )
    page.close()
    return found


def test_images_are_shown(
    chromium: Browser, proxy: ImageProxy, api: Served, tmp_path: Path
) -> None:
    images = [proxy.of(f"{api.url}{path}".replace("?", "%3F")) for path in IMAGES + BAD]
    assert broken(chromium, tmp_path / "readme.html", images) == []


@pytest.mark.parametrize("fault", ["500", "429", "hang", "not-json"])
def test_images_are_shown_when_upstream_fails(  # noqa: PLR0913, PLR0917 - each is a part of the scene
    chromium: Browser,
    proxy: ImageProxy,
    api: Served,
    fake_pypistats: FakePypistats,
    tmp_path: Path,
    fault: str,
) -> None:
    """At the first request ever, too."""
    fake_pypistats.set_rules(fault)
    images = [proxy.of(f"{api.url}{path}".replace("?", "%3F")) for path in IMAGES]
    assert broken(chromium, tmp_path / "readme.html", images) == []


def test_figures_replace_an_excuse_within_a_minute(
    proxy: ImageProxy, api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    badge = f"{api.url}/packages/requests/badge.svg"
    fake_pypistats.set_rules("500")
    _, excuse, _ = proxy.answer(badge)
    fake_pypistats.set_rules()
    clock.move(seconds=61)
    proxy.now_s += 61
    _, body, _ = proxy.answer(badge)
    assert body != excuse
    assert b"1.4B" in body
    assert len(proxy.fetched) == 2


def test_proxy_asks_once_until_figures_are_old(proxy: ImageProxy, api: Served) -> None:
    badge = f"{api.url}/packages/requests/badge.svg"
    for _ in range(3):
        proxy.answer(badge)
        proxy.now_s += 3600
    assert proxy.fetched == [badge]
    proxy.now_s += 86_400
    proxy.answer(badge)
    assert proxy.fetched == [badge, badge]


@pytest.mark.parametrize(
    ("status", "content_type"),
    [(404, "image/svg+xml"), (503, "image/svg+xml"), (200, "application/problem+json")],
)
def test_proxy_refuses_what_is_no_image(
    chromium: Browser, proxy: ImageProxy, tmp_path: Path, status: int, content_type: str
) -> None:
    """What the simulation is for: Chromium by itself would show some of these."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    with answering(status, svg, content_type=content_type) as url:
        image = proxy.of(url)
        assert broken(chromium, tmp_path / "readme.html", [image]) == [image]
