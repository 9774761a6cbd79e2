"""Pages look as they did when somebody last looked at them.

The reference pictures in `pictures/` are a third of the size, so that other fonts or another version of the
browser don't matter, but a lost chart, column or colour does. To renew one, delete it, run this test, and
look at the new one. The pictures of the README are in full size; `make docs` renews one that differs.
"""

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import ViewportSize

from tests.browser.conftest import WIDTHS, OpenPage, Theme
from tools import ROOT

FOLDER = Path(__file__).with_name("pictures")
HEIGHT = 1500
SMALLER = 3
PATCH = 8
"""Pixels of the small picture that are compared as one."""

MOST_CHANGE = 45
"""How much the mean of a patch may change, of 255."""

MOST_MEAN_CHANGE = 4.0

README_SIZE: ViewportSize = {"width": 1080, "height": 1100}
README_SHARPNESS = 2

PAGES = {
    "start": "/",
    "comparison": "/?packages=aiohttp,httpx,requests",
    "package": "/?packages=requests&period=week",
}


@pytest.mark.parametrize(
    ("device", "theme"),
    [("phone", "dark"), ("tablet", "light"), ("desktop", "light"), ("desktop", "dark")],
)
@pytest.mark.parametrize("name", PAGES)
def test_page_looks_as_before(
    open_page: OpenPage, tmp_path: Path, name: str, device: str, theme: Theme
) -> None:
    page = open_page("about:blank", device=device, theme=theme)
    page.set_viewport_size({"width": WIDTHS[device], "height": HEIGHT})
    page.goto(PAGES[name], wait_until="networkidle")
    assert page.locator("h1").is_visible()
    seen = small(page.screenshot(animations="disabled", caret="hide"))
    reference = FOLDER / f"{name}-{device}-{theme}.png"
    if not reference.exists():
        seen.quantize(128).save(reference, optimize=True)
        pytest.fail(f"{reference.name} is new: look at it, and commit it")
    seen.save(tmp_path / reference.name)
    change = change_of(seen, Image.open(reference).convert("RGB"))
    assert not change, f"{change}: compare {tmp_path / reference.name}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_readme_shows_the_page(open_page: OpenPage, theme: Theme) -> None:
    page = open_page("about:blank", theme=theme, sharpness=README_SHARPNESS)
    page.set_viewport_size(README_SIZE)
    page.goto(PAGES["comparison"], wait_until="networkidle")
    png = page.screenshot(animations="disabled", caret="hide")
    seen = small(png, SMALLER * README_SHARPNESS)
    shown = ROOT / f"docs/page-{theme}.png"
    if shown.exists():
        change = change_of(seen, small(shown.read_bytes(), SMALLER * README_SHARPNESS))
    else:
        change = "it is missing"
    if change and os.environ.get("UPDATE_DOCS"):
        picture = Image.open(io.BytesIO(png)).convert("RGB")
        picture.quantize(128).save(shown, optimize=True)
        return
    assert not change, f"{shown.name} is out of date ({change}): run `make docs`"


def change_of(seen: Image.Image, reference: Image.Image) -> str:
    """How much a small picture differs from its reference; empty if hardly."""
    changes = list(difference(seen, reference).tobytes())
    mean = sum(changes) / len(changes)
    if mean > MOST_MEAN_CHANGE:
        return f"{mean:.1f} on average"
    return f"{max(changes)} at a place" if max(changes) > MOST_CHANGE else ""


def small(png: bytes, factor: int = SMALLER) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB").reduce(factor)


def difference(one: Image.Image, other: Image.Image) -> Image.Image:
    """The change of each patch; texts that move by a pixel hardly count."""
    assert one.size == other.size
    blurred = [picture.filter(ImageFilter.BoxBlur(2)).reduce(PATCH) for picture in (one, other)]
    return ImageChops.difference(*blurred).convert("L")
