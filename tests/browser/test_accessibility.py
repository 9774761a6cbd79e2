"""axe finds nothing on any kind of page, on desktop and phone, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import OpenPage, Theme

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
