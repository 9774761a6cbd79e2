"""axe finds nothing on any kind of page, on desktop and phone, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import OpenPage, Theme
from tests.http.served import Served
from tools.fake_pypistats.packages import ALL_OF_PYPI, DEBUT, MIRRORED, RETIRED

PAGES = {
    "start": "/",
    "comparison": "/?packages=aiohttp,httpx,requests",
    "ten": "/?packages=aiohttp,boto3,click,django,fastapi,flask,httpx,numpy,pandas,requests",
    "shares": "/?packages=aiohttp,httpx,requests&scale=share&period=month&days=all",
    "package": "/?packages=requests",
    "half unknown": "/?packages=no-such-package,requests",
    "invalid": "/?packages=-x-",
    "unknown": "/?packages=no-such-package",
}


FULL = {"start", "comparison", "package"}
"""The pages that are tried in all modes; the others have nothing that they lack but their texts."""

MODES: list[tuple[str, Theme]] = [
    ("phone", "light"),
    ("desktop", "dark"),
    ("phone", "dark"),
    ("desktop", "light"),
]


@pytest.mark.parametrize(
    ("name", "device", "theme"),
    [(name, *mode) for name in PAGES for mode in (MODES if name in FULL else MODES[:2])],
)
def test_axe_finds_nothing(open_page: OpenPage, name: str, device: str, theme: Theme) -> None:
    page = open_page(PAGES[name], device=device, theme=theme, allowed=("status of 4",))
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("path", ["badge.svg", "chart.svg?theme=light", "chart.svg?theme=dark"])
def test_axe_finds_nothing_in_images(chromium: Browser, steady_api: Served, path: str) -> None:
    """The image of each fake package, inline in an HTML document, since axe looks at no other."""
    page = chromium.new_page()
    try:
        for package in ("requests", ALL_OF_PYPI, DEBUT, MIRRORED, RETIRED):
            image = steady_api.client.get(f"/packages/{package}/{path}").text
            page.set_content(
                f"<html lang=en><title>{package}</title><main><h1>{package}</h1>{image}"
            )
            results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
            assert results.violations_count == 0, results.generate_report()
    finally:
        page.close()
