"""Chromium, driven by playwright, on pages of the real app over the fake pypistats."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.http.served import Clock, Served, served
from tests.left_out import leave_out
from tools.chromium import ADVICE, find_chromium
from tools.fake_pypistats import FakePypistats

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TIMEOUT_MS = 15_000
"""For a machine that does other things too; nothing here takes a second."""

Theme = Literal["light", "dark"]
WIDTHS = {"phone": 360, "tablet": 800, "desktop": 1280}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for the tests of a file; each has a context of its own. It writes nothing to the user's home.

    Not for the whole session: while playwright runs, no other event loop can run in this thread.
    """
    path = find_chromium()
    if path is None:
        leave_out(ADVICE)
    home = str(tmp_path_factory.mktemp("home"))
    env: dict[str, str | float | bool] = {
        **os.environ,
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_CACHE_HOME": home,
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], env=env)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def steady_api() -> Iterator[Served]:
    """The API over a healthy upstream, for tests that change neither."""
    clock = Clock(NOON)
    with FakePypistats(now=clock, limits=False) as fake, served(fake.url, clock) as api:
        yield api


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def fake_pypistats(clock: Clock) -> Iterator[FakePypistats]:
    with FakePypistats(now=clock, limits=False) as fake_pypistats:
        yield fake_pypistats


@pytest.fixture
def api(fake_pypistats: FakePypistats, clock: Clock) -> Iterator[Served]:
    """An API of the test's own, with an upstream that it may break."""
    with served(fake_pypistats.url, clock, DEADLINE_S="1", UPSTREAM_TIMEOUT_S="0.5") as api:
        yield api


@dataclass
class Watched:
    """What a page did that no page may do."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()
    """Parts of messages that belong to the test, such as the browser's own about a 404."""

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(part in text for part in self.allowed):
            self.complaints.append(f"console: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.origin, "data:", "about:", "blob:")):
            self.complaints.append(f"foreign request: {url}")


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, steady_api: Served) -> Iterator[OpenPage]:
    """Open a path in a context of its own; at the end, nothing may have been complained about.

    That covers errors in the console, which violations of the Content-Security-Policy are too, and requests
    to other origins.
    """
    with ExitStack() as contexts:
        seen: list[Watched] = []

        def open_(  # noqa: PLR0913 - each is a fact of the reader's
            path: str,
            *,
            of: Served = steady_api,
            device: str = "desktop",
            theme: Theme = "light",
            javascript: bool = True,
            sharpness: int = 1,
            allowed: tuple[str, ...] = (),
        ) -> Page:
            context = _context(
                chromium, of, device, theme, javascript=javascript, sharpness=sharpness
            )
            contexts.callback(context.close)
            page = context.new_page()
            watched = Watched(of.url, allowed=allowed)
            seen.append(watched)
            watched.watch(page)
            page.goto(path)
            return page

        yield open_
        assert [complaint for watched in seen for complaint in watched.complaints] == []


def _context(  # noqa: PLR0913 - as open_page
    chromium: Browser,
    api: Served,
    device: str,
    theme: Theme,
    *,
    javascript: bool,
    sharpness: int,
) -> BrowserContext:
    """A context of its own; `sharpness` is the pixels of the screen for one of CSS."""
    context = chromium.new_context(
        base_url=api.url,
        viewport={"width": WIDTHS[device], "height": 800},
        device_scale_factor=sharpness,
        color_scheme=theme,
        has_touch=device == "phone",
        is_mobile=device == "phone",
        java_script_enabled=javascript,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(TIMEOUT_MS)
    return context
